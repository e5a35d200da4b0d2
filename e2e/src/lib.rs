//! Whole-journey and browser tests against real processes: how they are started, watched and talked to.
//!
//! Nothing here shares code with the services: REST by JSON values, the socket by `socket`, which was written from
//! docs/protocol.md alone.

pub mod chaos;
pub mod kept;
pub mod process;
pub mod rest;
pub mod servers;
pub mod socket;

use std::time::{Duration, Instant};

/// Asks until the answer is `Some`, or fails after `within` saying what was waited for.
///
/// # Panics
/// When the deadline passes: the test has failed.
pub async fn eventually<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "gave up after {within:?} waiting for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
