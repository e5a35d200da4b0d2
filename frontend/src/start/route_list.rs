//! The routes to choose from, each with its line drawn small.

use contract::{Place, rest::Route};
use leptos::prelude::*;
use model::text::fixed;

use super::{Form, own::remove};
use crate::signal::{Memo, RwSignal};
use crate::{
    format,
    layout::StartMode,
    part::part,
    sign::icon,
    words::{self, say},
};

/// Size of a thumbnail and the room at its edges, px.
const THUMB: (f64, f64) = (44.0, 40.0);
const EDGE: f64 = 7.0;

/// Routes with a search.
#[component]
pub fn RouteList() -> impl IntoView {
    let form = Form::expect();
    let text = RwSignal::new(String::new());
    let routes = Memo::new(move |_| {
        let wanted = model::text::lower(&text.get());
        let (all, own) = (form.catalogue.routes.get().unwrap_or_default(), form.catalogue.own.get());
        let found = own
            .iter()
            .chain(all.iter())
            .filter(|route| wanted.split_whitespace().all(|word| model::text::lower(&route.name).contains(word)));
        found.cloned().collect::<Vec<_>>()
    });
    let several = move || form.mode.get() == StartMode::Several;
    let number = move || {
        let all = form.catalogue.routes.with(|routes| routes.as_ref().map_or(0, |routes| routes.len()))
            + form.catalogue.own.read().len();
        if several() { words::chosen_of(form.routes.read().len(), all) } else { words::routes(all) }
    };
    let options = move || {
        let several = several();
        routes.get().into_iter().map(|route| option(form, route, several)).collect_view()
    };
    let none = move || match (form.catalogue.fault.get(), form.catalogue.routes.get()) {
        (Some(fault), None) => Some(view! { <p class="none">{words::problem(&fault)}</p> }),
        (None, None) => Some(view! { <p class="none">{say!(loading).to_owned()}</p> }),
        _ => routes.read().is_empty().then(|| view! { <p class="none">{say!(no_route_match).to_owned()}</p> }),
    };
    view! {
        <div class="fld">
            <div class="label">{say!(route)}<em>{part(number)}</em></div>
            <div class="box">
                <div class="search">
                    {icon("search")}
                    <input
                        type="search" placeholder=say!(search_routes) aria-label=say!(search_routes) autocomplete="off"
                        prop:value=move || text.get()
                        on:input=move |event| text.set(event_target_value(&event))
                    />
                </div>
                <div class="opts" role=move || if several() { "group" } else { "radiogroup" } aria-label=say!(route)>
                    {part(options)}
                    {part(none)}
                </div>
            </div>
            {form.error(&["/route", "/path"])}
        </div>
    }
    .into_any()
}

fn option(form: Form, route: Route, several: bool) -> AnyView {
    let id = StoredValue::new(route.route.clone());
    let on = move || form.routes.with(|routes| id.with_value(|id| routes.contains(id)));
    let choose = move |_| {
        let id = id.get_value();
        form.errors.set(Vec::new());
        form.routes.update(|routes| match (several, routes.iter().position(|known| *known == id)) {
            (false, _) => *routes = vec![id],
            (true, Some(index)) => drop(routes.remove(index)),
            (true, None) => routes.push(id),
        });
    };
    let drawing = move || id.with_value(|id| form.catalogue.line(id, true)).map(|line| thumb(&line));
    let remove = form.catalogue.is_own(&route.route).then(|| {
        let name = words::own_remove(&route.name);
        view! {
            <button
                class="ib" aria-label=name.clone() title=name data-remove=route.route.to_string()
                on:click=move |_| id.with_value(|id| remove(form, id))
            >
                {icon("close")}
            </button>
        }
    });
    let figures = format!("{} · {}", format::distance(route.distance_m.into()), format::about_min(route.planned_s));
    let choice = view! {
        <button
            class="opt"
            role=if several { "checkbox" } else { "radio" }
            aria-checked=move || on().to_string()
            data-route=route.route.to_string()
            on:click=choose
        >
            <svg class="thumb" viewBox="0 0 44 40" aria-hidden="true"><path d=drawing></path></svg>
            <span><span class="name">{route.name.clone()}</span><span class="s">{figures}</span></span>
            <span class=if several { "rd sq" } else { "rd" }></span>
        </button>
    };
    match remove {
        // A person's own line can be taken off the list again.
        Some(remove) => view! { <div class="removable" role="presentation">{choice}{remove}</div> }.into_any(),
        None => choice.into_any(),
    }
}

/// The line in a thumbnail: as large as it fits, true to its shape.
fn thumb(line: &[Place]) -> String {
    let points: Vec<(f64, f64)> = line.iter().map(|place| place.mercator()).collect();
    let span = |of: fn(&(f64, f64)) -> f64| {
        let values = points.iter().map(of);
        (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max))
    };
    let ((left, right), (top, bottom)) = (span(|point| point.0), span(|point| point.1));
    let room = (THUMB.0 - 2.0 * EDGE, THUMB.1 - 2.0 * EDGE);
    let scale = (room.0 / (right - left).max(1e-9)).min(room.1 / (bottom - top).max(1e-9));
    let origin = ((THUMB.0 - (right - left) * scale) / 2.0, (THUMB.1 - (bottom - top) * scale) / 2.0);
    let mut path = String::new();
    let mut last = (f64::MAX, f64::MAX);
    for (i, (x, y)) in points.iter().enumerate() {
        let at = (origin.0 + (x - left) * scale, origin.1 + (y - top) * scale);
        // Points nearer than half a pixel cannot be seen apart.
        if i + 1 == points.len() || (at.0 - last.0).abs() + (at.1 - last.1).abs() > 0.5 {
            path.push_str(&[if path.is_empty() { "M" } else { "L" }, &fixed(at.0, 1), " ", &fixed(at.1, 1)].concat());
            last = at;
        }
    }
    path
}
