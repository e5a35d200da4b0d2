//! All that the page knows: couriers from frames and from GET /couriers, deliveries from events and from
//! GET /deliveries/live. The fold of deliveries is that of the server: [`fleet::deliveries`].

mod list;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use contract::{
    Bounds, CourierId, Delivery, DeliveryId, DeliveryStatus, Millis, Place,
    frame::{BadFrame, CourierStatus, Frame, Kind},
    live::Summary,
    rest::{LiveCourier, LiveDeliveries},
};
use fleet::{
    client::{Client, Seen},
    deliveries::{Deliveries, KEEP_OPEN_MS},
    path::Path,
};

use crate::{Selection, motion::Motion, notice::What};

pub use list::MOVING_MPS;

/// How long the way of a delivery that arrived is still shown, ms, and of how many.
const LINGERS_MS: Millis = 20_000;
const MOST_LINGERING: usize = 20;
/// Most couriers that are kept from GET /couriers.
pub const MAX_ROSTER: usize = 1_000;
/// Of so many deliveries that were dropped it is remembered that they were. The server does not tell of them again: what
/// comes twice comes within seconds.
const MAX_REMEMBERED: usize = 2_000;

/// What is known. It is kept while the connection is away: the picture never goes blank.
#[derive(Debug)]
pub struct World {
    client: Client,
    motion: Motion,
    deliveries: Deliveries,
    /// How long one may be in transit, ms; until the server says so, as long as any server lets it.
    delivery_max_ms: Millis,
    /// Stands for the offset of the next record, which the socket does not tell: records come in the order of their
    /// partition, so the first one heard of a rank is the one that counts.
    heard: i64,
    roster: HashMap<CourierId, LiveCourier>,
    has_roster: bool,
    view: Option<Bounds>,
    /// What arrived lately while it was looked at, and when, ms UTC.
    arrived: VecDeque<(DeliveryId, Millis)>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            client: Client::default(),
            motion: Motion::default(),
            deliveries: Deliveries::new(KEEP_OPEN_MS).remembering(MAX_REMEMBERED),
            delivery_max_ms: KEEP_OPEN_MS,
            heard: 0,
            roster: HashMap::new(),
            has_roster: false,
            view: None,
            arrived: VecDeque::new(),
        }
    }
}

/// How far along its way a delivery is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Metres done.
    pub done_m: f64,
    /// Metres in all.
    pub distance_m: f64,
}

impl Progress {
    /// The share that is done, 0 to 1.
    pub fn share(self) -> f64 {
        if self.distance_m > 0.0 { (self.done_m / self.distance_m).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// What a frame brought.
#[derive(Debug, Default)]
pub struct Applied {
    /// What the frame was.
    pub kind: Option<Kind>,
    /// Times of the fixes that were not known before, ms UTC.
    pub fresh: Vec<Millis>,
    /// What of it is worth a line on the screen.
    pub notices: Vec<What>,
    /// The map looks different with it.
    pub differs: bool,
}

impl World {
    /// An empty one for a moment of the past: the same view of the map, drawn by the same rules.
    pub fn of_the_past(&self) -> Self {
        let (motion, view) = (self.motion.of_the_past(), self.view);
        let mut past = Self { motion, view, has_roster: true, ..Self::default() };
        past.set_delivery_max(self.delivery_max_ms);
        past
    }

    /// How long a delivery may be in transit before it counts as abandoned, ms.
    pub fn delivery_max_ms(&self) -> Millis {
        self.delivery_max_ms
    }

    /// The server's word on it.
    pub fn set_delivery_max(&mut self, delivery_max_ms: Millis) {
        self.delivery_max_ms = delivery_max_ms;
        self.deliveries.set_in_transit_max(delivery_max_ms);
    }

    /// Takes a binary message that came at `t` (s of the page's own clock).
    pub fn apply_frame(&mut self, bytes: &[u8], t: f64) -> Result<Applied, BadFrame> {
        let frame = Frame::parse(bytes)?;
        let mut applied = Applied { kind: Some(frame.header.kind), ..Applied::default() };
        if frame.header.kind == Kind::Counts {
            self.client.apply(&frame);
            applied.differs = true;
            return Ok(applied);
        }
        // What was known of those that the frame is about: a full frame gives every courier another slot, so by name.
        let full = frame.header.kind == Kind::Full;
        let before: HashMap<CourierId, (Millis, CourierStatus)> = if full {
            self.client.couriers().map(|(_, seen)| (seen.courier.clone(), (seen.at, seen.status))).collect()
        } else {
            let slots = frame.records().filter_map(|record| self.client.slot(record.slot));
            slots.map(|seen| (seen.courier.clone(), (seen.at, seen.status))).collect()
        };
        let changes = self.client.apply(&frame);
        applied.differs = self.motion.apply(&self.client, &changes, t);
        for seen in changes.updated.iter().filter_map(|slot| self.client.slot(*slot)) {
            let known = before.get(&seen.courier);
            if known.is_none_or(|(at, _)| seen.at > at + 1) {
                applied.fresh.push(seen.at);
            }
            if let Some((_, status)) = known.filter(|(_, status)| *status != seen.status) {
                applied.notices.extend(self.turned(seen, *status));
            }
        }
        Ok(applied)
    }

    /// Whether a change of status is worth a line.
    fn turned(&self, seen: &Seen, before: CourierStatus) -> Option<What> {
        let courier = seen.courier.clone();
        match seen.status {
            CourierStatus::Alarm => Some(What::Silent { courier, last_at: seen.at }),
            // Back from silence is no news of being late.
            CourierStatus::Late if before == CourierStatus::OnDelivery => {
                let due = self.deliveries.under_way(&courier).and_then(|known| fleet::status::due(&known.delivery));
                Some(What::Late { eta: seen.eta, due, courier })
            }
            _ => None,
        }
    }

    /// Takes deliveries that changed; gives those that are news, and how many changed.
    pub fn apply_events(&mut self, deliveries: Vec<Delivery>) -> (Vec<What>, u32) {
        let mut changed = 0;
        let mut news = Vec::new();
        for delivery in deliveries {
            let ended = delivery.status.is_terminal() && self.deliveries.get(&delivery.delivery).is_some();
            // Who cancels knows it; a toast for what a person just did is noise.
            let told = ended && delivery.status != DeliveryStatus::Cancelled;
            let document = told.then(|| Box::new(delivery.clone()));
            let arrival = delivery.finished_at.filter(|_| ended && delivery.status == DeliveryStatus::Delivered);
            let id = delivery.delivery;
            if self.fold(delivery) {
                changed += 1;
                self.arrived.extend(arrival.map(|at| (id, at)));
                while self.arrived.len() > MOST_LINGERING {
                    self.arrived.pop_front();
                }
                news.extend(document.map(What::Ended));
            }
        }
        (news, changed)
    }

    fn fold(&mut self, delivery: Delivery) -> bool {
        self.heard += 1;
        self.deliveries.apply(delivery, self.heard)
    }

    /// Takes GET /deliveries/live. What is known already stays where it is as new.
    pub fn merge_deliveries(&mut self, live: LiveDeliveries, now: Millis) {
        for delivery in live.items {
            self.fold(delivery);
        }
        self.deliveries.expire(now);
    }

    /// Drops deliveries, where the server could not say what was missed.
    pub fn reset_deliveries(&mut self) {
        self.deliveries.clear();
    }

    /// Takes the once-a-second summary: late couriers outside the view get their ETA from it, and what ended long ago is
    /// dropped.
    pub fn apply_summary(&mut self, summary: &Summary) {
        for late in &summary.late {
            if let Some(listed) = self.roster.get_mut(&late.courier) {
                listed.status = CourierStatus::Late.as_str().into();
                listed.eta = late.eta.map(|eta| fleet::eta::range(eta, summary.now));
            }
        }
        self.deliveries.expire(summary.now);
        if self.client.len() >= total(summary) {
            // All there are come in frames: whoever the list still holds beside them is gone.
            self.roster.retain(|courier, _| self.client.courier(courier).is_some());
        }
    }

    /// True where there are couriers that frames do not bring: GET /couriers does.
    pub fn needs_roster(&self, summary: &Summary) -> bool {
        self.client.len() < total(summary)
    }

    /// Takes all pages of GET /couriers that were read: they replace the ones before.
    pub fn replace_roster(&mut self, couriers: impl IntoIterator<Item = LiveCourier>) {
        self.has_roster = true;
        self.roster = couriers.into_iter().take(MAX_ROSTER).map(|listed| (listed.courier.clone(), listed)).collect();
    }

    /// True once GET /couriers was read.
    pub fn has_roster(&self) -> bool {
        self.has_roster
    }

    /// Takes one answer of GET /couriers/{id}.
    pub fn put_listed(&mut self, listed: LiveCourier) {
        if self.roster.len() < MAX_ROSTER || self.roster.contains_key(&listed.courier) {
            self.roster.insert(listed.courier.clone(), listed);
        }
    }

    /// Tells what rectangle the screen shows, for the filter "in view".
    pub fn set_view(&mut self, bounds: Bounds) {
        self.view = Some(bounds);
    }

    /// The couriers of the map's view, as frames brought them.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How they move on the screen.
    pub fn motion(&self) -> &Motion {
        &self.motion
    }

    /// The same, to be changed by the map.
    pub fn motion_mut(&mut self) -> &mut Motion {
        &mut self.motion
    }

    /// A courier's last position, where a frame brought it.
    pub fn seen(&self, courier: &CourierId) -> Option<&Seen> {
        self.client.courier(courier)
    }

    /// A courier as GET /couriers last told of it: with source, accuracy and battery.
    pub fn listed(&self, courier: &CourierId) -> Option<&LiveCourier> {
        self.roster.get(courier)
    }

    /// A courier's newest place, from wherever it is known.
    pub fn place(&self, courier: &CourierId) -> Option<Place> {
        let listed = || self.roster.get(courier).map(|listed| listed.position.place);
        self.client.courier(courier).map(|seen| seen.place).or_else(listed)
    }

    /// A delivery.
    pub fn delivery(&self, delivery: DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(&delivery).map(|known| &*known.delivery)
    }

    /// All deliveries that are known, in no order.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().map(|known| &*known.delivery)
    }

    /// The delivery that a courier is on; else the one that it was last asked for.
    pub fn delivery_of(&self, courier: &CourierId) -> Option<&Delivery> {
        let asked = || self.deliveries.open_of(courier).max_by_key(|known| known.delivery.requested_at);
        self.deliveries.under_way(courier).or_else(asked).map(|known| &*known.delivery)
    }

    /// The way of a delivery, measured.
    pub fn path(&self, delivery: DeliveryId) -> Option<Arc<Path>> {
        let known = self.deliveries.get(&delivery)?;
        known.path.clone().or_else(|| Path::from_polyline(&known.delivery.path).ok().map(Arc::new))
    }

    /// The ways of what has just arrived, and how much of each is left to see: 1 at the arrival, 0 when it is forgotten.
    pub fn arrivals(&self, now: Millis) -> impl Iterator<Item = (Arc<Path>, f32)> {
        self.arrived.iter().filter_map(move |(id, at)| {
            let left = 1.0 - (now - at).max(0) as f32 / LINGERS_MS as f32;
            Some((self.path(*id).filter(|_| left > 0.0)?, left))
        })
    }

    /// What "fit" shows: the selection's whole way, or all couriers.
    pub fn extent(&self, selected: Option<&Selection>) -> Vec<Place> {
        if let Some(selected) = selected {
            let of_courier = || self.delivery_of(selected.courier.as_ref()?).map(|delivery| delivery.delivery);
            let path = selected.delivery.or_else(of_courier).and_then(|delivery| self.path(delivery));
            let mut places = path.map(|path| path.points().to_vec()).unwrap_or_default();
            places.extend(selected.courier.as_ref().and_then(|courier| self.place(courier)));
            return places;
        }
        let elsewhere = self.roster.values().filter(|listed| self.client.courier(&listed.courier).is_none());
        let seen = self.client.couriers().map(|(_, seen)| seen.place);
        seen.chain(elsewhere.map(|listed| listed.position.place)).collect()
    }

    /// How far along its way a delivery is, where its courier's position is known.
    pub fn progress(&self, delivery: DeliveryId) -> Option<Progress> {
        let known = self.deliveries.get(&delivery)?;
        let path = self.path(delivery)?;
        let done_m = match known.delivery.status {
            DeliveryStatus::Delivered => path.length_m(),
            DeliveryStatus::InTransit => path.project(self.place(&known.delivery.courier)?, None),
            _ => return None,
        };
        Some(Progress { done_m, distance_m: path.length_m() })
    }
}

fn total(summary: &Summary) -> usize {
    let counts = summary.counts;
    (counts.on_delivery + counts.idle + counts.late + counts.alarm + counts.offline) as usize
}

#[cfg(test)]
pub(crate) mod tests;
