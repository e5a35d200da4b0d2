//! What must hold for any history: the fold is a join, and frames show exactly what the server has.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod abandoned;
mod city;
mod crowd;
mod customer;
mod fold;
mod frames;
mod log;
mod picture;
mod world;
