//! What a client of the live socket knows: frames applied one after the other.
//!
//! The page and the tests use this one model, so that "what the browser shows" is checked against "what the server has"
//! without a browser.

use contract::{
    CourierId, Millis, Place,
    frame::{Count, CourierStatus, Frame, Kind, Record},
};
use rustc_hash::FxHashMap;

/// A courier as the client last heard of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Who.
    pub courier: CourierId,
    /// Where.
    pub place: Place,
    /// When it was there, ms UTC.
    pub at: Millis,
    /// Direction in degrees clockwise from north, where it is known.
    pub heading_deg: Option<f64>,
    /// Speed in m/s, where it is known; 63.75 means that or more.
    pub speed_mps: Option<f64>,
    /// How it is drawn.
    pub status: CourierStatus,
    /// Status and flags as on the wire: see the `BIT_*` constants of [`contract::frame`].
    pub bits: u8,
    /// When it will arrive, ms UTC.
    pub eta: Option<Millis>,
    /// How far the fix was ahead of the server's clock when it came, ms; 0 where it was not.
    pub ahead_ms: Millis,
}

/// What a frame changed, by slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The frame replaced everything: slots mean other couriers now.
    pub full: bool,
    /// The frame replaced the counts.
    pub counts: bool,
    /// Slots that were filled or updated.
    pub updated: Vec<u16>,
    /// Couriers that left.
    pub gone: Vec<CourierId>,
    /// Records that were ignored because a newer fix was known, or because they named no courier.
    pub ignored: u32,
}

/// The couriers and counts that a connection holds.
#[derive(Debug, Default)]
pub struct Client {
    slots: Vec<Option<Seen>>,
    by_name: FxHashMap<CourierId, u16>,
    counts: Vec<Count>,
    level: u16,
    view: u32,
    now: Millis,
    mode: Option<Kind>,
}

impl Client {
    /// Applies one frame.
    pub fn apply(&mut self, frame: &Frame<'_>) -> Changes {
        let mut changes = Changes::default();
        self.view = frame.header.view;
        self.now = frame.header.now;
        match frame.header.kind {
            Kind::Counts => {
                self.counts = frame.counts().collect();
                self.level = frame.header.level;
                self.mode = Some(Kind::Counts);
                changes.counts = true;
            }
            Kind::Full => {
                changes.full = true;
                changes.counts = !self.counts.is_empty();
                self.counts.clear();
                self.mode = Some(Kind::Full);
                let before = std::mem::take(&mut self.by_name);
                self.slots.clear();
                self.fill(frame, &mut changes);
                changes.gone = before.into_keys().filter(|courier| !self.by_name.contains_key(courier)).collect();
            }
            Kind::Delta => {
                for slot in frame.gone() {
                    if let Some(seen) = self.slots.get_mut(usize::from(slot)).and_then(Option::take) {
                        self.by_name.remove(&seen.courier);
                        changes.gone.push(seen.courier);
                    }
                }
                self.fill(frame, &mut changes);
            }
        }
        changes
    }

    /// Names first, so that a record finds who it is about; then records; then ETAs.
    fn fill(&mut self, frame: &Frame<'_>, changes: &mut Changes) {
        let mut names: FxHashMap<u16, CourierId> = FxHashMap::default();
        for (slot, name) in frame.names() {
            if let Ok(courier) = CourierId::new(name) {
                names.insert(slot, courier);
            }
        }
        for record in frame.records() {
            let index = usize::from(record.slot);
            if let Some(courier) = names.remove(&record.slot) {
                if self.slots.len() <= index {
                    self.slots.resize(index + 1, None);
                }
                self.by_name.insert(courier.clone(), record.slot);
                self.slots[index] = Some(seen(courier, record, frame.header.now));
                changes.updated.push(record.slot);
                continue;
            }
            match self.slots.get_mut(index).and_then(Option::as_mut) {
                Some(known) if known.at <= frame.header.now - Millis::from(record.age_ms) + AGE_SLACK_MS => {
                    let new = seen(known.courier.clone(), record, frame.header.now);
                    // The same fix once more: it was further ahead when it first came.
                    let same = new.at <= known.at + AGE_SLACK_MS;
                    let ahead_ms = if same { new.ahead_ms.max(known.ahead_ms) } else { new.ahead_ms };
                    *known = Seen { eta: known.eta, ahead_ms, ..new };
                    changes.updated.push(record.slot);
                }
                _ => changes.ignored += 1,
            }
        }
        for (slot, eta) in frame.etas() {
            if let Some(seen) = self.slots.get_mut(usize::from(slot)).and_then(Option::as_mut) {
                seen.eta = eta.map(|seconds| Millis::from(seconds) * 1000);
            }
        }
    }

    /// Couriers with their slots.
    pub fn couriers(&self) -> impl Iterator<Item = (u16, &Seen)> {
        self.slots.iter().enumerate().filter_map(|(slot, seen)| Some((slot as u16, seen.as_ref()?)))
    }

    /// The courier in a slot.
    pub fn slot(&self, slot: u16) -> Option<&Seen> {
        self.slots.get(usize::from(slot))?.as_ref()
    }

    /// A courier by name.
    pub fn courier(&self, courier: &CourierId) -> Option<&Seen> {
        self.slot(*self.by_name.get(courier)?)
    }

    /// How many couriers are held.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// True where no courier is held.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Cells with their numbers, where the view is shown in counts.
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }

    /// Tile level of the counted cells.
    pub fn level(&self) -> u16 {
        self.level
    }

    /// Which view message the last frame answered, from 1.
    pub fn view(&self) -> u32 {
        self.view
    }

    /// Server time of the last frame, ms UTC.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// True while the view is shown in counts.
    pub fn is_counted(&self) -> bool {
        self.mode == Some(Kind::Counts)
    }
}

/// Ages saturate at 24 bits (2 h 20 min), so the time of an old fix seems to move with the server's clock: within this
/// slack a record counts as not older.
const AGE_SLACK_MS: Millis = 1;

fn seen(courier: CourierId, record: Record, now: Millis) -> Seen {
    Seen {
        courier,
        place: Place::from_e7(record.lat_e7, record.lon_e7),
        at: now - Millis::from(record.age_ms),
        heading_deg: record.heading_deg(),
        speed_mps: record.speed_mps(),
        status: record.status(),
        bits: record.bits,
        eta: None,
        ahead_ms: Millis::from(record.age_ms).min(0).abs(),
    }
}
