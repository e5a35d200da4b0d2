//! The same records in any order, any number of times, in any batches, give the same state.

use std::{cmp::Reverse, collections::BTreeMap};

use contract::{
    CourierId, Delivery, DeliveryId, DeliveryStatus, Millis, Place, Position,
    frame::{BIT_CLOCK_OFF, BIT_TWO_DEVICES, CourierStatus},
};
use fleet::{
    Fleet, Limits,
    deliveries::KEEP_ENDED_MS,
    status::{CLOCK_OFF_MS, TWO_DEVICES_MS},
};
use proptest::prelude::*;

use crate::{
    log::{END, Record, courier, log, reading},
    world,
};

const WINDOW: Millis = 15 * 60_000;
/// Beyond this time in transit a delivery counts as abandoned: some of the log's are, most are not.
const IN_TRANSIT_MAX: Millis = 990_000;

/// All that can be seen of a courier.
#[derive(Debug, PartialEq)]
struct Marker {
    position: Position,
    on_the_wire: (i32, i32, u8, u8, u8),
    status: CourierStatus,
    delivery: Option<DeliveryId>,
    eta: Option<Millis>,
}

type Picture = (BTreeMap<CourierId, Marker>, BTreeMap<DeliveryId, Delivery>);

fn read(log: &[Record], batches: &[(Millis, Vec<usize>)]) -> Fleet {
    let mut fleet = Fleet::new(Limits { live_window_ms: WINDOW, delivery_max_ms: IN_TRANSIT_MAX, ..Limits::default() });
    for (now, batch) in batches {
        fleet.begin(*now);
        batch.iter().for_each(|index| log[*index].apply(&mut fleet));
        fleet.finish();
        // Ticks in which nothing comes, so that what is old is dropped between the batches, too.
        for _ in 0..4 {
            fleet.begin(*now);
            fleet.finish();
        }
    }
    // What time alone changes is looked at in shares, over ten batches.
    for _ in 0..10 {
        fleet.begin(END);
        fleet.finish();
    }
    fleet
}

fn picture(fleet: &Fleet) -> Picture {
    let couriers = fleet.couriers().iter().map(|(handle, row, details)| {
        assert_eq!(fleet.couriers().handle(&details.courier), Some(handle));
        let task = details.task.as_ref();
        let marker = Marker {
            position: details.position.clone(),
            on_the_wire: (row.lat_e7, row.lon_e7, row.heading, row.speed, row.flags),
            status: row.status,
            delivery: task.map(|task| task.delivery.delivery),
            eta: task.and_then(|task| task.eta),
        };
        (details.courier.clone(), marker)
    });
    let deliveries = fleet.deliveries().iter().map(|known| (known.delivery.delivery, (*known.delivery).clone()));
    (couriers.collect(), deliveries.collect())
}

/// The marker by the words of the protocol: greatest (at, source); of one identity the lowest offset.
fn marker_of(log: &[Record], who: &CourierId) -> Option<(Position, u8)> {
    let fixes = || {
        log.iter().filter_map(|record| match record {
            Record::Position { position, broker_time, offset }
                if position.courier == *who && position.at > END - WINDOW =>
            {
                Some((position, *broker_time, *offset))
            }
            _ => None,
        })
    };
    let (marker, broker_time, _) =
        fixes().max_by_key(|(position, _, offset)| (position.at, position.source.clone(), -offset))?;
    let near = |other: &Position| other.source != marker.source && marker.at - other.at <= TWO_DEVICES_MS;
    let two_devices = if fixes().any(|(other, ..)| near(other)) { BIT_TWO_DEVICES } else { 0 };
    let clock_off = if marker.at - broker_time > CLOCK_OFF_MS { BIT_CLOCK_OFF } else { 0 };
    Some((marker.clone(), two_devices | clock_off))
}

/// The delivery by the words of the protocol: greatest rank, lowest offset (and, where a fault gave it to two couriers and
/// the offsets are of two partitions, the lesser name).
fn document_of(log: &[Record], id: DeliveryId) -> Option<Delivery> {
    let records = log.iter().filter_map(|record| match record {
        Record::Delivery { delivery, offset } if delivery.delivery == id => Some((delivery, *offset)),
        _ => None,
    });
    let (document, _) = records
        .max_by_key(|(delivery, offset)| (delivery.status.rank(), -offset, Reverse(delivery.courier.clone())))?;
    Some(document.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_reading_makes_no_difference(
        (log, one, other) in log().prop_flat_map(|log| {
            let len = log.len();
            (Just(log), reading(len), reading(len))
        })
    ) {
        let (one, other) = (read(&log, &one), read(&log, &other));
        prop_assert_eq!(picture(&one), picture(&other));
        prop_assert_eq!(one.tally(), other.tally());
    }

    #[test]
    fn the_state_is_what_the_protocol_says(
        (log, batches) in log().prop_flat_map(|log| {
            let len = log.len();
            (Just(log), reading(len))
        })
    ) {
        let fleet = read(&log, &batches);
        for who in (0..5).map(courier) {
            let shown = fleet.live_courier(&who);
            let expected = marker_of(&log, &who);
            prop_assert_eq!(shown.map(|shown| shown.position), expected.as_ref().map(|(marker, _)| marker.clone()));
            if let Some((_, flags)) = expected {
                let row = fleet.couriers().row(fleet.couriers().handle(&who).unwrap());
                prop_assert_eq!(row.flags & (BIT_TWO_DEVICES | BIT_CLOCK_OFF), flags, "{} {:?}", who, row);
            }
        }
        for number in 0..5u128 {
            let id = DeliveryId::from_parts(END - 3_600_000, number);
            let expected = document_of(&log, id).filter(|document| match (document.status, document.started_at) {
                (DeliveryStatus::Requested, _) => true,
                (DeliveryStatus::InTransit, start) => start.unwrap() > END - IN_TRANSIT_MAX,
                _ => document.finished_at.unwrap() > END - KEEP_ENDED_MS,
            });
            prop_assert_eq!(fleet.deliveries().get(&id).map(|known| (*known.delivery).clone()), expected);
        }
        for who in (0..5).map(courier) {
            let on = fleet.deliveries().under_way(&who).map(|known| known.delivery.clone());
            prop_assert!(on.iter().all(|delivery| delivery.courier == who), "{} is on {:?}", who, on);
            prop_assert!(on.iter().all(|delivery| delivery.status == DeliveryStatus::InTransit));
            if let Some(shown) = fleet.live_courier(&who) {
                prop_assert_eq!(shown.delivery, on.map(|delivery| delivery.delivery));
            }
        }
    }
}

/// A courier that fell silent is shown until its last fix leaves the live window, but fixes before that leave it earlier: a
/// replica that starts now does not find them in the log, so they must not count for one that has been there all the time.
#[test]
fn what_has_left_the_live_window_counts_for_nothing() {
    let here = Place::new(60.161, 24.93).unwrap();
    let fixes = [(940, 30.0), (930, 30.0), (920, 30.0), (895, 6.0)].map(|(ago_s, speed)| {
        let position = Position { speed_mps: Some(speed), ..world::fix(1, here, END - ago_s * 1_000) };
        Record::Position { broker_time: position.at, position, offset: 1_000 - ago_s }
    });
    let delivery = Record::Delivery { delivery: world::job(1, END - 980_000, false), offset: 0 };
    let log: Vec<Record> = fixes.into_iter().chain([delivery]).collect();
    let all = || (0..log.len()).collect::<Vec<_>>();
    let (always, now) = (read(&log, &[(END - 890_000, all()), (END, vec![])]), read(&log, &[(END, all())]));
    assert!(picture(&now).0[&courier(1)].eta.is_some());
    assert_eq!(picture(&always), picture(&now));
}
