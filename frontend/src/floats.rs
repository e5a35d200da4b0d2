//! What floats on the map and is not needed for its first sight.

use leptos::prelude::*;

use crate::{
    callout::{Callout, PreviewPill},
    legend::Legend,
    time_bar::TimeBar,
    toasts::Toasts,
};

/// The selection's card, the pill of a previewed way, the legend, the time bar and the notices.
#[component]
pub fn Floats() -> impl IntoView {
    view! {
        <Callout/>
        <PreviewPill/>
        <Legend/>
        <TimeBar/>
        <Toasts/>
    }
    .into_any()
}
