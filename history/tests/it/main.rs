//! The engines of the store, held to one contract; and what is SQLite's own.

// Clippy's "allowed in tests" covers functions marked as tests; here all are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod cluster;
mod contract;
mod elasticsearch;
mod own_server;
mod sqlite;
mod stub;
