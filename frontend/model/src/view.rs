//! What the map shows: its rectangle, zoom, and the panels that lie over it.

use contract::{Bounds, Place};

/// The map's view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewState {
    /// Its middle.
    pub centre: Place,
    /// Zoom as MapLibre counts it (512 px tiles).
    pub zoom: f64,
    /// The rectangle on the screen.
    pub bounds: Bounds,
}

impl ViewState {
    /// Metres that one CSS pixel covers in the middle of the map.
    pub fn metres_per_pixel(&self) -> f64 {
        const EQUATOR_M: f64 = 40_075_016.7;
        EQUATOR_M * self.centre.lat().to_radians().cos() / (512.0 * scale(self.zoom))
    }
}

/// Pixels at each edge of the map that panels cover: a fitted line never lies under them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Padding {
    /// At the top.
    pub top: f64,
    /// At the right.
    pub right: f64,
    /// At the bottom.
    pub bottom: f64,
    /// At the left.
    pub left: f64,
}

/// A point on the screen, CSS pixels from the map's north-west corner.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spot {
    /// Eastwards.
    pub x: f64,
    /// Southwards.
    pub y: f64,
}

/// What the camera is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Camera {
    /// Show this place, at this zoom if one is given (never further out than it is).
    FlyTo {
        /// Where.
        place: Place,
        /// How near.
        zoom: Option<f64>,
    },
    /// Show all of these places beside the panels.
    Fit(Vec<Place>),
    /// Closer by so many levels, or further away.
    ZoomBy(f64),
}

/// How couriers are drawn at a zoom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Numbers in cells.
    Counts,
    /// Small shapes without a heading.
    Dots,
    /// Full shapes.
    Arrows,
    /// Full shapes with names.
    Labels,
}

/// Below this zoom the server sends counts.
pub const COUNTS_BELOW: f64 = 12.0;
/// From this zoom on shapes are drawn in full.
pub const ARROWS_FROM: f64 = 14.0;
/// From this zoom on couriers wear their names.
pub const LABELS_FROM: f64 = 16.5;

impl Tier {
    /// The tier of a zoom.
    pub fn at(zoom: f64) -> Self {
        if zoom < COUNTS_BELOW {
            Self::Counts
        } else if zoom < ARROWS_FROM {
            Self::Dots
        } else if zoom < LABELS_FROM {
            Self::Arrows
        } else {
            Self::Labels
        }
    }

    /// The word in the map's `data-tier`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Dots => "dots",
            Self::Arrows => "arrows",
            Self::Labels => "labels",
        }
    }
}
/// How many times larger the world is at this zoom than at zoom 0: 2 to the power of it. By the exponential function,
/// because the power of two comes with a table of 4 KB; the difference is in the 15th digit.
pub fn scale(zoom: f64) -> f64 {
    (zoom * std::f64::consts::LN_2).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_doubles_with_each_zoom() {
        for zoom in 0..=22 {
            let exact = f64::from(1 << zoom);
            assert!((scale(zoom.into()) / exact - 1.0).abs() < 1e-14, "zoom {zoom}");
        }
        assert!((scale(0.5) - 2f64.sqrt()).abs() < 1e-15);
    }
}
