//! The status bar: brand and connection, counts that filter, figures, theme and help.

use contract::frame::CourierStatus;
use leptos::prelude::*;
use model::{Connection, Theme, format};

use crate::{
    access, browser,
    layout::{Layout, Size},
    live::Live,
    metrics::Metrics,
    part::part,
    sign::{glyph, icon, icon_small, of_status},
    signal::{Memo, RwSignal},
    words,
};

/// The order of urgency that people read the counts in.
pub const ORDER: [CourierStatus; 5] =
    [CourierStatus::OnDelivery, CourierStatus::Idle, CourierStatus::Late, CourierStatus::Alarm, CourierStatus::Offline];

/// The status bar; a floating card on a phone.
#[component]
pub fn StatusBar() -> impl IntoView {
    let layout = Layout::expect();
    let live = Live::expect();
    let menu = RwSignal::new(false);
    let signed_in = move || {
        live.signed_in.get().map(|who| {
            let title = words::sign_out(&who);
            view! {
                <button class="ib not-phone" id="sign-out" aria-label=title.clone() title=title on:click=|_| access::sign_out()>
                    {icon("out")}
                </button>
            }
        })
    };
    view! {
        <header class="bar">
            <div class="brand">
                <button
                    class="ib only-tablet"
                    aria-label=words::OPEN_LIST
                    aria-expanded=move || layout.rail_open.get().to_string()
                    on:click=move |_| layout.rail_open.update(|open| *open = !*open)
                >
                    {icon("menu")}
                </button>
                <svg class="logo" aria-hidden="true"><use href="#i-logo"></use></svg>
                <h1 class="word not-phone">{words::BRAND}</h1>
                <Pill/>
            </div>
            <Counts/>
            <Metrics/>
            <div class="ibs">
                {part(signed_in)}
                <ThemeButton/>
                <button
                    class="ib not-phone"
                    id="help-button"
                    aria-label=words::HELP
                    title=words::HELP
                    aria-expanded=move || layout.help.get().to_string()
                    on:click=move |_| layout.help.update(|open| *open = !*open)
                >
                    {icon("help")}
                </button>
                <button
                    class="ib only-phone"
                    aria-label=words::MENU
                    aria-expanded=move || menu.get().to_string()
                    on:click=move |_| menu.update(|open| *open = !*open)
                >
                    {icon("menu")}
                </button>
            </div>
            {move || (menu.get() && layout.size.get() == Size::Phone).then(|| view! { <Menu menu/> })}
        </header>
    }
    .into_any()
}

/// How the connection stands, in a word.
#[component]
fn Pill() -> impl IntoView {
    let live = Live::expect();
    let text = move || match live.connection.get() {
        Connection::Connecting => words::CONNECTING,
        Connection::Live => words::LIVE,
        Connection::Reconnecting { .. } => words::RECONNECTING,
        Connection::Ended(_) => words::ENDED,
        Connection::Replay => words::PAST,
    };
    let broken = move || matches!(live.connection.get(), Connection::Reconnecting { .. } | Connection::Ended(_));
    let class = move || match live.connection.get() {
        Connection::Connecting => "conn connecting",
        Connection::Live => "conn",
        Connection::Replay => "conn replay",
        _ => "conn reconnecting",
    };
    let sign = move || match live.connection.get() {
        Connection::Replay => icon_small("past"),
        _ if broken() => icon_small("broken"),
        _ => view! { <i></i> }.into_any(),
    };
    view! { <span class=part(class)>{part(sign)}{part(text)}</span> }.into_any()
}

/// Five numbers, each a filter.
#[component]
fn Counts() -> impl IntoView {
    let live = Live::expect();
    let counts = ORDER.map(|status| {
        let number = Memo::new(move |_| {
            live.summary.with(|summary| {
                let counts = summary.as_ref()?.counts;
                Some(match status {
                    CourierStatus::OnDelivery => counts.on_delivery,
                    CourierStatus::Idle => counts.idle,
                    CourierStatus::Late => counts.late,
                    CourierStatus::Alarm => counts.alarm,
                    CourierStatus::Offline => counts.offline,
                })
            })
        });
        let on = move || live.filter.with(|filter| filter.states.contains(status));
        let short = move || number.get().map_or(words::NONE.into(), |n| format::count(n.into()));
        let exact = move || format!("{} {}", format::exact(number.get().unwrap_or(0).into()), words::status(status));
        view! {
            <button
                class=move || if number.get().unwrap_or(0) == 0 { "count zero" } else { "count" }
                aria-pressed=move || on().to_string()
                aria-label=part(exact)
                title=part(exact)
                data-count=of_status(status)
                on:click=move |_| live.filter.update(|filter| filter.states = filter.states.toggled(status))
            >
                {glyph(of_status(status), match status {
                    CourierStatus::OnDelivery => "m delivery",
                    CourierStatus::Idle => "m idle",
                    CourierStatus::Late => "m late",
                    CourierStatus::Alarm => "m alarm",
                    CourierStatus::Offline => "m",
                })}
                <b>{part(short)}</b>
                // Or the visible text is one word, and no part of the name.
                " "
                <span class="lab">{words::status(status)}</span>
            </button>
        }
        .into_any()
    });
    view! { <div class="counts" role="group" aria-label=words::FILTER_BY_STATE>{Vec::from(counts)}</div> }.into_any()
}

/// The theme after this one: system, light, dark. From the system's the first press is always a change.
fn next_theme(live: Live) -> Theme {
    match (live.theme.get_untracked(), live.dark.get_untracked()) {
        (Theme::Auto, true) => Theme::Light,
        (Theme::Auto, false) => Theme::Dark,
        (Theme::Light, _) => Theme::Dark,
        (Theme::Dark, _) => Theme::Auto,
    }
}

fn turn_theme(live: Live) {
    let theme = next_theme(live);
    live.theme.set(theme);
    browser::remember_theme(theme.as_param());
}

fn theme_words(live: Live) -> &'static str {
    words::THEME[live.theme.get() as usize]
}

fn theme_icon(live: Live) -> AnyView {
    icon(match live.theme.get() {
        Theme::Auto => "auto",
        Theme::Light => "sun",
        Theme::Dark => "moon",
    })
}

#[component]
fn ThemeButton() -> impl IntoView {
    let live = Live::expect();
    view! {
        <button
            class="ib not-phone"
            id="theme-button"
            aria-label=move || theme_words(live)
            title=move || theme_words(live)
            on:click=move |_| turn_theme(live)
        >
            {move || theme_icon(live)}
        </button>
    }
    .into_any()
}

/// A phone's menu: what the card has no room for.
#[component]
fn Menu(menu: RwSignal<bool>) -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let date = move || format!("{} {}", format::date(live.clock.get(), live.zone_min), live.zone_name.get_value());
    view! {
        <div class="card menu" role="group" aria-label=words::MENU>
            <span class="line muted">{part(date)}</span>
            <button on:click=move |_| turn_theme(live)>{move || theme_icon(live)}{move || theme_words(live)}</button>
            {live.signed_in.get_untracked().map(|who| view! {
                <button on:click=|_| access::sign_out()>{icon("out")} {words::sign_out(&who)}</button>
            })}
            <button on:click=move |_| {
                menu.set(false);
                layout.help.set(true);
            }>
                {icon("help")} {words::HELP}
            </button>
        </div>
    }
    .into_any()
}
