//! Text messages of the live socket. Positions travel as binary frames: see [`crate::frame`].

use serde::{Deserialize, Serialize};

use crate::{Bounds, CourierId, Delivery, DeliveryId, Invalid, Millis, Place, Problem, SourceId, You};

/// The WebSocket subprotocol.
pub const SUBPROTOCOL: &str = "code-delivery.v1";
/// Largest message from a client, bytes.
pub const MAX_CLIENT_MESSAGE: usize = 4 * 1024;
/// Most messages a client may send in one second.
pub const MAX_CLIENT_RATE: u32 = 20;
/// A client must say hello within this time, ms.
pub const HELLO_WITHIN_MS: u64 = 5_000;
/// The server pings this often, ms.
pub const PING_EVERY_MS: u64 = 15_000;
/// The server closes after this much silence of the client, ms.
pub const SILENCE_MS: u64 = 40_000;
/// Most couriers a client may watch.
pub const MAX_WATCHED: usize = 8;
/// Greatest zoom of a view.
pub const MAX_ZOOM: f64 = 22.0;
/// Most couriers named in `summary.late`.
pub const MAX_LATE: usize = 100;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The first message.
    Hello {
        /// Access token, where the server asks for one.
        #[serde(default)]
        token: Option<String>,
        /// The last cursor seen, to go on from there.
        #[serde(default)]
        cursor: Option<String>,
    },
    /// What to show from now on; replaces the last one.
    View(View),
    /// Send this courier even outside the view.
    Watch {
        /// Whom.
        courier: CourierId,
    },
    /// No longer.
    Unwatch {
        /// Whom.
        courier: CourierId,
    },
    /// Answered by `pong` with the same `t`.
    Ping {
        /// The client's own mark.
        #[serde(serialize_with = "mark")]
        t: f64,
    },
}

/// A rectangle and the zoom at which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The rectangle.
    pub bounds: Bounds,
    /// The map's zoom, 0 to 22, as MapLibre counts (512 px tiles).
    pub zoom: f64,
}

impl View {
    /// Checks the zoom; the bounds are valid by their type.
    pub fn check(&self) -> Result<(), Invalid> {
        if (0.0..=MAX_ZOOM).contains(&self.zoom) { Ok(()) } else { Err(Invalid::field("zoom", "must be 0..22")) }
    }
}

/// Whether the client's cursor was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// No cursor was given.
    New,
    /// Every event from the cursor on follows.
    Resumed,
    /// The cursor cannot be served: drop the lists and take GET /deliveries/live.
    Reset,
}

/// How many couriers are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// On a delivery, in time.
    pub on_delivery: u32,
    /// Without a delivery.
    pub idle: u32,
    /// On a delivery, late.
    pub late: u32,
    /// On a delivery, silent for 60 s.
    pub alarm: u32,
    /// No fix for 5 min.
    pub offline: u32,
}

/// A late courier, as `summary` names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// Who.
    pub courier: CourierId,
    /// With what.
    pub delivery: DeliveryId,
    /// When it will arrive, ms UTC.
    pub eta: Option<Millis>,
}

/// Percentiles of the time from the broker's append to the send by this server, ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Latency {
    /// Median.
    pub p50: u32,
    /// 95th percentile.
    pub p95: u32,
}

/// The state of everything, once a second, the same for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Server time, ms UTC.
    pub now: Millis,
    /// How far this server is behind the broker, ms.
    pub behind_ms: i64,
    /// Append to send.
    pub latency_ms: Latency,
    /// Couriers by state.
    pub counts: Counts,
    /// Late couriers, worst first, at most [`MAX_LATE`].
    pub late: Vec<Late>,
}

/// When a delivery will arrive: between two times, ms UTC, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EtaRange {
    /// Earliest.
    pub from: Millis,
    /// Latest.
    pub to: Millis,
}

/// A position as a customer may see it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// When, ms UTC.
    pub at: Millis,
    /// Direction, degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to hello.
    Welcome {
        /// Name of this replica.
        server: String,
        /// Server time, ms UTC.
        now: Millis,
        /// Time between two frames, ms.
        tick_ms: u32,
        /// What became of the client's cursor.
        resume: Resume,
        /// Where the stream of events stands.
        cursor: String,
        /// As whom the client is known; no customer is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        you: Option<You>,
        /// In transit for longer, a delivery counts as abandoned, ms; no customer is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivery_max_ms: Option<Millis>,
    },
    /// Deliveries that changed, whole documents, in the order of their partition.
    Events {
        /// The cursor behind these events.
        cursor: String,
        /// The documents.
        deliveries: Vec<Delivery>,
    },
    /// Once a second.
    Summary(Summary),
    /// A customer's own delivery.
    Delivery {
        /// The document.
        delivery: Box<Delivery>,
        /// The courier's last position in the delivery's time.
        position: Option<Sighting>,
        /// When it will arrive.
        eta: Option<EtaRange>,
    },
    /// The answer to ping.
    Pong {
        /// The client's own mark.
        #[serde(serialize_with = "mark")]
        t: f64,
        /// Server time, ms UTC.
        now: Millis,
    },
    /// A message was not taken; the connection stays.
    Error {
        /// The `type` of the message.
        re: String,
        /// Why.
        problem: Problem,
    },
    /// A kind that this version does not know: to be ignored.
    #[serde(other)]
    Unknown,
}

/// Writes a whole number without a fraction, as the client wrote it: 123 comes back as 123 and not as 123.0, which is
/// another text, and in many languages another type.
fn mark<S: serde::Serializer>(t: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Whole numbers up to 2^53 are exact in both.
    if t.fract() == 0.0 && t.abs() <= 9_007_199_254_740_992.0 {
        serializer.serialize_i64(*t as i64)
    } else {
        serializer.serialize_f64(*t)
    }
}

/// Identity of a position, for those who count them.
pub type PositionKey = (CourierId, SourceId, Millis);
