//! Values that the golden files are made of: those of the protocol's own examples.

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Place, Position, RouteId, SourceId, polyline};

pub fn place(lat: f64, lon: f64) -> Place {
    Place::new(lat, lon).unwrap()
}

pub fn courier() -> CourierId {
    CourierId::new("c-17").unwrap()
}

pub fn delivery_id() -> DeliveryId {
    "019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a".parse().unwrap()
}

pub fn path() -> String {
    polyline::encode(&[place(60.1719, 24.9414), place(60.17, 24.945), place(60.1676, 24.9525)])
}

/// The fix of the protocol's example.
pub fn position() -> Position {
    Position {
        accuracy_m: Some(5.0),
        speed_mps: Some(8.3),
        heading_deg: Some(271.0),
        delivery: Some(delivery_id()),
        seq: Some(42),
        ..bare_position()
    }
}

/// A fix with nothing but what is required.
pub fn bare_position() -> Position {
    Position {
        courier: courier(),
        source: SourceId::new("sim").unwrap(),
        at: 1_763_683_200_123,
        place: place(60.1699123, 24.9384123),
        accuracy_m: None,
        speed_mps: None,
        heading_deg: None,
        delivery: None,
        seq: None,
        altitude_m: None,
        battery: None,
    }
}

/// The delivery as its customer gets it.
pub fn delivery_of_customer() -> Delivery {
    Delivery { courier: CourierId::new("aino").unwrap(), reference: None, requested_by: None, ..delivery() }
}

/// A fix of it as the customer gets it.
pub fn position_of_customer() -> Position {
    let courier = CourierId::new("aino").unwrap();
    Position { courier, speed_mps: Some(8.3), heading_deg: Some(271.0), ..bare_position() }
}

/// The delivery of the protocol's example: in transit.
pub fn delivery() -> Delivery {
    Delivery {
        delivery: delivery_id(),
        courier: courier(),
        status: DeliveryStatus::InTransit,
        driver: Driver::Simulator,
        reference: Some("order-991".into()),
        route: Some(RouteId::new("station-to-market").unwrap()),
        path: path(),
        distance_m: 5_120,
        planned_s: 540,
        speed: 1.0,
        interval_ms: 1_000,
        promised_at: None,
        requested_at: 1_763_683_199_000,
        requested_by: Some("dispatcher:ana".into()),
        started_at: Some(1_763_683_200_123),
        finished_at: None,
        reason: None,
        positions: None,
        eta_half_way: None,
    }
}
