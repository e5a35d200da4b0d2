//! What viewers count together, and what it is held against: the fixes that each of them should have seen.

use contract::Bounds;

use crate::couriers::{self, Log};

/// Longest latency that is told apart, ms.
const MAX_MS: usize = 20_000;

/// Counts of all viewers, within the measured window.
#[derive(Debug)]
pub struct Tally {
    /// From when to when the time of a fix must lie for it to count, ms UTC.
    pub window: (i64, i64),
    /// Fixes that arrived, each counted once for each viewer.
    pub updates: u64,
    /// Records that brought nothing new.
    pub repeated: u64,
    /// Messages that came within the window.
    pub messages: u64,
    /// Their bytes, with the WebSocket's own.
    pub bytes: u64,
    /// Connections that ended before they should.
    pub lost: u64,
    latencies: Vec<u32>,
}

impl Tally {
    /// Nothing was counted yet.
    pub fn new(window: (i64, i64)) -> Self {
        Self { window, updates: 0, repeated: 0, messages: 0, bytes: 0, lost: 0, latencies: vec![0; MAX_MS + 1] }
    }

    /// A fix of time `at` arrived for the first time.
    #[inline]
    pub fn update(&mut self, at: i64, now: i64) {
        if at >= self.window.0 && at < self.window.1 {
            self.updates += 1;
            self.latencies[(now - at).clamp(0, MAX_MS as i64) as usize] += 1;
        }
    }

    /// A message of so many bytes arrived.
    pub fn message(&mut self, payload: usize, now: i64) {
        if now >= self.window.0 && now < self.window.1 {
            self.messages += 1;
            // RFC 6455: the head of an unmasked frame.
            self.bytes += payload as u64
                + if payload < 126 {
                    2
                } else if payload < 65_536 {
                    4
                } else {
                    10
                };
        }
    }

    /// The latency that a share of the updates did not exceed, ms.
    pub fn percentile(&self, share: f64) -> usize {
        let wanted = (self.updates as f64 * share).ceil() as u64;
        let mut sum = 0;
        self.latencies
            .iter()
            .position(|count| {
                sum += u64::from(*count);
                sum >= wanted
            })
            .unwrap_or(MAX_MS)
    }
}

/// How many fixes of the window lay in the rectangles, summed over the viewers.
pub fn wanted(log: &Log, window: (i64, i64), views: &[Bounds]) -> u64 {
    let mut wanted = 0;
    for (courier, places) in log.places.iter().enumerate() {
        for (second, place) in places.iter().enumerate() {
            let at = couriers::due(log.base, courier, log.places.len(), second);
            if at >= window.0 && at < window.1 {
                wanted += views.iter().filter(|view| view.contains(*place)).count() as u64;
            }
        }
    }
    wanted
}
