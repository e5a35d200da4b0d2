//! A position: one fix of one courier, the record of topic `positions`.

use serde::{Deserialize, Serialize};

use crate::{CourierId, DeliveryId, Invalid, MAX_RECORD_BYTES, Millis, Place, SourceId, topics};

/// One fix. Identity is (courier, source, at); of two records with the same identity the first one wins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPosition")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// Who was there.
    pub courier: CourierId,
    /// What measured it: `sim`, `phone`, ...
    pub source: SourceId,
    /// When it was measured, ms UTC, by the source's clock.
    pub at: Millis,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Radius in metres inside which the truth lies with 68 % (as phones report it).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Speed over ground, m/s, 0 to 150.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    /// Direction of movement, degrees clockwise from north in [0, 360).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
    /// The delivery that the source believed to be on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryId>,
    /// Number of the fix in its run, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u32>,
    /// Height above the WGS 84 ellipsoid, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altitude_m: Option<f64>,
    /// Charge of the device, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<f64>,
}

/// The record as it stands on the wire, before its coordinates were checked. Flat, so that reading one needs no detour
/// through a map of values: that costs more than all the rest of it.
#[derive(Deserialize)]
struct RawPosition {
    courier: CourierId,
    source: SourceId,
    at: Millis,
    lat: f64,
    lon: f64,
    accuracy_m: Option<f64>,
    speed_mps: Option<f64>,
    heading_deg: Option<f64>,
    delivery: Option<DeliveryId>,
    seq: Option<u32>,
    altitude_m: Option<f64>,
    battery: Option<f64>,
}

impl TryFrom<RawPosition> for Position {
    type Error = Invalid;
    fn try_from(raw: RawPosition) -> Result<Self, Invalid> {
        let RawPosition { courier, source, at, lat, lon, accuracy_m, speed_mps, heading_deg, .. } = raw;
        let RawPosition { delivery, seq, altitude_m, battery, .. } = raw;
        let place = Place::new(lat, lon)?;
        Ok(Self { courier, source, at, place, accuracy_m, speed_mps, heading_deg, delivery, seq, altitude_m, battery })
    }
}

impl Position {
    /// Reads a record's value and holds it against its key and the rules of the protocol.
    ///
    /// `broker_time` is the record's LogAppendTime in ms UTC: the verdict depends on the record alone and never on the
    /// reader's clock, so every reader at any time comes to the same one.
    pub fn from_record(key: Option<&[u8]>, value: &[u8], broker_time: Millis) -> Result<Self, Invalid> {
        let position = Self::from_json(value)?;
        if key != Some(position.courier.as_str().as_bytes()) {
            return Err(Invalid::field("courier", "must equal the record's key"));
        }
        position.check_time(broker_time)?;
        Ok(position)
    }

    /// Reads JSON and checks every field's range.
    pub fn from_json(value: &[u8]) -> Result<Self, Invalid> {
        if value.len() > MAX_RECORD_BYTES {
            return Err(Invalid::TooLarge(value.len()));
        }
        let position: Self = serde_json::from_slice(value)?;
        position.check()?;
        Ok(position)
    }

    /// Checks the optional fields' ranges; the others are valid by their types.
    pub fn check(&self) -> Result<(), Invalid> {
        let in_range = |value: Option<f64>, low: f64, high: f64| value.is_none_or(|v| v >= low && v <= high);
        if !in_range(self.accuracy_m, 0.0, f64::MAX) {
            return Err(Invalid::field("accuracy_m", "must be 0 or more"));
        }
        if !in_range(self.speed_mps, 0.0, 150.0) {
            return Err(Invalid::field("speed_mps", "must be 0 to 150"));
        }
        if !self.heading_deg.is_none_or(|v| (0.0..360.0).contains(&v)) {
            return Err(Invalid::field("heading_deg", "must be 0 up to, and without, 360"));
        }
        if !in_range(self.altitude_m, -1_000.0, 100_000.0) {
            return Err(Invalid::field("altitude_m", "must be -1000 to 100000"));
        }
        if !in_range(self.battery, 0.0, 1.0) {
            return Err(Invalid::field("battery", "must be 0 to 1"));
        }
        Ok(())
    }

    /// Refuses a fix from the future or from before the topic's retention, as seen from `broker_time` (ms UTC).
    pub fn check_time(&self, broker_time: Millis) -> Result<(), Invalid> {
        let ahead = self.at.saturating_sub(broker_time);
        if ahead > topics::MAX_AHEAD_MS {
            return Err(Invalid::field("at", format!("is {} s ahead", ahead / 1000)));
        }
        if -ahead > topics::POSITIONS_RETENTION_MS {
            return Err(Invalid::field("at", format!("is {} h old, more than is kept", -ahead / 3_600_000)));
        }
        Ok(())
    }

    /// The record's value.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of numbers and names cannot fail to serialise: floats are finite by the checks above, and
        // serde_json writes `null` for the others.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_763_683_200_500;

    fn read(value: &str) -> Result<Position, Invalid> {
        Position::from_record(Some(b"c-17"), value.as_bytes(), NOW)
    }

    fn with(extra: &str) -> String {
        format!(r#"{{"courier":"c-17","source":"sim","at":1763683200123,"lat":60.1,"lon":24.9{extra}}}"#)
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert!(read(&with(r#","colour":"red""#)).is_ok());
    }

    #[test]
    fn every_rule_names_its_field() {
        let cases = [
            (with(r#","speed_mps":151"#), "speed_mps must be 0 to 150"),
            (with(r#","heading_deg":360"#), "heading_deg must be 0 up to, and without, 360"),
            (with(r#","accuracy_m":-1"#), "accuracy_m must be 0 or more"),
            (with(r#","battery":1.1"#), "battery must be 0 to 1"),
            (with("").replace("60.1", "91"), "not readable as JSON: lat must be -90 to 90"),
            (with("").replace("c-17", "c-18"), "courier must equal the record's key"),
            (with("").replace("1763683200123", "1763683281500"), "at is 81 s ahead"),
            (with("").replace("1763683200123", "1763300000000"), "at is 106 h old"),
        ];
        for (value, message) in cases {
            let text = read(&value).unwrap_err().to_string();
            assert!(text.starts_with(message), "{value}: {text}");
        }
    }

    #[test]
    fn what_is_no_json_or_too_large_is_named_so() {
        assert_eq!(read("{").unwrap_err().class(), "MalformedJson");
        assert_eq!(read(&with("").replace("60.1", "NaN")).unwrap_err().class(), "MalformedJson");
        assert_eq!(read(&" ".repeat(MAX_RECORD_BYTES + 1)).unwrap_err(), Invalid::TooLarge(MAX_RECORD_BYTES + 1));
    }
}
