//! Lines over the map: the trail of a selection, the way ahead of it, and the preview of a start.

use contract::{DeliveryId, Millis, Place, Position, frame::CourierStatus, rest::Gap};
use fleet::{client::Seen, path::Path};

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

impl PreviewLine {
    /// The place half-way along.
    pub fn middle(&self) -> Option<Place> {
        let path = Path::new(self.line.clone()).ok()?;
        Some(path.at(path.length_m() / 2.0).0)
    }
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

/// More than this without a fix is a gap, ms.
pub const GAP_MS: Millis = 60_000;
/// A fix that took longer than this to get here came late, ms.
const LATE_MS: Millis = 10_000;
/// Most points that a trail keeps; then every other one of its older half goes.
const MAX_POINTS: usize = 2_000;

impl From<&Position> for TrailPoint {
    fn from(position: &Position) -> Self {
        Self { place: position.place, at: position.at, speed_mps: position.speed_mps, late: false }
    }
}

impl Trail {
    /// True where this fix is newer than all of the trail.
    pub fn wants(&self, seen: &Seen) -> bool {
        self.points.last().is_none_or(|last| seen.at > last.at + 1)
    }

    /// Adds a fix that came at `now` (ms UTC).
    pub fn push(&mut self, seen: &Seen, now: Millis) {
        if let Some(last) = self.points.last().filter(|last| seen.at - last.at > GAP_MS) {
            self.gaps.push(Gap { from: last.at, to: seen.at });
        }
        self.status = seen.status;
        let late = now - seen.at > LATE_MS;
        self.points.push(TrailPoint { place: seen.place, at: seen.at, speed_mps: seen.speed_mps, late });
        if self.points.len() > MAX_POINTS {
            let half = self.points.len() / 2;
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index > half || index % 2 == 1
            });
        }
    }
}
