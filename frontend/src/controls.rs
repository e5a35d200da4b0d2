//! Buttons of the map: closer, further, all, follow.

use leptos::prelude::*;
use model::Follow;

use crate::{keys, live::Live, sign::icon, words::say};

/// The column of buttons.
#[component]
pub fn Controls() -> impl IntoView {
    let live = Live::expect();
    let button = |class: &'static str, label: &'static str, sign: &'static str, act: fn(Live)| {
        view! {
            <button class=class aria-label=label title=label on:click=move |_| act(live)>{icon(sign)}</button>
        }
        .into_any()
    };
    view! {
        <div class="card ctl" role="group" aria-label=say!(map)>
            {button("zoom", say!(zoom_in), "plus", |live| live.zoom_by(1.0))}
            {button("zoom", say!(zoom_out), "minus", |live| live.zoom_by(-1.0))}
            {button("", say!(fit), "fit", |live| live.fit_all())}
            <button
                aria-label=say!(follow)
                title=say!(follow)
                aria-pressed=move || (live.follow.get() == Follow::On).to_string()
                disabled=move || live.selected.with(Option::is_none)
                on:click=move |_| keys::toggle_follow(live)
            >
                {icon("follow")}
            </button>
        </div>
    }
    .into_any()
}
