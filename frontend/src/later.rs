//! What is not part of the first sight: parts of the page that are fetched when they are first needed.
//!
//! Each `#[wasm_split]` function below ends up in a wasm file of its own, with all that only its part needs; parts of one
//! name share a file. `xtask/src/page/split.rs` cuts them off. A part's function gives the function that builds its view, so
//! that a view is built where it belongs among the signals, and at once when the file is here already.

use std::{future::Future, pin::Pin, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use model::Connection;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::{
    browser,
    drawer::Drawer,
    figures::Figures,
    floats::Floats,
    help::Help,
    hollow::{NoMatch, NothingYet},
    layout::Layout,
    live::{self, Live},
    menu::Menu,
    metrics::Metrics,
    onboard::Onboard,
    part::{part, watch},
    replay::{Deck, Replay},
    signal::{Memo, RwSignal},
    start::StartForm,
    words::say,
};

/// How long after the first sight the parts are fetched, so that opening one waits for nothing.
const AFTER: Duration = Duration::from_millis(500);
/// A file that did not come is asked for again after this time, where nothing on the screen says so.
const AGAIN: Duration = Duration::from_secs(3);

/// Builds a part's view.
type Build = fn() -> AnyView;

/// A part that is fetched later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// The story of the selection.
    Drawer,
    /// The start form.
    Start,
    /// The card on an empty map.
    Onboard,
    /// The card of keys.
    Help,
    /// What floats on the map: buttons, legend, time bar, callout, notices.
    Floats,
    /// Figures of the status bar.
    Metrics,
    /// A phone's menu.
    Menu,
    /// Where rows would stand: there are none yet.
    NothingYet,
    /// Where rows would stand: the filter leaves none.
    NoMatch,
    /// Figures about what was delivered.
    Figures,
    /// What shows the past: it fetches, plays and tells when that is.
    Replay,
    /// Its buttons, in the time bar.
    Deck,
}

#[wasm_split(drawer, fallible)]
fn drawer() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Drawer/> }.into_any())
}

#[wasm_split(start, fallible)]
fn start() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <StartForm/> }.into_any())
}

#[wasm_split(start, fallible)]
fn onboard() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Onboard/> }.into_any())
}

#[wasm_split(floats, fallible)]
fn help() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Help/> }.into_any())
}

#[wasm_split(floats, fallible)]
fn floats() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Floats/> }.into_any())
}

#[wasm_split(floats, fallible)]
fn metrics() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Metrics/> }.into_any())
}

#[wasm_split(floats, fallible)]
fn menu() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Menu/> }.into_any())
}

#[wasm_split(floats, fallible)]
fn nothing_yet() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <NothingYet/> }.into_any())
}

#[wasm_split(floats, fallible)]
fn no_match() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <NoMatch/> }.into_any())
}

#[wasm_split(figures, fallible)]
fn figures() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Figures/> }.into_any())
}

#[wasm_split(replay, fallible)]
fn replay() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Replay/> }.into_any())
}

#[wasm_split(replay, fallible)]
fn deck() -> Result<Build, SplitLoaderError> {
    Ok(|| view! { <Deck/> }.into_any())
}

#[wasm_split(drawer, fallible)]
fn trail() -> Result<fn(Live), SplitLoaderError> {
    Ok(live::trail::keep)
}

#[wasm_split(kept, fallible)]
fn kept() -> Result<fn(Live), SplitLoaderError> {
    Ok(live::kept::keep)
}

/// Reads a file's line, or says what is wrong with it.
type ParseLine = fn(String, Vec<u8>) -> Result<fleet::routes::Route, String>;

#[wasm_split(line, fallible)]
fn line() -> Result<ParseLine, SplitLoaderError> {
    Ok(crate::start::own::parse)
}

/// What reads files of lines.
pub async fn parse_line() -> Result<ParseLine, SplitLoaderError> {
    line().await
}

impl Later {
    /// Fetches the part's file, where it is not here yet.
    fn fetch(self) -> Pin<Box<dyn Future<Output = Result<Build, SplitLoaderError>>>> {
        match self {
            Self::Drawer => Box::pin(drawer()),
            Self::Start => Box::pin(start()),
            Self::Onboard => Box::pin(onboard()),
            Self::Help => Box::pin(help()),
            Self::Floats => Box::pin(floats()),
            Self::Metrics => Box::pin(metrics()),
            Self::Menu => Box::pin(menu()),
            Self::NothingYet => Box::pin(nothing_yet()),
            Self::NoMatch => Box::pin(no_match()),
            Self::Figures => Box::pin(figures()),
            Self::Replay => Box::pin(replay()),
            Self::Deck => Box::pin(deck()),
        }
    }

    /// What stands in the part's place before it is here: a panel keeps its room.
    fn place(self, inside: AnyView) -> AnyView {
        match self {
            Self::Drawer | Self::Start => {
                view! { <aside class="drawer" aria-label=say!(details)>{inside}</aside> }.into_any()
            }
            // Another part of the same file says what there is to say.
            Self::Deck | Self::Metrics => ().into_any(),
            _ => inside,
        }
    }
}

/// How far a part is.
#[derive(Clone, Copy)]
enum State {
    Coming,
    Here(Build),
    Lost,
}

/// A part of the page; while it is not here its place is empty, and where it cannot be had it says so and offers to try
/// again.
pub fn later(which: Later) -> AnyView {
    let state = RwSignal::new(State::Coming);
    let fetch = move || {
        spawn_local(async move {
            // The place may be gone by now.
            state.try_set(which.fetch().await.map_or(State::Lost, State::Here));
        });
    };
    fetch();
    let again = move |_| {
        state.set(State::Coming);
        fetch();
    };
    part(move || match state.get() {
        State::Coming => which.place(().into_any()),
        State::Here(build) => build(),
        State::Lost => which.place(
            view! {
                <div class="lost" role="alert" data-lost=format!("{which:?}")>
                    <span>{say!(part_lost)}</span>
                    <button class="btn sm" on:click=again>{say!(try_again)}</button>
                    // After an update the server has only the new page's files.
                    <button class="btn sm" on:click=|_| browser::reload()>{say!(reload)}</button>
                    {close(which)}
                </div>
            }
            .into_any(),
        ),
    })
    .into_any()
}

/// The way out of a panel that is not there.
fn close(which: Later) -> AnyView {
    let (live, layout) = (Live::expect(), Layout::expect());
    match which {
        Later::Drawer => {
            view! { <button class="btn sm" on:click=move |_| live.back()>{say!(close)}</button> }.into_any()
        }
        Later::Start => {
            view! { <button class="btn sm" on:click=move |_| layout.close_start()>{say!(close)}</button> }.into_any()
        }
        Later::Help => {
            view! { <button class="btn sm" on:click=move |_| layout.help.set(false)>{say!(close)}</button> }.into_any()
        }
        Later::Figures => {
            view! { <button class="btn sm" on:click=move |_| live.figures.set(None)>{say!(close)}</button> }.into_any()
        }
        Later::Replay => {
            view! { <button class="btn sm" on:click=move |_| live.to_live()>{say!(key_live)}</button> }.into_any()
        }
        Later::Onboard
        | Later::Floats
        | Later::Metrics
        | Later::Menu
        | Later::NothingYet
        | Later::NoMatch
        | Later::Deck => ().into_any(),
    }
}

/// What runs beside the panels from when its code is here.
type Keep = Pin<Box<dyn Future<Output = Result<fn(Live), SplitLoaderError>>>>;

/// Fetches the panels soon after the first sight, and what loads trails then or when something is selected; what keeps
/// the state for another day then, or when there is no connection. Once, in the root, which owns what they make.
pub fn fetch_soon(live: Live) {
    let (trail, keep) = (RwSignal::new(false), RwSignal::new(false));
    watch(move || {
        if live.selected.with(Option::is_some) {
            trail.set(true);
        }
    });
    let lost = Memo::new(move |_| matches!(live.connection.get(), Connection::Reconnecting { .. }));
    watch(move || {
        if lost.get() {
            keep.set(true);
        }
    });
    once(live, trail, || Box::pin(self::trail()));
    once(live, keep, || Box::pin(kept()));
    let seen = Memo::new(move |_| live.loaded.get() && live.view.with(Option::is_some));
    watch(move || {
        if seen.get() {
            let fetch = move || {
                trail.set(true);
                keep.set(true);
                for which in [Later::Drawer, Later::Start, Later::Replay] {
                    // A failure is told when the part is asked for.
                    spawn_local(async move { drop(which.fetch().await) });
                }
            };
            set_timeout(fetch, AFTER);
        }
    });
}

/// Starts what `fetch` brings, when it is wanted for the first time.
fn once(live: Live, wanted: RwSignal<bool>, fetch: fn() -> Keep) {
    let wanted = Memo::new(move |_| wanted.get());
    let owner = Owner::current();
    watch(move || {
        if wanted.get() {
            follow(live, owner.clone(), fetch);
        }
    });
}

/// Starts it when its code is here. A file that does not come is asked for again: there is nobody to press a button for it.
fn follow(live: Live, owner: Option<Owner>, fetch: fn() -> Keep) {
    spawn_local(async move {
        match fetch().await {
            Ok(keep) => owner.unwrap_or_default().with(|| keep(live)),
            Err(_) => set_timeout(move || follow(live, owner, fetch), AGAIN),
        }
    });
}
