//! What panels ask of the browser: sizes, focus, the clipboard, files, chance.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Width and height of the window, CSS pixels.
pub fn window_size() -> (f64, f64) {
    let side = |value: Result<JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0);
    (side(window().inner_width()), side(window().inner_height()))
}

/// The element with that id.
pub fn by_id(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Gives the keyboard to the element with that id.
pub fn focus(id: &str) {
    if let Some(element) = by_id(id) {
        // An element that has just gone cannot be focused, and nothing is lost.
        let _ = element.focus();
    }
}

/// Gives the keyboard to the chosen one of a group of buttons.
pub fn focus_pressed(group: &str) {
    let chosen = document().query_selector(&format!("#{group} [aria-pressed=true]")).ok().flatten();
    if let Some(element) = chosen.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// True where keys belong to the element that has the focus: a field or a list to choose from.
pub fn is_typing() -> bool {
    let Some(element) = document().active_element() else { return false };
    matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
}

/// True where Enter or Space would press the element that has the focus.
pub fn is_on_button() -> bool {
    document().active_element().is_some_and(|element| matches!(element.tag_name().as_str(), "BUTTON" | "A"))
}

/// Puts text on the clipboard. False where the browser does not allow it.
pub async fn copy(text: String) -> bool {
    let clipboard = window().navigator().clipboard();
    // Outside a secure context there is no clipboard, whatever the type says.
    if clipboard.is_undefined() {
        return false;
    }
    JsFuture::from(clipboard.write_text(&text)).await.is_ok()
}

/// Gives text to the person as a file. False where the browser refuses.
pub fn save(name: &str, kind: &str, text: &str) -> bool {
    let kept = save_as(name, kind, text);
    kept.is_ok()
}

fn save_as(name: &str, kind: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&text.into()), &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser has begun to write by then; the text is not kept for as long as the page lives.
    let forget = move || {
        let _ = Url::revoke_object_url(&url);
    };
    set_timeout(forget, Duration::from_secs(10));
    Ok(())
}

/// Remembers the theme for the next visit, for `theme.js` to find before the first paint.
pub fn remember_theme(theme: Option<&str>) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    let _ = match theme {
        Some(theme) => storage.set_item("cd-theme", theme),
        None => storage.remove_item("cd-theme"),
    };
}

/// Remembers the language, for `theme.js` to find, and loads the page in it. The address brings the view back.
pub fn speak(tag: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item("cd-language", tag);
    }
    reload();
}

/// Sets the colours of the whole document.
pub fn set_theme(dark: bool) {
    let Some(root) = document().document_element() else { return };
    let _ = root.set_attribute("data-theme", if dark { "dark" } else { "light" });
    if let Ok(Some(meta)) = document().query_selector("meta[name=theme-color]") {
        let _ = meta.set_attribute("content", if dark { "#1b1f26" } else { "#ffffff" });
    }
}

/// Where the page came from: `http://127.0.0.1:8080`.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Loads the page again.
pub fn reload() {
    let _ = window().location().reload();
}

/// A number below `n` by chance; 0 where `n` is 0.
pub fn chance(n: usize) -> usize {
    ((js_sys::Math::random() * n as f64) as usize).min(n.saturating_sub(1))
}
