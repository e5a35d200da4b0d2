//! When it arrives, how sure that is, and how far it is.

use contract::{Delivery, DeliveryStatus, Millis, frame::CourierStatus};
use leptos::prelude::*;
use model::{Staleness, text};

use super::Story;
use crate::signal::Memo;
use crate::{
    format, metrics,
    part::part,
    sign,
    words::{self, say},
};

/// What the section says.
#[derive(Clone, Default, PartialEq)]
struct Says {
    kicker: String,
    tag: Option<(&'static str, String)>,
    big: String,
    /// Share of the way and the colour of its bar.
    bar: Option<(u32, &'static str)>,
    left: String,
    right: String,
    /// Why the picture may not be quite of now.
    reasons: Vec<String>,
}

/// The section.
#[component]
pub fn Arrival() -> impl IntoView {
    let story = Story::expect();
    let says = Memo::new(move |_| match story.delivery.get() {
        Some(delivery) if delivery.status == DeliveryStatus::InTransit => {
            Says { reasons: reasons(story), ..of_delivery(story, &delivery) }
        }
        Some(delivery) => of_delivery(story, &delivery),
        None => Says { reasons: reasons(story), ..without_delivery(story) },
    });
    let tag = move || says.get().tag.map(|(colour, text)| view! { <span class=format!("tag {colour}")>{text}</span> });
    let bar = move || {
        says.get().bar.map(|(permille, colour)| {
            let share = f64::from(permille) / 10.0;
            view! {
                <div class=format!("prog {colour}") role="progressbar" aria-valuemin="0" aria-valuemax="100"
                    aria-valuenow=text::fixed(share, 0) aria-label=say!(position)>
                    <i style=format!("width:{}%", text::fixed(share, 1))></i>
                    {(permille < 1000).then(|| view! { <u style=format!("left:{}%", text::fixed(share, 1))></u> })}
                </div>
            }
        })
    };
    let ends = move || {
        let says = says.get();
        let any = !says.left.is_empty() || !says.right.is_empty();
        any.then(|| view! { <div class="ends faint small"><span>{says.left}</span><span>{says.right}</span></div> })
    };
    let why = move || {
        let line = |reason: String| view! { <li>{reason}</li> };
        let reasons = says.with(|says| says.reasons.clone());
        (!reasons.is_empty()).then(|| {
            view! { <ul class="why small" id="reasons">{reasons.into_iter().map(line).collect_view()}</ul> }
        })
    };
    view! {
        <section class="db">
            <div class="ends kicker"><span>{move || says.get().kicker}</span>{part(tag)}</div>
            <div class="eta" id="eta">{move || says.get().big}</div>
            {part(bar)}
            {part(ends)}
            {part(why)}
        </section>
    }
    .into_any()
}

/// Why what is told of the courier may not be quite of now, the gravest first.
fn reasons(story: Story) -> Vec<String> {
    let now = story.live.clock.get();
    let Some(row) = story.row.get() else { return Vec::new() };
    // Who is silent on a delivery has a tag that says so.
    let told =
        matches!(row.status, CourierStatus::Alarm | CourierStatus::Offline) && story.delivery.with(Option::is_some);
    let silent = (!told && Staleness::of(row.at, now) > Staleness::Fresh).then(|| format::age(row.at, now));
    [
        silent.map(|age| words::no_fix_for(&age)),
        row.two_devices.then(|| say!(two_devices_why).into()),
        row.clock_ahead.map(words::clock_ahead_why),
        metrics::behind(story.live, metrics::BEHIND_MS).map(words::server_behind),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn without_delivery(story: Story) -> Says {
    let (now, zone) = (story.live.clock.get(), story.live.zone_min);
    let Some(row) = story.row.get() else { return Says::default() };
    let ago = format::ago(row.at, now);
    let kicker = match Staleness::of(row.at, now) {
        Staleness::Fresh | Staleness::Aging => words::sentence(&words::position_age(&ago)),
        Staleness::Stale | Staleness::Gone => words::last_position(&format::time_s(row.at, zone), &ago),
    };
    Says { kicker, big: words::status(row.status).into(), ..Says::default() }
}

fn of_delivery(story: Story, delivery: &Delivery) -> Says {
    let zone = story.live.zone_min;
    let way = format::distance(delivery.distance_m.into());
    let promised = delivery.promised_at.map(|at| words::promised_by(&format::time(at, zone))).unwrap_or_default();
    match delivery.status {
        DeliveryStatus::Requested => Says {
            kicker: words::delivery_status(delivery.status).into(),
            big: words::sentence(say!(waiting)),
            left: way,
            right: promised,
            ..Says::default()
        },
        DeliveryStatus::InTransit => on_the_way(story, delivery, way, promised),
        DeliveryStatus::Delivered => {
            let finished = delivery.finished_at.unwrap_or(delivery.requested_at);
            let took = delivery.started_at.map(|from| format::duration(finished - from)).unwrap_or_default();
            Says {
                kicker: words::delivery_status(delivery.status).into(),
                tag: delivery.promised_at.map(|promised| against(promised, finished)),
                big: format::time(finished, zone),
                bar: Some((1000, "idle")),
                left: words::in_time(&way, &took),
                right: promised,
                ..Says::default()
            }
        }
        DeliveryStatus::Failed | DeliveryStatus::Cancelled | DeliveryStatus::Rejected => Says {
            kicker: delivery.finished_at.map(|at| format::time_s(at, zone)).unwrap_or_default(),
            big: words::delivery_status(delivery.status).into(),
            left: delivery.reason.as_deref().map(words::reason).unwrap_or_default(),
            ..Says::default()
        },
    }
}

fn on_the_way(story: Story, delivery: &Delivery, way: String, promised: String) -> Says {
    let (now, zone) = (story.live.clock.get(), story.live.zone_min);
    let status = story.status();
    let row = story.row.get();
    let eta = story.eta();
    let progress = story.progress.get();
    let bar = progress.map(|progress| {
        let colour = status.map_or("delivery", sign::of_status);
        ((progress.share() * 1000.0) as u32, if colour == "idle" { "delivery" } else { colour })
    });
    let left = progress.map_or(way.clone(), |progress| words::way_done(&format::distance(progress.done_m), &way));
    let base = Says { bar, left, right: promised, ..Says::default() };
    if let (Some(CourierStatus::Alarm | CourierStatus::Offline), Some(row)) = (status, &row) {
        return Says {
            kicker: words::last_position(&format::time_s(row.at, zone), &format::ago(row.at, now)),
            tag: Some(("alarm", words::silent_for(&format::age(row.at, now)))),
            big: words::sentence(say!(no_eta)),
            ..base
        };
    }
    let Some(eta) = eta else {
        let kicker = if row.is_some() { say!(arrives) } else { say!(no_position) };
        return Says { kicker: kicker.into(), big: words::NONE.into(), ..base };
    };
    let late = row.as_ref().and_then(|row| row.late_ms);
    let tag = match (late, delivery.promised_at) {
        (Some(late), _) => Some(("late", words::late_by(&minutes(late.max(60_000))))),
        (None, Some(promised)) => Some(("idle", words::to_spare(&minutes(promised - eta.to)))),
        (None, None) => Some(("idle", say!(on_time).into())),
    };
    Says { kicker: words::arrives_in(&format::in_range(eta, now)), tag, big: format::range(eta, zone), ..base }
}

/// Early or late against what was promised.
pub fn against(promised: Millis, finished: Millis) -> (&'static str, String) {
    match promised - finished {
        0..60_000 => ("idle", say!(on_time).into()),
        early if early > 0 => ("idle", words::early(&minutes(early))),
        late => ("late", words::late_by(&minutes((-late).max(60_000)))),
    }
}

/// A length of time in whole minutes.
fn minutes(ms: Millis) -> String {
    format::duration((ms.max(0) / 60_000) * 60_000)
}
