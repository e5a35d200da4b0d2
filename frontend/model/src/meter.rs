//! How fast the picture follows the world: from a position's time to the frame that was drawn with it.

use std::collections::VecDeque;

use contract::Millis;

/// Percentiles are of the last so many ms.
const WINDOW_MS: Millis = 10_000;
/// Seconds of the sparkline.
const SPARK: usize = 60;
/// Most samples in the window: at more than 2,000 a second some are left out, and the percentiles stay what they are.
const MAX_SAMPLES: usize = 20_000;

/// What the status bar shows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meter {
    /// Median of position's time -> drawn over the last 10 s, ms; `None` while nothing comes.
    pub p50: Option<u32>,
    /// 95th percentile of the same.
    pub p95: Option<u32>,
    /// Positions received in the last second.
    pub updates: u32,
    /// The 95th percentile of each of the last 60 s, oldest first; `None` where nothing came.
    pub spark: Vec<Option<u32>>,
}

/// Collects fixes between their arrival and the frame that draws them.
#[derive(Debug, Default)]
pub struct Latency {
    waiting: Vec<Millis>,
    /// (when it was drawn, how old it was then), oldest first.
    drawn: VecDeque<(Millis, u32)>,
    received: u32,
    spark: VecDeque<Option<u32>>,
}

impl Latency {
    /// Fixes that came, by the time at which they were measured.
    pub fn received(&mut self, fixes: &[Millis]) {
        self.received += fixes.len() as u32;
        let room = MAX_SAMPLES.saturating_sub(self.waiting.len());
        self.waiting.extend(fixes.iter().take(room));
    }

    /// Fixes that came at `now`, by the server's clock, of couriers who are drawn as they say already.
    pub fn seen_already(&mut self, fixes: &[Millis], now: Millis) {
        self.received += fixes.len() as u32;
        fixes.iter().for_each(|at| self.show(*at, now));
        self.trim();
    }

    /// A frame was drawn at `now`, by the server's clock.
    pub fn drawn(&mut self, now: Millis) {
        for at in std::mem::take(&mut self.waiting) {
            self.show(at, now);
        }
        self.trim();
    }

    fn show(&mut self, at: Millis, now: Millis) {
        // A source whose clock is ahead is not faster than light.
        self.drawn.push_back((now, (now - at).clamp(0, Millis::from(u32::MAX)) as u32));
    }

    fn trim(&mut self) {
        let surplus = self.drawn.len().saturating_sub(MAX_SAMPLES);
        self.drawn.drain(..surplus);
    }

    /// What came was not drawn (the tab is hidden): it says nothing about the screen.
    pub fn skipped(&mut self) {
        self.waiting.clear();
    }

    /// A second is over, `now` by the server's clock.
    pub fn second(&mut self, now: Millis) -> Meter {
        while self.drawn.front().is_some_and(|(at, _)| *at < now - WINDOW_MS) {
            self.drawn.pop_front();
        }
        let mut last: Vec<u32> =
            self.drawn.iter().rev().take_while(|(at, _)| *at > now - 1_000).map(|(_, age)| *age).collect();
        self.spark.push_back(percentile(&mut last, 0.95));
        while self.spark.len() > SPARK {
            self.spark.pop_front();
        }
        let mut window: Vec<u32> = self.drawn.iter().map(|(_, age)| *age).collect();
        Meter {
            p50: percentile(&mut window, 0.5),
            p95: percentile(&mut window, 0.95),
            updates: std::mem::take(&mut self.received),
            spark: self.spark.iter().copied().collect(),
        }
    }
}

/// The smallest value that is not below a share of all (nearest rank).
fn percentile(values: &mut [u32], share: f64) -> Option<u32> {
    let rank = (values.len() as f64 * share).ceil() as usize;
    let index = rank.max(1) - 1;
    (index < values.len()).then(|| *values.select_nth_unstable(index).1)
}

/// The server's clock as seen from the page: messages take a while, so the one that took least tells it best.
#[derive(Debug, Default)]
pub struct ServerClock {
    /// (when it came by the page's clock, server's clock minus the page's), of the last half minute.
    heard: VecDeque<(Millis, Millis)>,
}

impl ServerClock {
    /// A message that was sent at `server` came at `local`.
    pub fn heard(&mut self, server: Millis, local: Millis) {
        self.heard.retain(|(at, _)| local - *at < 30_000 && local >= *at);
        // Only a better one, or one that will outlive the better ones, is worth keeping.
        self.heard.retain(|(_, offset)| *offset > server - local);
        self.heard.push_back((local, server - local));
    }

    /// Server's clock minus the page's, ms; 0 until something was heard.
    pub fn offset(&self) -> Millis {
        self.heard.front().map_or(0, |(_, offset)| *offset)
    }

    /// How far the page's clock is ahead of the server's (behind: negative), ms in whole minutes; `None` where nobody would
    /// notice it.
    pub fn wrong_by(&self) -> Option<Millis> {
        let minutes = (30_000 - self.offset()).div_euclid(60_000);
        (minutes != 0).then_some(minutes * 60_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_drawn_in_the_last_10_s() {
        let mut latency = Latency::default();
        latency.received(&[900; 100]);
        latency.drawn(1_000);
        latency.received(&(0..100).map(|age| 15_000 - age).collect::<Vec<_>>());
        latency.drawn(15_000);
        let meter = latency.second(15_000);
        assert_eq!((meter.p50, meter.p95, meter.updates), (Some(49), Some(94), 200));
        assert_eq!(meter.spark, [Some(94)]);
        let later = latency.second(30_000);
        assert_eq!((later.p50, later.updates), (None, 0));
        assert_eq!(later.spark, [Some(94), None]);
    }

    #[test]
    fn what_a_hidden_tab_did_not_draw_does_not_count() {
        let mut latency = Latency::default();
        latency.received(&[0, 0]);
        latency.skipped();
        latency.drawn(60_000);
        assert_eq!(latency.second(60_000).p95, None);
    }

    #[test]
    fn what_is_on_the_screen_already_waits_for_no_frame() {
        let mut latency = Latency::default();
        latency.received(&[1_000]);
        latency.seen_already(&[1_900, 2_500], 2_000);
        let meter = latency.second(2_000);
        assert_eq!((meter.p50, meter.p95, meter.updates), (Some(0), Some(100), 3));
        latency.drawn(2_100);
        assert_eq!(latency.second(2_100).p95, Some(1_100));
    }

    #[test]
    fn the_quickest_message_tells_the_time() {
        let mut clock = ServerClock::default();
        for (server, local) in [(10_000, 4_900), (11_000, 5_805), (12_000, 6_950)] {
            clock.heard(server, local);
        }
        assert_eq!(clock.offset(), 5_195);
        clock.heard(60_000, 55_000);
        assert_eq!(clock.offset(), 5_000, "an old one is forgotten: clocks drift");
    }

    #[test]
    fn a_clock_that_is_wrong_by_minutes_is_told() {
        let wrong_by = |local: Millis| {
            let mut clock = ServerClock::default();
            clock.heard(1_000_000, 1_000_000 + local);
            clock.wrong_by()
        };
        assert_eq!([wrong_by(0), wrong_by(29_000), wrong_by(-29_000)], [None; 3]);
        assert_eq!((wrong_by(31_000), wrong_by(-419_500)), (Some(60_000), Some(-420_000)));
        assert_eq!(ServerClock::default().wrong_by(), None, "nothing was heard");
    }
}
