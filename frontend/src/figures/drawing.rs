//! Columns by time: how many deliveries, and how many of the promised ones were in time. A press on a column opens its list.

use leptos::{ev, prelude::*};
use model::{
    figures::{Kind, Picture, Span, Sum, Wanted, axis},
    text::fixed,
};
use wasm_bindgen::JsCast;

use super::{Desk, share, words};
use crate::{format, words::say};

/// The drawing's own units; it is stretched to its place.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;
/// How much of a column's room it takes.
const FILL: f64 = 0.84;

/// A column: what stands at its foot and what above, each as a share of the whole height; what it says; what it leads to.
struct Column {
    foot: f64,
    rest: f64,
    says: String,
    wanted: Option<Wanted>,
}

/// Deliveries by time, the late ones at the foot.
pub fn by_time(desk: Desk, picture: &Picture) -> AnyView {
    let top = axis(picture.bars.iter().map(|bar| bar.count).max().unwrap_or(0));
    let column = |bar: &Sum, at| Column {
        foot: bar.late() as f64 / top as f64,
        rest: (bar.count - bar.late()) as f64 / top as f64,
        says: words::in_bar(&desk.stretch(at), bar.count, bar.late()),
        wanted: (bar.count > 0).then(|| Wanted { kind: Kind::All, at: Some(at), ..Wanted::default() }),
    };
    let columns = columns(picture, column);
    let total = picture.total;
    let says = words::chart(total.count, total.late(), words::span(picture.window.span));
    let axis = [format::count(top), format::count(top / 2), "0".to_owned()];
    figure(
        desk,
        picture,
        "by-time",
        say!(fig_by_time),
        (say!(fig_in_time_key), say!(fig_late_key)),
        says,
        axis,
        columns,
    )
}

/// The share of promises kept, by time; what came late stands above it.
pub fn on_time(desk: Desk, picture: &Picture) -> AnyView {
    let column = |bar: &Sum, at| Column {
        foot: bar.on_time().map_or(0.0, |kept| 1.0 - kept),
        rest: bar.on_time().unwrap_or(0.0),
        says: words::kept_in_bar(&desk.stretch(at), &share(bar.on_time()), bar.promised),
        wanted: (bar.promised > 0).then(|| {
            // What is wrong is what is asked about.
            let kind = if bar.late() > 0 { Kind::Late } else { Kind::OnTime };
            Wanted { kind, at: Some(at), ..Wanted::default() }
        }),
    };
    let columns = columns(picture, column);
    let says = words::chart_on_time(&share(picture.total.on_time()), words::span(picture.window.span));
    let axis = [1.0, 0.5, 0.0].map(format::percent);
    figure(
        desk,
        picture,
        "on-time",
        say!(fig_by_time_on_time),
        (say!(fig_kept_key), say!(fig_late_key)),
        says,
        axis,
        columns,
    )
}

fn columns(picture: &Picture, column: impl Fn(&Sum, (i64, i64)) -> Column) -> Vec<Column> {
    let bars = picture.bars.iter().enumerate();
    bars.filter_map(|(index, bar)| Some(column(bar, picture.window.bar(index)?))).collect()
}

#[allow(clippy::too_many_arguments, reason = "what two drawings differ in")]
fn figure(
    desk: Desk,
    picture: &Picture,
    id: &'static str,
    title: &'static str,
    (rest_key, foot_key): (&'static str, &'static str),
    says: String,
    axis: [String; 3],
    columns: Vec<Column>,
) -> AnyView {
    let step = WIDTH / columns.len().max(1) as f64;
    let (mut rest, mut foot) = (String::new(), String::new());
    let mut places = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let x = index as f64 * step;
        let block = |path: &mut String, from: f64, share: f64| {
            if share > 0.0 {
                let numbers = [x, HEIGHT * (1.0 - from - share), step * FILL, HEIGHT * share];
                let [x, y, width, height] = numbers.map(|number| fixed(number, 2));
                path.push_str(&format!("M{x} {y}h{width}v{height}h-{width}Z"));
            }
        };
        block(&mut foot, 0.0, column.foot);
        block(&mut rest, column.foot, column.rest);
        let [x, width] = [x, step].map(|number| fixed(number, 2));
        let class = if column.wanted.is_some() { "place" } else { "place none" };
        places.push(view! {
            <rect class=class data-bar=index.to_string() x=x y="0" width=width height="100"><title>{column.says.clone()}</title></rect>
        });
    }
    let wanted: Vec<Option<Wanted>> = columns.into_iter().map(|column| column.wanted).collect();
    let open = move |event: ev::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let index = target.and_then(|target| target.get_attribute("data-bar")).and_then(|index| index.parse().ok());
        let wanted = index.and_then(|index: usize| wanted.get(index).cloned().flatten());
        if let Some(wanted) = wanted {
            desk.open(wanted);
        }
    };
    let [top, half, zero] = axis;
    view! {
        <figure class="chart" data-chart=id>
            <figcaption class="ends">
                <h3>{title}</h3>
                <span class="key"><i></i>{rest_key}<i class="late"></i>{foot_key}</span>
            </figcaption>
            <div class="plot">
                <div class="axis" aria-hidden="true"><span>{top}</span><span>{half}</span><span>{zero}</span></div>
                <svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label=says on:click=open>
                    <path class="grid" d="M0 .5H1000M0 50H1000"></path>
                    <path class="b" d=rest></path>
                    <path class="bl" d=foot></path>
                    {places}
                </svg>
                <div class="hours" aria-hidden="true">{marks(desk, picture)}</div>
            </div>
        </figure>
    }
    .into_any()
}

/// Times beneath the columns: no closer than they can be read on a small phone.
fn marks(desk: Desk, picture: &Picture) -> Vec<AnyView> {
    let window = &picture.window;
    let every = match window.span {
        Span::Hour => 3,
        Span::Day => 6,
        Span::Week => 8,
        Span::Month => 7,
    };
    let zone = desk.live.zone_min;
    let mark = |index: usize| {
        let (from, _) = window.bar(index)?;
        let text = match window.span {
            Span::Hour | Span::Day => format::time(from, zone),
            Span::Week | Span::Month => format::date(from, zone),
        };
        let left = fixed(index as f64 / window.bars().max(1) as f64 * 100.0, 2);
        Some(view! { <span style=format!("left:{left}%")>{text}</span> }.into_any())
    };
    (0..window.bars()).step_by(every).filter_map(mark).collect()
}
