//! Lines over the map: the trail of a selection, the way ahead of it, and the preview of a start.

use contract::{DeliveryId, Millis, Place, frame::CourierStatus, rest::Gap};

/// A line that is previewed before a start, with named ends.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewLine {
    /// Its points.
    pub line: Vec<Place>,
    /// Name of its beginning.
    pub from: String,
    /// Name of its end.
    pub to: String,
}

/// What the start form shows on the map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preview {
    /// One line, or several.
    pub lines: Vec<PreviewLine>,
}

/// A point of a trail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrailPoint {
    /// Where.
    pub place: Place,
    /// When, ms UTC.
    pub at: Millis,
    /// Speed in m/s, where it is known.
    pub speed_mps: Option<f64>,
    /// True where the fix reached the server long after it was measured.
    pub late: bool,
}

/// Where the selected courier was.
#[derive(Debug, Clone, PartialEq)]
pub struct Trail {
    /// Of which delivery, where it is one.
    pub delivery: Option<DeliveryId>,
    /// Colour of its line.
    pub status: CourierStatus,
    /// Fixes, oldest first.
    pub points: Vec<TrailPoint>,
    /// Stretches of more than 60 s without a fix.
    pub gaps: Vec<Gap>,
}
