//! Every text that a person reads, in the language of the page.
//!
//! The texts stand in `frontend/locales/`, one file a language, and [`say!`] takes one by its key: `say!(close)`, or
//! `say!(late_by, time)` where it has variables. A key or a variable that a file lacks stops the build (`build.rs`); a key
//! that nobody says is found by `cargo xtask check`. Here are those that depend on something. Numbers and times are made by
//! [`crate::format`].
//!
//! English: short, calm, exact; the number first; no exclamation marks. Portuguese: as people in Brazilian logistics
//! write, with the same calm: `entregador`, `entrega`, `rota`, `em atraso`, `previsão`. A variable may stand anywhere.
//! What has one form for one and another for many has the keys `_1` and `_n`, and `_0` where there may be none.
//!
//! A further language is a file beside these, its name in `build.rs` and in `static/theme.js`, and a variant of
//! [`model::Language`]: the compiler names what that lacks. The pages without wasm have words of their own: `static/login.js`,
//! `ground/basemap.mjs` and the customer's `track/words.mjs`.
//!
//! The language is the browser's, or the one that was chosen: `theme.js` sets `<html lang>` before the first paint. It does not
//! change while the page is open: to choose one is to load the page again, where the address brings the view back.

#![allow(missing_docs, reason = "a text says itself what it is")]

pub mod analytics;
mod of_delivery;
mod problem;

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use contract::{Role, frame::CourierStatus};
use leptos::prelude::document;
use model::{Language, text};

use crate::format;
pub use of_delivery::*;
pub use problem::{field, line_fault, link_notice, problem};

#[allow(
    missing_docs,
    unused_imports,
    unused_qualifications,
    dead_code,
    clippy::expect_used,
    clippy::all,
    reason = "written by build.rs"
)]
mod texts {
    include!(concat!(env!("OUT_DIR"), "/texts.rs"));
}

pub use texts::i18n::Locale;

/// A text by its key in `locales/`, and its variables by their names.
macro_rules! say {
    ($key:ident $(, $($variables:tt)*)?) => {
        leptos_i18n::td_string!($crate::words::locale(), $key $(, $($variables)*)?)
    };
}
pub(crate) use say;

/// Place in [`Language::ALL`].
static LANGUAGE: AtomicU8 = AtomicU8::new(0);

/// Takes the language from `<html lang>`. Once, before anything is said.
pub fn learn() {
    let tag = document().document_element().and_then(|root| root.get_attribute("lang")).unwrap_or_default();
    let language = Language::of(&tag);
    LANGUAGE.store(Language::ALL.iter().position(|known| *known == language).unwrap_or(0) as u8, Relaxed);
}

/// The language of the page.
pub fn language() -> Language {
    Language::ALL[usize::from(LANGUAGE.load(Relaxed)) % Language::ALL.len()]
}

/// The same as `leptos_i18n` names it.
pub fn locale() -> Locale {
    match language() {
        Language::English => Locale::en,
        Language::Portuguese => Locale::pt_BR,
    }
}

/// The page's name, in every language.
pub const BRAND: &str = "Code Delivery";
/// Where the data does not say.
pub const NONE: &str = "–";
/// Spans of the time bar, hours.
pub const SPANS: [(i64, &str); 3] = [(1, "1 h"), (6, "6 h"), (24, "24 h")];

pub fn span(hours: i64) -> &'static str {
    SPANS.iter().find(|(span, _)| *span == hours).map_or("", |(_, name)| name)
}

/// By number of [`model::Theme`].
pub fn theme(number: usize) -> &'static str {
    match number {
        0 => say!(theme_auto),
        1 => say!(theme_light),
        _ => say!(theme_dark),
    }
}

/// By number of a phone's sheet's height.
pub fn sheet_height(number: usize) -> &'static str {
    match number {
        0 => say!(sheet_low),
        1 => say!(sheet_half),
        _ => say!(sheet_full),
    }
}

/// What signs out, and whom: "Sign out: ana, viewer".
pub fn sign_out(who: &str) -> String {
    say!(sign_out, who)
}
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => say!(role_viewer),
        Role::Dispatcher => say!(role_dispatcher),
        Role::Operator => say!(role_operator),
        // Theirs are other pages.
        Role::Courier | Role::Customer => role.as_str(),
    }
}

pub fn status(status: CourierStatus) -> &'static str {
    match status {
        CourierStatus::OnDelivery => say!(status_on_delivery),
        CourierStatus::Idle => say!(status_idle),
        CourierStatus::Late => say!(status_late),
        CourierStatus::Alarm => say!(status_alarm),
        CourierStatus::Offline => say!(status_offline),
    }
}
pub fn status_only(status: CourierStatus) -> String {
    sentence(&say!(status_only, status = text::lower(self::status(status))))
}
pub fn remove_filter(name: &str) -> String {
    say!(remove_filter, name)
}

// The list
pub fn last_seen(time: &str) -> String {
    say!(last_seen, time)
}
/// The same beside a marker, where there is little room.
pub fn seen(time: &str) -> String {
    say!(seen, time)
}
/// A source's clock that is ahead by so many ms; 0 where it is not known how far.
pub fn clock_ahead(ms: i64) -> String {
    match ahead_by(ms) {
        Some(by) => say!(clock_ahead_by, by),
        None => say!(clock_ahead).into(),
    }
}
/// To the second, then in whole minutes.
fn ahead_by(ms: i64) -> Option<String> {
    (ms >= 1_000).then(|| format::age(0, ms + 500))
}
pub fn late_tag(badge: &str) -> String {
    if badge.ends_with('h') { badge.to_owned() } else { [badge, " min"].concat() }
}
pub fn listed(shown: usize, all: usize) -> String {
    let all_of_them = format::exact(all as u64);
    if shown >= all {
        say!(listed_all, all = all_of_them)
    } else {
        say!(of, part = format::exact(shown as u64), all = all_of_them)
    }
}
pub fn no_match(what: &str) -> String {
    say!(no_match, what)
}
pub fn couriers_without(n: usize) -> String {
    match n {
        0 => say!(couriers_without_0).into(),
        1 => say!(couriers_without_1).into(),
        n => say!(couriers_without_n, n = format::exact(n as u64)),
    }
}
pub fn deliveries_without(n: usize) -> String {
    match n {
        0 => say!(deliveries_without_0).into(),
        1 => say!(deliveries_without_1).into(),
        n => say!(deliveries_without_n, n = format::exact(n as u64)),
    }
}
pub fn way_done(done: &str, all: &str) -> String {
    say!(of, part = done, all)
}

// The map
/// Heading of the list of couriers on one spot.
pub fn couriers_here(count: usize) -> String {
    say!(couriers_here, n = count)
}
pub fn map_fault(why: &str) -> String {
    say!(map_fault, why)
}
pub fn no_deliveries_in(span: &str) -> String {
    say!(no_deliveries_in, span)
}
pub fn no_deliveries_until(span: &str, time: &str) -> String {
    say!(no_deliveries_until, span, time)
}
pub fn bars(n: usize, late: usize, from: &str, to: &str) -> String {
    match n {
        0 => say!(bars_0, from, to),
        1 => say!(bars_1, from, to, late),
        n => say!(bars_n, n, from, to, late),
    }
}

/// What keys do, and one or two of them.
pub fn keys() -> [(&'static str, [&'static str; 2]); 12] {
    [
        (say!(key_search), ["/", ""]),
        (say!(key_step), ["J", "K"]),
        (say!(key_open), ["Enter", ""]),
        (say!(key_back), ["Esc", ""]),
        (say!(follow), ["F", ""]),
        (say!(key_live), ["L", ""]),
        (say!(key_play), [say!(key_space), ""]),
        (say!(key_zoom), ["+", "−"]),
        (say!(key_start), ["S", ""]),
        (say!(fit), ["0", ""]),
        (say!(analytics), ["A", ""]),
        (say!(key_help), ["?", ""]),
    ]
}

// Connection and past
pub fn playing(pace: u32) -> String {
    say!(playing, pace = self::pace(pace))
}
pub fn pace(pace: u32) -> String {
    format::times(pace.into())
}
pub fn live_goes_on(time: &str) -> String {
    say!(live_goes_on, time)
}
/// What is wrong with the device's clock, which is `ahead` by so many ms.
pub fn device_clock(ahead: i64) -> String {
    let by = [if ahead < 0 { "\u{2212}" } else { "+" }, &format::duration(ahead.abs())].concat();
    say!(device_clock, by)
}
/// How much the server itself has not read yet, ms.
pub fn server_behind(ms: i64) -> String {
    say!(server_behind, by = format::age(0, ms))
}
pub fn save_trail(format: &str) -> String {
    say!(save_trail, format)
}
pub fn reconnecting_showing(time: &str) -> String {
    say!(reconnecting_showing, time)
}
pub fn next_try(seconds: i64) -> String {
    say!(next_try, seconds)
}
pub fn as_it_was(time: &str) -> String {
    say!(as_it_was, time)
}
pub fn caught_up(updates: u32) -> String {
    match updates {
        0 => say!(caught_up_0).into(),
        1 => say!(caught_up_1).into(),
        n => say!(caught_up_n, n = format::exact(n.into())),
    }
}
pub fn away(time: &str) -> String {
    say!(away, time)
}

// Notices
pub fn is_silent(who: &str) -> String {
    say!(is_silent, who)
}
pub fn last_position(time: &str, ago: &str) -> String {
    say!(last_position, time, ago)
}
pub fn is_late(who: &str) -> String {
    say!(is_late, who)
}
pub fn expected(eta: &str) -> String {
    say!(expected, eta)
}
pub fn expected_promised(eta: &str, due: &str) -> String {
    say!(expected_due, eta, due)
}

/// With a capital letter at its beginning.
pub fn sentence(text: &str) -> String {
    text::capital(text)
}
