//! A viewer with its client, and what the client must hold by the words of the protocol.

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    CourierId, Millis,
    frame::{CourierStatus, Frame, Kind},
    live::View,
};
use fleet::{
    Fleet, Viewer, client::Client, frame_for, grid::tile_of, state::ETA_STEP_S, status::worst,
    viewer::COUNTS_BELOW_ZOOM,
};

/// Both ends of a connection.
#[derive(Debug, Default)]
pub struct Connection {
    pub viewer: Viewer,
    pub client: Client,
    pub view: Option<View>,
    pub watched: BTreeSet<CourierId>,
    /// Whether anything was ever asked for: before that nothing is sent.
    asked: bool,
    held: BTreeSet<u16>,
    /// The most slots that were in use at once since the last full frame.
    most: usize,
}

impl Connection {
    pub fn look(&mut self, view: View) {
        self.viewer.look(view);
        self.view = Some(view);
        self.asked = true;
    }

    pub fn watch(&mut self, courier: CourierId) {
        let room = self.watched.len() < 8 || self.watched.contains(&courier);
        assert_eq!(self.viewer.watch(courier.clone()), room);
        if room {
            self.watched.insert(courier);
            self.asked = true;
        }
    }

    pub fn unwatch(&mut self, courier: &CourierId) {
        self.viewer.unwatch(courier);
        self.watched.remove(courier);
    }

    /// A new connection with the same wishes.
    pub fn again(&self) -> Self {
        let mut again = Self::default();
        self.view.into_iter().for_each(|view| again.look(view));
        self.watched.iter().cloned().for_each(|courier| again.watch(courier));
        again
    }

    /// Takes the next frame and holds it against the rules of slots.
    pub fn pull(&mut self, fleet: &Fleet) -> Option<Kind> {
        let mut out = b"kept".to_vec();
        let kind = frame_for(fleet, &mut self.viewer, &mut out);
        let Some(message) = out.strip_prefix(b"kept") else { panic!("the caller's bytes were touched") };
        let Some(kind) = kind else {
            assert!(message.is_empty(), "bytes without a frame");
            return None;
        };
        let frame = Frame::parse(message).unwrap();
        assert_eq!(frame.header.kind, kind);
        assert_eq!(frame.header.now, fleet.now());
        let names: BTreeSet<u16> = frame.names().map(|(slot, _)| slot).collect();
        let records: BTreeSet<u16> = frame.records().map(|record| record.slot).collect();
        let gone: BTreeSet<u16> = frame.gone().collect();
        assert_eq!(names.len(), frame.names().count(), "a slot was named twice");
        assert_eq!(records.len(), frame.records().count(), "a courier was sent twice in one frame");
        assert!(names.is_subset(&records) && frame.etas().all(|(slot, _)| records.contains(&slot)));
        match kind {
            Kind::Full => {
                assert_eq!(names, records, "a full frame names all its slots");
                self.most = names.len();
                self.held = names;
            }
            Kind::Delta => {
                assert!(gone.is_subset(&self.held), "a slot went that was not held");
                assert!(names.is_disjoint(&self.held), "a slot was named that is in use, or was until this frame");
                self.most = self.most.max(self.held.len() + names.len());
                self.held = self.held.difference(&gone).copied().chain(names).collect();
                assert!(records.is_subset(&self.held), "a record of a slot without a name");
            }
            Kind::Counts => {}
        }
        assert!(self.held.iter().all(|slot| usize::from(*slot) < self.most), "slots are not used again");
        let changes = self.client.apply(&frame);
        assert_eq!(changes.ignored, 0, "the client ignored records");
        assert_eq!(changes.full, kind == Kind::Full);
        if self.view.is_some() {
            assert_eq!(self.client.view(), self.viewer.number());
        }
        Some(kind)
    }

    /// Pulls and compares. A counts frame says nothing of watched couriers: after one, it pulls again at once.
    pub fn check(&mut self, fleet: &Fleet) {
        let mut kind = self.pull(fleet);
        if kind == Some(Kind::Counts) {
            self.check_counts(fleet);
            kind = self.pull(fleet);
            assert_ne!(kind, Some(Kind::Counts), "counts twice in one tick");
        }
        if kind == Some(Kind::Full) && self.counted() {
            // The first counts of a view follow its full frame at once.
            assert!(self.client.counts().is_empty());
        }
        self.check_couriers(fleet);
    }

    fn counted(&self) -> bool {
        self.view.is_some_and(|view| view.zoom < COUNTS_BELOW_ZOOM)
    }

    fn check_couriers(&self, fleet: &Fleet) {
        let inside = self.view.filter(|_| !self.counted()).map(|view| view.bounds);
        let mut expected = BTreeMap::new();
        for (_, row, details) in fleet.couriers().iter() {
            let shown = inside.is_some_and(|bounds| bounds.contains(row.place()));
            if self.asked && (shown || self.watched.contains(&details.courier)) {
                let eta_s = details.task.as_ref().and_then(|task| task.eta).map(|eta| (eta / 1_000) as u32);
                expected.insert(details.courier.clone(), (row, eta_s));
            }
        }
        let held: BTreeMap<_, _> = self.client.couriers().map(|(_, seen)| (seen.courier.clone(), seen)).collect();
        let names = |held: BTreeSet<&CourierId>| held.into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(names(held.keys().collect()), names(expected.keys().collect()), "couriers in {:?}", self.view);
        assert_eq!((self.viewer.held(), self.client.len()), (expected.len(), expected.len()));
        for (courier, seen) in held {
            let (row, eta_s) = expected[&courier];
            assert_eq!(self.client.courier(&courier), Some(seen));
            assert_eq!(seen.place, row.place(), "{courier}");
            assert_eq!(seen.at, row.at, "{courier}");
            assert_eq!(seen.bits, row.flags | row.status as u8, "{courier}");
            let told_s = seen.eta.map(|eta| (eta / 1_000) as u32);
            assert_eq!(told_s.is_some(), eta_s.is_some(), "ETA of {courier}");
            let off_s = told_s.unwrap_or(0).abs_diff(eta_s.unwrap_or(0));
            assert!(off_s < ETA_STEP_S, "ETA of {courier}: told {told_s:?}, is {eta_s:?}");
        }
    }

    fn check_counts(&self, fleet: &Fleet) {
        let view = self.view.unwrap();
        let level = view.zoom.floor() as u32 + 2;
        assert_eq!(u32::from(self.client.level()), level);
        let mut expected: BTreeMap<(u32, u32), [u32; 5]> = BTreeMap::new();
        for (_, row, _) in fleet.couriers().iter().filter(|(_, row, _)| view.bounds.contains(row.place())) {
            expected.entry(tile_of(row.place(), level)).or_default()[row.status as usize] += 1;
        }
        let expected: BTreeMap<(u32, u32), (u32, CourierStatus)> =
            expected.into_iter().map(|(tile, by)| (tile, (by.iter().sum(), worst(by)))).collect();
        let counts = self.client.counts();
        let told: BTreeMap<_, _> = counts.iter().map(|c| ((c.x, c.y), (c.couriers, c.worst))).collect();
        assert_eq!(told.len(), counts.len(), "a cell was counted twice");
        assert_eq!(told, expected, "counts of {view:?}");
    }

    /// What is on the screen: who, where, when, and how drawn.
    pub fn screen(&self) -> BTreeMap<CourierId, (i32, i32, Millis, u8)> {
        let couriers = self.client.couriers();
        couriers
            .map(|(_, seen)| (seen.courier.clone(), (seen.place.lat_e7(), seen.place.lon_e7(), seen.at, seen.bits)))
            .collect()
    }
}
