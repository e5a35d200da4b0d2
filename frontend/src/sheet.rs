//! The handle of a phone's sheet: dragged by a finger, stepped by keys.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    layout::{Layout, Sheet},
    words::{self, say},
};

/// The handle. Hidden by the style sheet where there is no sheet.
#[component]
pub fn Grab() -> impl IntoView {
    let layout = Layout::expect();
    // Where the finger and the sheet were when it came down, and its last two moves: for the throw.
    let began = StoredValue::new(None::<(f64, f64)>);
    let last = StoredValue::new((0.0, 0.0, 0.0));
    let was_drag = StoredValue::new(false);
    let down = move |event: ev::PointerEvent| {
        let y = f64::from(event.client_y());
        began.set_value(Some((y, layout.sheet_px.get_untracked())));
        last.set_value((y, event.time_stamp(), 0.0));
        if let Some(target) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
            // Without capture a quick finger leaves the handle behind; then only this drag ends early.
            let _ = target.set_pointer_capture(event.pointer_id());
        }
    };
    let moved = move |event: ev::PointerEvent| {
        let Some((from, height)) = began.get_value() else { return };
        let y = f64::from(event.client_y());
        let (before, at, _) = last.get_value();
        let passed = (event.time_stamp() - at).max(1.0);
        last.set_value((y, event.time_stamp(), (before - y) / passed));
        layout.dragged.set(Some((height + from - y).clamp(72.0, layout.tallest().max(96.0))));
    };
    let up = move |_| {
        if began.try_update_value(Option::take).flatten().is_none() {
            return;
        }
        let height = layout.dragged.get_untracked();
        was_drag.set_value(height.is_some());
        if let Some(height) = height {
            layout.drop_sheet(height, last.get_value().2);
        }
    };
    // A tap opens and closes. At its click, not before: else the click would find what comes out from under the sheet.
    let tap = move |_| {
        if !was_drag.get_value() {
            layout.sheet.update(|sheet| *sheet = sheet.step(*sheet != Sheet::Full));
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        let higher = match event.key().as_str() {
            "ArrowUp" => true,
            "ArrowDown" => false,
            _ => return,
        };
        event.prevent_default();
        layout.sheet.update(|sheet| *sheet = sheet.step(higher));
    };
    let value = move || layout.sheet.get() as usize;
    view! {
        <div
            class="grab"
            role="slider"
            tabindex="0"
            aria-label=say!(sheet)
            aria-orientation="vertical"
            aria-valuemin="0"
            aria-valuemax="2"
            aria-valuenow=move || value().to_string()
            aria-valuetext=move || words::sheet_height(value())
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
            on:click=tap
            on:keydown=key
        ></div>
    }
    .into_any()
}
