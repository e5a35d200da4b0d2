//! The fold of delivery records: a join, so any order and any repetition of the same records gives the same state.

use std::sync::Arc;

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Millis};
use rustc_hash::FxHashMap;

use crate::path::Path;

/// How long an ended delivery stays in the live state, ms.
pub const KEEP_ENDED_MS: Millis = 15 * 60 * 1000;
/// How long the end of a delivery is remembered, so that a repeated record cannot revive it, ms.
pub const REMEMBER_ENDED_MS: Millis = 48 * 60 * 60 * 1000;
/// Most ended deliveries that are remembered; beyond it the oldest ids are forgotten first.
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
    /// Its way, where the path can be read; made once, when the delivery is under way.
    pub path: Option<Arc<Path>>,
}

/// All deliveries of the live state.
#[derive(Debug, Default)]
pub struct Deliveries {
    known: FxHashMap<DeliveryId, Known>,
    /// Deliveries under way or asked for, by courier.
    open: FxHashMap<CourierId, Vec<DeliveryId>>,
    /// Ended and dropped: kept as ids only.
    ended: FxHashMap<DeliveryId, ()>,
}

impl Deliveries {
    /// Folds one record in. True where it changed what is known.
    pub fn apply(&mut self, delivery: Delivery, offset: i64) -> bool {
        let id = delivery.delivery;
        if self.ended.contains_key(&id) {
            return false;
        }
        let path = match self.known.get(&id) {
            Some(known) => {
                if !replaces((known.delivery.status.rank(), known.offset), (delivery.status.rank(), offset)) {
                    return false;
                }
                known.path.clone()
            }
            None => None,
        };
        let path = path.or_else(|| {
            let under_way = delivery.status == DeliveryStatus::InTransit;
            under_way.then(|| Path::from_polyline(&delivery.path).ok().map(Arc::new)).flatten()
        });
        let of_courier = self.open.entry(delivery.courier.clone()).or_default();
        of_courier.retain(|open| *open != id);
        if delivery.is_open() {
            of_courier.push(id);
        } else if of_courier.is_empty() {
            self.open.remove(&delivery.courier);
        }
        self.known.insert(id, Known { delivery: Arc::new(delivery), offset, path });
        true
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

    /// Drops what ended more than [`KEEP_ENDED_MS`] before `now`, keeping its id so that a repeated record does not
    /// revive it.
    pub fn expire(&mut self, now: Millis) {
        let ended = &mut self.ended;
        self.known.retain(|id, known| {
            let delivery = &known.delivery;
            let end = delivery.finished_at.unwrap_or(delivery.requested_at);
            let keep = delivery.is_open() || end > now - KEEP_ENDED_MS;
            if !keep {
                ended.insert(*id, ());
            }
            keep
        });
        self.ended.retain(|id, ()| id.made_at() > now - REMEMBER_ENDED_MS);
        if self.ended.len() > MAX_REMEMBERED {
            let mut ids: Vec<DeliveryId> = self.ended.keys().copied().collect();
            ids.sort_unstable();
            for id in &ids[..ids.len() - MAX_REMEMBERED] {
                self.ended.remove(id);
            }
        }
    }
}
