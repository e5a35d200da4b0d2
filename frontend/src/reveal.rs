//! Brings the selection into sight: when a person selects what lies outside the map or beneath a panel, the map goes there.
//! It moves for nothing else, and not at all where the courier can be seen already.

use leptos::prelude::*;

use crate::signal::Memo;
use crate::{browser, live::Live};

/// Watches the selection for as long as the page lives.
pub fn watch(live: Live) {
    let selected = Memo::new(move |_| live.selected.get().map(|selected| (selected.courier, selected.open)));
    Effect::new(move |before: Option<bool>| {
        let now = selected.get();
        // The first run is the address's selection, and the address has its own place on the map.
        if before.is_some() && now.is_some() {
            // A frame later the panels have opened and the padding is theirs.
            request_animation_frame(move || {
                if !in_sight(live) {
                    live.fly_to_selected();
                }
            });
        }
        now.is_some()
    });
}

/// True where the selected courier stands between the panels, or where nobody knows where it stands.
fn in_sight(live: Live) -> bool {
    let courier = live.selected.with_untracked(|selected| selected.as_ref().and_then(|s| s.courier.clone()));
    let place = courier.and_then(|courier| live.world.with_value(|world| world.place(&courier)));
    let (Some(place), Some(view), Some(stage)) = (place, live.view.get_untracked(), browser::by_id("stage")) else {
        return true;
    };
    let bounds = view.bounds;
    if !bounds.contains(place) || bounds.west() > bounds.east() {
        return false;
    }
    // Straight in degrees: on a screen of a few kilometres that is right to a pixel.
    let (width, height) = (f64::from(stage.client_width()), f64::from(stage.client_height()));
    let x = (place.lon() - bounds.west()) / (bounds.east() - bounds.west()) * width;
    let y = (bounds.north() - place.lat()) / (bounds.north() - bounds.south()) * height;
    let padding = live.padding.get_untracked();
    x >= padding.left.min(40.0)
        && x <= width - padding.right
        && y >= padding.top.min(40.0)
        && y <= height - padding.bottom
}
