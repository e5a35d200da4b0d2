//! The card on an empty map: the first steps, each of which works.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    browser,
    catalogue::Catalogue,
    layout::{Layout, StartMode},
    live::Live,
    sign::icon,
    signal::RwSignal,
    start, words,
};

/// The card.
#[component]
pub fn Onboard() -> impl IntoView {
    let (live, layout, catalogue) = (Live::expect(), Layout::expect(), Catalogue::expect());
    let said = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let start_20 = move |_| {
        busy.set(true);
        spawn_local(async move {
            let result = start::random(live, catalogue, 20).await;
            // The card may be gone by now: the first courier closes it.
            busy.try_set(false);
            if let Err(why) = result {
                said.try_set(Some(why));
            }
        });
    };
    let copied = RwSignal::new(false);
    let copy = move |_| {
        spawn_local(async move {
            let done = browser::copy(curl(live, catalogue)).await;
            copied.try_set(done);
        });
    };
    let step = |sign: &'static str, title: &'static str, why: &'static str, act: AnyView| {
        view! {
            <li>
                <span class="pic">{icon(sign)}</span>
                <div><div class="strong">{title}</div><div class="faint small">{why}</div></div>
                {act}
            </li>
        }
        .into_any()
    };
    let begin = view! {
        <button class="btn primary" disabled=move || busy.get() on:click=start_20>
            {move || if busy.get() { words::STARTING } else { words::START_20 }}
        </button>
    };
    let choose = view! {
        <button class="btn" on:click=move |_| layout.open_start(StartMode::One)>{words::CHOOSE}</button>
    };
    let curl_button = view! {
        <button class="btn" on:click=copy>
            {move || icon(if copied.get() { "check" } else { "copy" })}
            {move || if copied.get() { words::COPIED } else { words::COPY_CURL }}
        </button>
    };
    view! {
        <section class="card onboard" aria-label=words::ONBOARD data-state="empty">
            <h2>{words::ONBOARD}</h2>
            <p class="muted">{words::ONBOARD_WHY}</p>
            {move || said.get().map(|why| view! { <p class="error" role="alert">{why}</p> })}
            <ul>
                {step("dice", words::SIMULATE_20, words::SIMULATE_20_WHY, begin.into_any())}
                {step("route", words::START_ONE, words::START_ONE_WHY, choose.into_any())}
                {step("code", words::FROM_SYSTEM, words::FROM_SYSTEM_WHY, curl_button.into_any())}
            </ul>
        </section>
    }
    .into_any()
}

/// A command that starts a delivery, ready to run.
fn curl(live: Live, catalogue: Catalogue) -> String {
    let route = catalogue.routes.with_untracked(|routes| {
        routes.as_ref().and_then(|routes| routes.first().map(|route| route.route.to_string()))
    });
    let route = route.unwrap_or_else(|| "station-to-market".into());
    let courier = start::new_courier(live, &[]);
    format!(
        "curl -X POST {}/api/v1/deliveries -H 'Content-Type: application/json' -d '{{\"courier\":\"{courier}\",\"route\":\"{route}\"}}'",
        browser::origin()
    )
}
