//! Logs of records at random: two topics as Kafka would hold them, every record with its offset.

use std::collections::BTreeMap;

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis, Place, Position, SourceId, polyline};
use fleet::Fleet;
use proptest::prelude::*;

/// When the history ends, ms UTC: the moment at which states are compared.
pub const END: Millis = 1_763_683_200_000;

/// One record with its offset.
#[derive(Debug, Clone)]
pub enum Record {
    Position { position: Position, broker_time: Millis, offset: i64 },
    Delivery { delivery: Delivery, offset: i64 },
}

impl Record {
    pub fn apply(&self, fleet: &mut Fleet) {
        match self.clone() {
            Self::Position { position, broker_time, offset } => {
                fleet.apply_position(position, broker_time, offset);
            }
            Self::Delivery { delivery, offset } => {
                fleet.apply_delivery(delivery, offset);
            }
        }
    }
}

pub fn courier(number: u32) -> CourierId {
    CourierId::new(&format!("c-{number}")).unwrap()
}

fn place(lat: f64, lon: f64) -> Place {
    Place::new(lat, lon).unwrap()
}

/// Ways: a corner, the same street there and back (where progress is ambiguous), and one that cannot be read.
fn ways() -> [String; 3] {
    [
        polyline::encode(&[place(60.16, 24.93), place(60.17, 24.93), place(60.17, 24.95)]),
        polyline::encode(&[place(60.16, 24.93), place(60.18, 24.93), place(60.16, 24.930_01)]),
        "no polyline \u{7f}".into(),
    ]
}

prop_compose! {
    /// A fix of one of four couriers, most of them in the live window, some older, some ahead. Times and sources are so
    /// few that the same identity comes up again with another content.
    fn position()(
        who in 0u32..4,
        source in prop::sample::select(vec!["sim", "phone", "tablet"]),
        ago_s in prop_oneof![6 => 0i64..40, 2 => 0i64..1_000, 2 => 850i64..910, 1 => -50i64..0],
        delay_ms in -50_000i64..10_000,
        lat in prop_oneof![2 => 60.16f64..60.18, 1 => Just(60.165), 1 => -90.0f64..=90.0],
        lon in prop_oneof![2 => Just(24.93), 1 => 24.92f64..24.95, 1 => -180.0f64..=180.0],
        speed_mps in prop::option::of(0.0f64..40.0),
        heading_deg in prop::option::of(0.0f64..360.0),
    ) -> Record {
        // One courier has been silent for nearly the whole live window, or longer.
        let at = END - (if who == 3 { 820 + ago_s.rem_euclid(100) } else { ago_s }) * 1_000;
        Record::Position {
            position: Position {
                courier: courier(who),
                source: SourceId::new(source).unwrap(),
                at,
                place: place(lat, lon),
                accuracy_m: None,
                speed_mps,
                heading_deg,
                delivery: None,
                seq: None,
                altitude_m: None,
                battery: None,
            },
            broker_time: at + delay_ms,
            offset: 0,
        }
    }
}

prop_compose! {
    /// A record of one of five deliveries. A delivery has its courier, but now and then a fault names another.
    fn delivery()(
        number in 0u32..5,
        fault in prop::bool::weighted(0.05),
        status in prop::sample::select(DeliveryStatus::ALL.to_vec()),
        way in 0usize..3,
        // Some are in transit for so long that they count as abandoned.
        started_ago_s in prop_oneof![4 => -20i64..1_000, 1 => 980i64..1_000],
        finished_ago_s in prop_oneof![0i64..300, 800i64..1_000],
        promised_in_s in prop::option::of(-300i64..600),
        planned_s in 1u32..900,
    ) -> Record {
        let started = matches!(status, DeliveryStatus::InTransit | DeliveryStatus::Delivered | DeliveryStatus::Failed);
        Record::Delivery {
            delivery: Delivery {
                delivery: DeliveryId::from_parts(END - 3_600_000, number.into()),
                courier: courier((number + u32::from(fault)) % 4),
                status,
                driver: Driver::Simulator,
                reference: None,
                route: None,
                path: ways()[way].clone(),
                distance_m: 2_000,
                planned_s,
                speed: 1.0,
                interval_ms: 1_000,
                promised_at: promised_in_s.map(|s| END + s * 1_000),
                requested_at: END - 1_000_000,
                requested_by: None,
                started_at: started.then_some(END - started_ago_s * 1_000),
                finished_at: status.is_terminal().then_some(END - finished_ago_s * 1_000),
                reason: None,
                positions: None,
                eta_half_way: None,
            },
            offset: 0,
        }
    }
}

/// A log: offsets count up in the partition of each courier, so that those of two couriers may be equal.
pub fn log() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(prop_oneof![3 => position(), 1 => delivery()], 1..60).prop_map(|mut log| {
        let mut next: BTreeMap<(&str, CourierId), i64> = BTreeMap::new();
        for record in &mut log {
            let (partition, offset) = match record {
                Record::Position { position, offset, .. } => (("positions", position.courier.clone()), offset),
                Record::Delivery { delivery, offset } => (("deliveries", delivery.courier.clone()), offset),
            };
            let next = next.entry(partition).or_default();
            *offset = *next;
            *next += 1;
        }
        log
    })
}

/// How a log of `len` records comes to a reader: batches with their times (ms UTC, never falling, the last at
/// [`END`]), in each the indices of some records. Every record comes at least once.
pub fn reading(len: usize) -> impl Strategy<Value = Vec<(Millis, Vec<usize>)>> {
    let again = prop::collection::vec(0..len, 0..len);
    let order = again.prop_map(move |again| (0..len).chain(again).collect::<Vec<_>>()).prop_shuffle();
    let cuts = prop::collection::vec((prop::sample::select(vec![0i64, 100, 1_000, 60_000]), 0usize..20), 0..12);
    (order, cuts).prop_map(|(order, cuts)| {
        let mut rest = order.as_slice();
        let mut batches = Vec::new();
        let mut before_end: Millis = cuts.iter().map(|(step, _)| step).sum();
        for (step, size) in cuts {
            let (batch, after) = rest.split_at(size.min(rest.len()));
            batches.push((END - before_end, batch.to_vec()));
            before_end -= step;
            rest = after;
        }
        batches.push((END, rest.to_vec()));
        batches
    })
}
