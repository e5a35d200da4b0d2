//! The sink against librdkafka's own broker in memory and a SQLite store in a directory of its own. Tests wait on
//! conditions with a deadline.

// Clippy's "allowed in tests" covers functions marked as tests; here all are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod elasticsearch;
mod letters;
mod outage;
mod program;
mod redrive;
mod samples;
mod storing;
mod world;
mod writers;
