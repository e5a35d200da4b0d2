//! What nobody ends: a delivery that is in transit for too long counts for nothing any more, and its end is still taken.

use contract::{Delivery, DeliveryStatus, Millis, Place, frame::CourierStatus};
use fleet::{
    Fleet, Limits,
    deliveries::{IN_TRANSIT_MAX_MS, KEEP_OPEN_MS},
};

use crate::world::{courier, fix, job};

const START: Millis = 1_763_683_200_000;
const HOUR: Millis = 3_600_000;

/// A fleet to which courier 1 reports all the time, so that what it says of it depends on its delivery alone.
struct Watched(Fleet);

impl Watched {
    fn new(delivery_max_ms: Millis) -> Self {
        Self(Fleet::new(Limits { delivery_max_ms, ..Limits::default() }))
    }

    /// Records that come at `now`, and whatever time alone changes by then.
    fn at(&mut self, now: Millis, records: &[(&Delivery, i64)]) {
        for tick in 0..10 {
            self.0.begin(now);
            if tick == 0 {
                self.0.apply_position(fix(1, Place::new(60.165, 24.93).unwrap(), now), now, now);
                for (delivery, offset) in records {
                    self.0.apply_delivery((*delivery).clone(), *offset);
                }
            }
            self.0.finish();
        }
    }

    /// Whether courier 1 is on a delivery, by every way to ask.
    fn is_on_delivery(&self) -> bool {
        let shown = self.0.live_courier(&courier(1)).unwrap();
        let by_state = self.0.deliveries().under_way(&courier(1)).is_some();
        assert_eq!(shown.delivery.is_some(), by_state);
        assert_eq!(self.0.deliveries().open_of(&courier(1)).count(), usize::from(by_state));
        assert_eq!(self.0.tally().0.idle, u32::from(!by_state));
        assert_eq!(shown.status == CourierStatus::Idle.as_str(), !by_state);
        by_state
    }
}

fn in_transit() -> Delivery {
    Delivery { requested_at: START - 1_000, started_at: Some(START), ..job(1, START, false) }
}

#[test]
fn the_courier_is_free_after_exactly_the_longest_time() {
    for (max, longest) in [(Limits::default().delivery_max_ms, 24 * HOUR), (90_000, 90_000)] {
        let (mut fleet, delivery) = (Watched::new(max), in_transit());
        fleet.at(START + 1_000, &[(&delivery, 7)]);
        fleet.at(START + longest - 1, &[]);
        assert!(fleet.is_on_delivery());
        fleet.at(START + longest, &[]);
        assert!(!fleet.is_on_delivery());
        assert!(fleet.0.deliveries().get(&delivery.delivery).is_none());
    }
}

#[test]
fn a_repeated_record_does_not_bring_it_back_and_its_end_is_taken() {
    let (mut fleet, delivery) = (Watched::new(IN_TRANSIT_MAX_MS), in_transit());
    let requested = Delivery { status: DeliveryStatus::Requested, started_at: None, ..delivery.clone() };
    fleet.at(START + 1_000, &[(&requested, 6), (&delivery, 7)]);
    let late = START + IN_TRANSIT_MAX_MS + HOUR;
    fleet.at(late, &[]);
    assert!(!fleet.is_on_delivery());
    // A replica that starts now reads them all, in any order: for both the same.
    let mut other = Watched::new(IN_TRANSIT_MAX_MS);
    for fleet in [&mut fleet, &mut other] {
        fleet.at(late, &[(&delivery, 7), (&requested, 6)]);
        assert!(!fleet.is_on_delivery());
        assert!(fleet.0.deliveries().is_empty());
    }
    let ended = Delivery { status: DeliveryStatus::Cancelled, finished_at: Some(late), ..delivery };
    for fleet in [&mut fleet, &mut other] {
        fleet.at(late + 1_000, &[(&ended, 8)]);
        assert_eq!(fleet.0.deliveries().get(&ended.delivery).unwrap().delivery.status, DeliveryStatus::Cancelled);
        assert!(!fleet.is_on_delivery());
    }
}

#[test]
fn nothing_stays_open_for_longer_than_replicas_read_back() {
    // One that waits for its courier, and one that set off late: the second would have hours left.
    let waiting = Delivery { status: DeliveryStatus::Requested, started_at: None, ..in_transit() };
    let late = Delivery { started_at: Some(START + 40 * HOUR), ..in_transit() };
    for delivery in [waiting, late] {
        let mut fleet = Watched::new(IN_TRANSIT_MAX_MS);
        fleet.at(START + 41 * HOUR, &[(&delivery, 7)]);
        fleet.at(delivery.requested_at + KEEP_OPEN_MS - 1, &[]);
        assert!(fleet.0.deliveries().open_of(&courier(1)).count() == 1, "{}", delivery.status);
        fleet.at(delivery.requested_at + KEEP_OPEN_MS, &[]);
        assert!(fleet.0.deliveries().is_empty(), "{}", delivery.status);
        assert!(!fleet.is_on_delivery());
    }
}
