//! The page: Leptos for what is written, MapLibre for the ground, a WebGL2 layer of our own for the couriers.
//!
//! What can be decided without a browser is decided in the crate `model`; this crate connects it to the screen, the
//! socket and the address. One file a component; `live` is the one place where they meet. Every text stands in
//! `frontend/locales`, in each language, and is said by `words::say!`; `format` writes numbers and times.

mod access;
mod announcer;
mod app;
mod banner;
mod browser;
mod callout;
mod catalogue;
mod controls;
mod drawer;
mod face;
mod figures;
mod floats;
mod format;
mod help;
mod hollow;
mod keys;
mod languages;
mod later;
mod layout;
mod legend;
mod list;
pub mod live;
pub mod map;
#[cfg(target_arch = "wasm32")]
mod maths;
mod menu;
mod metrics;
pub mod net;
mod onboard;
mod part;
mod rail;
mod replay;
mod reveal;
mod rows;
mod sheet;
mod sign;
mod signal;
mod spot_list;
mod stage;
mod start;
mod status_bar;
mod time_bar;
mod toasts;
mod words;

use wasm_bindgen::prelude::wasm_bindgen;

/// Puts the page into the document.
#[wasm_bindgen(start)]
pub fn start() {
    // A release page says nothing of a panic: xtask leaves out what would be said.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    words::learn();
    leptos::mount::mount_to_body(app::App);
}
