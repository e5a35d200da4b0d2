//! Figures of the status bar: latency, rate, clock.

use contract::Millis;
use leptos::prelude::*;
use model::{Connection, Meter, text::fixed};

use crate::{
    format,
    live::Live,
    part::part,
    signal::Memo,
    words::{self, say},
};

const WIDTH: f64 = 72.0;
const HEIGHT: f64 = 20.0;
const SECONDS: usize = 60;
/// Fewer seconds than this are a speck, not a line.
const ENOUGH: usize = 5;

/// A server that has not read the last so many ms of positions is behind.
pub const BEHIND_MS: Millis = 2_000;
/// Once it is, it is so until this little is left, ms: or the words would come and go.
const CAUGHT_UP_MS: Millis = 1_000;

/// How far behind the server is, ms, where more than `least`.
pub fn behind(live: Live, least: Millis) -> Option<Millis> {
    let ms = live.summary.with(|summary| summary.as_ref().map(|summary| summary.behind_ms))?;
    (ms > least && live.connection.get().is_live()).then_some(ms)
}

/// Latency with its last minute, updates a second, date and clock.
#[component]
pub fn Metrics() -> impl IntoView {
    let live = Live::expect();
    let ms = |value: Option<u32>| value.map_or(words::NONE.to_owned(), format::delay);
    // Figures of a connection that is away are nobody's.
    let live_ms =
        move |read: fn(&Meter) -> Option<u32>| ms(live.meter.with(read).filter(|_| live.connection.get().is_live()));
    let p50 = move || live_ms(|meter| meter.p50);
    let p95 = move || live_ms(|meter| meter.p95);
    // Beside a picture of the past: how it stands now.
    let goes_on = move || {
        (live.connection.get() == Connection::Replay).then(|| {
            let feed = live.feed.get();
            let text = move || match feed.is_live() {
                true => words::live_goes_on(&format::time_s(live.wall.get(), live.zone_min)),
                false => say!(live_away).into(),
            };
            view! { <span class="goes" class:away=!feed.is_live() data-live-goes-on=feed.as_str()><i></i>{text}</span> }
        })
    };
    // Times are the server's: who compares them with this device's clock is told why they differ.
    let ahead = Memo::new(move |_| live.device_ahead());
    let device = part(move || {
        let text = words::device_clock(ahead.get()?);
        Some(view! { <span class="tag" data-device-clock title=say!(device_clock_why)>{text}</span> })
    });
    let behind = Memo::new(move |before: Option<&Option<Millis>>| {
        let was = before.is_some_and(Option::is_some);
        behind(live, if was { CAUGHT_UP_MS } else { BEHIND_MS })
    });
    let server = part(move || {
        let text = words::server_behind(behind.get()?);
        Some(view! { <span class="tag" data-server-behind title=say!(server_behind_why)>{text}</span> })
    });
    // Said once, when it begins: not every second anew.
    let is_behind = Memo::new(move |_| behind.with(Option::is_some));
    let aloud = move || match is_behind.get() {
        true => behind.get_untracked().map(words::server_behind).unwrap_or_default(),
        false => String::new(),
    };
    let rate = move || format::count(live.meter.with(|meter| meter.updates).into());
    view! {
        <div class="metrics">
            {goes_on}
            <span class="spark-cell" title=say!(spark_hint)>
                <svg class="spark" viewBox="0 0 72 20" aria-hidden="true">
                    <path d=move || live.meter.with(spark)></path>
                </svg>
            </span>
            <span class="pair" title=say!(latency_hint)>
                <span class="p50">"p50 "<b>{p50}</b></span>
                <span class="p95"><span class="k">"p95 "</span><b data-metric="p95">{p95}</b></span>
            </span>
            <span class="sep"></span>
            <span class="rate-cell" title=say!(updates_hint)><b data-metric="updates">{rate}</b>" "{say!(updates)}</span>
            <span class="sep rate-cell"></span>
            {server}
            <span class="vh" role="status" aria-live="polite">{part(aloud)}</span>
            {device}
            <span class="clock">
                <span class="date">{move || match live.clock.get() {
                    0 => String::new(),
                    now => format::date(now, live.zone_min),
                }}</span>
                <b class="strong">{move || match live.clock.get() {
                    0 => words::NONE.into(),
                    now => format::time_s(now, live.zone_min),
                }}</b>
                <span class="zone">{live.zone_name.get_value()}</span>
            </span>
        </div>
    }
    .into_any()
}

/// The line of the last minute, broken where nothing came. Its scale begins at 0, so that calm looks calm.
fn spark(meter: &Meter) -> String {
    if meter.spark.iter().flatten().count() < ENOUGH {
        return String::new();
    }
    let highest = meter.spark.iter().flatten().copied().max().unwrap_or(0).max(100);
    // The newest stands at the right edge; a page that is young has drawn a short line.
    let step = (WIDTH - 2.0) / (SECONDS - 1) as f64;
    let missing = SECONDS.saturating_sub(meter.spark.len());
    let mut path = String::new();
    let mut drawing = false;
    for (i, value) in meter.spark.iter().enumerate() {
        let Some(value) = value else {
            drawing = false;
            continue;
        };
        let y = HEIGHT - 3.0 - (HEIGHT - 6.0) * f64::from(*value) / f64::from(highest);
        let x = 1.0 + step * (missing + i) as f64;
        path.push_str(&[if drawing { "L" } else { "M" }, &fixed(x, 1), " ", &fixed(y, 1)].concat());
        drawing = true;
    }
    path
}
