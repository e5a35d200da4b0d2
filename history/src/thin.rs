//! Thinning of trails, pure: fixes come in the order of (at, source), a [`Trail`] goes out.

use contract::{
    Millis, Position,
    rest::{Gap, Trail},
};

use crate::MAX_POINTS;

/// A stretch of more than this without a fix is a gap, ms.
pub const GAP_MS: Millis = 60_000;

/// Keeps the first fix of each of `max_points` equal time steps between the first fix and the last. Where there are no
/// more than `max_points` fixes, all are kept. Gaps are found among all fixes, not among those that were kept.
///
/// The step is a whole number of milliseconds, so that an engine can compute the same on its side.
#[derive(Debug)]
pub struct Thinner {
    first: Millis,
    /// Width of a step, ms; 0 keeps everything.
    step: Millis,
    /// The step of the last fix that was kept.
    kept: Option<Millis>,
    last: Option<Millis>,
    points: Vec<Position>,
    gaps: Vec<Gap>,
}

impl Thinner {
    /// For `count` fixes of which the first was at `first` and the last at `last` (ms UTC).
    pub fn new(count: u64, first: Millis, last: Millis, max_points: usize) -> Self {
        let max_points = max_points.clamp(1, MAX_POINTS);
        // One more than the span, so that the last fix lies inside the last step and not on its end.
        let span = last.saturating_sub(first).saturating_add(1).max(1);
        let steps = max_points as Millis;
        let step = if count <= max_points as u64 { 0 } else { span / steps + Millis::from(span % steps != 0) };
        Self { first, step, kept: None, last: None, points: Vec::new(), gaps: Vec::new() }
    }

    /// Width of a step, ms, counted from the first fix; 0 where everything is kept.
    pub(crate) fn step(&self) -> Millis {
        self.step
    }

    /// Takes the time of the next fix. `true` where it is to be kept: then [`Thinner::keep`] wants the fix itself
    /// (an engine reads the other columns for those alone).
    pub fn visit(&mut self, at: Millis) -> bool {
        if let Some(from) = self.last.replace(at)
            && at.saturating_sub(from) > GAP_MS
        {
            self.gaps.push(Gap { from, to: at });
        }
        if self.step == 0 {
            return true;
        }
        let step = at.saturating_sub(self.first) / self.step;
        self.kept.replace(step) != Some(step)
    }

    /// Keeps the fix that [`Thinner::visit`] asked for.
    pub fn keep(&mut self, position: Position) {
        self.points.push(position);
    }

    /// The trail, complete through the broker time `through` (ms UTC).
    pub fn finish(self, through: Millis) -> Trail {
        Trail { points: self.points, gaps: self.gaps, through }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(times: &[Millis], max_points: usize) -> (Vec<Millis>, Vec<(Millis, Millis)>) {
        let (first, last) = (times.first().copied().unwrap_or(0), times.last().copied().unwrap_or(0));
        let mut thinner = Thinner::new(times.len() as u64, first, last, max_points);
        let kept = times.iter().copied().filter(|at| thinner.visit(*at)).collect();
        (kept, thinner.finish(0).gaps.iter().map(|gap| (gap.from, gap.to)).collect())
    }

    #[test]
    fn few_fixes_are_all_kept() {
        assert!(kept(&[], 5).0.is_empty());
        assert_eq!(kept(&[1, 1, 2], 3).0, [1, 1, 2]);
    }

    #[test]
    fn many_are_thinned_to_the_first_of_each_step() {
        let times: Vec<Millis> = (0..1_000).map(|n| 5_000 + n * 1_000).collect();
        let (points, gaps) = kept(&times, 10);
        assert_eq!(points, (0..10).map(|n| 5_000 + n * 100_000).collect::<Vec<_>>());
        assert!(gaps.is_empty());
        assert_eq!(kept(&times, 1).0, [5_000]);
        assert!(kept(&times, 0).0.len() == 1 && kept(&times, 333).0.len() <= 333);
    }

    #[test]
    fn gaps_are_of_the_whole_data() {
        let times = [0, 60_000, 120_001, 120_002, 500_000];
        assert_eq!(kept(&times, 2), (vec![0, 500_000], vec![(60_000, 120_001), (120_002, 500_000)]));
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        assert_eq!(kept(&[i64::MIN, 0, i64::MAX], 2).0.len(), 2);
    }
}
