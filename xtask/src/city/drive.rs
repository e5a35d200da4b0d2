//! The cheapest drive through the street graph. It steps from edge to edge, not from node to node,
//! because what one may do at a crossing depends on the street one comes from.

use super::graph::Graph;
use super::streets::Signs;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The cheapest drive from stop to stop, as edges; it passes the stops between without turning back.
pub fn through(graph: &Graph, signs: &Signs, stops: &[usize]) -> Option<Vec<usize>> {
    let mut drive: Vec<usize> = Vec::new();
    for pair in stops.windows(2) {
        let leg = leg(graph, signs, pair[0], drive.last().copied(), pair[1])?;
        drive.extend(leg);
    }
    Some(drive)
}

/// The edges that may follow each edge.
pub fn followers(graph: &Graph, signs: &Signs) -> Vec<Vec<usize>> {
    let follow = |edge: usize| {
        let leaving = graph.leaving[graph.edges[edge].to].iter().copied();
        leaving.filter(move |next| may_follow(graph, signs, edge, *next)).collect()
    };
    (0..graph.edges.len()).map(follow).collect()
}

/// The nodes along a drive.
pub fn nodes(graph: &Graph, drive: &[usize]) -> Vec<usize> {
    let first = drive.first().map(|edge| graph.edges[*edge].from);
    first.into_iter().chain(drive.iter().map(|edge| graph.edges[*edge].to)).collect()
}

/// Dijkstra's search over edges, from a node, having come by an edge or from rest, to a node.
fn leg(graph: &Graph, signs: &Signs, start: usize, came_by: Option<usize>, target: usize) -> Option<Vec<usize>> {
    let mut cheapest: Vec<u64> = vec![u64::MAX; graph.edges.len()];
    let mut came_from: Vec<Option<usize>> = vec![None; graph.edges.len()];
    let mut open = BinaryHeap::new();
    for &edge in &graph.leaving[start] {
        if came_by.is_none_or(|before| may_follow(graph, signs, before, edge)) {
            cheapest[edge] = graph.edges[edge].cost;
            open.push(Reverse((cheapest[edge], edge)));
        }
    }
    while let Some(Reverse((cost, edge))) = open.pop() {
        if cost > cheapest[edge] {
            continue;
        }
        if graph.edges[edge].to == target {
            let mut leg: Vec<usize> = std::iter::successors(Some(edge), |edge| came_from[*edge]).collect();
            leg.reverse();
            return Some(leg);
        }
        for &next in &graph.leaving[graph.edges[edge].to] {
            let total = cost + graph.edges[next].cost;
            if total < cheapest[next] && may_follow(graph, signs, edge, next) {
                cheapest[next] = total;
                came_from[next] = Some(edge);
                open.push(Reverse((total, next)));
            }
        }
    }
    None
}

fn may_follow(graph: &Graph, signs: &Signs, before: usize, next: usize) -> bool {
    let (before, next) = (&graph.edges[before], &graph.edges[next]);
    let turns_back = next.to == before.from;
    !turns_back && signs.allow(before.way, graph.ids[before.to], next.way)
}

#[cfg(test)]
mod tests {
    use super::super::geo::Point;
    use super::super::graph::Edge;
    use super::*;

    /// Edges between nodes 0.., each a way of its own with its index as id.
    fn graph(edges: &[(usize, usize, u64)]) -> Graph {
        let mut graph = Graph::default();
        for id in 0..=edges.iter().map(|edge| edge.0.max(edge.1)).max().unwrap() {
            graph.add_node(id as i64, Point { lat: 0.0, lon: 0.0 });
        }
        for (way, (from, to, cost)) in edges.iter().enumerate() {
            graph.add_edge(Edge { from: *from, to: *to, way: way as i64, cost: *cost, service: false });
        }
        graph
    }

    fn drive(graph: &Graph, signs: &Signs, stops: &[usize]) -> Option<Vec<usize>> {
        through(graph, signs, stops).map(|drive| nodes(graph, &drive))
    }

    #[test]
    fn the_cheapest_way_wins_and_one_ways_hold() {
        let graph = graph(&[(0, 1, 1), (1, 2, 1), (0, 2, 5), (2, 3, 1)]);
        assert_eq!(drive(&graph, &Signs::default(), &[0, 3]), Some(vec![0, 1, 2, 3]));
        assert_eq!(drive(&graph, &Signs::default(), &[3, 0]), None);
    }

    #[test]
    fn a_stop_between_is_passed_without_turning_back() {
        // From 0 to 1 and on to 2, which lies back beyond 0: the loop 1-3-0 is driven, not the street back.
        let graph = graph(&[(0, 1, 1), (1, 0, 1), (1, 3, 9), (3, 0, 9), (0, 2, 1)]);
        assert_eq!(drive(&graph, &Signs::default(), &[0, 1, 2]), Some(vec![0, 1, 3, 0, 2]));
    }

    #[test]
    fn a_dead_end_street_has_no_follower() {
        let graph = graph(&[(0, 1, 1), (1, 0, 1), (1, 2, 1)]);
        assert_eq!(followers(&graph, &Signs::default()), [vec![2], vec![], vec![]]);
    }

    #[test]
    fn a_forbidden_turn_is_driven_around() {
        let graph = graph(&[(0, 1, 1), (1, 2, 1), (1, 3, 9), (3, 2, 9)]);
        let signs = Signs::of(&[("no_left_turn", 0, 1, 1)]);
        assert_eq!(drive(&graph, &signs, &[0, 2]), Some(vec![0, 1, 3, 2]));
        assert_eq!(drive(&graph, &signs, &[1, 2]), Some(vec![1, 2]));
    }
}
