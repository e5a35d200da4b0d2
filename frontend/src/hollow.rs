//! Where rows would stand: nothing yet, or nothing that the filter leaves. Each says why and what to do.

use leptos::prelude::*;
use model::{Connection, Filter, Source, Tab, text};

use crate::{
    catalogue::Catalogue,
    layout::{Layout, Size, StartMode},
    live::Live,
    part::part,
    sign::icon,
    words::{self, say},
};

/// Nothing has moved in the last 15 min.
#[component]
pub fn NothingYet() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let past = move || live.connection.get() == Connection::Replay;
    let couriers = move || live.filter.with(|filter| filter.tab) == Tab::Couriers;
    view! {
        <div class="rows">
            <div class="hollow">
                <svg width="136" height="72" aria-hidden="true"><use href="#i-way"></use></svg>
                <h2>{move || match (past(), couriers()) {
                    (true, true) => say!(no_couriers_then),
                    (true, false) => say!(no_deliveries_then),
                    (false, true) => say!(no_couriers),
                    (false, false) => say!(no_deliveries),
                }}</h2>
                <p>{move || match (past(), couriers()) {
                    (true, _) => say!(then_why),
                    (false, true) => say!(no_couriers_why),
                    (false, false) => say!(no_deliveries_why),
                }}</p>
                // Where the card on the map has no room, the next step stands here.
                {move || (layout.size.get() == Size::Phone && !past() && live.commands.get()).then(|| view! {
                    <button class="btn" on:click=move |_| layout.open_start(StartMode::Random)>{say!(start_20)}</button>
                })}
            </div>
        </div>
    }
    .into_any()
}

/// The filter hides everything: it is named, with what there is without it.
#[component]
pub fn NoMatch() -> impl IntoView {
    let (live, catalogue) = (Live::expect(), Catalogue::expect());
    let title = move || live.filter.with(|filter| words::no_match(&name(filter, catalogue)));
    let without = move || {
        let filter = live.filter.get();
        let now = live.clock.get();
        // With a search text the other filters are the likelier cause; alone, the text is what is taken away.
        let text_only = Filter { text: filter.text.clone(), ..filter.cleared() };
        let wider = if text_only == filter { filter.cleared() } else { text_only };
        match filter.tab {
            Tab::Couriers => words::couriers_without(live.with_world(|world| world.count_couriers(&wider))),
            Tab::Deliveries => {
                words::deliveries_without(live.with_world(|world| world.delivery_rows(&wider, now).len()))
            }
        }
    };
    view! {
        <div class="rows">
            <div class="hollow" data-state="no-match">
                {icon("search")}
                <h2>{part(title)}</h2>
                <p>{part(without)}</p>
                <button class="btn" on:click=move |_| live.filter.update(|filter| *filter = filter.cleared())>
                    {say!(clear_filters)}
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// "“order-94”, late only, in view".
fn name(filter: &Filter, catalogue: Catalogue) -> String {
    let mut parts = Vec::new();
    if !filter.text.trim().is_empty() {
        parts.push(format!("“{}”", filter.text.trim()));
    }
    parts.extend(filter.states.iter().map(|status| text::lower(&words::status_only(status))));
    if filter.in_view {
        parts.push(text::lower(say!(in_view)));
    }
    parts.extend(filter.route.as_ref().map(|route| catalogue.name(route)));
    parts.extend(filter.source.map(|source| match source {
        Source::Simulated => text::lower(say!(simulated)),
        Source::Device => text::lower(say!(devices)),
    }));
    parts.join(", ")
}
