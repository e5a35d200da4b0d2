//! The deliveries of one partition, folded: what the simulator decides from. Pure.

use std::sync::Arc;

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis};
use fleet::{deliveries::replaces, path::Path};
use rustc_hash::{FxHashMap, FxHashSet};

/// A request that is older than this is not taken up any more, ms.
pub const EXPIRES_AFTER_MS: Millis = 10 * 60_000;
/// How long an ended delivery is remembered after its request: longer than a repeated request would be taken up, ms.
const REMEMBER_MS: Millis = EXPIRES_AFTER_MS + 60_000;

/// A delivery as it is known here.
#[derive(Debug, Clone)]
pub struct Story {
    /// The document.
    pub delivery: Arc<Delivery>,
    /// Offset of its record.
    pub offset: i64,
    /// The document that put it on its way, and the offset of that, where one did before it ended.
    pub under_way: Option<(Arc<Delivery>, i64)>,
}

/// What to do about a requested delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Write that it is under way.
    Start(Box<Delivery>),
    /// Write that it is rejected.
    Reject(Box<Delivery>),
}

/// The deliveries of one partition.
#[derive(Debug, Default)]
pub struct Stories {
    known: FxHashMap<DeliveryId, Story>,
    open: FxHashSet<DeliveryId>,
    /// Runs that others ended, and whose fixes up to that end may not all be acknowledged.
    owed: FxHashSet<DeliveryId>,
    /// Starts that were written and not read back yet.
    starting: FxHashMap<CourierId, DeliveryId>,
    /// Offset after the last record that was read.
    next: i64,
}

impl Stories {
    /// Folds a record in. True where it changed what is known.
    pub fn apply(&mut self, delivery: Delivery, offset: i64) -> bool {
        self.passed(offset);
        let id = delivery.delivery;
        if let Some(known) = self.known.get(&id)
            && !replaces((known.delivery.status.rank(), known.offset), (delivery.status.rank(), offset))
        {
            return false;
        }
        if delivery.is_open() {
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
        if delivery.status != DeliveryStatus::Requested && self.starting.get(&delivery.courier) == Some(&id) {
            self.starting.remove(&delivery.courier);
        }
        let delivery = Arc::new(delivery);
        let under_way = match delivery.status {
            DeliveryStatus::InTransit => Some((Arc::clone(&delivery), offset)),
            _ => self.known.get(&id).and_then(|known| known.under_way.clone()),
        };
        // What the simulator itself ends was acknowledged before, fix by fix.
        let by_others = matches!(delivery.status, DeliveryStatus::Cancelled | DeliveryStatus::Failed);
        if by_others && delivery.driver == Driver::Simulator && under_way.is_some() {
            self.owed.insert(id);
        }
        self.known.insert(id, Story { delivery, offset, under_way });
        true
    }

    /// Whether a run that others ended may still owe fixes up to its end.
    pub fn owes(&self, id: &DeliveryId) -> bool {
        self.owed.contains(id)
    }

    /// Every fix of a run that others ended is acknowledged.
    pub fn settled(&mut self, id: &DeliveryId) {
        self.owed.remove(id);
    }

    /// Notes a record that is no delivery.
    pub fn passed(&mut self, offset: i64) {
        self.next = self.next.max(offset + 1);
    }

    /// A delivery by id.
    pub fn get(&self, id: &DeliveryId) -> Option<&Story> {
        self.known.get(id)
    }

    /// Deliveries that ask for something: open ones, and those that owe fixes. The oldest record first.
    pub fn unfinished(&self) -> Vec<Story> {
        let unfinished = self.open.iter().chain(&self.owed);
        let mut open: Vec<Story> = unfinished.filter_map(|id| self.known.get(id)).cloned().collect();
        open.sort_unstable_by_key(|story| story.offset);
        open
    }

    /// Whether the courier has an open delivery, or one that is about to start.
    pub fn is_engaged(&self, courier: &CourierId) -> bool {
        self.starting.contains_key(courier) || self.open.iter().any(|id| self.is_of(id, courier))
    }

    /// The courier's delivery that ended last.
    pub fn last_of(&self, courier: &CourierId) -> Option<&Story> {
        let of_courier = self.known.values().filter(|story| story.delivery.courier == *courier);
        of_courier.max_by_key(|story| story.offset)
    }

    /// What the simulator answers to a delivery that was requested of it, at `now`; `None` where it is not its to answer.
    pub fn answer(&mut self, id: &DeliveryId, now: Millis) -> Option<Answer> {
        let story = self.known.get(id)?;
        let delivery = story.delivery.as_ref();
        if delivery.status != DeliveryStatus::Requested || delivery.driver != Driver::Simulator {
            return None;
        }
        if self.starting.get(&delivery.courier) == Some(id) {
            return None;
        }
        let reject = |reason: &str| {
            let (status, reason) = (DeliveryStatus::Rejected, Some(reason.to_owned()));
            Some(Answer::Reject(Box::new(Delivery { status, reason, finished_at: Some(now), ..delivery.clone() })))
        };
        if now - delivery.requested_at > EXPIRES_AFTER_MS {
            return reject("expired");
        }
        if !Path::from_polyline(&delivery.path).is_ok_and(|path| path.length_m() <= fleet::drive::MAX_LENGTH_M) {
            return reject("bad_path");
        }
        let under_way = |other: &DeliveryId| {
            self.is_of(other, &delivery.courier)
                && self.known.get(other).is_some_and(|story| story.delivery.status == DeliveryStatus::InTransit)
        };
        if self.starting.contains_key(&delivery.courier)
            || self.open.iter().any(|other| other != id && under_way(other))
        {
            return reject("courier_busy");
        }
        let (status, started_at) = (DeliveryStatus::InTransit, Some(now));
        let started = Delivery { status, started_at, ..delivery.clone() };
        self.starting.insert(started.courier.clone(), *id);
        Some(Answer::Start(Box::new(started)))
    }

    fn is_of(&self, id: &DeliveryId, courier: &CourierId) -> bool {
        self.known.get(id).is_some_and(|story| story.delivery.courier == *courier)
    }

    /// From where a successor must read: the oldest record of an open delivery, or the start of one that owes fixes; else
    /// the end.
    pub fn commit_offset(&self) -> i64 {
        let open = self.open.iter().filter_map(|id| self.known.get(id)).map(|story| story.offset);
        let owed = self.owed.iter().filter_map(|id| self.known.get(id));
        let started = owed.map(|story| story.under_way.as_ref().map_or(story.offset, |(_, offset)| *offset));
        open.chain(started).min().unwrap_or(self.next)
    }

    /// Forgets what ended long ago. A repeated request of it would be too old to be taken up.
    pub fn forget(&mut self, now: Millis) {
        let owed = &self.owed;
        self.known.retain(|id, story| {
            story.delivery.is_open() || owed.contains(id) || story.delivery.requested_at > now - REMEMBER_MS
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(n: u128, courier: &str) -> Delivery {
        Delivery {
            delivery: DeliveryId::from_parts(1_000, n),
            courier: CourierId::new(courier).unwrap(),
            status: DeliveryStatus::Requested,
            driver: Driver::Simulator,
            reference: None,
            route: None,
            path: contract::polyline::encode(&[
                contract::Place::new(60.0, 24.0).unwrap(),
                contract::Place::new(60.01, 24.0).unwrap(),
            ]),
            distance_m: 1_112,
            planned_s: 140,
            speed: 1.0,
            interval_ms: 1_000,
            promised_at: None,
            requested_at: 1_000,
            requested_by: None,
            started_at: None,
            finished_at: None,
            reason: None,
            positions: None,
            eta_half_way: None,
        }
    }

    fn reason(answer: Option<Answer>) -> String {
        match answer {
            Some(Answer::Reject(delivery)) => delivery.reason.unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_request_is_started_once_and_a_second_one_is_rejected() {
        let mut stories = Stories::default();
        let (first, second) = (request(1, "c-1"), request(2, "c-1"));
        stories.apply(first.clone(), 0);
        stories.apply(second.clone(), 1);
        let Some(Answer::Start(started)) = stories.answer(&first.delivery, 2_000) else { panic!("not started") };
        assert_eq!(started.started_at, Some(2_000));
        assert_eq!(stories.answer(&first.delivery, 2_000), None);
        assert_eq!(reason(stories.answer(&second.delivery, 2_000)), "courier_busy");
        stories.apply(*started, 2);
        assert_eq!(reason(stories.answer(&second.delivery, 2_000)), "courier_busy");
        assert_eq!(stories.commit_offset(), 1);
    }

    #[test]
    fn old_requests_and_bad_paths_are_rejected_and_others_drivers_left_alone() {
        let mut stories = Stories::default();
        let old = request(1, "c-1");
        let bad = Delivery { path: "?".into(), ..request(2, "c-2") };
        let human = Delivery { driver: Driver::Courier, ..request(3, "c-3") };
        for (offset, delivery) in [&old, &bad, &human].into_iter().enumerate() {
            stories.apply(delivery.clone(), offset as i64);
        }
        assert_eq!(reason(stories.answer(&old.delivery, 1_001 + EXPIRES_AFTER_MS)), "expired");
        assert_eq!(reason(stories.answer(&bad.delivery, 2_000)), "bad_path");
        assert_eq!(stories.answer(&human.delivery, 2_000), None);
    }

    #[test]
    fn a_repeated_request_does_not_revive_what_ended() {
        let mut stories = Stories::default();
        let asked = request(1, "c-1");
        stories.apply(asked.clone(), 0);
        stories.apply(Delivery { status: DeliveryStatus::Cancelled, finished_at: Some(2_000), ..asked.clone() }, 1);
        assert!(!stories.apply(asked.clone(), 2));
        assert_eq!(stories.answer(&asked.delivery, 2_000), None);
        assert_eq!(stories.commit_offset(), 3);
        stories.forget(1_000 + REMEMBER_MS);
        assert!(stories.get(&asked.delivery).is_none());
    }

    #[test]
    fn a_run_that_others_ended_is_remembered_until_its_fixes_are_acknowledged() {
        let mut stories = Stories::default();
        let asked = request(1, "c-1");
        let started = Delivery { status: DeliveryStatus::InTransit, started_at: Some(1_500), ..asked.clone() };
        // The backend had not read of the start.
        let ended = Delivery { status: DeliveryStatus::Cancelled, finished_at: Some(2_000), ..asked.clone() };
        for (offset, delivery) in [asked.clone(), started, ended.clone()].into_iter().enumerate() {
            assert!(stories.apply(delivery, offset as i64));
        }
        let id = asked.delivery;
        stories.forget(1_000 + REMEMBER_MS);
        let unfinished = stories.unfinished();
        assert!(stories.owes(&id) && unfinished.len() == 1);
        assert_eq!(unfinished[0].under_way.as_ref().unwrap().0.started_at, Some(1_500));
        assert_eq!(stories.commit_offset(), 1, "a successor reads its start");
        stories.settled(&id);
        assert!(stories.unfinished().is_empty() && stories.commit_offset() == 3);

        // One that never started owes nothing.
        let mut stories = Stories::default();
        stories.apply(asked, 0);
        stories.apply(ended, 1);
        assert!(!stories.owes(&id) && stories.commit_offset() == 2);
    }
}
