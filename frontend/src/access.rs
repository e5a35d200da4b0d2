//! The token, where the server asks for one. `login.html` takes it from a person and keeps it in the tab's own storage; here
//! it is read, and given back when it is refused or not wanted any more. It never stands in an address.

use leptos::prelude::window;
use wasm_bindgen::JsValue;
use web_sys::{Headers, Storage};

/// The token; `login.js` writes it.
const TOKEN: &str = "cd-token";
/// The role that the server named for it.
const ROLE: &str = "cd-role";
/// Where `login.js` goes back to.
const BACK: &str = "cd-back";

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// The token of this tab.
pub fn token() -> Option<String> {
    storage()?.get_item(TOKEN).ok().flatten()
}

/// Puts the token into a request's headers, where there is one.
pub fn sign(headers: &Headers) -> Result<(), JsValue> {
    match token() {
        Some(token) => headers.set("authorization", &["Bearer ", &token].concat()),
        None => Ok(()),
    }
}

/// Whether commands may be given, before the server has said so: buttons that come and go are worse than none.
pub fn may_command() -> bool {
    let role = storage().and_then(|storage| storage.get_item(ROLE).ok().flatten());
    role.is_none_or(|role| role == "dispatcher")
}

/// Goes where a token is asked for; the way back is kept. A token that was refused is left there to be judged.
pub fn ask() {
    let location = window().location();
    let part = |part: Result<String, _>| part.unwrap_or_default();
    if let Some(storage) = storage() {
        let back = [part(location.pathname()), part(location.search()), part(location.hash())].concat();
        // Without storage there is no token either: the page asks again.
        let _ = storage.set_item(BACK, &back);
    }
    let _ = location.replace("/login");
}

/// Forgets the token, and asks for another one.
pub fn sign_out() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(TOKEN);
        let _ = storage.remove_item(ROLE);
    }
    ask();
}
