//! A delivery: the whole document, the record of topic `deliveries`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CourierId, DeliveryId, Invalid, MAX_RECORD_BYTES, Millis, RouteId};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Asked for; nobody has taken it up.
    Requested,
    /// The courier is on the way.
    InTransit,
    /// Arrived. Terminal.
    Delivered,
    /// The courier could not deliver. Terminal.
    Failed,
    /// Called off. Terminal.
    Cancelled,
    /// Never taken up. Terminal.
    Rejected,
}

impl DeliveryStatus {
    /// All of them, in the order of a story.
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::InTransit, Self::Delivered, Self::Failed, Self::Cancelled, Self::Rejected];

    /// The rank of the fold: a record replaces the known one if its rank is greater.
    pub fn rank(self) -> u8 {
        match self {
            Self::Requested => 1,
            Self::InTransit => 2,
            Self::Delivered | Self::Failed | Self::Cancelled | Self::Rejected => 3,
        }
    }

    /// True where nothing can follow.
    pub fn is_terminal(self) -> bool {
        self.rank() == 3
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::InTransit => "in_transit",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl fmt::Display for DeliveryStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who moves the courier and writes what follows `requested`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// The simulator drives along the path.
    Simulator,
    /// A person with a phone.
    Courier,
}

/// A delivery as it stands at one moment of its story. Every record is the whole document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// Its id, a UUIDv7.
    pub delivery: DeliveryId,
    /// Who carries it.
    pub courier: CourierId,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Who moves the courier.
    pub driver: Driver,
    /// The order as the customer's system calls it, at most 128 characters.
    #[serde(default)]
    pub reference: Option<String>,
    /// The named route that the path was taken from.
    #[serde(default)]
    pub route: Option<RouteId>,
    /// The way, an encoded polyline of precision 6.
    pub path: String,
    /// Length of the path, metres.
    pub distance_m: u32,
    /// How long the way takes by plan, s, at `speed`.
    pub planned_s: u32,
    /// How many times faster than natural the simulator drives, 0.1 to 100.
    #[serde(default = "one")]
    pub speed: f64,
    /// Time between two fixes of the simulator, ms.
    #[serde(default = "second")]
    pub interval_ms: u32,
    /// When the customer was promised it, ms UTC.
    #[serde(default)]
    pub promised_at: Option<Millis>,
    /// When it was asked for, ms UTC.
    pub requested_at: Millis,
    /// Who asked: `role:name`.
    #[serde(default)]
    pub requested_by: Option<String>,
    /// When the courier started, ms UTC.
    #[serde(default)]
    pub started_at: Option<Millis>,
    /// When it ended, ms UTC.
    #[serde(default)]
    pub finished_at: Option<Millis>,
    /// Why it was rejected, cancelled or failed.
    #[serde(default)]
    pub reason: Option<String>,
    /// Number of fixes of the run, where it was delivered by the simulator.
    #[serde(default)]
    pub positions: Option<u32>,
    /// The arrival that was predicted half-way, ms UTC, where it was delivered: what predictions were worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_half_way: Option<Millis>,
}

/// What is wrong with a document that was not readable: perhaps only that a later version wrote a state of its own.
fn later_status(value: &[u8], error: &serde_json::Error) -> Invalid {
    #[derive(Deserialize)]
    struct Status {
        status: String,
    }
    let status = serde_json::from_slice::<Status>(value).map(|document| document.status).unwrap_or_default();
    let is_name = |text: &str| {
        (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if !is_name(&status) || DeliveryStatus::from_name(&status).is_some() {
        return Invalid::Json(error.to_string());
    }
    // All else must be in order: read it as if the state were known.
    let known = serde_json::from_slice(value).ok().and_then(|mut document: serde_json::Value| {
        document["status"] = DeliveryStatus::Requested.as_str().into();
        serde_json::from_value::<Delivery>(document).ok()
    });
    match known {
        Some(_) => Invalid::UnknownStatus(status),
        None => Invalid::Json(error.to_string()),
    }
}

fn one() -> f64 {
    1.0
}

fn second() -> u32 {
    1_000
}

impl Delivery {
    /// Longest `reference`, `reason` or `requested_by`, in characters.
    pub const MAX_TEXT: usize = 128;
    /// Smallest and greatest `speed`.
    pub const SPEED: std::ops::RangeInclusive<f64> = 0.1..=100.0;
    /// Smallest and greatest `interval_ms`.
    pub const INTERVAL_MS: std::ops::RangeInclusive<u32> = 50..=60_000;

    /// Reads a record's value and holds it against its key and the rules of the protocol.
    pub fn from_record(key: Option<&[u8]>, value: &[u8]) -> Result<Self, Invalid> {
        let delivery = Self::from_json(value)?;
        if key != Some(delivery.courier.as_str().as_bytes()) {
            return Err(Invalid::field("courier", "must equal the record's key"));
        }
        Ok(delivery)
    }

    /// Reads JSON and checks every field.
    pub fn from_json(value: &[u8]) -> Result<Self, Invalid> {
        if value.len() > MAX_RECORD_BYTES {
            return Err(Invalid::TooLarge(value.len()));
        }
        // serde would read a bare list of the fields' values, too.
        if value.trim_ascii_start().starts_with(b"[") {
            return Err(Invalid::Json("must be an object".into()));
        }
        let delivery: Self = serde_json::from_slice(value).map_err(|error| later_status(value, &error))?;
        delivery.check()?;
        Ok(delivery)
    }

    /// Checks ranges, and that the times which a status demands are there.
    pub fn check(&self) -> Result<(), Invalid> {
        if !Self::SPEED.contains(&self.speed) {
            return Err(Invalid::field("speed", "must be 0.1 to 100"));
        }
        if !Self::INTERVAL_MS.contains(&self.interval_ms) {
            return Err(Invalid::field("interval_ms", "must be 50 to 60000"));
        }
        let texts = [("reference", &self.reference), ("requested_by", &self.requested_by), ("reason", &self.reason)];
        for (field, text) in texts {
            if text.as_ref().is_some_and(|text| text.chars().count() > Self::MAX_TEXT) {
                return Err(Invalid::field(field, format!("must be at most {} characters", Self::MAX_TEXT)));
            }
        }
        let started =
            matches!(self.status, DeliveryStatus::InTransit | DeliveryStatus::Delivered | DeliveryStatus::Failed);
        if started && self.started_at.is_none() {
            return Err(Invalid::field("started_at", format!("must be set when {}", self.status)));
        }
        if self.status == DeliveryStatus::Delivered && self.finished_at.is_none() {
            return Err(Invalid::field("finished_at", "must be set when delivered"));
        }
        Ok(())
    }

    /// The record's value.
    pub fn to_json(&self) -> Vec<u8> {
        // Names, numbers and texts: nothing that serde_json could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// True while the delivery can still change.
    pub fn is_open(&self) -> bool {
        !self.status.is_terminal()
    }

    /// True where a fix of its courier at `at` (ms UTC) belongs to this delivery.
    pub fn owns(&self, at: Millis) -> bool {
        self.started_at.is_some_and(|start| start <= at) && self.finished_at.is_none_or(|end| at <= end)
    }
}
