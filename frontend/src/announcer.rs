//! Says aloud, politely, what happens: connection, arrivals, alarms.

use leptos::prelude::*;
use model::Connection;

use crate::signal::Memo;
use crate::{live::Live, toasts, words};

/// A live region that nobody sees.
#[component]
pub fn Announcer() -> impl IntoView {
    let live = Live::expect();
    let state = Memo::new(move |_| match live.connection.get() {
        Connection::Connecting => "",
        Connection::Live => words::LIVE,
        Connection::Reconnecting { .. } => words::RECONNECTING,
        Connection::Ended(_) => words::ENDED,
    });
    let notice = Memo::new(move |_| {
        live.notices.with(|notices| notices.last().map(|notice| toasts::lines(notice, live).0).unwrap_or_default())
    });
    view! {
        <div class="vh" role="status" aria-live="polite">{move || state.get()}</div>
        <div class="vh" role="status" aria-live="polite">{move || notice.get()}</div>
    }
    .into_any()
}
