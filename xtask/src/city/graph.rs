//! The street graph: every stretch between two neighbouring nodes of a drivable way is an edge, two where both ways are open.

use super::extract::Extract;
use super::geo::Point;
use super::streets::{self, Direction};
use std::collections::BTreeMap;

/// A stretch of street in its direction of traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Index of the node where it begins.
    pub from: usize,
    /// Index of the node where it ends.
    pub to: usize,
    /// The id of its way, for the signs.
    pub way: i64,
    /// What driving it costs: its millimetres, more on lesser streets. Whole, so that sums compare exactly.
    pub cost: u64,
    /// True on service ways, where no route should begin.
    pub service: bool,
}

/// Nodes and edges; everything is an index.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The ids of the nodes in the data.
    pub ids: Vec<i64>,
    /// Where the nodes are.
    pub points: Vec<Point>,
    /// All edges.
    pub edges: Vec<Edge>,
    /// The edges that leave each node.
    pub leaving: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph of the extract's drivable streets.
    pub fn of_streets(extract: &Extract) -> Self {
        let mut graph = Self::default();
        let mut index = BTreeMap::new();
        for (id, way, weight) in streets::ways(extract) {
            let direction = streets::direction(&way.tags);
            let service = way.tags.is("highway", &["service"]);
            for pair in way.nodes.windows(2) {
                let (Some(a), Some(b)) = (extract.points.get(&pair[0]), extract.points.get(&pair[1])) else { continue };
                let from = *index.entry(pair[0]).or_insert_with(|| graph.add_node(pair[0], *a));
                let to = *index.entry(pair[1]).or_insert_with(|| graph.add_node(pair[1], *b));
                let cost = (a.distance_m(*b) * weight * 1000.0).round() as u64;
                if direction != Direction::Backward {
                    graph.add_edge(Edge { from, to, way: id, cost, service });
                }
                if direction != Direction::Forward {
                    graph.add_edge(Edge { from: to, to: from, way: id, cost, service });
                }
            }
        }
        graph
    }

    /// Adds a node and returns its index.
    pub fn add_node(&mut self, id: i64, point: Point) -> usize {
        self.ids.push(id);
        self.points.push(point);
        self.leaving.push(Vec::new());
        self.ids.len() - 1
    }

    /// Adds an edge between two nodes of the graph.
    pub fn add_edge(&mut self, edge: Edge) {
        self.leaving[edge.from].push(self.edges.len());
        self.edges.push(edge);
    }

    /// The node nearest to a point where streets, not only service ways, both end and begin, among these edges.
    pub fn nearest(&self, point: Point, edges: &[bool]) -> Option<usize> {
        let (mut begins, mut ends) = (vec![false; self.ids.len()], vec![false; self.ids.len()]);
        for (edge, _) in self.edges.iter().zip(edges).filter(|(edge, allowed)| **allowed && !edge.service) {
            begins[edge.from] = true;
            ends[edge.to] = true;
        }
        (0..self.ids.len())
            .filter(|node| begins[*node] && ends[*node])
            .min_by(|a, b| self.points[*a].distance_m(point).total_cmp(&self.points[*b].distance_m(point)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::extract::{Tags, Way};
    use super::super::geo::Bounds;
    use super::*;

    fn extract(ways: &[(&'static str, &[i64])]) -> Extract {
        let way = |(oneway, nodes): &(&'static str, &[i64])| Way {
            tags: [("highway", "residential"), ("oneway", *oneway)].into_iter().collect::<Tags>(),
            nodes: nodes.to_vec(),
        };
        Extract {
            bounds: Bounds { west: 0.0, south: 0.0, east: 1.0, north: 1.0 },
            points: (1..20).map(|id| (id, Point { lat: 0.0, lon: id as f64 / 1000.0 })).collect(),
            tagged_nodes: [].into(),
            ways: ways.iter().map(way).enumerate().map(|(id, way)| (id as i64, way)).collect(),
            relations: [].into(),
        }
    }

    fn pairs(graph: &Graph) -> Vec<(i64, i64)> {
        graph.edges.iter().map(|edge| (graph.ids[edge.from], graph.ids[edge.to])).collect()
    }

    #[test]
    fn one_ways_have_one_edge() {
        assert_eq!(pairs(&Graph::of_streets(&extract(&[("yes", &[1, 2])]))), [(1, 2)]);
        assert_eq!(pairs(&Graph::of_streets(&extract(&[("-1", &[1, 2])]))), [(2, 1)]);
        assert_eq!(pairs(&Graph::of_streets(&extract(&[("no", &[1, 2])]))), [(1, 2), (2, 1)]);
        // Node 99 is not in the extract.
        assert_eq!(pairs(&Graph::of_streets(&extract(&[("yes", &[1, 99, 2, 3])]))), [(2, 3)]);
    }

    #[test]
    fn the_nearest_node_is_one_that_streets_lead_to_and_from() {
        let graph = Graph::of_streets(&extract(&[("yes", &[1, 2, 3, 1]), ("yes", &[3, 4])]));
        let nearest = graph.nearest(Point { lat: 0.0, lon: 0.009 }, &[true; 4]);
        assert_eq!(nearest.map(|node| graph.ids[node]), Some(3));
        assert_eq!(graph.nearest(Point { lat: 0.0, lon: 0.0 }, &[false; 4]), None);
    }
}
