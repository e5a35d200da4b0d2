//! Says aloud, politely, how the connection stands. `toasts` says the rest.

use leptos::prelude::*;
use model::Connection;

use crate::signal::Memo;
use crate::{live::Live, words::say};

/// A live region that nobody sees.
#[component]
pub fn Announcer() -> impl IntoView {
    let live = Live::expect();
    let state = Memo::new(move |_| match live.connection.get() {
        Connection::Connecting => "",
        Connection::Live => say!(live),
        Connection::Reconnecting { .. } => say!(reconnecting),
        Connection::Ended(_) => say!(ended),
        Connection::Replay => say!(past),
    });
    view! { <div class="vh" role="status" aria-live="polite">{move || state.get()}</div> }.into_any()
}
