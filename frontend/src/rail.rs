//! The rail: search, tabs, chips, the list, and its foot. On a phone it is a sheet.

use leptos::prelude::*;
use model::{Connection, Filter, Sort, Source, Tab};

use crate::{
    catalogue::Catalogue,
    format,
    later::{Later, later},
    layout::{Layout, Size, StartMode},
    list::List,
    live::Live,
    part::part,
    rows::Rows,
    sheet::Grab,
    sign::{icon, icon_small},
    signal::Memo,
    words::{self, say},
};

/// The id of the search field.
pub const SEARCH: &str = "search";

/// What stands where the rows are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Loading,
    Empty,
    NoMatch,
    Rows,
}

/// The rail.
#[component]
pub fn Rail() -> impl IntoView {
    let (live, layout, list) = (Live::expect(), Layout::expect(), List::expect());
    let state = Memo::new(move |_| {
        let filter = live.filter.read();
        let totals = list.totals.get();
        let all = if filter.tab == Tab::Couriers { totals.couriers } else { totals.deliveries };
        match (list.shown.read().len(), all) {
            (1.., _) => State::Rows,
            _ if !live.loaded.get() => State::Loading,
            (0, 0) if !filter.hides() => State::Empty,
            (0, 0) if filter.text.is_empty() => State::Empty,
            _ if filter.hides() => State::NoMatch,
            // Counted, but not listed yet: the next answer brings them.
            _ => State::Loading,
        }
    });
    let body = move || match state.get() {
        State::Loading => skeleton(),
        State::Empty => later(Later::NothingYet),
        State::NoMatch => later(Later::NoMatch),
        State::Rows => view! { <Rows/> }.into_any(),
    };
    let start = move || {
        live.commands.get().then(|| {
            view! {
                <button
                    class="btn primary"
                    id="start-button"
                    disabled=move || !live.connection.get().is_live()
                    on:click=move |_| layout.open_start(StartMode::One)
                >
                    {icon("plus")} {say!(start)}
                </button>
            }
        })
    };
    view! {
        <aside class="rail" aria-label=say!(list)>
            <Grab/>
            <div class="rail-top">
                <Search/>
                {part(start)}
            </div>
            <Tabs/>
            {move || (state.get() != State::Empty && layout.size.get() != Size::Phone || live.filter.read().hides())
                .then(|| view! { <Chips/> })}
            {part(body)}
            <Foot/>
        </aside>
    }
    .into_any()
}

#[component]
fn Search() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let text = move || live.filter.with(|filter| filter.text.clone());
    let filled = Memo::new(move |_| live.filter.with(|filter| !filter.text.is_empty()));
    view! {
        <div class="search" role="search">
            {icon("search")}
            <input
                id=SEARCH
                type="search"
                placeholder=say!(search)
                aria-label=say!(search)
                autocomplete="off"
                spellcheck="false"
                prop:value=text
                on:input=move |event| live.filter.update(|filter| filter.text = event_target_value(&event))
                on:focus=move |_| {
                    if layout.sheet.get_untracked() == crate::layout::Sheet::Low {
                        layout.sheet.set(crate::layout::Sheet::Half);
                    }
                }
            />
            {move || if filled.get() {
                view! {
                    <button
                        class="ib"
                        aria-label=words::remove_filter(say!(search))
                        on:click=move |_| live.filter.update(|filter| filter.text.clear())
                    >
                        {icon_small("close")}
                    </button>
                }.into_any()
            } else {
                view! { <kbd>"/"</kbd> }.into_any()
            }}
        </div>
    }
    .into_any()
}

#[component]
fn Tabs() -> impl IntoView {
    let (live, list) = (Live::expect(), List::expect());
    let tab = move |which: Tab, name: &'static str, number: fn(crate::list::Totals) -> usize| {
        let on = move || live.filter.with(|filter| filter.tab) == which;
        view! {
            <button
                role="tab"
                aria-selected=move || on().to_string()
                tabindex=move || if on() { "0" } else { "-1" }
                on:click=move |_| live.filter.update(|filter| filter.tab = which)
                on:keydown=move |event| {
                    if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
                        live.filter.update(|filter| {
                            filter.tab = if which == Tab::Couriers { Tab::Deliveries } else { Tab::Couriers };
                        });
                        crate::browser::focus(if which == Tab::Couriers { "tab-deliveries" } else { "tab-couriers" });
                    }
                }
                id=if which == Tab::Couriers { "tab-couriers" } else { "tab-deliveries" }
            >
                {name}
                <em title=move || format::exact(number(list.totals.get()) as u64)>
                    {move || format::count(number(list.totals.get()) as u64)}
                </em>
            </button>
        }
        .into_any()
    };
    let sorts = [(Sort::LateFirst, say!(sort_late)), (Sort::Name, say!(sort_name)), (Sort::Newest, say!(sort_newest))];
    let sort_name = move || {
        let sort = live.filter.with(|filter| filter.sort);
        sorts.iter().find(|(which, _)| *which == sort).map_or("", |(_, name)| name)
    };
    view! {
        <div class="tabs">
            <div role="tablist" aria-label=say!(list) style="display:contents">
                {tab(Tab::Couriers, say!(couriers), |totals| totals.couriers)}
                {tab(Tab::Deliveries, say!(deliveries), |totals| totals.deliveries)}
            </div>
            <label class="sort over">
                {part(sort_name)} {icon_small("down")}
                <select
                    aria-label=say!(sort)
                    on:change=move |event| {
                        let index: usize = event_target_value(&event).parse().unwrap_or(0);
                        live.filter.update(|filter| filter.sort = sorts.get(index).map_or(Sort::LateFirst, |(sort, _)| *sort));
                    }
                >
                    {sorts.iter().enumerate().map(|(i, (sort, name))| {
                        let sort = *sort;
                        let on = move || live.filter.with(|filter| filter.sort) == sort;
                        view! { <option value=i.to_string() prop:selected=on>{*name}</option> }
                    }).collect_view()}
                </select>
            </label>
        </div>
    }
    .into_any()
}

#[component]
fn Chips() -> impl IntoView {
    let (live, list, catalogue) = (Live::expect(), List::expect(), Catalogue::expect());
    let in_view = move || live.filter.with(|filter| filter.in_view);
    // Without a map nothing is in its view.
    let drawn = Memo::new(move |_| live.map_fault.with(Option::is_none));
    let states =
        move || {
            live.filter.with(|filter| filter.states.iter().collect::<Vec<_>>()).into_iter().map(|status| {
            let name = words::status_only(status);
            let label = words::remove_filter(&name);
            let remove = move |_| live.filter.update(|filter| filter.states = filter.states.toggled(status));
            view! { <button class="chip on" aria-label=label on:click=remove>{name}{icon_small("close")}</button> }
        }).collect_view()
        };
    let route = Memo::new(move |_| live.filter.with(|filter| filter.route.clone()));
    let route_name = move || route.get().map_or(say!(any_route).to_owned(), |route| catalogue.name(&route));
    let routes = move || {
        let routes = catalogue.routes.get().unwrap_or_default();
        routes
            .iter()
            .map(|known| {
                let id = known.route.clone();
                let on = move || route.get().as_ref() == Some(&id);
                view! { <option value=known.route.to_string() prop:selected=on>{known.name.clone()}</option> }
            })
            .collect_view()
    };
    let source = Memo::new(move |_| live.filter.with(|filter| filter.source));
    let source_name = move || match source.get() {
        None => say!(any_source),
        Some(Source::Simulated) => say!(simulated),
        Some(Source::Device) => say!(devices),
    };
    let in_view_chip = move || {
        drawn.get().then(|| {
            view! {
                <button
                    class=move || if in_view() { "chip on" } else { "chip" }
                    aria-pressed=move || in_view().to_string()
                    on:click=move |_| live.filter.update(|filter| filter.in_view = !filter.in_view)
                >
                    {say!(in_view)} <b>{move || format::count(list.totals.get().in_view as u64)}</b>
                    {move || in_view().then(|| icon_small("close"))}
                </button>
            }
        })
    };
    let chip = |on: bool| if on { "chip over on" } else { "chip over" };
    view! {
        <div class="chips" role="group" aria-label=say!(filter_by_state)>
            {part(states)}
            {part(in_view_chip)}
            <label class=move || chip(route.get().is_some())>
                <span class="cut">{route_name}</span> {icon_small("down")}
                <select
                    aria-label=say!(route)
                    on:change=move |event| live.filter.update(|filter| {
                        filter.route = contract::RouteId::new(&event_target_value(&event)).ok();
                    })
                >
                    <option value="" prop:selected=move || route.get().is_none()>{say!(any_route)}</option>
                    {part(routes)}
                </select>
            </label>
            <label class=move || chip(source.get().is_some())>
                {part(source_name)} {icon_small("down")}
                <select
                    aria-label=say!(source)
                    on:change=move |event| live.filter.update(|filter| {
                        filter.source = match event_target_value(&event).as_str() {
                            "sim" => Some(Source::Simulated),
                            "device" => Some(Source::Device),
                            _ => None,
                        };
                    })
                >
                    <option value="" prop:selected=move || source.get().is_none()>{say!(any_source)}</option>
                    <option value="sim" prop:selected=move || source.get() == Some(Source::Simulated)>{say!(simulated)}</option>
                    <option value="device" prop:selected=move || source.get() == Some(Source::Device)>{say!(devices)}</option>
                </select>
            </label>
        </div>
    }
    .into_any()
}

/// Rows before there are any: they stand still, so that nothing blinks.
fn skeleton() -> AnyView {
    let rows = (0..16).map(|i| {
        let (name, detail) = (38 + (i * 29) % 34, 58 + (i * 17) % 36);
        view! {
            <div class="row sk">
                <i class="c"></i>
                <i style=format!("width:{name}%")></i>
                <i style="width:36px"></i>
                <i style=format!("width:{detail}%")></i>
                <i style="width:48px"></i>
            </div>
        }
    });
    view! { <div class="rows" role="status" aria-busy="true" aria-label=say!(loading) style="overflow:hidden">{rows.collect_view()}</div> }.into_any()
}

#[component]
fn Foot() -> impl IntoView {
    let (live, list) = (Live::expect(), List::expect());
    let paused = move || matches!(live.connection.get(), Connection::Reconnecting { showing_at: Some(_), .. });
    let frozen_at = move || match live.connection.get() {
        Connection::Reconnecting { showing_at, .. } => showing_at,
        Connection::Replay => Some(live.clock.get()),
        _ => None,
    };
    let total = move |filter: &Filter| match filter.tab {
        Tab::Couriers => list.totals.get().couriers,
        Tab::Deliveries => list.totals.get().deliveries,
    };
    let left = move || match frozen_at() {
        Some(at) => words::as_it_was(&format::time_s(at, live.zone_min)).into_any(),
        None if live.loaded.get() && live.filter.with(total) == 0 => say!(window).into_any(),
        None => view! { <kbd>"J"</kbd> <kbd>"K"</kbd> <span>{say!(keys_hint)}</span> }.into_any(),
    };
    let right = move || match paused() {
        true => say!(start_paused).to_owned(),
        false => match live.filter.with(total) {
            0 => String::new(),
            all => words::listed(list.shown.read().len(), all),
        },
    };
    view! { <div class="railfoot">{left}<span class="far" id="listed">{right}</span></div> }.into_any()
}
