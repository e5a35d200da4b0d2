//! A delivery once more: played on the map, or taken along as a file.

use contract::{Delivery, rest::Trail};
use leptos::{prelude::*, task::spawn_local};
use model::{
    export::{self, About},
    replay,
};

use super::Story;
use crate::{
    browser, face, format,
    net::api,
    part::part,
    sign::icon,
    signal::RwSignal,
    words::{self, say},
};

/// Most points that a trail's answer may have.
const POINTS: u32 = 2_000;

/// Plays the delivery from its start, and follows it.
#[component]
pub fn Replay() -> impl IntoView {
    let story = Story::expect();
    let live = story.live;
    let play = move |_| {
        let Some(delivery) = story.delivery.get_untracked() else { return };
        let Some(from) = delivery.started_at else { return };
        // In the past its end is yet to come; the store knows it.
        let stored = live.stretch.get_untracked().and_then(|(_, to)| to);
        let to = delivery.finished_at.or(stored).unwrap_or_else(|| live.server_now());
        live.replay_delivery(delivery.delivery, delivery.courier, from, to);
    };
    // What has just set off is live.
    let fresh = move || {
        let started = story.delivery.with(|delivery| delivery.as_ref().and_then(|delivery| delivery.started_at));
        started.is_none_or(|started| replay::is_live(started, live.wall.get()))
    };
    view! {
        <button class="btn" id="replay" disabled=fresh on:click=play>{icon("past")} {say!(replay)}</button>
    }
    .into_any()
}

/// The formats: name, ending, MIME type, writer.
type Format = (&'static str, &'static str, &'static str, fn(&Trail, &About) -> String);
const FORMATS: [Format; 2] = [
    ("GPX", "gpx", "application/gpx+xml", export::gpx),
    ("GeoJSON", "geojson", "application/geo+json", export::geojson),
];

/// The trail as a file: a button for each format.
#[component]
pub fn Save() -> impl IntoView {
    let story = Story::expect();
    let fault = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let buttons = FORMATS.map(|format| {
        let save = move |_| {
            let Some(delivery) = story.delivery.get_untracked() else { return };
            let route = face::order_and_route(None, delivery.route.as_ref(), story.catalogue);
            busy.set(true);
            spawn_local(async move {
                let trail = api::delivery_trail(delivery.delivery, POINTS).await;
                busy.try_set(false);
                fault.try_set(!trail.is_ok_and(|trail| write(&trail, &delivery, route, format)));
            });
        };
        let label = words::save_trail(format.0);
        view! {
            <button class="btn" id=format!("save-{}", format.1) title=label.clone() aria-label=label disabled=move || busy.get() on:click=save>
                {icon("save")} {format.0}
            </button>
        }
        .into_any()
    });
    let said = move || {
        fault.get().then(|| {
            view! { <div class="note late wide" role="alert">{icon("warn")}<span>{say!(no_trail)}</span></div> }
        })
    };
    view! { {Vec::from(buttons)} {part(said)} }.into_any()
}

/// Gives the file to the person; false where the browser refuses.
fn write(trail: &Trail, delivery: &Delivery, route: String, (_, ending, kind, write): Format) -> bool {
    let id = delivery.delivery.to_string();
    let what = delivery.reference.clone().unwrap_or_else(|| id[..13].to_owned());
    let about = About { name: [&format::courier(delivery.courier.as_str()), ", ", &what].concat(), description: route };
    let name = export::file_name(&[delivery.courier.as_str(), "-", &what].concat(), ending);
    browser::save(&name, kind, &write(trail, &about))
}
