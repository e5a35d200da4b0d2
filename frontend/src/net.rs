//! The way to the server: REST by `fetch`, the live socket, and the clock by which both are measured.

pub mod api;
mod http;
pub(crate) mod socket;

use leptos::prelude::window;

/// The page's own clock, ms since 1970. It never jumps, whatever is done to the system's time while the page is open.
pub fn clock_ms() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |performance| performance.time_origin() + performance.now())
}

/// The same since the page was opened, s: small enough for the graphics card.
pub fn clock_s() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now() / 1000.0)
}
