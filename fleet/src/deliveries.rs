//! The fold of delivery records: a join, so any order and any repetition of the same records gives the same state.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Millis};
use rustc_hash::FxHashMap;

use crate::path::Path;

/// How long an ended delivery stays in the live state, ms.
pub const KEEP_ENDED_MS: Millis = 15 * 60 * 1000;
/// How long the last record of a delivery is remembered after that, so that a repeated one cannot revive it, ms.
pub const REMEMBER_ENDED_MS: Millis = 48 * 60 * 60 * 1000;
/// How long after its request a delivery may be open, ms, in transit or not: as far back as a replica reads, so that one
/// that starts later knows nothing of it either.
pub const KEEP_OPEN_MS: Millis = 48 * 60 * 60 * 1000;
/// How long a delivery may be in transit before it counts as abandoned, where nothing else is set, ms.
pub const IN_TRANSIT_MAX_MS: Millis = 24 * 60 * 60 * 1000;
/// Most dropped deliveries that are remembered, where nothing else is set; beyond it the first ones are forgotten.
const MAX_REMEMBERED: usize = 1_000_000;

/// True where a record of (`rank`, `offset`) replaces the known one: the rank is greater, or it is the same and the
/// record came earlier into its partition. This is the protocol's whole rule of a delivery's story.
pub fn replaces(known: (u8, i64), record: (u8, i64)) -> bool {
    record.0 > known.0 || (record.0 == known.0 && record.1 < known.1)
}

/// A delivery as it is known, with the place of its record in the log.
#[derive(Debug, Clone)]
pub struct Known {
    /// The document.
    pub delivery: Arc<Delivery>,
    /// Offset of its record.
    pub offset: i64,
    /// Its way, where the path can be read; made once, while the delivery is under way.
    pub path: Option<Arc<Path>>,
}

/// All deliveries of the live state.
#[derive(Debug)]
pub struct Deliveries {
    in_transit_max_ms: Millis,
    max_remembered: usize,
    known: FxHashMap<DeliveryId, Known>,
    /// Deliveries under way or asked for, by courier.
    open: FxHashMap<CourierId, Vec<DeliveryId>>,
    /// When ended deliveries are to be dropped, ms UTC, the next one first.
    endings: BinaryHeap<Reverse<(Millis, DeliveryId)>>,
    /// Dropped, as ended or as abandoned: rank, offset and courier of the last record of each.
    dropped: FxHashMap<DeliveryId, (u8, i64, CourierId)>,
    /// The same with the time of their being dropped, ms UTC, oldest first.
    dropped_by_time: VecDeque<(Millis, DeliveryId)>,
    /// No open delivery is abandoned before this time, ms UTC.
    look_at: Millis,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self::new(IN_TRANSIT_MAX_MS)
    }
}

impl Deliveries {
    /// None yet. One that is in transit for `in_transit_max_ms` counts as abandoned.
    pub fn new(in_transit_max_ms: Millis) -> Self {
        Self {
            in_transit_max_ms,
            max_remembered: MAX_REMEMBERED,
            known: FxHashMap::default(),
            open: FxHashMap::default(),
            endings: BinaryHeap::new(),
            dropped: FxHashMap::default(),
            dropped_by_time: VecDeque::new(),
            look_at: Millis::MAX,
        }
    }

    /// The same, which remembers at most so many dropped ones: for who hears each record in its order, and no old ones.
    pub fn remembering(self, max_remembered: usize) -> Self {
        Self { max_remembered, ..self }
    }

    /// From now on one that is in transit for so long counts as abandoned, ms.
    pub fn set_in_transit_max(&mut self, in_transit_max_ms: Millis) {
        if in_transit_max_ms > self.in_transit_max_ms {
            // What was dropped too early by the new rule may be told again.
            self.dropped.clear();
            self.dropped_by_time.clear();
        }
        self.in_transit_max_ms = in_transit_max_ms;
        self.look_at = Millis::MIN;
    }

    /// None any more; what is set stays.
    pub fn clear(&mut self) {
        *self = Self::new(self.in_transit_max_ms).remembering(self.max_remembered);
    }

    /// Folds one record in. True where it changed what is known.
    pub fn apply(&mut self, delivery: Delivery, offset: i64) -> bool {
        let id = delivery.delivery;
        let rank = delivery.status.rank();
        // Only a fault gives a delivery to two couriers. Their offsets are of two partitions and may be equal: then the
        // names decide.
        let wins = |known: (u8, i64), courier: &CourierId| {
            replaces(known, (rank, offset)) || (known == (rank, offset) && delivery.courier < *courier)
        };
        if let Some((known_rank, known_offset, courier)) = self.dropped.get(&id) {
            if !wins((*known_rank, *known_offset), courier) {
                return false;
            }
            self.dropped.remove(&id);
        }
        let before = self.known.get(&id);
        let beats = |known: &Known| wins((known.delivery.status.rank(), known.offset), &known.delivery.courier);
        if !before.is_none_or(beats) {
            return false;
        }
        let path = (delivery.status == DeliveryStatus::InTransit).then(|| {
            let same = before.filter(|known| known.delivery.path == delivery.path);
            same.and_then(|known| known.path.clone()).or_else(|| Path::from_polyline(&delivery.path).ok().map(Arc::new))
        });
        if let Some(courier) = before.map(|known| known.delivery.courier.clone()) {
            self.close(&courier, id);
        }
        if delivery.is_open() {
            self.look_at = self.look_at.min(self.end_of_patience(&delivery));
            self.open.entry(delivery.courier.clone()).or_default().push(id);
        } else {
            self.endings.push(Reverse((end_of(&delivery) + KEEP_ENDED_MS, id)));
        }
        self.known.insert(id, Known { delivery: Arc::new(delivery), offset, path: path.flatten() });
        true
    }

    /// Takes a delivery out of its courier's open ones.
    fn close(&mut self, courier: &CourierId, id: DeliveryId) {
        if let Some(of_courier) = self.open.get_mut(courier) {
            of_courier.retain(|open| *open != id);
            if of_courier.is_empty() {
                self.open.remove(courier);
            }
        }
    }

    /// A delivery by id.
    pub fn get(&self, id: &DeliveryId) -> Option<&Known> {
        self.known.get(id)
    }

    /// Rank of the last record of a delivery, also of one that was dropped from the live state; 0 where none is known.
    pub fn rank(&self, id: &DeliveryId) -> u8 {
        let known = self.known.get(id).map(|known| known.delivery.status.rank());
        known.or_else(|| self.dropped.get(id).map(|(rank, ..)| *rank)).unwrap_or_default()
    }

    /// The delivery that a courier is on: of several (which only a fault makes) the one that started last.
    pub fn under_way(&self, courier: &CourierId) -> Option<&Known> {
        let of_courier = self.open.get(courier)?.iter().filter_map(|id| self.known.get(id));
        let under_way = of_courier.filter(|known| known.delivery.status == DeliveryStatus::InTransit);
        under_way.max_by_key(|known| (known.delivery.started_at, known.delivery.delivery))
    }

    /// Open deliveries of a courier.
    pub fn open_of(&self, courier: &CourierId) -> impl Iterator<Item = &Known> {
        self.open.get(courier).into_iter().flatten().filter_map(|id| self.known.get(id))
    }

    /// All that are known.
    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.known.values()
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// How many dropped ones are remembered.
    pub fn remembered(&self) -> usize {
        self.dropped.len()
    }

    /// True where none is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Drops what ended [`KEEP_ENDED_MS`] before `now` (ms UTC) or earlier, and what is abandoned: in transit for too long, or
    /// open for [`KEEP_OPEN_MS`]. The last record of each is remembered, so that a repeated one does not revive it; a later
    /// one, the end of an abandoned delivery, is taken. Returns the couriers of the abandoned ones.
    pub fn expire(&mut self, now: Millis) -> Vec<CourierId> {
        while let Some(&Reverse((at, id))) = self.endings.peek().filter(|Reverse((at, _))| *at <= now) {
            self.endings.pop();
            // A record that came earlier into the partition may have put another end in the place of this one.
            let same = |known: &Known| !known.delivery.is_open() && end_of(&known.delivery) + KEEP_ENDED_MS == at;
            if self.known.get(&id).is_some_and(same) {
                self.drop_one(id, now);
            }
        }
        let free = if now < self.look_at { Vec::new() } else { self.drop_abandoned(now) };
        let old = |at: Millis| at <= now - REMEMBER_ENDED_MS;
        let full = |dropped: &VecDeque<_>| dropped.len() > self.max_remembered;
        while self.dropped_by_time.front().is_some_and(|(at, _)| old(*at)) || full(&self.dropped_by_time) {
            if let Some((_, id)) = self.dropped_by_time.pop_front() {
                self.dropped.remove(&id);
            }
        }
        free
    }

    /// Drops a delivery, and remembers its last record.
    fn drop_one(&mut self, id: DeliveryId, now: Millis) {
        if let Some(Known { delivery, offset, .. }) = self.known.remove(&id) {
            self.dropped.insert(id, (delivery.status.rank(), offset, delivery.courier.clone()));
            self.dropped_by_time.push_back((now, id));
        }
    }

    /// Drops abandoned deliveries, and looks when the next one will be.
    fn drop_abandoned(&mut self, now: Millis) -> Vec<CourierId> {
        let mut abandoned = Vec::new();
        self.look_at = Millis::MAX;
        for known in self.open.values().flatten().filter_map(|id| self.known.get(id)) {
            match self.end_of_patience(&known.delivery) {
                at if at <= now => abandoned.push(known.delivery.clone()),
                at => self.look_at = self.look_at.min(at),
            }
        }
        for delivery in &abandoned {
            self.close(&delivery.courier, delivery.delivery);
            self.drop_one(delivery.delivery, now);
        }
        abandoned.into_iter().map(|delivery| delivery.courier.clone()).collect()
    }

    /// From when on an open delivery counts as abandoned, ms UTC.
    fn end_of_patience(&self, delivery: &Delivery) -> Millis {
        let started = delivery.started_at.filter(|_| delivery.status == DeliveryStatus::InTransit);
        abandoned_at(delivery.requested_at, started, self.in_transit_max_ms)
    }
}

/// From when on a delivery that nobody ends counts as abandoned, ms UTC: by when it was asked for, when it was started, and
/// how long it may be in transit.
pub fn abandoned_at(requested_at: Millis, started_at: Option<Millis>, in_transit_max_ms: Millis) -> Millis {
    let by_start = started_at.map_or(Millis::MAX, |start| start.saturating_add(in_transit_max_ms));
    by_start.min(requested_at.saturating_add(KEEP_OPEN_MS))
}

/// When a delivery ended; one that was never taken up, when it was asked for. An end that lies in a far future, by some
/// wrong clock, must not keep it for ever.
fn end_of(delivery: &Delivery) -> Millis {
    let end = delivery.finished_at.unwrap_or(delivery.requested_at);
    end.min(delivery.requested_at.saturating_add(KEEP_OPEN_MS))
}
