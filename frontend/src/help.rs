//! The card of keys, and the choice of the language.

use leptos::prelude::*;

use crate::{
    languages,
    layout::Layout,
    sign::icon,
    words::{self, say},
};

/// Two columns of keys.
#[component]
pub fn Help() -> impl IntoView {
    let layout = Layout::expect();
    let keys = words::keys().map(|(what, keys)| {
        let keys = keys.into_iter().filter(|key| !key.is_empty()).map(|key| view! { <kbd>{key}</kbd> }).collect_view();
        view! { <div><dt>{what}</dt><dd>{keys}</dd></div> }
    });
    view! {
        <section class="card help" role="dialog" aria-label=say!(help)>
            <h2>
                {say!(keyboard)}
                <button class="ib" aria-label=say!(close) on:click=move |_| layout.help.set(false)>{icon("close")}</button>
            </h2>
            <dl>{Vec::from(keys)}</dl>
            {languages::choice()}
        </section>
    }
    .into_any()
}
