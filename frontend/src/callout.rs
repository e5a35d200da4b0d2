//! What hangs on a place of the map: the selection's card, and the length of a previewed way.

use contract::{frame::CourierStatus, live::EtaRange};
use leptos::prelude::*;
use model::{Spot, text};

use crate::{
    catalogue::Catalogue,
    face, format,
    layout::{Layout, Panel, Size},
    live::Live,
    part::part,
    sign::{glyph, icon, icon_small, of_status},
    signal::Memo,
    words::{self, say},
};

/// Size of the card with its distance from the marker, px.
const WIDTH: f64 = 244.0;
const HEIGHT: f64 = 128.0;
const AWAY: f64 = 30.0;

/// About as wide is the pill of a previewed way, px.
const PILL: f64 = 176.0;

/// The selection's card while the drawer is closed.
#[component]
pub fn Callout() -> impl IntoView {
    let (live, layout, catalogue) = (Live::expect(), Layout::expect(), Catalogue::expect());
    let shown = Memo::new(move |_| {
        layout.panel.get() == Panel::None
            && layout.size.get() != Size::Phone
            && live.anchor.with(Option::is_some)
            && live.selected.with(|selected| selected.as_ref().is_some_and(|s| s.courier.is_some()))
    });
    let row = Memo::new(move |_| {
        let courier = live.selected.with(|selected| selected.as_ref().and_then(|s| s.courier.clone()))?;
        live.with_world(|world| world.courier_row(&courier))
    });
    let style = move || {
        let Some(spot) = live.anchor.get() else { return "display:none".to_owned() };
        let (x, y) = beside(spot, live);
        format!("transform:translate({}px,{}px)", x.round() as i32, y.round() as i32)
    };
    let inside = move || {
        let Some(row) = row.get() else { return ().into_any() };
        let (now, zone) = (live.clock.get(), live.zone_min);
        let name = format::courier(row.courier.as_str());
        let progress = row.delivery.and_then(|id| live.with_world(|world| world.progress(id)));
        let big = match (row.status, row.eta) {
            (CourierStatus::Alarm, _) => say!(no_eta).to_owned(),
            (CourierStatus::Idle | CourierStatus::Offline, _) | (_, None) => words::status(row.status).to_owned(),
            (_, Some(eta)) => format::time(eta, zone),
        };
        let order = match &row.reference {
            Some(reference) => reference.clone(),
            None => face::order_and_route(None, row.route.as_ref(), catalogue),
        };
        let within = row.eta.map(|eta| format::in_range(EtaRange { from: eta, to: eta }, now));
        let detail = match (row.delivery, within) {
            (None, _) => say!(no_delivery).to_owned(),
            (Some(_), Some(within)) => format!("{within} · {order}"),
            (Some(_), None) => order,
        };
        let speed = row.speed_mps.map(|mps| format!("{} · ", format::speed(mps))).unwrap_or_default();
        let bar = progress.map(|progress| {
            let width = format!("width:{}%", text::fixed(progress.share() * 100.0, 1));
            view! { <div class=format!("prog {}", of_status(row.status))><i style=width></i></div> }
        });
        let open = move |_| {
            live.selected.update(|selected| {
                if let Some(selected) = selected {
                    selected.open = true;
                }
            })
        };
        view! {
            <h3>
                {glyph(of_status(row.status), of_status(row.status))}
                {name}
                <button class="ib" aria-label=say!(close) on:click=move |_| live.selected.set(None)>{icon_small("close")}</button>
            </h3>
            <div class="big">{big}</div>
            <div class="muted small cut">{detail}</div>
            {bar}
            <div class="ends" style=if progress.is_some() { "" } else { "margin-top:8px" }>
                <span>{speed}{format::ago(row.at, now)}</span>
                <button class="more" on:click=open>{say!(details)} <kbd>"Enter"</kbd></button>
            </div>
        }
        .into_any()
    };
    part(move || {
        shown
            .get()
            .then(|| view! { <section class="card callout" aria-label=say!(details) style=part(style)>{part(inside)}</section> })
    })
}

/// Beside the marker, on the side that has room.
fn beside(spot: Spot, live: Live) -> (f64, f64) {
    let (width, height) = crate::browser::by_id("stage")
        .map_or((1000.0, 700.0), |stage| (f64::from(stage.client_width()), f64::from(stage.client_height())));
    let padding = live.padding.get();
    let right = spot.x + AWAY + WIDTH <= width - padding.right;
    let x = if right { spot.x + AWAY } else { spot.x - AWAY - WIDTH };
    let y = (spot.y - HEIGHT - 12.0).clamp(12.0, (height - padding.bottom - HEIGHT).max(12.0));
    (x.max(12.0), y)
}

/// "750 m · about 3 min", beside the previewed line.
#[component]
pub fn PreviewPill() -> impl IntoView {
    let live = Live::expect();
    let layout = Layout::expect();
    part(move || {
        let spot = live.preview_anchor.get()?;
        let text = layout.preview_text.get().filter(|_| layout.panel.get() == Panel::Start)?;
        let width = crate::browser::by_id("stage").map_or(1000.0, |stage| f64::from(stage.client_width()));
        let x = (spot.x + 18.0).min(width - live.padding.get().right - PILL).max(8.0);
        let style =
            format!("left:0;top:0;transform:translate({}px,{}px)", x.round() as i32, (spot.y - 16.0).round() as i32);
        Some(view! { <div class="pill" style=style>{icon("route")} {text}</div> })
    })
}
