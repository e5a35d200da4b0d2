//! How fast the picture follows the world.

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
