//! What outlives the page: the last known state, for one that is opened without a network, and whether the server has a
//! newer page. It is fetched after the first sight, or when there is no connection at all.

use std::time::Duration;

use contract::Millis;
use leptos::{prelude::*, task::spawn_local};
use model::{kept, notice::What};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::Live;
use crate::{net, part::watch, signal::Memo};

/// Where the state lies in the browser's storage.
const KEY: &str = "cd-kept";
/// How often it is written down.
const EVERY: Duration = Duration::from_secs(30);

/// Shows what was known, where nothing is known yet; from then on writes down what is known.
pub fn keep(live: Live) {
    recall(live);
    set_interval(move || write(live), EVERY);
    // A page that is hidden may never come back.
    for event in ["visibilitychange", "pagehide"] {
        let _ = window_event_listener_untyped(event, move |_| write(live));
    }
    // At the first connection, too: there may have been others before this was here.
    let is_live = Memo::new(move |_| live.connection.get().is_live());
    watch(move || {
        if is_live.get() {
            look_for_newer(live);
        }
    });
}

fn write(live: Live) {
    if !live.connection.get_untracked().is_live() {
        return;
    }
    let summary = live.summary.get_untracked();
    let text = live.world.with_value(|world| kept::write(world, summary.as_ref()));
    if let (Some(text), Ok(Some(storage))) = (text, window().local_storage()) {
        // A full storage keeps what it had.
        let _ = storage.set_item(KEY, &text);
    }
}

fn recall(live: Live) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    let Ok(Some(text)) = storage.get_item(KEY) else { return };
    let Some(kept) = kept::read(&text, net::clock_ms() as Millis) else { return };
    if live.source().try_update_value(|world| world.recall(&kept, net::clock_s())).unwrap_or_default() {
        if live.summary.with_untracked(Option::is_none) && !live.is_past() {
            live.summary.set(kept.summary);
        }
        live.recalled();
    }
}

/// A page's file is named after its content: where the server's page starts another one than this, it is newer.
fn look_for_newer(live: Live) {
    let build = document().document_element().and_then(|root| root.get_attribute("data-build"));
    let Some(build) = build else { return };
    spawn_local(async move {
        // Where it cannot be had the next connection asks again.
        if let Ok(text) = page().await
            && !text.contains(&build)
            && !live.notices.with_untracked(|notices| notices.iter().any(|notice| notice.what == What::NewPage))
        {
            live.notify(vec![What::NewPage]);
        }
    });
}

async fn page() -> Result<String, JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str("/")).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::UNDEFINED);
    }
    Ok(JsFuture::from(response.text()?).await?.as_string().unwrap_or_default())
}
