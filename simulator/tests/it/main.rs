//! The simulator against a broker in memory: what it answers, what it sends, and what a successor sends again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answers;
mod log;
mod runs;
