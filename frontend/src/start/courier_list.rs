//! Who drives: idle couriers nearest first, a new one, and busy ones that can be seen but not chosen.

use contract::{CourierId, frame::CourierStatus};
use leptos::prelude::*;
use model::Filter;

use super::{Form, plan};
use crate::{
    format,
    part::{part, watch},
    sign::{self, glyph, icon},
    signal::{Memo, RwSignal},
    words::{self, say},
};

/// More are found by typing.
const SHOWN: usize = 40;

/// A courier to choose.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Person {
    courier: CourierId,
    colour: &'static str,
    note: String,
    free: bool,
}

/// Couriers with a search that is also the field for a new id.
#[component]
pub fn CourierList() -> impl IntoView {
    let form = Form::expect();
    let text = RwSignal::new(String::new());
    // One invented name for as long as the form is open: a name that changes under the finger is no offer.
    let fresh = plan::new_courier(form.live, &[]);
    let people = Memo::new(move |_| people(form, &text.get(), &fresh));
    let idle = Memo::new(move |_| {
        form.live.summary.with(|summary| summary.as_ref().map_or(0, |summary| summary.counts.idle as usize))
    });
    // The nearest free courier is proposed until a person chooses one.
    watch(move || {
        let first = people.with(|people| people.iter().find(|person| person.free).map(|person| person.courier.clone()));
        if !form.courier_chosen.get() {
            form.courier.set(first);
        }
    });
    let none = move || people.with(Vec::is_empty).then(|| view! { <p class="none">{say!(no_courier_match)}</p> });
    let wrong = move || form.errors.with(|errors| errors.iter().any(|(at, _)| at == "/courier"));
    view! {
        <div class="fld">
            <div class="label">{say!(courier)}<em>{move || words::idle(idle.get())}</em></div>
            <div class="box" class:wrong=wrong>
                <div class="search">
                    {icon("search")}
                    <input
                        id="courier-search" type="search" placeholder=say!(search_couriers) aria-label=say!(search_couriers)
                        autocomplete="off" spellcheck="false"
                        prop:value=move || text.get()
                        on:input=move |event| {
                            form.errors.set(Vec::new());
                            form.courier_chosen.set(false);
                            text.set(event_target_value(&event));
                        }
                    />
                </div>
                <div class="opts short" role="radiogroup" aria-label=say!(courier)>
                    <For each=move || people.get() key=Clone::clone children=move |person| option(form, person)/>
                    {part(none)}
                </div>
            </div>
            {form.error(&["/courier"])}
        </div>
    }
    .into_any()
}

fn option(form: Form, person: Person) -> AnyView {
    let id = StoredValue::new(person.courier.clone());
    let on = move || form.courier.with(|courier| id.with_value(|id| courier.as_ref() == Some(id)));
    let choose = move |_| {
        form.errors.set(Vec::new());
        form.courier_chosen.set(true);
        form.courier.set(Some(id.get_value()));
    };
    view! {
        <button
            class="opt person"
            role="radio"
            aria-checked=move || on().to_string()
            disabled=!person.free
            data-choice=person.courier.to_string()
            on:click=choose
        >
            {glyph(person.colour, person.colour)}
            <span class="name">{format::courier(person.courier.as_str())}</span>
            <span class="s">{person.note}</span>
            <span class="rd"></span>
        </button>
    }
    .into_any()
}

fn people(form: Form, text: &str, fresh: &CourierId) -> Vec<Person> {
    let live = form.live;
    let filter = Filter { text: text.to_owned(), ..Filter::default() };
    let start = form.chosen().first().map(|route| route.origin);
    let now = live.clock.get_untracked();
    let (mut free, mut busy) = (Vec::new(), Vec::new());
    live.with_world(|world| {
        for row in world.couriers(&filter, now) {
            let on_delivery = row.delivery.is_some()
                || !matches!(row.status, CourierStatus::Idle | CourierStatus::Offline)
                || world.delivery_of(&row.courier).is_some();
            let colour = sign::of_status(row.status);
            if on_delivery {
                let note =
                    row.eta.map_or(say!(busy).into(), |eta| words::busy_until(&format::time(eta, live.zone_min)));
                busy.push(Person { courier: row.courier, colour, note, free: false });
                continue;
            }
            let place = world.place(&row.courier);
            let away = start.zip(place).map(|(start, place)| start.distance_m(place));
            let note = away.map_or(String::new(), |away| words::metres_away(&format::distance(away)));
            // Who has been silent for minutes may have gone home: after all that are known to be there.
            let silent = row.status == CourierStatus::Offline;
            free.push((silent, away.unwrap_or(f64::MAX), Person { courier: row.courier, colour, note, free: true }));
        }
    });
    free.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut people: Vec<Person> = free.into_iter().map(|(_, _, person)| person).take(SHOWN).collect();
    let typed = model::text::lower(text.trim()).replace(' ', "-");
    let new = if typed.is_empty() { Some(fresh.clone()) } else { CourierId::new(&typed).ok() };
    let known = |id: &CourierId| people.iter().chain(&busy).any(|person| person.courier == *id);
    let new = new.filter(|id| !known(id) && live.world.with_value(|world| world.courier_row(id).is_none()));
    people.extend(new.map(|courier| Person { courier, colour: "idle", note: say!(new_courier).into(), free: true }));
    people.extend(busy.into_iter().take(SHOWN));
    people
}
