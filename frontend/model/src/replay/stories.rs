//! Deliveries of the past. The store has each as it ended; what is shown is how it stood at the moment.

use std::{collections::HashMap, sync::Arc};

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Millis};
use fleet::{
    deliveries::{KEEP_OPEN_MS, abandoned_at},
    path::Path,
};

/// Most deliveries that are kept; beyond it those that were asked for longest ago go.
const MOST: usize = 6_000;

/// A delivery's document as it stood at `at` (ms UTC); `None` before it was asked for.
pub fn as_of(delivery: &Delivery, at: Millis) -> Option<Delivery> {
    if at < delivery.requested_at {
        return None;
    }
    let ended = delivery.status.is_terminal() && delivery.finished_at.is_none_or(|end| end <= at);
    if ended {
        return Some(delivery.clone());
    }
    let started_at = delivery.started_at.filter(|start| *start <= at);
    let status = if started_at.is_some() { DeliveryStatus::InTransit } else { DeliveryStatus::Requested };
    Some(Delivery {
        status,
        started_at,
        finished_at: None,
        reason: None,
        positions: None,
        eta_half_way: None,
        ..delivery.clone()
    })
}

/// The deliveries that are known, whole.
#[derive(Debug, Default)]
pub struct Stories {
    /// How long one may be in transit, ms, where the server said so.
    in_transit_max_ms: Option<Millis>,
    known: HashMap<DeliveryId, Arc<Delivery>>,
    /// Those that were started, by courier.
    of_courier: HashMap<CourierId, Vec<Arc<Delivery>>>,
    paths: HashMap<DeliveryId, Option<Arc<Path>>>,
}

impl Stories {
    /// Takes documents of the store; of two of one delivery the later state counts.
    pub fn add(&mut self, deliveries: impl IntoIterator<Item = Delivery>) {
        for delivery in deliveries {
            let known = self.known.get(&delivery.delivery);
            if known.is_none_or(|known| known.status.rank() < delivery.status.rank()) {
                self.known.insert(delivery.delivery, Arc::new(delivery));
            }
        }
        if self.known.len() > MOST {
            let mut times: Vec<Millis> = self.known.values().map(|delivery| delivery.requested_at).collect();
            let surplus = times.len() - MOST;
            let (_, oldest, _) = times.select_nth_unstable(surplus);
            let oldest = *oldest;
            self.known.retain(|_, delivery| delivery.requested_at >= oldest);
            self.paths.retain(|id, _| self.known.contains_key(id));
        }
        self.of_courier.clear();
        for delivery in self.known.values().filter(|delivery| delivery.started_at.is_some()) {
            self.of_courier.entry(delivery.courier.clone()).or_default().push(delivery.clone());
        }
    }

    /// The server's word on how long a delivery may be in transit before it counts as abandoned, ms.
    pub fn set_in_transit_max(&mut self, in_transit_max_ms: Millis) {
        self.in_transit_max_ms = Some(in_transit_max_ms);
    }

    /// True of a delivery that was under way at `at` (ms UTC): started, not ended by then and not abandoned.
    pub fn is_under_way(&self, delivery: &Delivery, at: Millis) -> bool {
        let longest = self.in_transit_max_ms.unwrap_or(KEEP_OPEN_MS);
        let abandoned = abandoned_at(delivery.requested_at, delivery.started_at, longest) <= at;
        !abandoned && delivery.finished_at.is_none_or(|end| at < end)
    }

    /// A delivery, whole.
    pub fn get(&self, delivery: DeliveryId) -> Option<&Delivery> {
        self.known.get(&delivery).map(|known| &**known)
    }

    /// All that had been asked for by `at` (ms UTC), as they stood then; those that had ended more than 15 min before are
    /// left out, as they are live.
    pub fn all(&self, at: Millis) -> Vec<Delivery> {
        let recent = |delivery: &Delivery| {
            let end = delivery.finished_at.unwrap_or(delivery.requested_at);
            delivery.is_open() || end + fleet::deliveries::KEEP_ENDED_MS > at
        };
        self.known.values().filter_map(|delivery| as_of(delivery, at)).filter(recent).collect()
    }

    /// Those to which something happened after `from` and up to `to` (ms UTC), as they stood at `to`.
    pub fn between(&self, from: Millis, to: Millis) -> Vec<Delivery> {
        let within = |at: Millis| from < at && at <= to;
        let happened = |delivery: &&Arc<Delivery>| {
            let times = [Some(delivery.requested_at), delivery.started_at, delivery.finished_at];
            times.into_iter().flatten().any(within)
        };
        self.known.values().filter(happened).filter_map(|delivery| as_of(delivery, to)).collect()
    }

    /// The delivery that a courier had started last at `at` (ms UTC), whether or not it had ended by then.
    pub fn last_started(&self, courier: &CourierId, at: Millis) -> Option<Arc<Delivery>> {
        let of_courier = self.of_courier.get(courier)?.iter();
        of_courier
            .filter(|delivery| delivery.started_at <= Some(at))
            .max_by_key(|d| (d.started_at, d.delivery))
            .cloned()
    }

    /// A delivery's way, measured once; `None` where it cannot be read.
    pub fn path(&mut self, delivery: &Delivery) -> Option<Arc<Path>> {
        let path = self.paths.entry(delivery.delivery);
        path.or_insert_with(|| Path::from_polyline(&delivery.path).ok().map(Arc::new)).clone()
    }
}
