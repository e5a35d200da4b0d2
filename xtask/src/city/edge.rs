//! The edge of the extract, walked clockwise from its north-western corner.

use super::geo::{Bounds, Point};

/// The edge of a box. A place on it is a number: 0 to 1 the northern side, then eastern, southern, western to 4.
#[derive(Clone, Debug)]
pub struct Edge {
    bounds: Bounds,
}

impl Edge {
    /// The edge of this box.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds }
    }

    /// The way along the edge, clockwise, between the edge points nearest to two points.
    pub fn clockwise(&self, from: Point, to: Point) -> Vec<Point> {
        let (from, to) = (self.position(from), self.position(to));
        let to = if to < from { to + 4.0 } else { to };
        let corners = (1..8).map(f64::from).filter(|corner| from < *corner && *corner < to);
        [from].into_iter().chain(corners).chain([to]).map(|position| self.at(position)).collect()
    }

    /// How far that way is, in sides of the box.
    pub fn clockwise_distance(&self, from: Point, to: Point) -> f64 {
        (self.position(to) - self.position(from)).rem_euclid(4.0)
    }

    /// The way along the edge in whichever direction is shorter.
    pub fn shorter_way(&self, from: Point, to: Point) -> Vec<Point> {
        if self.clockwise_distance(from, to) <= 2.0 {
            return self.clockwise(from, to);
        }
        let mut way = self.clockwise(to, from);
        way.reverse();
        way
    }

    fn position(&self, point: Point) -> f64 {
        let Bounds { west, south, east, north } = self.bounds;
        let x = ((point.lon - west) / (east - west)).clamp(0.0, 1.0);
        let y = ((north - point.lat) / (north - south)).clamp(0.0, 1.0);
        let sides = [(y, x), (1.0 - x, 1.0 + y), (1.0 - y, 3.0 - x), (x, 4.0 - y)];
        let nearest = sides.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map_or(0.0, |(_, position)| position % 4.0)
    }

    fn at(&self, position: f64) -> Point {
        let Bounds { west, south, east, north } = self.bounds;
        let (side, along) = ((position % 4.0).floor(), position % 1.0);
        match side as u8 {
            0 => Point { lat: north, lon: west + along * (east - west) },
            1 => Point { lat: north - along * (north - south), lon: east },
            2 => Point { lat: south, lon: east - along * (east - west) },
            _ => Point { lat: south + along * (north - south), lon: west },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge() -> Edge {
        Edge::new(Bounds { west: 0.0, south: 0.0, east: 2.0, north: 2.0 })
    }

    fn at(lon: f64, lat: f64) -> Point {
        Point { lat, lon }
    }

    #[test]
    fn the_edge_is_walked_over_its_corners() {
        assert_eq!(edge().clockwise(at(1.0, 1.9), at(1.9, 1.0)), [at(1.0, 2.0), at(2.0, 2.0), at(2.0, 1.0)]);
        let round = edge().clockwise(at(1.9, 1.0), at(1.0, 1.9));
        assert_eq!(round, [at(2.0, 1.0), at(2.0, 0.0), at(0.0, 0.0), at(0.0, 2.0), at(1.0, 2.0)]);
    }

    #[test]
    fn the_shorter_way_may_go_against_the_clock() {
        assert_eq!(edge().shorter_way(at(1.9, 1.0), at(1.0, 1.9)), [at(2.0, 1.0), at(2.0, 2.0), at(1.0, 2.0)]);
    }
}
