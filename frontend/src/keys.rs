//! The keyboard, wherever the focus is.

use leptos::{ev, prelude::*};
use model::Follow;

use crate::{
    browser,
    layout::{Layout, Panel, StartMode},
    list::List,
    live::Live,
    rail,
};

/// Listens for as long as the page lives.
pub fn listen(live: Live, layout: Layout, list: List) {
    window_event_listener(ev::keydown, move |event| {
        // Combinations belong to the browser.
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
            return;
        }
        if press(&event.key(), live, layout, list) {
            event.prevent_default();
        }
    });
}

/// Does what a key means; false where it means nothing here.
fn press(key: &str, live: Live, layout: Layout, list: List) -> bool {
    if key == "Escape" {
        return escape(live, layout);
    }
    if browser::is_typing() {
        return false;
    }
    match key {
        "/" => {
            layout.rail_open.set(true);
            browser::focus(rail::SEARCH);
        }
        "j" | "J" => list.step(true),
        "k" | "K" => list.step(false),
        "Enter" if !browser::is_on_button() && live.selected.with_untracked(Option::is_some) => {
            layout.start.set(None);
            live.selected.update(|selected| {
                if let Some(selected) = selected {
                    selected.open = true;
                }
            });
        }
        "f" | "F" => toggle_follow(live),
        "l" | "L" => live.to_live(),
        " " if live.is_past() && !browser::is_on_button() => live.toggle_play(),
        "s" | "S" if live.connection.get_untracked().is_live() && live.commands.get_untracked() => {
            layout.open_start(StartMode::One)
        }
        "+" | "=" => live.zoom_by(1.0),
        "-" | "_" => live.zoom_by(-1.0),
        "0" => live.fit_all(),
        "?" => layout.help.update(|open| *open = !*open),
        _ => return false,
    }
    true
}

/// One step back: help, the start form, the search field, the drawer, the selection.
fn escape(live: Live, layout: Layout) -> bool {
    if layout.help.get_untracked() {
        layout.help.set(false);
        browser::focus("help-button");
    } else if live.drawing.with_untracked(Option::is_some) {
        live.drawing.set(None);
    } else if layout.start.get_untracked().is_some() {
        layout.close_start();
    } else if browser::is_typing() {
        if live.filter.with_untracked(|filter| filter.text.is_empty()) {
            browser::focus(crate::list::ELEMENT);
        } else {
            live.filter.update(|filter| filter.text.clear());
        }
    } else if live.stack.with_untracked(Option::is_some) {
        live.stack.set(None);
    } else if live.selected.with_untracked(Option::is_some) {
        let was_open = layout.panel.get_untracked() == Panel::Selection;
        live.back();
        if was_open {
            browser::focus(crate::list::ELEMENT);
        }
    } else {
        return false;
    }
    true
}

/// Follows the selected courier, or stops.
pub fn toggle_follow(live: Live) {
    let selected = live.selected.with_untracked(|selected| selected.as_ref().is_some_and(|s| s.courier.is_some()));
    live.follow.update(|follow| {
        *follow = match follow {
            Follow::On => Follow::Off,
            Follow::Off | Follow::Released if selected => Follow::On,
            _ => Follow::Off,
        }
    });
}
