//! The page's root: the frame, its hooks for tests and scripts, and who is told what aloud.

use leptos::prelude::*;

use crate::{
    announcer::Announcer,
    browser,
    catalogue::Catalogue,
    keys,
    later::{self, Later, later},
    layout::{Layout, Panel, Sheet, Size},
    list::List,
    live::Live,
    part::{part, watch},
    rail::Rail,
    reveal,
    stage::Stage,
    status_bar::StatusBar,
    words::say,
};

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let live = Live::provide();
    let layout = Layout::provide(live);
    let list = List::provide(live, layout);
    Catalogue::provide(live);
    keys::listen(live, layout, list);
    reveal::watch(live);
    later::fetch_soon(live);
    watch(move || browser::set_theme(live.dark.get()));

    let class = move || {
        let mut class = String::from("app");
        let mut also = |on: bool, name: &str| {
            if on {
                class.push_str(name);
            }
        };
        also(layout.panel.get() != Panel::None, " with-drawer");
        also(layout.rail_open.get(), " rail-open");
        also(layout.dragged.get().is_some(), " dragging");
        also(layout.size.get() == Size::Phone && layout.sheet.get() == Sheet::Full, " sheet-full");
        also(live.connection.get().is_away() && live.loaded.get(), " frozen");
        class
    };
    let panel = move || match layout.panel.get() {
        Panel::None => ().into_any(),
        Panel::Start => later(Later::Start),
        Panel::Selection => later(Later::Drawer),
    };
    view! {
        <div
            class=part(class)
            style=move || format!("--sheet:{}px", layout.sheet_px.get().round() as i32)
            data-connection=move || live.connection.get().as_str()
            data-couriers-drawn=move || live.drawn.get().to_string()
        >
            <button class="btn primary skip" on:click=move |_| browser::focus("list")>{say!(skip)}</button>
            <StatusBar/>
            <Rail/>
            <Stage/>
            {part(panel)}
            <Announcer/>
        </div>
    }
}
