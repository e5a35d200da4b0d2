//! The card of keys.

use leptos::prelude::*;

use crate::{layout::Layout, sign::icon, words};

/// Two columns of keys.
#[component]
pub fn Help() -> impl IntoView {
    let layout = Layout::expect();
    let keys = words::KEYS.map(|(what, keys)| {
        let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
        view! { <div><dt>{what}</dt><dd>{keys}</dd></div> }
    });
    view! {
        <section class="card help" role="dialog" aria-label=words::HELP>
            <h2>
                {words::KEYBOARD}
                <button class="ib" aria-label=words::CLOSE on:click=move |_| layout.help.set(false)>{icon("close")}</button>
            </h2>
            <dl>{Vec::from(keys)}</dl>
        </section>
    }
    .into_any()
}
