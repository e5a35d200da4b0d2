//! What floats on the map and is not needed for its first sight.

use leptos::prelude::*;

use crate::{
    callout::{Callout, PreviewPill},
    controls::Controls,
    legend::Legend,
    spot_list::SpotList,
    time_bar::TimeBar,
    toasts::Toasts,
};

/// The map's buttons, the selection's card, the list of a spot, the pill of a previewed way, the legend, the time bar and the notices.
#[component]
pub fn Floats() -> impl IntoView {
    view! {
        <Controls/>
        <Callout/>
        <SpotList/>
        <PreviewPill/>
        <Legend/>
        <TimeBar/>
        <Toasts/>
    }
    .into_any()
}
