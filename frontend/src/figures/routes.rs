//! Bars by route: how long deliveries take, and how far off the arrivals were that were predicted.

use leptos::prelude::*;
use model::{
    figures::{Along, Kind, Picture, Sum, Wanted},
    text::fixed,
};

use super::{Desk, length, words};
use crate::{part::part, signal::RwSignal, words::say};

/// So many are shown before somebody asks for all.
const FIRST: usize = 8;

/// Two lists of bars over the same routes.
pub fn of(desk: Desk, picture: &Picture) -> AnyView {
    let took = bars(desk, picture, "durations", say!(fig_by_route), Kind::Delivered, Sum::mean_s, |sum| sum.delivered);
    let off =
        bars(desk, picture, "eta-errors", say!(fig_by_route_eta), Kind::Predicted, Sum::mean_eta_error_s, |sum| {
            sum.predicted
        });
    view! { {took} {off} }.into_any()
}

/// A bar: the key in the figures, the mean in s, of how many.
type Bar = (String, f64, u64);

fn bars(
    desk: Desk,
    picture: &Picture,
    id: &'static str,
    title: &'static str,
    kind: Kind,
    mean: fn(&Sum) -> Option<f64>,
    of: fn(&Sum) -> u64,
) -> AnyView {
    let mut rows: Vec<Bar> =
        picture.routes.iter().filter_map(|(key, sum)| Some((key.clone(), mean(sum)?, of(sum)))).collect();
    let known = rows.len();
    // Of the routes that are driven most, the longest first.
    let all = RwSignal::new(false);
    let longest = rows.iter().map(|row| row.1).fold(1.0, f64::max);
    let order = |rows: &mut Vec<Bar>| rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut first: Vec<Bar> = rows.iter().take(FIRST).cloned().collect();
    order(&mut first);
    order(&mut rows);
    let list = move || {
        let rows = if all.get() { &rows } else { &first };
        rows.iter().map(|row| bar(desk, row, kind, longest)).collect::<Vec<_>>()
    };
    let more = move || {
        (known > FIRST && !all.get()).then(|| {
            view! { <button class="btn sm ghost" on:click=move |_| all.set(true)>{words::all_routes(known)}</button> }
        })
    };
    let why = (kind == Kind::Predicted).then(|| view! { <p class="small faint">{say!(fig_eta_error_why)}</p> });
    view! {
        <figure class="chart" data-chart=id>
            <figcaption><h3>{title}</h3>{why}</figcaption>
            <ul class="bars">{part(list)}</ul>
            {part(more)}
        </figure>
    }
    .into_any()
}

fn bar(desk: Desk, (key, mean, of): &Bar, kind: Kind, longest: f64) -> AnyView {
    let along = Along::of_key(key);
    let name = desk.route(&along);
    let text = length(Some(*mean));
    let width = fixed(mean / longest * 100.0, 1);
    let wanted = Wanted { kind, along, ..Wanted::default() };
    let open = move |_| desk.open(wanted.clone());
    view! {
        <li>
            <button class="hbar" data-route=key.clone() data-of=of.to_string() on:click=open>
                <span class="cut">{name}</span>
                <b>{text}</b>
                <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="ground" width="100" height="6"></rect><rect class="b" width=width height="6"></rect>
                </svg>
            </button>
        </li>
    }
    .into_any()
}
