//! The way to the server: REST by `fetch`, and the live socket.

pub mod api;
