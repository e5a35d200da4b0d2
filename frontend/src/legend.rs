//! What the shapes mean, where the ground comes from, and how long a metre is.

use leptos::prelude::*;
use model::Tier;

use crate::{
    layout::{Layout, Panel, Size},
    live::Live,
    map::Ground,
    part::part,
    sign::{glyph, icon},
    signal::{Memo, RwSignal},
    words::{self, say},
};

/// The legend: one line, folded to a button while the drawer takes its room.
#[component]
pub fn Legend() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let unfolded = RwSignal::new(false);
    // In the past each courier is drawn, from however far.
    let far = move || live.view.with(|view| view.is_some_and(|v| Tier::at(v.zoom) == Tier::Counts));
    let counted = Memo::new(move |_| live.past.with(Option::is_none) && far());
    let folded = move || (layout.panel.get() != Panel::None || layout.size.get() == Size::Tablet) && !unfolded.get();
    part(move || {
        if folded() {
            let unfold = move |_| unfolded.set(true);
            return view! { <button class="card legend" on:click=unfold>{icon("list")} <span>{say!(legend)}</span></button> }
                .into_any();
        }
        let entry = |shape, class, text| view! { <span>{glyph(shape, class)} {text}</span> }.into_any();
        let entries = if counted.get() {
            vec![
                entry("count", "s", say!(cell)),
                entry("late", "s late", say!(cell_ring)),
                view! { <span>{say!(cell_zoom)}</span> }.into_any(),
            ]
        } else {
            vec![
                entry("delivery", "s delivery", say!(moving)),
                entry("standing", "s delivery", say!(standing)),
                entry("idle", "s idle", words::status(contract::frame::CourierStatus::Idle)),
                entry("late", "s late", words::status(contract::frame::CourierStatus::Late)),
                entry("alarm", "s alarm", words::status(contract::frame::CourierStatus::Alarm)),
                entry("offline", "s", words::status(contract::frame::CourierStatus::Offline)),
                entry("simulated", "s delivery", say!(simulated)),
            ]
        };
        let may_fold = layout.panel.get() != Panel::None || layout.size.get() == Size::Tablet;
        let fold = move |_| {
            if may_fold {
                unfolded.set(false);
            }
        };
        view! { <div class="card legend" role="note" aria-label=say!(legend) on:click=fold>{entries}</div> }.into_any()
    })
}

/// The round lengths that a scale may show, metres.
const LENGTHS: [u32; 20] = [
    5, 10, 20, 50, 100, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000,
];
/// The scale is at most so wide, px.
const WIDEST: f64 = 124.0;

/// Scale and attribution; never hidden.
#[component]
pub fn Attribution() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let scale = Memo::new(move |_| {
        let view = live.view.get()?;
        // Web mercator: 512 px are the whole equator at zoom 0.
        let metres_a_px =
            40_075_016.686 * view.centre.lat().to_radians().cos() / (512.0 * model::view::scale(view.zoom));
        let length = LENGTHS.into_iter().rev().find(|length| f64::from(*length) / metres_a_px <= WIDEST)?;
        let text = if length < 1_000 { format!("{length} m") } else { format!("{} km", length / 1_000) };
        Some(((f64::from(length) / metres_a_px).round() as u32, text))
    });
    let measure = move || {
        scale.get().map(|(width, text)| {
            view! { <span class="measure"><i class="scale" style=format!("width:{width}px")></i>{text}</span> }
        })
    };
    let source = move || {
        let far = live.view.with(|view| view.is_some_and(|view| view.zoom < 9.0));
        match (far, layout.size.get()) {
            (true, _) => say!(natural_earth),
            (false, Size::Phone) => say!(osm_short),
            (false, _) => say!(osm),
        }
    };
    view! {
        <div class="attr">
            {part(measure)}
            {match Ground::promised() {
                // `frontend/ground/basemap.mjs` writes it.
                Some(_) => view! { <span data-basemap-attribution=""></span> }.into_any(),
                None => view! {
                    <a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener noreferrer">{part(source)}</a>
                }.into_any(),
            }}
        </div>
    }
    .into_any()
}
