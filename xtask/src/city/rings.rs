//! Rings from ways: a lake may be drawn by several ways, end to end, and the edge of the extract cuts some of them open.

use super::edge::Edge;
use super::geo::Point;

/// Joins ways, given as their node ids, end to end. A closed ring has the same id first and last.
pub fn join(ways: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let mut left: Vec<Vec<i64>> = ways.iter().filter(|way| way.len() > 1).cloned().collect();
    let mut chains = Vec::new();
    while !left.is_empty() {
        let mut chain = left.remove(0);
        while chain.first() != chain.last() {
            let end = chain.last().copied();
            let Some(index) = left.iter().position(|way| way.first().copied() == end || way.last().copied() == end)
            else {
                break;
            };
            let mut next = left.remove(index);
            if next.first().copied() != end {
                next.reverse();
            }
            chain.extend_from_slice(&next[1..]);
        }
        chains.push(chain);
    }
    chains
}

/// A chain of nodes as one ring of points; where the extract lacks nodes, the ring follows the extract's edge.
///
/// `None` for a chain that is open though all of it is known, or that has no extent.
pub fn close(chain: &[i64], point: impl Fn(i64) -> Option<Point>, edge: &Edge) -> Option<Vec<Point>> {
    let closed = chain.len() > 2 && chain.first() == chain.last();
    let missing = chain.iter().position(|id| point(*id).is_none());
    let mut ring = match missing {
        None if closed => chain.iter().filter_map(|id| point(*id)).collect(),
        None => return None,
        Some(gap) => {
            let mut nodes = chain.to_vec();
            if closed {
                // The run that the way's own start divides becomes one again.
                nodes.pop();
                nodes.rotate_left(gap);
            }
            let known: Vec<Option<Point>> = nodes.iter().map(|id| point(*id)).collect();
            let runs: Vec<&[Option<Point>]> = known.split(Option::is_none).filter(|run| run.len() > 1).collect();
            let mut ring: Vec<Point> = Vec::new();
            for (index, run) in runs.iter().enumerate() {
                let next = runs[(index + 1) % runs.len()];
                ring.extend(run.iter().flatten());
                if let (Some(Some(end)), Some(Some(start))) = (run.last(), next.first()) {
                    ring.extend(edge.shorter_way(*end, *start));
                }
            }
            ring.extend(ring.first().copied());
            ring
        }
    };
    ring.dedup();
    (ring.len() > 3).then_some(ring)
}

/// The water inside the extract, from its coastlines, which have the sea on their right.
///
/// A coastline that is closed is an island, which is not drawn.
pub fn sea(runs: &[Vec<Point>], edge: &Edge) -> Vec<Vec<Point>> {
    let mut left: Vec<&Vec<Point>> = runs.iter().filter(|run| run.first() != run.last()).collect();
    let mut rings = Vec::new();
    while !left.is_empty() {
        let first = left.remove(0);
        let mut ring = first.clone();
        while let Some(&end) = ring.last() {
            // The shore goes on where the edge, walked with the sea at hand, meets the next coastline.
            let distance = |start: &Point| edge.clockwise_distance(end, *start);
            let nearest = (0..left.len()).min_by(|a, b| distance(&left[*a][0]).total_cmp(&distance(&left[*b][0])));
            match nearest.filter(|index| distance(&left[*index][0]) < distance(&first[0])) {
                Some(index) => {
                    let next = left.remove(index);
                    ring.extend(edge.clockwise(end, next[0]));
                    ring.extend(next);
                }
                None => {
                    ring.extend(edge.clockwise(end, first[0]));
                    ring.push(first[0]);
                    break;
                }
            }
        }
        ring.dedup();
        rings.push(ring);
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::super::geo::{Bounds, signed_area};
    use super::*;

    fn edge() -> Edge {
        Edge::new(Bounds { west: 0.0, south: 0.0, east: 4.0, north: 4.0 })
    }

    fn at(lon: f64, lat: f64) -> Point {
        Point { lat, lon }
    }

    #[test]
    fn ways_join_whatever_their_direction() {
        assert_eq!(join(&[vec![1, 2, 3], vec![5, 4, 3], vec![5, 1]]), [vec![1, 2, 3, 4, 5, 1]]);
        assert_eq!(join(&[vec![1, 2, 1], vec![7, 8]]), [vec![1, 2, 1], vec![7, 8]]);
    }

    #[test]
    fn a_whole_ring_stays_as_it_is() {
        let points = [at(1.0, 1.0), at(2.0, 1.0), at(2.0, 2.0)];
        let ring = close(&[0, 1, 2, 0], |id| points.get(id as usize).copied(), &edge()).unwrap();
        assert_eq!(ring, [points[0], points[1], points[2], points[0]]);
        assert_eq!(close(&[0, 1, 2], |id| points.get(id as usize).copied(), &edge()), None);
    }

    #[test]
    fn a_cut_ring_follows_the_edge_over_the_corner() {
        // A park in the corner: it comes in over the northern edge and leaves over the western one.
        let point = |id: i64| [at(1.0, 3.9), at(1.0, 3.0), at(0.1, 3.0)].get(id as usize).copied();
        for chain in [[0, 1, 2, 9, 0].as_slice(), &[1, 2, 9, 8, 0, 1], &[9, 0, 1, 2, 9]] {
            let ring = close(chain, point, &edge()).unwrap();
            assert!(ring.contains(&at(0.0, 4.0)), "{ring:?}");
            assert!((signed_area(&ring).abs() - 1.0).abs() < 0.01, "{ring:?}");
        }
    }

    #[test]
    fn the_sea_lies_to_the_right_of_the_coast() {
        // Northward through the middle: the sea is the eastern half.
        let rings = sea(&[vec![at(2.0, 0.1), at(2.0, 3.9)]], &edge());
        assert_eq!(rings.len(), 1);
        assert!(rings[0].contains(&at(4.0, 4.0)) && rings[0].contains(&at(4.0, 0.0)), "{rings:?}");
        // Two shores of one channel make one ring.
        let rings = sea(&[vec![at(1.0, 0.1), at(1.0, 3.9)], vec![at(3.0, 3.9), at(3.0, 0.1)]], &edge());
        assert_eq!(rings.len(), 1);
        assert!((signed_area(&rings[0]).abs() - 8.0).abs() < 0.01, "{rings:?}");
    }
}
