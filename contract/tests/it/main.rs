//! The words of the protocol, held to golden files: every record, body, message and frame as it stands on the wire.
//!
//! Others read these bytes: a golden file that changes is a change of the protocol. Where that is meant, run
//! `UPDATE_GOLDEN=1 cargo test -p contract` and read the difference before it is committed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod close;
mod document;
mod frames;
mod golden;
mod problems;
mod records;
mod rest;
mod sample;
mod socket;
mod versions;
