//! How long a position took from the broker's append to the send of this server: percentiles over the last seconds.

use std::sync::atomic::{AtomicU32, Ordering};

use contract::{Millis, live::Latency};

/// Upper edges of the buckets, ms: fine where it matters, coarse where it is bad anyway.
pub(super) const EDGES: [u32; 32] = [
    5,
    10,
    15,
    20,
    25,
    30,
    40,
    50,
    60,
    70,
    80,
    90,
    100,
    110,
    120,
    130,
    140,
    150,
    175,
    200,
    250,
    300,
    400,
    500,
    750,
    1_000,
    1_500,
    2_000,
    5_000,
    10_000,
    60_000,
    u32::MAX,
];

/// A histogram that sockets add to and the summary empties.
#[derive(Debug, Default)]
pub struct LatencyMeter {
    buckets: [AtomicU32; EDGES.len()],
}

impl LatencyMeter {
    /// Adds the send of a record that was appended `ms` ago.
    pub fn add(&self, ms: Millis) {
        let ms = ms.clamp(0, u32::MAX.into()) as u32;
        let bucket = EDGES.partition_point(|edge| *edge < ms);
        self.buckets[bucket.min(EDGES.len() - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the counts since the last call.
    pub fn take(&self) -> [u32; EDGES.len()] {
        std::array::from_fn(|bucket| self.buckets[bucket].swap(0, Ordering::Relaxed))
    }
}

/// Percentiles of counts; 0 where nothing was counted.
pub fn percentiles(counts: &[u32; EDGES.len()]) -> Latency {
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let at = |share: f64| {
        let wanted = (total as f64 * share).ceil() as u64;
        let mut sum = 0;
        for (count, edge) in counts.iter().zip(EDGES) {
            sum += u64::from(*count);
            if sum >= wanted {
                return edge;
            }
        }
        0
    };
    if total == 0 { Latency::default() } else { Latency { p50: at(0.5), p95: at(0.95) } }
}

/// The counts of the last seconds, so that a percentile does not jump with every second.
#[derive(Debug, Default)]
pub struct Recent {
    seconds: std::collections::VecDeque<[u32; EDGES.len()]>,
}

impl Recent {
    /// Adds a second's counts and forgets those of more than ten seconds ago; returns the sums.
    pub fn push(&mut self, counts: [u32; EDGES.len()]) -> [u32; EDGES.len()] {
        self.seconds.push_back(counts);
        if self.seconds.len() > 10 {
            self.seconds.pop_front();
        }
        let sum = |bucket: usize| self.seconds.iter().map(|second| second[bucket]).fold(0, u32::saturating_add);
        std::array::from_fn(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_what_was_added() {
        let meter = LatencyMeter::default();
        (0..95).for_each(|_| meter.add(33));
        (0..5).for_each(|_| meter.add(700));
        let latency = percentiles(&meter.take());
        assert_eq!((latency.p50, latency.p95), (40, 40));
        assert_eq!(percentiles(&meter.take()), Latency::default());
    }
}
