//! The time bar: that the page is live, and how many deliveries were started in the last hours.

use contract::{Delivery, DeliveryId, Millis};
use leptos::{prelude::*, task::spawn_local};
use model::{Connection, format, text::fixed};

use crate::{
    layout::{Layout, Size},
    list::List,
    live::Live,
    net::api,
    part::{part, watch},
    sign::icon_small,
    signal::{Memo, RwSignal},
    words,
};

const HOUR: Millis = 3_600_000;
/// Width of the drawing in its own units; it is stretched to the bar.
const WIDTH: f64 = 1000.0;
/// Where the bars stand, and the room above it.
const FLOOR: f64 = 34.5;
const ROOM: f64 = 28.0;
/// More pages than this are not walked through: the bars then say what the newest ones say.
const MOST_PAGES: usize = 15;

/// A started delivery as the bars need it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Begun {
    id: DeliveryId,
    at: Millis,
    late: bool,
}

/// A stretch of the bar.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Bar {
    all: u32,
    late: u32,
}

/// The bar.
#[component]
pub fn TimeBar() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let hours = RwSignal::new(6_i64);
    let stored = RwSignal::new(Vec::<Begun>::new());
    let open = RwSignal::new(false);

    // Stored ones are fetched when the connection comes up and when the span changes; what starts later is seen live.
    watch(move || {
        let span = hours.get() * HOUR;
        if live.connection.get().is_live() {
            spawn_local(async move { stored.set(fetch(live, span).await) });
        }
    });
    let list = List::expect();
    let known = Memo::new(move |_| list.totals.get().deliveries);
    let minute = Memo::new(move |_| live.clock.get() / 60_000);
    let bars = Memo::new(move |_| {
        let bucket = bucket_of(hours.get());
        let now = minute.get() * 60_000;
        let end = now.div_euclid(bucket) * bucket + bucket;
        // Made anew each minute and when a delivery came, not with every position.
        known.track();
        let mut begun = stored.get();
        live.world.with_value(|world| begun.extend(world.deliveries().filter_map(begun_of)));
        // Of one that is known twice the live one counts: it stands behind, and ends may have come since.
        begun.reverse();
        begun.sort_by_key(|begun| begun.id);
        begun.dedup_by_key(|begun| begun.id);
        (end, count(&begun, end, bucket, hours.get()))
    });
    let live_pill = move || match live.connection.get() {
        Connection::Live => view! { <span class="live" data-live="true"><i></i>{words::LIVE_CAPS}</span> }.into_any(),
        Connection::Reconnecting { showing_at: Some(at), .. } => {
            view! { <span class="live off"><i></i>{format::time_s(at, live.zone_min)}</span> }.into_any()
        }
        Connection::Ended(_) => view! { <span class="live off"><i></i>{words::ENDED}</span> }.into_any(),
        _ => view! { <span class="live off"><i></i>{words::CONNECTING}</span> }.into_any(),
    };
    let span_name = move || span_name(hours.get());
    let spans = words::SPANS.map(|(span, name)| {
        view! { <option value=span.to_string() prop:selected=move || hours.get() == span>{name}</option> }
    });
    let unfold = move |_| {
        if layout.size.get_untracked() == Size::Phone {
            open.update(|open| *open = !*open);
        }
    };
    view! {
        <section class="card tb" class:open=move || open.get() aria-label=words::TIME>
            <div class="now" on:click=unfold>{part(live_pill)}</div>
            <div class="hist-cell">{move || {
                let (end, bars) = bars.get();
                draw(&bars, end, hours.get(), live)
            }}</div>
            <label class="pick over">
                {part(span_name)} {icon_small("down")}
                <select
                    aria-label=words::SPAN
                    on:change=move |event| hours.set(event_target_value(&event).parse().unwrap_or(6))
                >
                    {Vec::from(spans)}
                </select>
            </label>
        </section>
    }
    .into_any()
}

fn span_name(hours: i64) -> &'static str {
    words::SPANS.iter().find(|(span, _)| *span == hours).map_or("", |(_, name)| name)
}

/// 5 minutes a bar; a minute in the last hour, 20 in a day, so that the bars stay as wide as a finger can tell apart.
fn bucket_of(hours: i64) -> Millis {
    match hours {
        1 => 60_000,
        24 => 20 * 60_000,
        _ => 5 * 60_000,
    }
}

async fn fetch(live: Live, span: Millis) -> Vec<Begun> {
    let to = live.clock.get_untracked();
    let mut begun = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        // The bars are a help, not the page's purpose: without history they show what was seen live.
        let Ok(page) = api::deliveries(to - span, to, after.as_deref()).await else { break };
        begun.extend(page.items.iter().filter_map(begun_of));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    begun
}

fn begun_of(delivery: &Delivery) -> Option<Begun> {
    let at = delivery.started_at?;
    let late = match (delivery.promised_at, delivery.finished_at) {
        (Some(promised), Some(finished)) => finished > promised,
        _ => false,
    };
    Some(Begun { id: delivery.delivery, at, late })
}

fn count(begun: &[Begun], end: Millis, bucket: Millis, hours: i64) -> Vec<Bar> {
    let number = (hours * HOUR / bucket) as usize;
    let start = end - hours * HOUR;
    let mut bars = vec![Bar::default(); number];
    for begun in begun {
        let index = (begun.at - start).div_euclid(bucket);
        if let Some(bar) = usize::try_from(index).ok().and_then(|index| bars.get_mut(index)) {
            bar.all += 1;
            bar.late += u32::from(begun.late);
        }
    }
    bars
}

/// Bars, hours and head. Texts are HTML beside the drawing, because the drawing is stretched.
fn draw(bars: &[Bar], end: Millis, hours: i64, live: Live) -> AnyView {
    let highest = bars.iter().map(|bar| bar.all).max().unwrap_or(0);
    let step = WIDTH / bars.len().max(1) as f64;
    let (mut all, mut late) = (String::new(), String::new());
    for (i, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.all > 0) {
        let (x, width) = (i as f64 * step, step * 0.86);
        let scale = ROOM / f64::from(highest.max(4));
        let block = |path: &mut String, from: f64, height: f64| {
            let [x, y, width, height] = [x, FLOOR - from - height, width, height].map(|number| fixed(number, 1));
            path.push_str(&format!("M{x} {y}h{width}v{height}h-{width}Z"));
        };
        let (total, foot) = (f64::from(bar.all) * scale, f64::from(bar.late) * scale);
        block(&mut all, foot, total - foot);
        if foot > 0.0 {
            block(&mut late, 0.0, foot);
        }
    }
    if live.clock.get_untracked() == 0 {
        return view! { <div class="hist"></div> }.into_any();
    }
    let start = end - hours * HOUR;
    // A mark each hour, each 10 minutes of a single one, each 4 hours of a day.
    let every = match hours {
        1 => HOUR / 6,
        24 => 4 * HOUR,
        _ => HOUR,
    };
    let zone = Millis::from(live.zone_min) * 60_000;
    let first = (start + zone).div_euclid(every) * every + every - zone;
    let marks = (0..).map(|i| first + i * every).take_while(|at| *at < end - every / 4).map(|at| {
        let share = (at - start) as f64 / (end - start) as f64 * 100.0;
        view! { <span style=format!("left:{}%", fixed(share, 2))>{format::time(at, live.zone_min)}</span> }
    });
    let (total, total_late) = (bars.iter().map(|b| b.all).sum::<u32>(), bars.iter().map(|b| b.late).sum::<u32>());
    let span = span_name(hours);
    let none = (total == 0).then(|| view! { <span class="none">{words::no_deliveries_in(span)}</span> });
    view! {
        <div class="hist" role="img" aria-label=words::bars(total as usize, total_late as usize, span)>
            <svg viewBox="0 0 1000 36" preserveAspectRatio="none" aria-hidden="true">
                <path class="b" d=all></path>
                <path class="bl" d=late></path>
            </svg>
            <i class="head"></i>
            <div class="hours" aria-hidden="true">{marks.collect_view()}</div>
            {none}
        </div>
    }
    .into_any()
}
