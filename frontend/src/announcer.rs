//! Says aloud, politely, how the connection stands. `toasts` says the rest.

use leptos::prelude::*;
use model::Connection;

use crate::signal::Memo;
use crate::{live::Live, words};

/// A live region that nobody sees.
#[component]
pub fn Announcer() -> impl IntoView {
    let live = Live::expect();
    let state = Memo::new(move |_| match live.connection.get() {
        Connection::Connecting => "",
        Connection::Live => words::LIVE,
        Connection::Reconnecting { .. } => words::RECONNECTING,
        Connection::Ended(_) => words::ENDED,
        Connection::Replay => words::PAST,
    });
    view! { <div class="vh" role="status" aria-live="polite">{move || state.get()}</div> }.into_any()
}
