//! The deliveries behind a number, newest first. A press on one opens its story, and from there its replay.

use std::sync::Arc;

use contract::{Delivery, DeliveryStatus, Millis, Problem};
use leptos::{prelude::*, task::spawn_local};
use model::figures::{Along, Wanted, Window};

use super::{Desk, fault, step_back, words};
use crate::{
    format,
    net::api,
    part::{part, watch},
    sign,
    sign::icon,
    signal::{Memo, RwSignal},
    words::{self as all, say},
};

/// What is listed so far.
#[derive(Clone, Copy)]
struct Listed {
    desk: Desk,
    wanted: Memo<Option<Wanted>>,
    items: RwSignal<Option<Arc<Vec<Delivery>>>>,
    next: RwSignal<Option<String>>,
    fault: RwSignal<Option<Problem>>,
}

impl Listed {
    /// Asks for the next page.
    fn ask(self) {
        let Some(wanted) = self.wanted.get_untracked() else { return };
        let live = self.desk.live;
        // The same time as that of the figures, where those are here.
        let shown = self.desk.picture.get_untracked().map(|picture| picture.window.clone());
        let span = self.desk.board.get_untracked().span;
        let window = shown.unwrap_or_else(|| Window::until(span, live.server_now(), live.zone_min));
        let query = wanted.query(&window);
        let after = self.next.get_untracked();
        spawn_local(async move {
            let found = api::deliveries_of(&query, after.as_deref()).await;
            // It may be another list by now, or none.
            if self.wanted.try_get_untracked().flatten().as_ref() != Some(&wanted) {
                return;
            }
            match found {
                Ok(page) => {
                    let before = self.items.get_untracked().unwrap_or_default();
                    self.fault.try_set(None);
                    self.items.try_set(Some(Arc::new(before.iter().cloned().chain(page.items).collect())));
                    self.next.try_set(page.next);
                }
                Err(problem) => {
                    self.fault.try_set(Some(problem));
                }
            }
        });
    }
}

/// The list.
#[component]
pub fn List() -> impl IntoView {
    let desk = Desk::expect();
    let wanted = Memo::new(move |_| desk.board.get().list);
    let (items, next, wrong) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(None));
    let listed = Listed { desk, wanted, items, next, fault: wrong };
    watch(move || {
        wanted.get();
        listed.items.set(None);
        listed.next.set(None);
        listed.fault.set(None);
        listed.ask();
    });
    let title = move || {
        let wanted = wanted.get().unwrap_or_default();
        let mut parts = vec![words::kind(wanted.kind).to_owned()];
        parts.extend((wanted.along != Along::Any).then(|| desk.route(&wanted.along)));
        parts.push(match wanted.at {
            Some(at) => desk.stretch(at),
            None => words::span(desk.board.get().span).to_owned(),
        });
        parts.join(" · ")
    };
    let number = move || {
        let (items, more) = (listed.items.get()?, listed.next.with(Option::is_some));
        Some(words::listed(items.len(), more))
    };
    let rows = move || match listed.items.get() {
        None if listed.fault.with(Option::is_some) => ().into_any(),
        None => view! { <p class="wait" aria-busy="true">{say!(loading)}</p> }.into_any(),
        Some(items) if items.is_empty() => {
            view! { <div class="hollow" data-figures="none"><h2>{say!(fig_none_listed)}</h2></div> }.into_any()
        }
        Some(items) => {
            let rows = items.iter().map(|delivery| row(desk, delivery)).collect::<Vec<_>>();
            view! { <ul class="found" id="figures-list">{rows}</ul> }.into_any()
        }
    };
    let wrong = move || listed.fault.get().map(|problem| fault(&problem, move || listed.ask()));
    let more = move || {
        listed.next.with(Option::is_some).then(|| {
            view! { <button class="btn" id="figures-more" on:click=move |_| listed.ask()>{say!(fig_more)}</button> }
        })
    };
    view! {
        <div class="lh">
            <button class="btn sm" id="figures-back" on:click=move |_| step_back(desk)>{icon("to-start")} {say!(fig_back)}</button>
            <h3>{part(title)}</h3>
            <span class="faint small" id="figures-listed" role="status">{part(number)}</span>
        </div>
        {part(wrong)}
        {part(rows)}
        {part(more)}
    }
    .into_any()
}

fn row(desk: Desk, delivery: &Delivery) -> AnyView {
    let live = desk.live;
    let (id, courier) = (delivery.delivery, delivery.courier.clone());
    let who = format::courier(courier.as_str());
    let route = delivery.route.as_ref().map_or(say!(fig_own_way).to_owned(), |route| desk.catalogue.name(route));
    let (name, detail) = match &delivery.reference {
        Some(reference) => (reference.clone(), format!("{who} · {route}")),
        None => (route, who),
    };
    let end = delivery.finished_at.filter(|_| delivery.status == DeliveryStatus::Delivered);
    let took = end.and_then(|end| Some(format::duration(end - delivery.started_at?)));
    let off = end.and_then(|end| Some(words::off_by(&super::length_of((end - delivery.eta_half_way?).abs()))));
    let kept = end.and_then(|end| Some(kept(end, delivery.promised_at?)));
    let (shape, colour) = sign::of_delivery(delivery.status, None);
    let asked = delivery.requested_at;
    let when = format!("{} {}", format::date(asked, live.zone_min), format::time(asked, live.zone_min));
    let is_late = end.is_some_and(|end| delivery.promised_at.is_some_and(|promised| end > promised));
    let notes = [kept, off].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let length = took.unwrap_or_else(|| all::delivery_status(delivery.status).to_owned());
    let selected = move || live.selected.with(|selected| selected.as_ref().is_some_and(|s| s.delivery == Some(id)));
    let open = move |_| live.select_delivery(id, courier.clone());
    view! {
        <li>
            <button class="hit" class:late=is_late class:sel=selected data-delivery=id.to_string() on:click=open>
                {sign::glyph(shape, colour)}
                <span class="n cut">{name}<span class="vh">", "{all::delivery_status(delivery.status)}</span></span>
                <span class="e">{length}</span>
                <span class="d cut">{detail}</span>
                <span class="a">{when}</span>
                <span class="w">{notes}</span>
            </button>
        </li>
    }
    .into_any()
}

/// How a promise was kept.
fn kept(end: Millis, promised: Millis) -> String {
    match end - promised {
        late if late > 0 => all::late_by(&format::duration(late)),
        early => all::early(&format::duration(-early)),
    }
}
