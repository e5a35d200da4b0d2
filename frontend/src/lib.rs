//! The page: Leptos for what is written, MapLibre for the ground, a WebGL2 layer of our own for the couriers.
//!
//! What can be decided without a browser is decided in the crate `model`; this crate connects it to the screen, the
//! socket and the address.

pub mod live;
pub mod map;
pub mod net;

use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

/// Puts the page into the document.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
    mount_to_body(|| {
        live::Live::provide();
        view! { <map::MapPane/> }
    });
}
