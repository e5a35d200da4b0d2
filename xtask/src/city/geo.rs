//! Points, boxes and rings on the ground: the plane geometry that the city needs, and no more.

/// A place on the ground, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// North of the equator.
    pub lat: f64,
    /// East of Greenwich.
    pub lon: f64,
}

impl Point {
    /// The way to another point in metres, along the great circle.
    pub fn distance_m(self, other: Self) -> f64 {
        const EARTH_RADIUS_M: f64 = 6_371_008.8;
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let (half_lat, half_lon) = ((lat_b - lat_a) / 2.0, (other.lon - self.lon).to_radians() / 2.0);
        let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }
}

/// The length of a line in metres.
pub fn length_m(line: &[Point]) -> f64 {
    line.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum()
}

/// How far from straight the turn over three points is: 0 straight on, pi back.
pub fn turn(before: Point, at: Point, after: Point) -> f64 {
    let shrink = at.lat.to_radians().cos();
    let heading = |from: Point, to: Point| ((to.lon - from.lon) * shrink).atan2(to.lat - from.lat);
    let change = (heading(at, after) - heading(before, at)).abs();
    change.min(std::f64::consts::TAU - change)
}

/// A box between two meridians and two parallels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Western edge.
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

impl Bounds {
    /// The point in the middle.
    pub fn centre(&self) -> Point {
        Point { lat: (self.south + self.north) / 2.0, lon: (self.west + self.east) / 2.0 }
    }

    /// True for a point inside or on the edge.
    pub fn contains(&self, point: Point) -> bool {
        (self.west..=self.east).contains(&point.lon) && (self.south..=self.north).contains(&point.lat)
    }
}

/// The area of a closed ring in square degrees, positive when it runs counter-clockwise.
pub fn signed_area(ring: &[Point]) -> f64 {
    ring.windows(2).map(|pair| pair[0].lon * pair[1].lat - pair[1].lon * pair[0].lat).sum::<f64>() / 2.0
}

/// The area of a closed ring in square metres; as small as a city, the ground is a plane.
pub fn area_m2(ring: &[Point]) -> f64 {
    const METRES_PER_DEGREE: f64 = 111_195.0;
    let shrink = ring.first().map_or(1.0, |point| point.lat.to_radians().cos());
    signed_area(ring).abs() * METRES_PER_DEGREE.powi(2) * shrink
}

/// Turns a ring so that it runs counter-clockwise, or clockwise: RFC 7946 wants outer rings the first way.
pub fn wind(mut ring: Vec<Point>, counter_clockwise: bool) -> Vec<Point> {
    if (signed_area(&ring) > 0.0) != counter_clockwise {
        ring.reverse();
    }
    ring
}

/// True when the point lies inside the closed ring.
pub fn inside(ring: &[Point], point: Point) -> bool {
    crossings(ring, point.lat).iter().filter(|lon| **lon > point.lon).count() % 2 == 1
}

/// A point well inside a ring, for a label: the centroid, or for a bent shape the middle of its widest part there.
pub fn label_point(ring: &[Point]) -> Point {
    let centroid = centroid(ring);
    if inside(ring, centroid) {
        return centroid;
    }
    let cuts = crossings(ring, centroid.lat);
    let widest = cuts.chunks_exact(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])));
    widest.map_or(centroid, |cut| Point { lat: centroid.lat, lon: (cut[0] + cut[1]) / 2.0 })
}

/// The centre of gravity of a closed ring.
pub fn centroid(ring: &[Point]) -> Point {
    // Relative to the first corner: the products of whole degrees would eat the digits that matter.
    let Some(&origin) = ring.first() else { return Point { lat: 0.0, lon: 0.0 } };
    let (mut area, mut lat, mut lon) = (0.0, 0.0, 0.0);
    for pair in ring.windows(2) {
        let (ax, ay) = (pair[0].lon - origin.lon, pair[0].lat - origin.lat);
        let (bx, by) = (pair[1].lon - origin.lon, pair[1].lat - origin.lat);
        let cross = ax * by - bx * ay;
        area += cross;
        lon += (ax + bx) * cross;
        lat += (ay + by) * cross;
    }
    if area == 0.0 {
        return origin;
    }
    Point { lat: origin.lat + lat / (3.0 * area), lon: origin.lon + lon / (3.0 * area) }
}

/// The longitudes, from west to east, where the ring crosses a parallel.
fn crossings(ring: &[Point], lat: f64) -> Vec<f64> {
    let mut found: Vec<f64> = ring
        .windows(2)
        .filter(|pair| (pair[0].lat > lat) != (pair[1].lat > lat))
        .map(|pair| {
            let share = (lat - pair[0].lat) / (pair[1].lat - pair[0].lat);
            pair[0].lon + share * (pair[1].lon - pair[0].lon)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[[f64; 2]]) -> Vec<Point> {
        corners.iter().map(|[lon, lat]| Point { lat: *lat, lon: *lon }).collect()
    }

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let metres = Point { lat: 60.0, lon: 24.0 }.distance_m(Point { lat: 61.0, lon: 24.0 });
        assert!((metres - 111_195.0).abs() < 1.0, "{metres}");
        let metres = Point { lat: 60.0, lon: 24.0 }.distance_m(Point { lat: 60.0, lon: 25.0 });
        assert!((metres - 55_597.0).abs() < 10.0, "{metres}");
    }

    #[test]
    fn rings_turn_the_way_they_are_asked() {
        let clockwise = ring(&[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]);
        assert!(signed_area(&clockwise) < 0.0);
        assert!(signed_area(&wind(clockwise.clone(), true)) > 0.0);
        assert_eq!(wind(clockwise.clone(), false), clockwise);
    }

    #[test]
    fn the_label_of_a_bent_shape_lies_inside_it() {
        let square = ring(&[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]);
        assert_eq!(label_point(&square), Point { lat: 1.0, lon: 1.0 });
        let bent = ring(&[
            [0.0, 0.0],
            [9.0, 0.0],
            [9.0, 9.0],
            [8.0, 9.0],
            [8.0, 1.0],
            [1.0, 1.0],
            [1.0, 9.0],
            [0.0, 9.0],
            [0.0, 0.0],
        ]);
        assert!(!inside(&bent, centroid(&bent)));
        assert!(inside(&bent, label_point(&bent)));
    }
}
