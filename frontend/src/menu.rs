//! A phone's menu: what its status bar has no room for.

use leptos::prelude::*;

use crate::{
    access, format, languages,
    layout::Layout,
    live::Live,
    part::part,
    sign::icon,
    status_bar::{theme_icon, theme_words, turn_theme},
    words::{self, say},
};

/// The menu.
#[component]
pub fn Menu() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let date = move || format!("{} {}", format::date(live.clock.get(), live.zone_min), live.zone_name.get_value());
    let device =
        move || live.device_ahead().map(|ahead| view! { <span class="line muted">{words::device_clock(ahead)}</span> });
    view! {
        <div class="card menu" role="group" aria-label=say!(menu)>
            <span class="line muted">{part(date)}</span>
            {part(device)}
            <button on:click=move |_| turn_theme(live)>{move || theme_icon(live)}{move || theme_words(live)}</button>
            {live.signed_in.get_untracked().map(|who| view! {
                <button on:click=|_| access::sign_out()>{icon("out")} {words::sign_out(&who)}</button>
            })}
            <button on:click=move |_| {
                layout.menu.set(false);
                layout.help.set(true);
            }>
                {icon("help")} {say!(help)}
            </button>
            {languages::choice()}
        </div>
    }
    .into_any()
}
