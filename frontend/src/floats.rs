//! What floats on the map and is not needed for its first sight.

use leptos::prelude::*;

use crate::{
    callout::{Callout, PreviewPill},
    legend::Legend,
    time_bar::TimeBar,
};

/// The selection's card, the pill of a previewed way, the legend and the time bar.
#[component]
pub fn Floats() -> impl IntoView {
    view! {
        <Callout/>
        <PreviewPill/>
        <Legend/>
        <TimeBar/>
    }
    .into_any()
}
