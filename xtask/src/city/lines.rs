//! Longer lines from short ones: a street is many ways in the data, and its name fits along it only when it is one line.

use std::collections::BTreeMap;

/// Joins lines, given as node ids, that share an end. Where several could go on, the straightest does.
///
/// `turn` tells how far from straight a turn over three nodes is, in radians from 0.
pub fn merge(lines: Vec<Vec<i64>>, turn: impl Fn(i64, i64, i64) -> f64) -> Vec<Vec<i64>> {
    const SHARPEST_TURN: f64 = 1.0;
    let mut lines: Vec<Option<Vec<i64>>> = lines.into_iter().filter(|line| line.len() > 1).map(Some).collect();
    let mut at_node: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        for end in line.iter().flat_map(|line| [line[0], line[line.len() - 1]]) {
            at_node.entry(end).or_default().push(index);
        }
    }
    let mut merged = Vec::new();
    for index in 0..lines.len() {
        let Some(mut line) = lines[index].take() else { continue };
        // Grow at the end, turn round, grow at what was the start, turn back.
        for _ in 0..2 {
            loop {
                let (before, end) = (line[line.len() - 2], line[line.len() - 1]);
                let candidates = at_node.get(&end).into_iter().flatten();
                let best = candidates
                    .filter_map(|other| {
                        let next = oriented(lines[*other].as_ref()?, end);
                        Some((turn(before, end, next[1]), *other, next))
                    })
                    .filter(|(angle, ..)| *angle < SHARPEST_TURN)
                    .min_by(|a, b| a.0.total_cmp(&b.0));
                let Some((_, other, next)) = best else { break };
                lines[other] = None;
                line.extend_from_slice(&next[1..]);
            }
            line.reverse();
        }
        merged.push(line);
    }
    merged
}

/// The line as seen from one of its ends.
fn oriented(line: &[i64], start: i64) -> Vec<i64> {
    let mut line = line.to_vec();
    if line.first() != Some(&start) {
        line.reverse();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_becomes_one_line() {
        let merged = merge(vec![vec![3, 4], vec![1, 2, 3], vec![5, 4]], |_, _, _| 0.0);
        assert_eq!(merged, [vec![1, 2, 3, 4, 5]]);
    }

    #[test]
    fn the_straightest_goes_on_and_corners_stay() {
        let turn = |_, _, next: i64| if next == 9 { 0.1 } else { 0.4 };
        assert_eq!(merge(vec![vec![1, 2], vec![2, 3], vec![2, 9]], turn), [vec![1, 2, 9], vec![2, 3]]);
        assert_eq!(merge(vec![vec![1, 2], vec![2, 3]], |_, _, _| 1.5), [vec![1, 2], vec![2, 3]]);
    }
}
