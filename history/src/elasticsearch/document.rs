//! Positions and deliveries to and from documents.

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Invalid, Millis, Place, Position, SourceId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A fix as it is stored, in `positions-*` and in `couriers`.
#[derive(Serialize)]
pub(super) struct PositionDocument<'a> {
    at: Millis,
    courier: &'a str,
    source: &'a str,
    location: Location,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_mps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heading_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    altitude_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    battery: Option<f64>,
    /// The broker's append time minus `at`.
    delay_ms: Millis,
}

#[derive(Serialize)]
struct Location {
    lat: f64,
    lon: f64,
}

impl<'a> PositionDocument<'a> {
    pub(super) fn new(position: &'a Position, broker_time: Millis) -> Self {
        Self {
            at: position.at,
            courier: position.courier.as_str(),
            source: position.source.as_str(),
            location: Location { lat: position.place.lat(), lon: position.place.lon() },
            accuracy_m: position.accuracy_m,
            speed_mps: position.speed_mps,
            heading_deg: position.heading_deg,
            delivery: position.delivery,
            seq: position.seq,
            altitude_m: position.altitude_m,
            battery: position.battery,
            delay_ms: broker_time.saturating_sub(position.at),
        }
    }
}

/// A delivery as it is stored: the document, and what figures are made from, which Elasticsearch would need scripts for.
#[derive(Serialize)]
pub(super) struct DeliveryDocument<'a> {
    #[serde(flatten)]
    delivery: &'a Delivery,
    /// From start to end, where it was delivered.
    took_ms: Option<Millis>,
    /// Whether it kept its promise, where it was delivered and promised.
    on_time: Option<bool>,
    /// How far off the prediction half-way was, where it was delivered and predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_error_ms: Option<Millis>,
}

impl<'a> DeliveryDocument<'a> {
    pub(super) fn new(delivery: &'a Delivery) -> Self {
        let end = delivery.finished_at.filter(|_| delivery.status == DeliveryStatus::Delivered);
        let took_ms = end.and_then(|end| Some(end.saturating_sub(delivery.started_at?)));
        let on_time = end.and_then(|end| Some(end <= delivery.promised_at?));
        let eta_error_ms = end.and_then(|end| Some(end.saturating_sub(delivery.eta_half_way?).saturating_abs()));
        Self { delivery, took_ms, on_time, eta_error_ms }
    }
}

/// A fix as it is read again.
#[derive(Deserialize)]
pub(super) struct StoredPosition {
    at: Millis,
    courier: CourierId,
    source: SourceId,
    location: StoredLocation,
    #[serde(default, deserialize_with = "exact_or_none")]
    accuracy_m: Option<f64>,
    #[serde(default, deserialize_with = "exact_or_none")]
    speed_mps: Option<f64>,
    #[serde(default, deserialize_with = "exact_or_none")]
    heading_deg: Option<f64>,
    delivery: Option<DeliveryId>,
    seq: Option<u32>,
    #[serde(default, deserialize_with = "exact_or_none")]
    altitude_m: Option<f64>,
    #[serde(default, deserialize_with = "exact_or_none")]
    battery: Option<f64>,
}

#[derive(Deserialize)]
struct StoredLocation {
    #[serde(deserialize_with = "exact")]
    lat: f64,
    #[serde(deserialize_with = "exact")]
    lon: f64,
}

impl StoredPosition {
    /// The fix; fails where the document was changed by others.
    pub(super) fn into_position(self) -> Result<Position, Invalid> {
        Ok(Position {
            courier: self.courier,
            source: self.source,
            at: self.at,
            place: Place::new(self.location.lat, self.location.lon)?,
            accuracy_m: self.accuracy_m,
            speed_mps: self.speed_mps,
            heading_deg: self.heading_deg,
            delivery: self.delivery,
            seq: self.seq,
            altitude_m: self.altitude_m,
            battery: self.battery,
        })
    }
}

/// A number, to its last bit. `serde_json` alone may be off by one in the last place, and what was stored must come back
/// unchanged.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    raw.get().parse().map_err(serde::de::Error::custom)
}

fn exact_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Option::<Box<RawValue>>::deserialize(deserializer)? {
        Some(raw) => raw.get().parse().map(Some).map_err(serde::de::Error::custom),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_to_the_last_bit() {
        for (lat, speed) in [(60.100_000_300_000_004, 8.3), (0.1 + 0.2, 0.1), (-89.999_999_999_999_99, 149.999_999_9)] {
            let text = r#"{"courier":"c","source":"s","at":5,"lat":1,"lon":-0.1,"seq":7,"battery":0.5}"#;
            let mut position: Position = serde_json::from_str(text).unwrap();
            position.place = Place::new(lat, 24.9).unwrap();
            position.speed_mps = Some(speed);
            let bytes = serde_json::to_vec(&PositionDocument::new(&position, 9)).unwrap();
            let stored: StoredPosition = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(stored.into_position().unwrap(), position);
        }
    }

    #[test]
    fn a_delivery_carries_what_figures_need() {
        let read = |extra: &str| -> Delivery {
            let text = format!(
                r#"{{"delivery":"019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a","courier":"c","driver":"courier","path":"",
                "distance_m":1,"planned_s":1,"requested_at":0{extra}}}"#
            );
            Delivery::from_json(text.as_bytes()).unwrap()
        };
        let figures = |delivery: &Delivery| {
            let document = serde_json::to_value(DeliveryDocument::new(delivery)).unwrap();
            (document["took_ms"].as_i64(), document["on_time"].as_bool())
        };
        let times = r#","started_at":1000,"finished_at":5000"#;
        let delivered = read(&format!(r#","status":"delivered"{times},"promised_at":5000"#));
        assert_eq!(figures(&delivered), (Some(4_000), Some(true)));
        assert_eq!(figures(&read(&format!(r#","status":"delivered"{times}"#))), (Some(4_000), None));
        assert_eq!(figures(&read(&format!(r#","status":"cancelled"{times},"promised_at":9"#))), (None, None));
        let document = serde_json::to_vec(&DeliveryDocument::new(&delivered)).unwrap();
        assert_eq!(serde_json::from_slice::<Delivery>(&document).unwrap(), delivered);
    }
}
