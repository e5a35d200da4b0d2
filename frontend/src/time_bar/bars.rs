//! How many deliveries were started when: fetched, counted, drawn.

use contract::{Delivery, DeliveryId, Millis};
use leptos::{prelude::*, task::spawn_local};
use model::text::fixed;

use super::HOUR;
use crate::{
    format,
    list::List,
    live::Live,
    net::api,
    part::watch,
    signal::{Memo, RwSignal},
    words,
};

/// Width of the drawing in its own units; it is stretched to the bar.
const WIDTH: f64 = 1000.0;
/// Where the bars stand, and the room above it.
const FLOOR: f64 = 34.5;
const ROOM: f64 = 28.0;
/// More pages than this are not walked through: the bars then say what the newest ones say.
const MOST_PAGES: usize = 15;

/// Stored deliveries are fetched anew after so long, ms: what was seen live is known for 15 min after its end only.
const AGAIN: Millis = 10 * 60_000;

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

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    from: Millis,
    to: Millis,
    /// The last hours, and not those around a moment before them.
    is_now: bool,
    bars: Vec<Bar>,
}

/// 5 minutes a bar; a minute in the last hour, 20 in a day, so that the bars stay as wide as a finger can tell apart.
pub fn bucket_of(hours: i64) -> Millis {
    match hours {
        1 => 60_000,
        24 => 20 * 60_000,
        _ => 5 * 60_000,
    }
}

/// From when to when the bar goes, ms UTC: the last hours; where the moment that is shown lies before them, the hours around
/// it, which then stay as long as it lies within.
pub fn window(live: Live, hours: RwSignal<i64>) -> Memo<(Millis, Millis)> {
    let minute = Memo::new(move |_| live.wall.get() / 60_000);
    let at = Memo::new(move |_| live.past.with(|past| past.map(|past| past.at)));
    Memo::new(move |before: Option<&(Millis, Millis)>| {
        let (bucket, span) = (bucket_of(hours.get()), hours.get() * HOUR);
        let after = |at: Millis| at.div_euclid(bucket) * bucket + bucket;
        let last = after(minute.get() * 60_000);
        let end = match at.get().filter(|at| *at < last - span) {
            None => last,
            Some(at) => {
                let same = before.filter(|(from, to)| to - from == span && (*from..=*to).contains(&at));
                same.map_or(after(at + span / 2).min(last), |(_, to)| *to)
            }
        };
        (end - span, end)
    })
}

/// The bars of a window. Stored deliveries are fetched when the connection comes up, when the window is another one, and of the
/// last hours every 10 min; what starts meanwhile is seen live.
pub fn drawing(live: Live, window: Memo<(Millis, Millis)>) -> Memo<Drawing> {
    let stored = RwSignal::new(Vec::<Begun>::new());
    let is_now = move || window.get().1 > live.wall.get();
    // Each page at another time: many of them may look at one server.
    let phase = (js_sys::Math::random() * AGAIN as f64) as Millis;
    let wanted = Memo::new(move |_| {
        let (from, to) = window.get();
        let asked = if is_now() { Err((live.wall.get() + phase) / AGAIN) } else { Ok(to) };
        live.feed.get().is_live().then_some((to - from, asked))
    });
    watch(move || {
        let Some((span, to)) = wanted.get() else { return };
        spawn_local(async move {
            let to = to.unwrap_or_else(|_| live.server_now());
            if let Some(found) = fetch(to - span, to).await {
                stored.try_set(found);
            }
        });
    });
    let list = List::expect();
    let known = Memo::new(move |_| list.totals.get().deliveries);
    Memo::new(move |_| {
        let (from, to) = window.get();
        // Made anew each minute and when a delivery came, not with every position.
        known.get();
        let mut begun = stored.get();
        live.source().with_value(|world| begun.extend(world.deliveries().filter_map(begun_of)));
        // Of one that is known twice the live one counts: it stands behind, and ends may have come since.
        begun.reverse();
        begun.sort_by_key(|begun| begun.id);
        begun.dedup_by_key(|begun| begun.id);
        Drawing { from, to, is_now: is_now(), bars: count(&begun, from, to) }
    })
}

/// `None` where the store does not answer. The bars are a help, not the page's purpose: then they show what they know.
async fn fetch(from: Millis, to: Millis) -> Option<Vec<Begun>> {
    let mut begun = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = api::deliveries(from, to, after.as_deref()).await.ok()?;
        begun.extend(page.items.iter().filter_map(begun_of));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Some(begun)
}

fn begun_of(delivery: &Delivery) -> Option<Begun> {
    let at = delivery.started_at?;
    let late = match (delivery.promised_at, delivery.finished_at) {
        (Some(promised), Some(finished)) => finished > promised,
        _ => false,
    };
    Some(Begun { id: delivery.delivery, at, late })
}

fn count(begun: &[Begun], from: Millis, to: Millis) -> Vec<Bar> {
    let bucket = bucket_of((to - from) / HOUR);
    let mut bars = vec![Bar::default(); ((to - from) / bucket) as usize];
    for begun in begun {
        let index = (begun.at - from).div_euclid(bucket);
        if let Some(bar) = usize::try_from(index).ok().and_then(|index| bars.get_mut(index)) {
            bar.all += 1;
            bar.late += u32::from(begun.late);
        }
    }
    bars
}

/// Bars and hours. Texts are HTML beside the drawing, because the drawing is stretched. The bars are there twice: in the past
/// those before the moment have its colour.
pub fn draw(drawing: &Drawing, live: Live) -> AnyView {
    let Drawing { from, to, is_now, ref bars } = *drawing;
    let hours = (to - from) / HOUR;
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
    // A mark each hour, each 10 minutes of a single one, each 4 hours of a day.
    let every = match hours {
        1 => HOUR / 6,
        24 => 4 * HOUR,
        _ => HOUR,
    };
    let zone = Millis::from(live.zone_min) * 60_000;
    let first = (from + zone).div_euclid(every) * every + every - zone;
    let marks = (0..).map(|i| first + i * every).take_while(|at| *at < to - every / 4).map(|at| {
        let share = (at - from) as f64 / (to - from) as f64 * 100.0;
        view! { <span style=format!("left:{}%", fixed(share, 2))>{format::time(at, live.zone_min)}</span> }
    });
    let (total, total_late) = (bars.iter().map(|b| b.all).sum::<u32>(), bars.iter().map(|b| b.late).sum::<u32>());
    let [from, to] = [from, to].map(|at| format::time(at, live.zone_min));
    let none = (total == 0).then(|| {
        // A number and its unit stay in one line.
        let span = words::span(hours).replace(' ', "\u{a0}");
        let text = match is_now {
            true => words::no_deliveries_in(&span),
            false => words::no_deliveries_until(&span, &to),
        };
        view! { <span class="none">{text}</span> }
    });
    view! {
        <svg viewBox="0 0 1000 36" preserveAspectRatio="none" aria-hidden="true">
            <path class="b" d=all.clone()></path>
            <path class="bl" d=late.clone()></path>
        </svg>
        <svg class="before" viewBox="0 0 1000 36" preserveAspectRatio="none" aria-hidden="true">
            <path class="b" d=all></path>
            <path class="bl" d=late></path>
        </svg>
        <div class="hours" aria-hidden="true">{marks.collect_view()}</div>
        {none}
        <span class="vh" id="hist-bars">{words::bars(total as usize, total_late as usize, &from, &to)}</span>
    }
    .into_any()
}
