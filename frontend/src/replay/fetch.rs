//! Questions about the past.

use contract::{Delivery, Millis};
use leptos::prelude::window;
use model::replay::Ask;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use crate::{access, net::api};

/// A store that has not answered by then is not there, ms.
const PATIENCE_MS: u32 = 15_000;
/// More pages of deliveries than this are not walked through: the newest ones before the moment count.
const MOST_PAGES: usize = 10;

/// GET /replay as a frame, and whether couriers were left out of it. An error is a store, or a server, that is away.
pub async fn slice(ask: Ask) -> Result<(Vec<u8>, bool), JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/octet-stream")?;
    access::sign(&headers)?;
    let init = RequestInit::new();
    init.set_headers(&headers);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE_MS)));
    let url = format!("/api/v1/replay?at={}&since={}", ask.at, ask.since);
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(&url, &init)).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::from(response.status()));
    }
    let is_cut = response.headers().get("more")?.as_deref() == Some("true");
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    Ok((js_sys::Uint8Array::new(&bytes).to_vec(), is_cut))
}

/// Deliveries that were asked for from `from` to `to` (ms UTC), newest first; `None` where the store is away.
pub async fn stories(from: Millis, to: Millis) -> Option<Vec<Delivery>> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = api::deliveries(from, to, after.as_deref()).await.ok()?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Some(found)
}
