//! What can be done with the selection.

use std::time::Duration;

use contract::{Delivery, rest::CancelRequest};
use leptos::{prelude::*, task::spawn_local};
use model::Follow;

use super::{
    Story,
    link::CustomerLink,
    past::{Replay, Save},
};
use crate::{
    browser, format, keys,
    net::api,
    part::part,
    sign::{icon, icon_small},
    signal::{Memo, RwSignal},
    words::{self, say},
};

/// Follow, replay, audit, the customer's link, and the trail as a file.
#[component]
pub fn Acts() -> impl IntoView {
    let story = Story::expect();
    let live = story.live;
    let shown = RwSignal::new(false);
    let on = move || live.follow.get() == Follow::On;
    let has_delivery = Memo::new(move |_| story.delivery.with(|d| d.as_ref().is_some_and(|d| d.started_at.is_some())));
    let audit = move || {
        has_delivery.get().then(|| {
            view! {
                <button class="btn" id="audit" aria-expanded=move || shown.get().to_string() on:click=move |_| shown.update(|shown| *shown = !*shown)>
                    {icon("list")} {say!(audit)}
                </button>
            }
        })
    };
    let replay = move || has_delivery.get().then(|| view! { <Replay/> });
    let save = move || has_delivery.get().then(|| view! { <Save/> });
    let any_delivery = Memo::new(move |_| live.commands.get() && story.delivery.with(Option::is_some));
    let link = move || any_delivery.get().then(|| view! { <CustomerLink/> });
    let result = move || {
        (shown.get() && has_delivery.get()).then(|| {
            let audit = story.audit.get();
            let text = audit.as_ref().map_or(say!(loading).to_owned(), |audit| {
                let missing = audit.missing.iter().map(|(from, to)| to - from + 1).sum();
                let through = format::time_s(audit.through, live.zone_min);
                words::audit_result(audit.stored, audit.expected, missing, &through)
            });
            let class = if audit.is_some_and(|audit| !audit.missing.is_empty()) { "note late" } else { "note" };
            view! { <div class=class style="margin-top:10px" role="status">{icon("check")}<span>{text}</span></div> }
        })
    };
    view! {
        <section class="db">
            <div class="acts">
                <button
                    class="btn primary"
                    id="follow"
                    aria-pressed=move || on().to_string()
                    disabled=move || story.row.with(Option::is_none)
                    on:click=move |_| keys::toggle_follow(live)
                >
                    {icon("follow")} {move || if on() { say!(following) } else { say!(follow) }} <kbd class="not-phone">"F"</kbd>
                </button>
                {part(replay)}
                {part(audit)}
                {part(link)}
                {part(save)}
            </div>
            {part(result)}
        </section>
    }
    .into_any()
}

/// The id to copy, and the way to cancel.
#[component]
pub fn Foot() -> impl IntoView {
    let story = Story::expect();
    let copied = RwSignal::new(false);
    let text = Memo::new(move |_| match story.delivery.with(|d| d.as_ref().map(|d| d.delivery.to_string())) {
        Some(id) => id,
        None => story.courier.get().map(|id| id.to_string()).unwrap_or_default(),
    });
    let short = move || match text.get() {
        id if id.len() == 36 => format!("{}…{}", &id[..13], &id[32..]),
        id => id,
    };
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            copied.try_set(browser::copy(text).await);
            let forget = move || {
                copied.try_set(false);
            };
            set_timeout(forget, Duration::from_secs(2));
        });
    };
    let open = Memo::new(move |_| {
        story.live.commands.get() && story.delivery.with(|delivery| delivery.as_ref().is_some_and(Delivery::is_open))
    });
    view! {
        <div class="df">
            <button class="copy" aria-label=part(move || [say!(copy_id), " ", &short()].concat()) title=move || text.get() on:click=copy>
                {part(short)} {move || icon_small(if copied.get() { "check" } else { "copy" })}
                <span class="vh" role="status">{move || copied.get().then_some(say!(copied))}</span>
            </button>
            {move || open.get().then(|| view! { <Cancel/> })}
        </div>
    }
    .into_any()
}

/// Asks once, in place.
#[component]
fn Cancel() -> impl IntoView {
    let story = Story::expect();
    let (asking, busy) = (RwSignal::new(false), RwSignal::new(false));
    let fault = RwSignal::new(None::<String>);
    let cancel = move |_| {
        let Some(id) = story.delivery.with_untracked(|d| d.as_ref().map(|d| d.delivery)) else { return };
        busy.set(true);
        spawn_local(async move {
            let answer = api::cancel(id, &CancelRequest { reason: None }).await;
            busy.try_set(false);
            asking.try_set(false);
            // The event tells the rest: the list, the map and this drawer follow it.
            fault.try_set(answer.err().map(|problem| words::problem(&problem)));
        });
    };
    let ask = move || {
        if asking.get() {
            view! {
                <span class="small strong">{say!(cancel_ask)}</span>
                <button class="btn sm" on:click=move |_| asking.set(false)>{say!(cancel_no)}</button>
                <button class="btn sm danger" id="cancel-yes" disabled=move || busy.get() on:click=cancel>
                    {move || if busy.get() { say!(cancelling) } else { say!(cancel_yes) }}
                </button>
            }
            .into_any()
        } else {
            view! {
                {move || fault.get().map(|fault| view! { <span class="error" role="alert">{fault}</span> })}
                <button
                    class="btn sm ghost danger" id="cancel"
                    disabled=move || !story.live.connection.get().is_live()
                    on:click=move |_| asking.set(true)
                >
                    {say!(cancel)}
                </button>
            }
            .into_any()
        }
    };
    view! { <div class="far cancel" class:asking=move || asking.get()>{part(ask)}</div> }.into_any()
}
