//! The status bar: brand and connection, counts that filter, figures, theme and help.

use contract::frame::CourierStatus;
use leptos::prelude::*;
use model::{Connection, Theme};

use crate::{
    access, browser, format,
    later::{Later, later},
    layout::{Layout, Size},
    live::Live,
    part::part,
    sign::{glyph, icon, icon_small, of_status},
    signal::Memo,
    words::{self, say},
};

/// The order of urgency that people read the counts in.
pub const ORDER: [CourierStatus; 5] =
    [CourierStatus::OnDelivery, CourierStatus::Idle, CourierStatus::Late, CourierStatus::Alarm, CourierStatus::Offline];

/// The status bar; a floating card on a phone.
#[component]
pub fn StatusBar() -> impl IntoView {
    let layout = Layout::expect();
    let live = Live::expect();
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
                    aria-label=say!(open_list)
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
            {later(Later::Metrics)}
            <div class="ibs">
                {part(signed_in)}
                <ThemeButton/>
                <button
                    class="ib not-phone"
                    id="help-button"
                    aria-label=say!(help)
                    title=say!(help)
                    aria-expanded=move || layout.help.get().to_string()
                    on:click=move |_| layout.help.update(|open| *open = !*open)
                >
                    {icon("help")}
                </button>
                <button
                    class="ib only-phone"
                    aria-label=say!(menu)
                    aria-expanded=move || layout.menu.get().to_string()
                    on:click=move |_| layout.menu.update(|open| *open = !*open)
                >
                    {icon("menu")}
                </button>
            </div>
            {move || (layout.menu.get() && layout.size.get() == Size::Phone).then(|| later(Later::Menu))}
        </header>
    }
    .into_any()
}

/// How the connection stands, in a word.
#[component]
fn Pill() -> impl IntoView {
    let live = Live::expect();
    let text = move || match live.connection.get() {
        Connection::Connecting => say!(connecting),
        Connection::Live => say!(live),
        Connection::Reconnecting { .. } => say!(reconnecting),
        Connection::Ended(_) => say!(ended),
        Connection::Replay => say!(past),
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
    view! { <div class="counts" role="group" aria-label=say!(filter_by_state)>{Vec::from(counts)}</div> }.into_any()
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

pub fn turn_theme(live: Live) {
    let theme = next_theme(live);
    live.theme.set(theme);
    browser::remember_theme(theme.as_param());
}

pub fn theme_words(live: Live) -> &'static str {
    words::theme(live.theme.get() as usize)
}

pub fn theme_icon(live: Live) -> AnyView {
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
