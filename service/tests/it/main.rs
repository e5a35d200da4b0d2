//! The service's Kafka parts against librdkafka's own broker in memory. Tests wait on conditions with a deadline.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod broadcast;

mod cluster;
mod group;
mod producer;
mod topics;
