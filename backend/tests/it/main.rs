//! The backend through its real ports: `build` and `run` on port 0, against an in-process Kafka and a SQLite file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod harness;

mod bodies;
mod commands;
mod drain;
mod durable;
mod edges;
mod events;
mod faults;
mod limits;
mod links;
mod lists;
mod manners;
mod openapi;
mod picture;
mod replay;
mod roles;
mod session;
mod views;
