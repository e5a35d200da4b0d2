//! Bodies of the REST interface, all under `/api/v1`. The delivery document itself is [`crate::Delivery`].

mod request;

use serde::{Deserialize, Serialize};

use crate::{CourierId, Delivery, DeliveryId, Invalid, Millis, Place, Position, RouteId, live::EtaRange};

pub use request::{CancelRequest, DeliveryRequest, FinishRequest, Outcome, PathChoice, expect_no_fields};

/// A list: `{"items":[..],"next":null}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// This page.
    pub items: Vec<T>,
    /// The `after` of the next page, where there is one.
    pub next: Option<String>,
}

/// A route without its line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Route {
    /// Its id.
    pub route: RouteId,
    /// Its name for people.
    pub name: String,
    /// Length, metres.
    pub distance_m: u32,
    /// How long it takes at natural speed, s.
    pub planned_s: u32,
    /// Where it begins.
    pub origin: Place,
    /// Where it ends.
    pub destination: Place,
}

/// A route with its line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteLine {
    /// The route.
    #[serde(flatten)]
    pub route: Route,
    /// The line, an encoded polyline of precision 6.
    pub path: String,
}

/// A route as a GeoJSON Feature (RFC 7946): what GET /routes/{route} answers to who accepts that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "Feature")]
pub struct RouteFeature {
    /// The route.
    pub properties: Route,
    /// Its line.
    pub geometry: LineString,
}

/// A line as GeoJSON writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct LineString {
    /// Its places in their order.
    pub coordinates: Vec<LonLat>,
}

/// A place as GeoJSON writes it: `[lon, lat]`, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct LonLat(pub Place);

impl From<LonLat> for (f64, f64) {
    fn from(LonLat(place): LonLat) -> Self {
        (place.lon(), place.lat())
    }
}

impl TryFrom<(f64, f64)> for LonLat {
    type Error = Invalid;
    fn try_from((lon, lat): (f64, f64)) -> Result<Self, Invalid> {
        Place::new(lat, lon).map(Self)
    }
}

/// A courier as it stands now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveCourier {
    /// Who.
    pub courier: CourierId,
    /// idle, on_delivery, late, alarm or offline.
    pub status: String,
    /// The newest position.
    pub position: Position,
    /// The delivery that the courier is on.
    pub delivery: Option<DeliveryId>,
    /// When it will arrive.
    pub eta: Option<EtaRange>,
    /// Age of the position by the server's clock, ms.
    pub age_ms: i64,
    /// Why the picture may be wrong: "two devices", "clock off", "no fix for 48 s".
    pub reason: Option<String>,
}

/// GET /deliveries/live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveDeliveries {
    /// Open ones, and those that ended in the last 15 min.
    pub items: Vec<Delivery>,
    /// Always null: the list is whole.
    pub next: Option<String>,
    /// Where the stream of events stands; a hello with it goes on from here.
    pub cursor: String,
}

/// A page of stored deliveries, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryPage {
    /// This page.
    pub items: Vec<Delivery>,
    /// The `after` of the next page.
    pub next: Option<String>,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// A stretch of time without a fix, ms UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gap {
    /// Last fix before it.
    pub from: Millis,
    /// First fix after it.
    pub to: Millis,
}

/// Where a courier was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trail {
    /// Fixes in the order of time, thinned to at most `max_points`.
    pub points: Vec<Position>,
    /// Stretches of more than 60 s without a fix.
    pub gaps: Vec<Gap>,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// Whether all fixes of a run are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Audit {
    /// How many there must be, where that is known.
    pub expected: Option<u32>,
    /// How many distinct ones there are.
    pub stored: u32,
    /// Ranges of `seq` that are missing, inclusive.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<u32>>))]
    pub missing: Vec<(u32, u32)>,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// GET /replay as JSON: the fleet at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replay {
    /// The moment, ms UTC.
    pub at: Millis,
    /// The newest position of each courier, in the order of their names.
    pub items: Vec<Position>,
    /// True where there were more couriers than the limit.
    pub more: bool,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// GET /analytics/deliveries: figures of the deliveries that were requested in a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    /// In the order of (t, key). A time without a delivery has no row.
    pub rows: Vec<FiguresRow>,
    /// True where rows were cut off: ask for a shorter time or wider buckets.
    pub more: bool,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// The deliveries of one bucket and key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FiguresRow {
    /// Start of the bucket, ms UTC.
    pub t: Millis,
    /// Route (empty for a path of a client's own), courier or status; empty where nothing tells rows apart.
    pub key: String,
    /// Deliveries requested in it.
    pub count: u64,
    /// Those of them that are delivered.
    pub delivered: u64,
    /// Mean time from start to end of the delivered ones, s.
    pub mean_s: Option<f64>,
    /// Those of the delivered ones that were promised.
    pub promised: u64,
    /// Share of the promised ones that kept it, 0 to 1.
    pub on_time: Option<f64>,
    /// Those of the delivered ones whose arrival was predicted half-way.
    pub predicted: u64,
    /// Mean distance from that prediction to the end, either way, s.
    pub mean_eta_error_s: Option<f64>,
}

/// POST /deliveries/{id}/link: what a customer is given to follow the delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// The page, with the token behind `#`, where no log sees it.
    pub url: String,
    /// Until when it is good, ms UTC. Where the delivery ends earlier, until 2 h after that.
    pub expires_at: Millis,
    /// What is to be known before it is given away, where there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// GET /status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// "up" or "away": whether Kafka answers.
    pub broker: String,
    /// "up" or "away": whether the store answers.
    pub history: String,
    /// How far the live state is behind the broker, ms.
    pub behind_ms: i64,
    /// Couriers in the live state.
    pub couriers: u32,
    /// Records that were deleted before this process could read them.
    pub lost: u64,
    /// Sockets that are open.
    pub sockets: u32,
    /// Version of the program.
    pub version: String,
    /// Server time, ms UTC.
    pub now: Millis,
}
