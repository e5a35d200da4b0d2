//! What floats on the map and is not needed for its first sight.

use leptos::prelude::*;

use crate::{
    callout::{Callout, PreviewPill},
    controls::Controls,
    later::{Later, later},
    legend::Legend,
    live::Live,
    part::part,
    signal::Memo,
    spot_list::SpotList,
    time_bar::TimeBar,
    toasts::Toasts,
};

/// The map's buttons, the selection's card, the list of a spot, the pill of a previewed way, the legend, the time bar and the notices.
#[component]
pub fn Floats() -> impl IntoView {
    let live = Live::expect();
    let has_figures = Memo::new(move |_| live.figures.with(Option::is_some));
    let figures = move || has_figures.get().then(|| later(Later::Figures));
    // Without a map there is nothing to zoom, and nothing that a legend could explain.
    let drawn = Memo::new(move |_| live.map_fault.with(Option::is_none));
    view! {
        {part(move || drawn.get().then(|| view! { <Controls/> }))}
        <Callout/>
        <SpotList/>
        <PreviewPill/>
        {part(move || drawn.get().then(|| view! { <Legend/> }))}
        <TimeBar/>
        {part(figures)}
        <Toasts/>
    }
    .into_any()
}
