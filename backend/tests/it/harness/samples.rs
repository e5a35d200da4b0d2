//! Short ways to say "courier c at this place now" and "a delivery of c".

use std::sync::atomic::{AtomicU64, Ordering};

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis, Place, Position, SourceId, polyline};
use serde_json::{Value, json};

/// A route of the demo city.
pub const ROUTE: &str = "ateneum-museum-to-old-church";

pub fn now() -> Millis {
    service::Clock::system().now()
}

/// An id that was not used before.
pub fn fresh_id() -> DeliveryId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    DeliveryId::from_parts(now(), u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) | 0xabc << 40)
}

pub fn courier(name: &str) -> CourierId {
    CourierId::new(name).unwrap()
}

pub fn place(lat: f64, lon: f64) -> Place {
    Place::new(lat, lon).unwrap()
}

/// A fix of `name` now.
pub fn fix(name: &str, lat: f64, lon: f64) -> Position {
    Position {
        courier: courier(name),
        source: SourceId::new("sim").unwrap(),
        at: now(),
        place: place(lat, lon),
        accuracy_m: None,
        speed_mps: Some(8.0),
        heading_deg: Some(90.0),
        delivery: None,
        seq: None,
        altitude_m: None,
        battery: None,
    }
}

/// A line of some 550 m eastwards.
pub fn line() -> String {
    polyline::encode(&[place(60.17, 24.93), place(60.17, 24.94)])
}

/// A delivery of `name` along [`line`], as it stands in `status`.
pub fn delivery(name: &str, status: DeliveryStatus) -> Delivery {
    let requested_at = now();
    Delivery {
        delivery: fresh_id(),
        courier: courier(name),
        status,
        driver: Driver::Simulator,
        reference: None,
        route: None,
        path: line(),
        distance_m: 553,
        planned_s: 60,
        speed: 1.0,
        interval_ms: 1_000,
        promised_at: None,
        requested_at,
        requested_by: None,
        started_at: (status != DeliveryStatus::Requested).then_some(requested_at),
        finished_at: status.is_terminal().then_some(requested_at),
        reason: None,
        positions: None,
        eta_half_way: None,
    }
}

/// A request for a delivery of `name` along a route.
pub fn request(name: &str) -> Value {
    json!({ "courier": name, "route": ROUTE })
}
