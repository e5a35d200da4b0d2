//! The map and what floats on it.

use leptos::prelude::*;
use model::Follow;

use crate::{
    banner::Banner,
    keys,
    later::{Later, later},
    layout::Layout,
    legend::Attribution,
    live::Live,
    map::MapPane,
    part::part,
    sign::icon,
    signal::Memo,
    words::{self, say},
};

/// The middle of the page.
#[component]
pub fn Stage() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let is_empty = Memo::new(move |_| {
        live.loaded.get()
            && live.connection.get().is_live()
            && live.with_world(|world| world.client().is_empty() && world.deliveries().next().is_none())
            && live.summary.with(|summary| {
                summary.as_ref().is_some_and(|s| {
                    let c = s.counts;
                    c.idle + c.on_delivery + c.late + c.alarm + c.offline == 0
                })
            })
    });
    let onboard = move || {
        (is_empty.get() && live.commands.get() && layout.start.with(Option::is_none)).then(|| later(Later::Onboard))
    };
    let help = move || layout.help.get().then(|| later(Later::Help));
    let again = move || {
        (live.follow.get() == Follow::Released && live.selected.with(Option::is_some)).then(|| {
            view! {
                <button class="pill again" id="follow-again" on:click=move |_| keys::toggle_follow(live)>
                    {icon("follow")} {say!(follow_again)} <kbd>"F"</kbd>
                </button>
            }
        })
    };
    let in_past = Memo::new(move |_| live.past.with(Option::is_some));
    let replay = move || in_past.get().then(|| later(Later::Replay));
    let fault =
        move || live.map_fault.get().map(|why| view! { <div class="notice-page">{words::map_fault(&why)}</div> });
    view! {
        <main class="stage" id="stage" aria-label=say!(map)>
            <MapPane/>
            {part(fault)}
            <Attribution/>
            {part(replay)}
            {later(Later::Floats)}
            {part(again)}
            {part(onboard)}
            <Banner/>
            {part(help)}
        </main>
    }
    .into_any()
}
