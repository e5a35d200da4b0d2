//! Figures about what was delivered: which stretch of time is asked for, how the server's rows are summed up for a drawing,
//! and which deliveries stand behind a number ([`wanted`]).

mod wanted;

use contract::{
    Millis,
    rest::{Figures, FiguresRow},
};

pub use wanted::{Along, Board, Kind, Wanted};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;

/// How far back figures go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Span {
    /// An hour, by five minutes.
    Hour,
    /// A day, by the hour.
    #[default]
    Day,
    /// Seven days, by a quarter of a day.
    Week,
    /// Thirty days, by the day.
    Month,
}

impl Span {
    /// All, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As the address has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// Width of a bar, ms.
    pub fn bar_ms(self) -> Millis {
        match self {
            Self::Hour => 5 * MINUTE,
            Self::Day => HOUR,
            Self::Week => 6 * HOUR,
            Self::Month => 24 * HOUR,
        }
    }

    /// How many bars.
    pub fn bars(self) -> usize {
        match self {
            Self::Hour => 12,
            Self::Day => 24,
            Self::Week => 28,
            Self::Month => 30,
        }
    }

    /// The server's bucket from which bars are made. Its days are those of UTC, and no viewer's.
    pub fn bucket(self) -> &'static str {
        match self {
            Self::Hour => "5m",
            _ => "hour",
        }
    }

    fn bucket_ms(self) -> Millis {
        match self {
            Self::Hour => 5 * MINUTE,
            _ => HOUR,
        }
    }
}

/// A stretch of time in bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// How far back.
    pub span: Span,
    /// Where bars begin, ms UTC, and behind the last one where it ends: one more than there are bars.
    edges: Vec<Millis>,
}

impl Window {
    /// The bars up to `now` (ms UTC), of which the last one is not over yet. They begin where the viewer's clock has whole
    /// numbers; where that is within a bucket of the server's, at the next one.
    pub fn until(span: Span, now: Millis, zone_min: i32) -> Self {
        let (bar, bucket, zone) = (span.bar_ms(), span.bucket_ms(), Millis::from(zone_min) * MINUTE);
        let end = (now + zone).div_euclid(bar) + 1;
        let bars = span.bars() as Millis;
        let edge = |i: Millis| {
            let at = (end - bars + i) * bar - zone;
            (at + bucket - 1).div_euclid(bucket) * bucket
        };
        Self { span, edges: (0..=bars).map(edge).collect() }
    }

    /// The first moment, ms UTC.
    pub fn from(&self) -> Millis {
        self.edges.first().copied().unwrap_or(0)
    }

    /// The last moment, ms UTC, inclusive.
    pub fn to(&self) -> Millis {
        self.edges.last().map_or(0, |edge| edge - 1)
    }

    /// How many bars.
    pub fn bars(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// First and last moment of a bar, ms UTC, inclusive.
    pub fn bar(&self, index: usize) -> Option<(Millis, Millis)> {
        Some((*self.edges.get(index)?, self.edges.get(index + 1)? - 1))
    }

    /// The bar that a moment is in.
    fn index_of(&self, at: Millis) -> Option<usize> {
        let after = self.edges.partition_point(|edge| *edge <= at);
        (1..self.edges.len()).contains(&after).then(|| after - 1)
    }
}

/// Figures of several rows together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    /// Deliveries requested.
    pub count: u64,
    /// Those of them that are delivered.
    pub delivered: u64,
    /// Those of the delivered ones that were promised.
    pub promised: u64,
    /// Those of the promised ones that kept the promise.
    pub kept: u64,
    /// Those of the delivered ones whose arrival was predicted half-way.
    pub predicted: u64,
    took_s: f64,
    off_s: f64,
}

impl Sum {
    /// Adds a row's figures: a mean counts as often as there are deliveries in it.
    pub fn add(&mut self, row: &FiguresRow) {
        self.count += row.count;
        self.delivered += row.delivered;
        self.promised += row.promised;
        self.kept += (row.on_time.unwrap_or(0.0) * row.promised as f64).round() as u64;
        self.predicted += row.predicted;
        self.took_s += row.mean_s.unwrap_or(0.0) * row.delivered as f64;
        self.off_s += row.mean_eta_error_s.unwrap_or(0.0) * row.predicted as f64;
    }

    /// Those of the promised ones that came late.
    pub fn late(&self) -> u64 {
        self.promised.saturating_sub(self.kept)
    }

    /// Share of the promised ones that kept the promise, 0 to 1.
    pub fn on_time(&self) -> Option<f64> {
        mean(self.kept as f64, self.promised)
    }

    /// Mean time from start to end of the delivered ones, s.
    pub fn mean_s(&self) -> Option<f64> {
        mean(self.took_s, self.delivered)
    }

    /// Mean distance from the arrival that was predicted half-way to the end, s.
    pub fn mean_eta_error_s(&self) -> Option<f64> {
        mean(self.off_s, self.predicted)
    }
}

fn mean(sum: f64, of: u64) -> Option<f64> {
    (of > 0).then(|| sum / of as f64)
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Which time.
    pub window: Window,
    /// All of it.
    pub total: Sum,
    /// Each bar.
    pub bars: Vec<Sum>,
    /// Each route, the one with the most deliveries first; the empty key is for ways of a person's own.
    pub routes: Vec<(String, Sum)>,
    /// True where the server had more rows than it gives at once.
    pub more: bool,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

impl Picture {
    /// Sums up the server's answers: by time, and by time and route.
    pub fn of(window: Window, by_time: &Figures, by_route: &Figures) -> Self {
        let mut bars = vec![Sum::default(); window.bars()];
        let mut total = Sum::default();
        for row in &by_time.rows {
            if let Some(bar) = window.index_of(row.t).and_then(|index| bars.get_mut(index)) {
                bar.add(row);
                total.add(row);
            }
        }
        let mut routes: Vec<(String, Sum)> = Vec::new();
        for row in &by_route.rows {
            match routes.iter_mut().find(|(key, _)| *key == row.key) {
                Some((_, sum)) => sum.add(row),
                None => {
                    let mut sum = Sum::default();
                    sum.add(row);
                    routes.push((row.key.clone(), sum));
                }
            }
        }
        routes.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(&b.0)));
        let through = by_time.through.min(by_route.through);
        Self { window, total, bars, routes, more: by_time.more || by_route.more, through }
    }
}

/// The end of an axis of whole numbers that holds `most`, such that its half is a whole number too: 2, 4, 6, 8, 10, 12, 16, 20, 40 ...
pub fn axis(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for step in [2, 4, 6, 8, 10, 12, 16] {
            if step * unit >= most {
                return step * unit;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests;
