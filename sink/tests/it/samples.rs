//! Records to send.

use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis, Place, Position, SourceId, topics};

/// A record to send.
#[derive(Debug, Clone)]
pub struct Record {
    pub topic: &'static str,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
}

impl Record {
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }
}

pub fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as Millis
}

pub fn courier(n: usize) -> CourierId {
    CourierId::new(&format!("c-{n}")).unwrap()
}

/// When all sample runs begin: an hour before these tests, the same each time it is asked, so that a record that is sent
/// again has the same bytes.
pub fn start() -> Millis {
    static START: LazyLock<Millis> = LazyLock::new(|| now() - 3_600_000);
    *START
}

pub fn id(n: usize) -> DeliveryId {
    DeliveryId::from_parts(1_763_683_200_000, n as u128)
}

/// Fix `seq` of the run of courier `n`, one a second.
pub fn fix(n: usize, seq: u32) -> Position {
    Position {
        courier: courier(n),
        source: SourceId::new("sim").unwrap(),
        at: start() + Millis::from(seq) * 1_000,
        place: Place::new(60.17, 24.94).unwrap(),
        accuracy_m: Some(5.0),
        speed_mps: Some(8.3),
        heading_deg: None,
        delivery: Some(id(n)),
        seq: Some(seq),
        altitude_m: None,
        battery: None,
    }
}

/// The delivery of courier `n`, of `positions` fixes.
pub fn delivery(n: usize, status: DeliveryStatus, positions: u32) -> Delivery {
    let begun = status != DeliveryStatus::Requested;
    Delivery {
        delivery: id(n),
        courier: courier(n),
        status,
        driver: Driver::Simulator,
        reference: None,
        route: None,
        path: "_p~iF~ps|U_ulLnnqC".into(),
        distance_m: 1_240,
        planned_s: 260,
        speed: 1.0,
        interval_ms: 1_000,
        promised_at: None,
        requested_at: start() - 5_000,
        requested_by: None,
        started_at: begun.then(start),
        finished_at: status.is_terminal().then(|| start() + Millis::from(positions) * 1_000 - 1_000),
        reason: None,
        positions: (status == DeliveryStatus::Delivered).then_some(positions),
        eta_half_way: None,
    }
}

pub fn fix_record(position: &Position) -> Record {
    let key = position.courier.as_str().as_bytes().to_vec();
    Record { topic: topics::POSITIONS, key: Some(key), value: Some(position.to_json()) }
}

pub fn delivery_record(delivery: &Delivery) -> Record {
    let key = delivery.courier.as_str().as_bytes().to_vec();
    Record { topic: topics::DELIVERIES, key: Some(key), value: Some(delivery.to_json()) }
}

/// Fixes of the run of courier `n`.
pub fn fixes(n: usize, seqs: std::ops::Range<u32>) -> impl Iterator<Item = Record> {
    seqs.map(move |seq| fix_record(&fix(n, seq)))
}

/// A whole delivered run of courier `n`: documents and fixes.
pub fn run(n: usize, positions: u32) -> Vec<Record> {
    use DeliveryStatus::{Delivered, InTransit, Requested};
    let document = |status| delivery_record(&delivery(n, status, positions));
    let begin = [document(Requested), document(InTransit)];
    begin.into_iter().chain(fixes(n, 0..positions)).chain([document(Delivered)]).collect()
}
