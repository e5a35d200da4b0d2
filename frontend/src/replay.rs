//! The past on the screen: fetched, played, and told. Fetched itself when the past is first wanted, or soon after the first
//! sight.
//!
//! `engine` asks for slices and gives worlds to the map and the list; what is decided there is decided by
//! [`model::replay`]. Here is what people see of it besides: the tab on the map, and `deck`, the buttons in the time bar.

mod deck;
mod engine;
mod fetch;

use leptos::prelude::*;
use model::replay::{Past, Stage};

use crate::{
    format,
    live::Live,
    part::part,
    sign::icon_small,
    signal::Memo,
    words::{self, say},
};

pub use deck::Deck;

/// The tab that says which moment is shown, or that history is not to be had. While it stands there the past is shown.
#[component]
pub fn Replay() -> impl IntoView {
    let live = Live::expect();
    let engine = engine::Engine::start(live);
    let missing = Memo::new(move |_| live.past.with(|past| past.is_some_and(|past| past.stage == Stage::Missing)));
    let stage = move || live.past.with(|past| past.map(|past| past.stage.as_str()));
    // Most answers are here before anybody could read this: the style sheet shows it a little later.
    let waits = Memo::new(move |_| live.past.with(|past| past.is_some_and(|past| past.stage != Stage::Shown)));
    let text = move || live.past.get().map(|past| tab(live, past, engine.is_cut.get()));
    part(move || {
        if missing.get() {
            view! {
                <div class="banner" role="alert" data-banner="history">
                    <span>{say!(history_away)}</span>
                    <button class="btn sm" id="history-again" on:click=move |_| engine.try_again()>{say!(try_again)}</button>
                </div>
            }
            .into_any()
        } else {
            view! {
                <div class="past-tab" data-past=stage>
                    {icon_small("past")} <span>{part(text)}{move || waits.get().then(|| view! { <span class="wait">{say!(past_coming)}</span> })}</span>
                </div>
            }
            .into_any()
        }
    })
}

/// "12:18:40, 1 h 44 min ago, playing 8×".
fn tab(live: Live, past: Past, is_cut: bool) -> String {
    let (now, zone) = (live.wall.get(), live.zone_min);
    let (day, today) = (format::date(past.at, zone), format::date(now, zone));
    let time = format::time_s(past.at, zone);
    let time = if day == today { time } else { format!("{day} {time}") };
    let does = past.playing.then(|| words::playing(past.pace));
    let parts = [Some(time), Some(format::ago(past.at, now)), does, is_cut.then(|| say!(past_cut).into())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
