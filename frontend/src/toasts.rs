//! Quiet notices: at most three, each for 6 s, an alarm and a newer page until they are closed. New
//! ones are said aloud, politely.

use std::time::Duration;

use contract::DeliveryStatus;
use leptos::prelude::*;
use model::{Notice, notice::What};

use crate::{
    browser,
    drawer::arrival,
    format,
    live::Live,
    sign::{self, glyph, icon, icon_small},
    signal::Memo,
    words::{self, say},
};

const AT_MOST: usize = 3;
const STAYS: Duration = Duration::from_secs(6);

/// The notices.
#[component]
pub fn Toasts() -> impl IntoView {
    let live = Live::expect();
    // Older ones make room, except alarms.
    let shown = Memo::new(move |_| {
        live.notices.with(|notices| {
            let extra = notices.len().saturating_sub(AT_MOST);
            let mut dropped = 0;
            let mut shown: Vec<Notice> = Vec::new();
            for notice in notices {
                if dropped < extra && !stays(notice) {
                    dropped += 1;
                } else {
                    shown.push(notice.clone());
                }
            }
            shown.drain(..shown.len().saturating_sub(AT_MOST));
            shown
        })
    });
    // Each is said once: where the newest is closed, an older one is no news.
    let aloud = Memo::new(move |said: Option<&(u64, String)>| {
        let (last, text) = said.cloned().unwrap_or_default();
        live.notices.with(|notices| {
            let news: Vec<&Notice> = notices.iter().filter(|notice| notice.id > last).collect();
            let Some(newest) = news.last() else { return (last, text) };
            let titles = news.iter().skip(news.len().saturating_sub(AT_MOST)).map(|notice| lines(notice, live).0);
            (newest.id, titles.collect::<Vec<_>>().join(". "))
        })
    });
    view! {
        <div class="vh" role="status" aria-live="polite">{move || aloud.get().1}</div>
        <div class="toasts">
            <For each=move || shown.get() key=|notice| notice.id children=move |notice| view! { <Toast notice/> }/>
        </div>
    }
    .into_any()
}

fn stays(notice: &Notice) -> bool {
    matches!(notice.what, What::Silent { .. } | What::NewPage)
}

#[component]
fn Toast(notice: Notice) -> impl IntoView {
    let live = Live::expect();
    let id = notice.id;
    if !stays(&notice) {
        set_timeout(move || live.dismiss(id), STAYS);
    }
    let (title, detail) = lines(&notice, live);
    let (mark, kind) = match &notice.what {
        What::Ended(delivery) => {
            let (shape, colour) = sign::of_delivery(delivery.status, None);
            (glyph(shape, colour), delivery.status.as_str())
        }
        What::Silent { .. } => (glyph("alarm", "alarm"), "silent"),
        What::Late { .. } => (glyph("late", "late"), "late"),
        What::CaughtUp { .. } => (icon("check"), "caught-up"),
        What::NewPage => (icon("up"), "new-page"),
    };
    let reload = (notice.what == What::NewPage).then(|| {
        view! { <button class="btn sm" on:click=|_| browser::reload()>{say!(reload)}</button> }
    });
    view! {
        <div class="card toast" data-notice=kind>
            {mark}
            <div><div class="tt">{title}</div><div class="td">{detail}</div>{reload}</div>
            <button class="ib" aria-label=say!(close) on:click=move |_| live.dismiss(id)>{icon_small("close")}</button>
        </div>
    }
    .into_any()
}

/// A notice's two lines.
fn lines(notice: &Notice, live: Live) -> (String, String) {
    let zone = live.zone_min;
    match &notice.what {
        What::Ended(delivery) => {
            let who = format::courier(delivery.courier.as_str());
            let what = delivery.reference.clone().unwrap_or_else(|| {
                delivery.route.as_ref().map_or_else(|| who.clone(), |route| format::route(route.as_str()))
            });
            let mut parts = vec![who];
            if let (Some(from), Some(to)) = (delivery.started_at, delivery.finished_at) {
                parts.push(format::duration(to - from));
            }
            if delivery.status == DeliveryStatus::Delivered {
                parts.push(format::distance(delivery.distance_m.into()));
            }
            if let (DeliveryStatus::Delivered, Some(promised), Some(at)) =
                (delivery.status, delivery.promised_at, delivery.finished_at)
            {
                parts.push(arrival::against(promised, at).1);
            }
            parts.extend(delivery.reason.as_deref().map(words::reason));
            (words::ended(&what, delivery.status), parts.join(", "))
        }
        What::Silent { courier, last_at } => {
            let ago = format::ago(*last_at, notice.at);
            let detail = words::last_position(&format::time_s(*last_at, zone), &ago);
            (words::is_silent(&format::courier(courier.as_str())), detail)
        }
        What::Late { courier, eta, due } => {
            let time = |at: &Option<i64>| at.map(|at| format::time(at, zone));
            let detail = match (time(eta), time(due)) {
                (Some(eta), Some(due)) => words::expected_promised(&eta, &due),
                (Some(eta), None) => words::expected(&eta),
                _ => String::new(),
            };
            (words::is_late(&format::courier(courier.as_str())), detail)
        }
        What::NewPage => (say!(new_page).into(), say!(new_page_why).into()),
        What::CaughtUp { updates, away_ms } => (words::caught_up(*updates), words::away(&format::duration(*away_ms))),
    }
}
