//! What a reader is asked, and the answers that are no bodies of the REST interface. Pure.

use std::{fmt, str::FromStr};

use contract::{Bounds, CourierId, Delivery, DeliveryId, DeliveryStatus, Invalid, Millis, Position, RouteId};

/// Which stored deliveries. An absent filter lets everything through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeliveryQuery {
    /// Only of this status.
    pub status: Option<DeliveryStatus>,
    /// Only of this courier.
    pub courier: Option<CourierId>,
    /// Only with exactly this reference.
    pub reference: Option<String>,
    /// Only along this.
    pub along: Option<Along>,
    /// Only delivered and promised ones that kept the promise, or did not.
    pub on_time: Option<bool>,
    /// Only delivered ones whose arrival was predicted half-way, or was not.
    pub predicted: Option<bool>,
    /// Only requested at or after this time, ms UTC.
    pub from: Option<Millis>,
    /// Only requested at or before this time, ms UTC.
    pub to: Option<Millis>,
    /// Most deliveries of the page; brought into 1..=[`crate::MAX_PAGE`].
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<After>,
}

impl DeliveryQuery {
    /// The limit as an engine applies it.
    pub fn page_size(&self) -> usize {
        self.limit.clamp(1, crate::MAX_PAGE)
    }
}

/// What a delivery goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Along {
    /// This named route.
    Route(RouteId),
    /// A path of a client's own, which has no name.
    OwnPath,
}

/// Where a page ended: the place of its last delivery in the order (requested_at, id), which never changes while a
/// delivery lives. Opaque text for clients, the same for every engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// When that delivery was requested, ms UTC.
    pub requested_at: Millis,
    /// Its id.
    pub delivery: DeliveryId,
}

impl After {
    /// The place of `delivery`.
    pub fn of(delivery: &Delivery) -> Self {
        Self { requested_at: delivery.requested_at, delivery: delivery.delivery }
    }
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{}", self.requested_at, self.delivery)
    }
}

impl FromStr for After {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::Field { field: "after", rule: "must be the `next` of a page, unchanged".into() };
        let (time, id) = text.split_once('.').ok_or_else(wrong)?;
        let requested_at = u64::from_str_radix(time, 16).map_err(|_| wrong())?.cast_signed();
        Ok(Self { requested_at, delivery: id.parse().map_err(|_| wrong())? })
    }
}

/// The fleet at a moment: the newest position of each courier with `since < at' <= at`, where that one lies inside
/// `bounds`. A courier that has left the bounds by then is not in the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceQuery {
    /// The moment, ms UTC, inclusive.
    pub at: Millis,
    /// Positions at or before this time (ms UTC) do not count.
    pub since: Millis,
    /// Where.
    pub bounds: Bounds,
    /// Most couriers of the answer.
    pub limit: usize,
}

/// The fleet at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// One position a courier, in the order of courier names.
    pub positions: Vec<Position>,
    /// True where more couriers than the limit were there; the first by name are given.
    pub more: bool,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// Width of a row of [`Stats`], UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Bucket {
    /// Width in ms.
    pub fn width_ms(self) -> Millis {
        match self {
            Self::FiveMinutes => 300_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The bucket of that name: `5m`, `hour`, `day`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "5m" => Some(Self::FiveMinutes),
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            _ => None,
        }
    }
}

/// What the rows of one bucket are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The named route; the key is empty for paths of a client's own.
    Route,
    /// The courier.
    Courier,
    /// The status.
    Status,
}

impl By {
    /// The grouping of that name: `route`, `courier`, `status`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "route" => Some(Self::Route),
            "courier" => Some(Self::Courier),
            "status" => Some(Self::Status),
            _ => None,
        }
    }
}

/// Figures about the deliveries that were requested in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsQuery {
    /// From, ms UTC, inclusive.
    pub from: Millis,
    /// To, ms UTC, inclusive.
    pub to: Millis,
    /// Width of a row.
    pub bucket: Bucket,
    /// One row a bucket where absent, with an empty key.
    pub by: Option<By>,
}

/// The figures, in the order of (t, key), at most [`crate::MAX_STATS_ROWS`].
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// Buckets without a delivery have no row.
    pub rows: Vec<StatsRow>,
    /// True where the limit cut rows off: ask for a shorter stretch or wider buckets.
    pub more: bool,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// The deliveries of one bucket and key.
#[derive(Debug, Clone, PartialEq)]
pub struct StatsRow {
    /// Start of the bucket, ms UTC.
    pub t: Millis,
    /// Route, courier or status.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_goes_there_and_back_and_refuses_what_it_did_not_write() {
        for requested_at in [0, 1_763_683_200_123, i64::MAX, -1] {
            let after = After { requested_at, delivery: DeliveryId::from_parts(1_763_683_200_000, 42) };
            assert_eq!(after.to_string().parse(), Ok(after));
        }
        for wrong in ["", "1", "x.y", "1.2", "zz.019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a"] {
            assert!(wrong.parse::<After>().is_err(), "{wrong:?} was taken");
        }
    }
}
