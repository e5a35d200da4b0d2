//! Items to store: short ways to say "courier c at second s".

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis, Place, Position, SourceId};
use history::Item;

/// Where all sample times begin: a UTC midnight.
pub const T0: Millis = 1_763_683_200_000;
pub const DAY: Millis = 86_400_000;

pub fn courier(n: usize) -> CourierId {
    CourierId::new(&format!("c-{n}")).unwrap()
}

/// A fix `s` seconds after [`T0`].
pub fn fix(n: usize, s: i64) -> Position {
    Position {
        courier: courier(n),
        source: SourceId::new("sim").unwrap(),
        at: T0 + s * 1_000,
        place: Place::new(60.1 + s as f64 * 1e-7, 24.9 + n as f64 / 10.0).unwrap(),
        accuracy_m: None,
        speed_mps: Some(8.25),
        heading_deg: None,
        delivery: None,
        seq: None,
        altitude_m: None,
        battery: None,
    }
}

pub fn id(n: u64) -> DeliveryId {
    DeliveryId::from_parts(T0 + n as i64 * 1_000, u128::from(n))
}

/// Fix `seq` of delivery `n`, which courier `n` started at [`T0`], one a second.
pub fn run_fix(n: u64, seq: u32) -> Position {
    Position { delivery: Some(id(n)), seq: Some(seq), ..fix(n as usize, i64::from(seq)) }
}

/// Delivery `n` of courier `n`, requested `n` seconds after [`T0`].
pub fn delivery(n: u64, status: DeliveryStatus) -> Delivery {
    let requested_at = T0 + n as i64 * 1_000;
    Delivery {
        delivery: id(n),
        courier: courier(n as usize),
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
        requested_at,
        requested_by: Some("dispatcher:ana".into()),
        started_at: (status != DeliveryStatus::Requested).then_some(requested_at),
        finished_at: status.is_terminal().then_some(requested_at + 10_000),
        reason: None,
        positions: (status == DeliveryStatus::Delivered).then_some(11),
        eta_half_way: None,
    }
}

pub fn position_item(position: Position) -> Item {
    let broker_time = position.at + 20;
    Item::Position { position, broker_time }
}

pub fn delivery_item(delivery: Delivery) -> Item {
    let broker_time = delivery.requested_at + 20;
    Item::Delivery { delivery: Box::new(delivery), broker_time }
}

/// Fixes of courier `n` at these seconds.
pub fn fixes(n: usize, seconds: impl IntoIterator<Item = i64>) -> Vec<Item> {
    seconds.into_iter().map(|s| position_item(fix(n, s))).collect()
}

/// Seconds after [`T0`] of these fixes.
pub fn seconds(points: &[Position]) -> Vec<i64> {
    points.iter().map(|point| (point.at - T0) / 1_000).collect()
}
