//! The map: MapLibre for the ground, couriers as a WebGL2 layer of our own.

use leptos::prelude::*;

/// The map, filling its parent. Reads and writes [`crate::live::Live`] and nothing else.
#[component]
pub fn MapPane() -> impl IntoView {
    view! { <div class="map-pane" data-ready="false"></div> }
}
