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
/// How long the end of a delivery is remembered after that, so that a repeated record cannot revive it, ms.
pub const REMEMBER_ENDED_MS: Millis = 48 * 60 * 60 * 1000;
/// How long after its request a delivery may be open. Twice the default of `CD_DELIVERY_MAX`, and as far back as a replica
/// reads: one that starts later knows nothing of it either.
pub const KEEP_OPEN_MS: Millis = 48 * 60 * 60 * 1000;
/// Most ended deliveries that are remembered; beyond it the first ones are forgotten.
const MAX_REMEMBERED: usize = 1_000_000;
/// How often open deliveries are looked through for abandoned ones, ms.
const LOOK_FOR_ABANDONED_MS: Millis = 10 * 60 * 1000;

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
#[derive(Debug, Default)]
pub struct Deliveries {
    known: FxHashMap<DeliveryId, Known>,
    /// Deliveries under way or asked for, by courier.
    open: FxHashMap<CourierId, Vec<DeliveryId>>,
    /// When ended deliveries are to be dropped, ms UTC, the next one first.
    endings: BinaryHeap<Reverse<(Millis, DeliveryId)>>,
    /// Ended and dropped: the record that ended them.
    ended: FxHashMap<DeliveryId, (i64, CourierId)>,
    /// The same with the time of their being dropped, ms UTC, oldest first.
    ended_by_time: VecDeque<(Millis, DeliveryId)>,
    /// When open deliveries are looked through again, ms UTC.
    look_at: Millis,
}

impl Deliveries {
    /// Folds one record in. True where it changed what is known.
    pub fn apply(&mut self, delivery: Delivery, offset: i64) -> bool {
        let id = delivery.delivery;
        let rank = delivery.status.rank();
        // Only a fault gives a delivery to two couriers. Their offsets are of two partitions and may be equal: then the
        // names decide.
        let wins = |known: (u8, i64), courier: &CourierId| {
            replaces(known, (rank, offset)) || (known == (rank, offset) && delivery.courier < *courier)
        };
        if let Some((known_offset, courier)) = self.ended.get(&id) {
            if !wins((ENDED_RANK, *known_offset), courier) {
                return false;
            }
            self.ended.remove(&id);
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

    /// Whether this delivery has ended some time ago and was dropped from the live state.
    pub fn has_ended(&self, id: &DeliveryId) -> bool {
        self.ended.contains_key(id)
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

    /// True where none is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Drops what ended more than [`KEEP_ENDED_MS`] before `now`, remembering its end so that a repeated record does not
    /// revive it, and what is open for longer than [`KEEP_OPEN_MS`]. Returns the couriers of the latter.
    pub fn expire(&mut self, now: Millis) -> Vec<CourierId> {
        while let Some(&Reverse((at, id))) = self.endings.peek().filter(|Reverse((at, _))| *at <= now) {
            self.endings.pop();
            // A record that came earlier into the partition may have put another end in the place of this one.
            let same = |known: &&Known| !known.delivery.is_open() && end_of(&known.delivery) + KEEP_ENDED_MS == at;
            if let Some(known) = self.known.get(&id).filter(same) {
                self.ended.insert(id, (known.offset, known.delivery.courier.clone()));
                self.ended_by_time.push_back((now, id));
                self.known.remove(&id);
            }
        }
        let old = |at: Millis| at <= now - REMEMBER_ENDED_MS;
        let full = |ended: &VecDeque<_>| ended.len() > MAX_REMEMBERED;
        while self.ended_by_time.front().is_some_and(|(at, _)| old(*at)) || full(&self.ended_by_time) {
            if let Some((_, id)) = self.ended_by_time.pop_front() {
                self.ended.remove(&id);
            }
        }
        if now < self.look_at {
            return Vec::new();
        }
        self.look_at = now + LOOK_FOR_ABANDONED_MS;
        self.drop_abandoned(now)
    }

    fn drop_abandoned(&mut self, now: Millis) -> Vec<CourierId> {
        let abandoned = |known: &&Known| known.delivery.requested_at <= now - KEEP_OPEN_MS;
        let open = self.open.values().flatten().filter_map(|id| self.known.get(id)).filter(abandoned);
        let gone: Vec<Arc<Delivery>> = open.map(|known| known.delivery.clone()).collect();
        for delivery in &gone {
            self.close(&delivery.courier, delivery.delivery);
            self.known.remove(&delivery.delivery);
        }
        gone.into_iter().map(|delivery| delivery.courier.clone()).collect()
    }
}

/// Rank of every ended delivery.
const ENDED_RANK: u8 = 3;

/// When a delivery ended; one that was never taken up, when it was asked for. An end that lies in a far future, by some
/// wrong clock, must not keep it for ever.
fn end_of(delivery: &Delivery) -> Millis {
    let end = delivery.finished_at.unwrap_or(delivery.requested_at);
    end.min(delivery.requested_at.saturating_add(KEEP_OPEN_MS))
}
