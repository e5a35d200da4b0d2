//! What only the room that knows all services can hold against each other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod settings;
