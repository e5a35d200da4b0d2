//! The page's address: read once, then kept true. The history gets no new entries: back leads to where one came from.

use std::time::Duration;

use leptos::{ev, prelude::*};
use model::{Theme, url::Address};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::MediaQueryListEvent;

use super::Live;
use crate::part::watch;
use crate::signal::{Memo, RwSignal};

/// Browsers refuse an address that changes more than about 3 times a second.
const SETTLE: Duration = Duration::from_millis(400);

/// What the address asks for. A theme that it does not name is the one of the last visit.
pub fn read() -> Address {
    let mut address = Address::parse(&window().location().search().unwrap_or_default());
    if address.theme == Theme::Auto
        && let Ok(Some(storage)) = window().local_storage()
        && let Ok(Some(word)) = storage.get_item("cd-theme")
    {
        address.theme = Theme::from_param(&word).unwrap_or_default();
    }
    address
}

/// Keeps the address as the signals are (while the past plays, from when it stands still), and the colours as theme and system are.
pub fn keep(live: Live) {
    let address = Memo::new(move |_| {
        Address {
            at: live.view.get().map(|view| (view.centre, view.zoom)),
            filter: live.filter.get(),
            selected: live.selected.get(),
            time: live.past.with(|past| past.map(|past| past.at)),
            figures: live.figures.get(),
            theme: live.theme.get(),
        }
        .format()
    });
    let timer = StoredValue::new_local(None::<TimeoutHandle>);
    Effect::new(move |before: Option<()>| {
        let query = address.get();
        // The first run sees the address as it was read.
        if before.is_none() && live.view.with_untracked(Option::is_none) {
            return;
        }
        timer.with_value(|timer| timer.inspect(TimeoutHandle::clear));
        let write = move || write(&query);
        timer.set_value(set_timeout_with_handle(write, SETTLE).ok());
    });
    // A tab that is closed in the meantime must not lose the last change.
    window_event_listener(ev::beforeunload, move |_| write(&address.get_untracked()));

    let system = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    let system_dark = RwSignal::new(system.as_ref().is_some_and(web_sys::MediaQueryList::matches));
    if let Some(system) = system {
        let changed = Closure::<dyn FnMut(MediaQueryListEvent)>::new(move |event: MediaQueryListEvent| {
            system_dark.set(event.matches());
        });
        let _ = system.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        // The page listens as long as it lives.
        changed.forget();
    }
    live.dark.set(live.theme.get_untracked().is_dark(system_dark.get_untracked()));
    watch(move || {
        let dark = live.theme.get().is_dark(system_dark.get());
        if live.dark.get_untracked() != dark {
            live.dark.set(dark);
        }
    });
}

fn write(query: &str) {
    let location = window().location();
    if location.search().is_ok_and(|search| search == query) {
        return;
    }
    let address = format!("{}{query}{}", location.pathname().unwrap_or_default(), location.hash().unwrap_or_default());
    if let Ok(history) = window().history() {
        // Refused where it comes too often; the next change writes it.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}
