//! The card on an empty map: the first steps, each of which works.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    browser,
    catalogue::Catalogue,
    layout::{Layout, StartMode},
    live::Live,
    sign::icon,
    signal::RwSignal,
    start,
    words::say,
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
            {move || if busy.get() { say!(starting) } else { say!(start_20) }}
        </button>
    };
    let choose = view! {
        <button class="btn" on:click=move |_| layout.open_start(StartMode::One)>{say!(choose)}</button>
    };
    let curl_button = view! {
        <button class="btn" on:click=copy>
            {move || icon(if copied.get() { "check" } else { "copy" })}
            {move || if copied.get() { say!(copied) } else { say!(copy_curl) }}
        </button>
    };
    view! {
        <section class="card onboard" aria-label=say!(onboard) data-state="empty">
            <h2>{say!(onboard)}</h2>
            <p class="muted">{say!(onboard_why)}</p>
            {move || said.get().map(|why| view! { <p class="error" role="alert">{why}</p> })}
            <ul>
                {step("dice", say!(simulate_20), say!(simulate_20_why), begin.into_any())}
                {step("route", say!(start_single), say!(start_single_why), choose.into_any())}
                {step("code", say!(from_system), say!(from_system_why), curl_button.into_any())}
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
