//! The banner over the map: the connection is away, and what is shown is from then.

use leptos::prelude::*;
use model::{Connection, connection::Ended};

use crate::signal::Memo;
use crate::{
    browser, format,
    live::Live,
    part::part,
    words::{self, say},
};

/// What the banner says; `None` while there is nothing to say.
#[derive(Clone, PartialEq)]
struct Says {
    main: String,
    retries: bool,
    reload: bool,
}

/// The banner.
#[component]
pub fn Banner() -> impl IntoView {
    let live = Live::expect();
    let says = Memo::new(move |_| match live.connection.get() {
        Connection::Connecting | Connection::Live | Connection::Replay => None,
        Connection::Reconnecting { showing_at, .. } => Some(Says {
            main: showing_at
                .map_or(say!(no_data_yet).into(), |at| words::reconnecting_showing(&format::time_s(at, live.zone_min))),
            retries: true,
            reload: false,
        }),
        Connection::Ended(why) => Some(Says {
            main: match why {
                Ended::Refused => say!(refused),
                Ended::Unauthorized => say!(unauthorized),
                Ended::Over => say!(over),
                Ended::Outdated => say!(outdated),
            }
            .into(),
            retries: false,
            reload: true,
        }),
    });
    let next = move || match live.connection.get() {
        Connection::Reconnecting { next_try_at: Some(at), .. } => {
            words::next_try(((at - live.clock.get()).max(0) + 999) / 1000)
        }
        _ => say!(trying).into(),
    };
    part(move || {
        let says = says.get()?;
        Some(view! {
            <div class="banner" role="alert" data-banner="connection">
                {says.retries.then(|| view! { <i class="sp"></i> })}
                <span>{says.main}</span>
                {says.retries.then(|| view! { <span class="q">{part(next)}</span> })}
                {says.retries.then(|| view! {
                    <button class="btn sm" on:click=move |_| live.try_now()>{say!(try_now)}</button>
                })}
                {says.reload.then(|| view! {
                    <button class="btn sm" on:click=move |_| browser::reload()>{say!(reload)}</button>
                })}
            </div>
        })
    })
}
