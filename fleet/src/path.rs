//! A path: a polyline with the metres run along it. Where a courier is after so many metres, and how far along the way a
//! place is. The drive, the ETA, progress and the line still to go all measure on this one type, so they agree.

use contract::{Invalid, Place, polyline};

/// Metres of one degree of latitude on the sphere that [`Place::distance_m`] measures on.
const METRES_PER_DEGREE: f64 = 111_195.08;
/// How far from the last known progress [`Path::project`] looks first, metres back and forth. Further away, a fix could
/// land on another leg of a street that is driven twice.
const WINDOW_M: f64 = 400.0;
/// A match inside the window is taken if it is no further from the path than this, metres.
const GOOD_M: f64 = 60.0;

/// A line of at least two places with its running length. Immutable.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    line: Vec<Place>,
    /// Metres from the start to each point; the same length as `line`, never falling.
    run: Vec<f64>,
}

impl Path {
    /// Measures a line. Points that repeat the one before are left out. Fails with [`Invalid::Field`] naming `path` where
    /// fewer than two different points remain.
    pub fn new(line: Vec<Place>) -> Result<Self, Invalid> {
        let mut path = Self { line: Vec::with_capacity(line.len()), run: Vec::with_capacity(line.len()) };
        for place in line {
            match path.line.last() {
                None => path.push(place, 0.0),
                Some(last) => {
                    let step = last.distance_m(place);
                    if step > 0.0 {
                        path.push(place, path.length_m() + step);
                    }
                }
            }
        }
        if path.line.len() < 2 {
            return Err(Invalid::Field { field: "path", rule: "must have at least 2 different points".into() });
        }
        Ok(path)
    }

    /// Decodes and measures a polyline of precision 6. Fails with [`Invalid::Field`] naming `path`.
    pub fn from_polyline(text: &str) -> Result<Self, Invalid> {
        Self::new(polyline::decode(text)?)
    }

    /// The line as the wire's polyline of precision 6.
    pub fn to_polyline(&self) -> String {
        polyline::encode(&self.line)
    }

    fn push(&mut self, place: Place, run: f64) {
        self.line.push(place);
        self.run.push(run);
    }

    /// Length in metres, more than 0.
    pub fn length_m(&self) -> f64 {
        self.run.last().copied().unwrap_or(0.0)
    }

    /// The points of the line, at least two.
    pub fn points(&self) -> &[Place] {
        &self.line
    }

    /// Metres from the start to each of [`Path::points`].
    pub fn metres(&self) -> &[f64] {
        &self.run
    }

    /// The first point.
    pub fn origin(&self) -> Place {
        self.line[0]
    }

    /// The last point.
    pub fn destination(&self) -> Place {
        self.line[self.line.len() - 1]
    }

    /// Where one is `metres` along the way, and the direction of the leg there in degrees clockwise from north, [0, 360).
    /// Metres outside the path mean its nearest end.
    pub fn at(&self, metres: f64) -> (Place, f64) {
        let leg = self.leg_at(metres);
        let (from, to) = (self.line[leg], self.line[leg + 1]);
        let share = (metres.max(0.0) - self.run[leg]) / (self.run[leg + 1] - self.run[leg]);
        // The very ends are given back as they are: a last fix must stand exactly on the destination.
        let place = match share {
            share if share >= 1.0 => to,
            share if share > 0.0 => from.lerp(to, share),
            _ => from,
        };
        (place, from.bearing_deg(to))
    }

    /// Index of the leg (from its point to the next) that holds `metres`.
    fn leg_at(&self, metres: f64) -> usize {
        let after = self.run.partition_point(|run| *run <= metres);
        after.saturating_sub(1).min(self.line.len() - 2)
    }

    /// Metres along the way of the point on the line nearest to `place`.
    ///
    /// `near` is the progress known so far: where the line passes the same street twice, the match near it is taken, and
    /// only if there is none within 60 m of the place is the whole line searched.
    pub fn project(&self, place: Place, near: Option<f64>) -> f64 {
        if let Some(near) = near.filter(|near| near.is_finite()) {
            let legs = self.leg_at(near - WINDOW_M)..self.leg_at(near + WINDOW_M) + 1;
            let (metres, away) = self.nearest(place, legs);
            if away <= GOOD_M {
                return metres;
            }
        }
        self.nearest(place, 0..self.line.len() - 1).0
    }

    /// The nearest point on some legs: metres along the way, metres away from it.
    fn nearest(&self, place: Place, legs: std::ops::Range<usize>) -> (f64, f64) {
        // Flat around the place: the error of that is far below a metre where it matters, near the place.
        let east = METRES_PER_DEGREE * place.lat().to_radians().cos();
        let flat = |other: Place| {
            let lon = (other.lon() - place.lon() + 540.0).rem_euclid(360.0) - 180.0;
            (lon * east, (other.lat() - place.lat()) * METRES_PER_DEGREE)
        };
        let mut best = (0.0, f64::INFINITY);
        let mut from = flat(self.line[legs.start]);
        for leg in legs {
            let to = flat(self.line[leg + 1]);
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let square = dx * dx + dy * dy;
            let share = if square > 0.0 { (-(from.0 * dx + from.1 * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
            let (x, y) = (from.0 + share * dx, from.1 + share * dy);
            let away = x * x + y * y;
            if away < best.1 {
                best = (self.run[leg] + share * (self.run[leg + 1] - self.run[leg]), away);
            }
            from = to;
        }
        (best.0, best.1.sqrt())
    }

    /// The part of the line between two distances from the start, its cut ends included. Empty where `to_m` is not beyond
    /// `from_m`.
    pub fn slice(&self, from_m: f64, to_m: f64) -> Vec<Place> {
        // `max` and `min` turn NaN into a number, so it is asked for first.
        if from_m.is_nan() || to_m.is_nan() {
            return Vec::new();
        }
        let (from_m, to_m) = (from_m.max(0.0), to_m.min(self.length_m()));
        if from_m >= to_m {
            return Vec::new();
        }
        let inner = self.run.partition_point(|run| *run <= from_m)..self.run.partition_point(|run| *run < to_m);
        let mut line = Vec::with_capacity(inner.len() + 2);
        line.push(self.at(from_m).0);
        line.extend_from_slice(&self.line[inner]);
        line.push(self.at(to_m).0);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(lat: f64, lon: f64) -> Place {
        Place::new(lat, lon).unwrap()
    }

    /// North for about 1,112 m, then east for about 554 m.
    fn corner() -> Path {
        Path::new(vec![place(60.16, 24.93), place(60.17, 24.93), place(60.17, 24.94)]).unwrap()
    }

    #[test]
    fn a_path_needs_two_different_points() {
        let here = place(60.16, 24.93);
        assert_eq!(
            Path::new(vec![here, here, here]).unwrap_err().to_string(),
            "path must have at least 2 different points"
        );
        assert!(Path::new(vec![]).is_err());
        assert!(Path::from_polyline("?").is_err());
        assert_eq!(Path::new(vec![here, here, place(60.17, 24.93)]).unwrap().points().len(), 2);
    }

    #[test]
    fn places_and_bearings_along_the_way() {
        let path = corner();
        assert_eq!(path.at(-5.0), (place(60.16, 24.93), path.at(1.0).1));
        assert!(path.at(500.0).1.abs() < 1e-6);
        assert!((path.at(1_300.0).1 - 90.0).abs() < 0.1);
        assert_eq!(path.at(path.length_m()).0, path.destination());
        assert_eq!(path.at(f64::INFINITY).0, path.destination());
    }

    #[test]
    fn a_street_that_is_driven_twice_is_told_apart_by_progress() {
        let path = Path::new(vec![place(60.16, 24.93), place(60.18, 24.93), place(60.16, 24.930_01)]).unwrap();
        let here = place(60.165, 24.930_005);
        assert!((path.project(here, Some(500.0)) - 556.0).abs() < 2.0);
        assert!((path.project(here, Some(3_800.0)) - 3_892.0).abs() < 2.0);
    }

    #[test]
    fn a_place_far_from_the_last_progress_is_still_found() {
        let path = corner();
        assert!((path.project(place(60.1701, 24.94), Some(0.0)) - path.length_m()).abs() < 1.0);
    }

    #[test]
    fn a_slice_keeps_the_corner() {
        let path = corner();
        let line = path.slice(1_000.0, 1_200.0);
        assert_eq!(line.len(), 3);
        assert_eq!(line[1], place(60.17, 24.93));
        assert!(path.slice(1_200.0, 1_000.0).is_empty());
        assert!(path.slice(f64::NAN, 1_000.0).is_empty());
        assert_eq!(path.slice(-1.0, f64::INFINITY), path.points());
    }

    proptest! {
        #[test]
        fn what_lies_on_the_path_projects_to_its_own_metres(
            points in prop::collection::vec((60.0f64..60.2, 24.8f64..25.0), 2..20),
            share in 0.0f64..=1.0,
        ) {
            let path = Path::new(points.iter().map(|&(lat, lon)| place(lat, lon)).collect()).unwrap();
            let metres = share * path.length_m();
            let (here, bearing) = path.at(metres);
            prop_assert!((0.0..360.0).contains(&bearing));
            let found = path.project(here, Some(metres));
            // A line that crosses itself may match at the crossing: then the place is the same, if not the metres.
            prop_assert!(path.at(found).0.distance_m(here) < 1.0);
        }
    }
}
