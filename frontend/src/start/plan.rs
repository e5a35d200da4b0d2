//! From the form to deliveries: who drives what, and sending it so that a repeated attempt is harmless.

use contract::{
    CourierId, DeliveryId, Driver, Millis, Problem, ProblemKind,
    rest::{DeliveryRequest, PathChoice, Route},
};
use leptos::{prelude::*, task::spawn_local};
use model::{Filter, Language};

use super::{Form, RANDOM};
use crate::{
    browser,
    catalogue::Catalogue,
    format,
    layout::{Layout, StartMode},
    live::Live,
    net::api,
    part::part,
    words::{self, say},
};

/// One start: the id is made here and kept over attempts, so that sending it twice starts it once.
type Start = (DeliveryId, DeliveryRequest);

const FIRST: [&str; 16] = [
    "aino", "oskari", "fatima", "thiago", "yusuf", "sanna", "olga", "noora", "mikko", "ines", "pavel", "leila",
    "rafael", "petra", "amir", "helmi",
];
const LAST: [&str; 16] = [
    "korhonen",
    "lehto",
    "noor",
    "moreira",
    "demir",
    "heikkinen",
    "ivanova",
    "mattila",
    "laine",
    "carvalho",
    "novak",
    "farah",
    "pinto",
    "lindholm",
    "haddad",
    "saarinen",
];

/// A courier that nobody has heard of: an invented name, or a number where names have run out.
pub fn new_courier(live: Live, taken: &[CourierId]) -> CourierId {
    let is_free = |id: &CourierId| {
        !taken.contains(id)
            && live.world.with_value(|world| world.courier_row(id).is_none() && world.delivery_of(id).is_none())
    };
    let all = FIRST.len() * LAST.len();
    let begin = browser::chance(all);
    // A step that shares no divisor with 256 visits every name once.
    let names = (0..all).map(|i| (begin + i * 87) % all);
    let names = names.map(|n| format!("{}-{}", FIRST[n / LAST.len()], LAST[n % LAST.len()]));
    let numbers = (1..).map(|n| format!("c-{n}"));
    names.chain(numbers).filter_map(|name| CourierId::new(&name).ok()).find(is_free).unwrap_or_else(|| unreachable!())
}

/// Starts so many random deliveries; the answer is why it could not be done.
pub async fn random(live: Live, catalogue: Catalogue, number: usize) -> Result<(), String> {
    let routes = catalogue.routes.get_untracked().unwrap_or_default();
    let starts = random_starts(live, catalogue, &routes, number, 1.0);
    if starts.is_empty() {
        return Err(catalogue
            .fault
            .get_untracked()
            .map_or_else(|| say!(no_route_match).into(), |fault| words::problem(&fault)));
    }
    for (id, request) in starts {
        api::put_delivery(id, &request).await.map_err(|problem| words::problem(&problem))?;
    }
    Ok(())
}

fn random_starts(live: Live, catalogue: Catalogue, routes: &[Route], number: usize, speed: f64) -> Vec<Start> {
    let mut taken = Vec::new();
    let mut starts = Vec::new();
    for _ in 0..number {
        let Some(route) = routes.get(browser::chance(routes.len())) else { break };
        let courier = new_courier(live, &taken);
        taken.push(courier.clone());
        starts.push((live.new_delivery_id(), request(courier, route, speed, catalogue)));
    }
    starts
}

fn request(courier: CourierId, route: &Route, speed: f64, catalogue: Catalogue) -> DeliveryRequest {
    let own = catalogue.own.with_untracked(|own| own.iter().any(|known| known.route == route.route));
    let line = catalogue.line(&route.route, false).filter(|_| own);
    DeliveryRequest {
        courier,
        path: match line {
            Some(line) => PathChoice::Path(contract::polyline::encode(&line)),
            None => PathChoice::Route(route.route.clone()),
        },
        driver: Driver::Simulator,
        speed,
        interval_ms: None,
        reference: None,
        promised_at: None,
    }
}

/// Each route gets the nearest free courier, or a new one.
fn several_starts(form: Form) -> Vec<Start> {
    let live = form.live;
    let mut taken: Vec<CourierId> = Vec::new();
    let mut starts = Vec::new();
    for route in form.chosen() {
        let nearest = live.world.with_value(|world| {
            let filter =
                Filter { states: [contract::frame::CourierStatus::Idle].into_iter().collect(), ..Filter::default() };
            let rows = world.couriers(&filter, live.clock.get_untracked()).into_iter();
            let idle = rows.filter(|row| !taken.contains(&row.courier) && world.delivery_of(&row.courier).is_none());
            let placed = idle.filter_map(|row| {
                let place = world.place(&row.courier)?;
                Some((place.distance_m(route.origin), row.courier))
            });
            placed.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, courier)| courier)
        });
        let courier = nearest.unwrap_or_else(|| new_courier(live, &taken));
        taken.push(courier.clone());
        starts.push((live.new_delivery_id(), request(courier, &route, form.speed.get_untracked(), form.catalogue)));
    }
    starts
}

/// What the form asks for; `None` where something has yet to be chosen.
fn starts(form: Form) -> Option<Vec<Start>> {
    let live = form.live;
    let starts = match form.mode.get_untracked() {
        StartMode::One => {
            let (route, courier) = (form.chosen().into_iter().next()?, form.courier.get_untracked()?);
            let reference = form.reference.get_untracked().trim().to_owned();
            let promised = promised(&form.promised.get_untracked(), live.clock.get_untracked(), live.zone_min);
            let Ok(promised_at) = promised else {
                let text = words::field("promised_at", say!(time_rule));
                form.errors.set(vec![("/promised_at".into(), text)]);
                return None;
            };
            let request = DeliveryRequest {
                reference: (!reference.is_empty()).then_some(reference),
                promised_at,
                ..request(courier, &route, form.speed.get_untracked(), form.catalogue)
            };
            vec![(live.new_delivery_id(), request)]
        }
        StartMode::Several => several_starts(form),
        StartMode::Random => {
            let routes = form.catalogue.routes.get_untracked().unwrap_or_default();
            random_starts(live, form.catalogue, &routes, RANDOM, form.speed.get_untracked())
        }
    };
    (!starts.is_empty()).then_some(starts)
}

/// "14:15", "1415" or "14.15" as the next such time of the viewer's day; `Err` for what is no time. A field of type
/// `time` would show 12 hours to half of the world, whatever the page says elsewhere.
fn promised(text: &str, now: Millis, zone_min: i32) -> Result<Option<Millis>, ()> {
    const DAY: Millis = 86_400_000;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let digits: String = text.trim().chars().filter(|letter| !matches!(letter, ':' | '.' | ' ')).collect();
    let number: Millis = digits.parse().map_err(|_| ())?;
    let (hours, minutes) = (number / 100, number % 100);
    if digits.len() < 3 || !(0..24).contains(&hours) || !(0..60).contains(&minutes) {
        return Err(());
    }
    let zone = Millis::from(zone_min) * 60_000;
    let at = (now + zone).div_euclid(DAY) * DAY + (hours * 60 + minutes) * 60_000 - zone;
    Ok(Some(if at < now { at + DAY } else { at }))
}

/// The foot of the form: who, how far, when, and the button.
#[component]
pub fn Go() -> impl IntoView {
    let (form, layout) = (Form::expect(), Layout::expect());
    let live = form.live;
    // What could not be sent keeps its ids: pressing again repeats exactly that.
    let unsent = StoredValue::new(Vec::<Start>::new());
    let number = move || match form.mode.get() {
        StartMode::One => 1,
        StartMode::Several => form.routes.read().len(),
        StartMode::Random => RANDOM,
    };
    let who = move || {
        let metres: u32 = form.chosen().iter().map(|route| route.distance_m).sum();
        let distance = format::distance(metres.into());
        match (form.mode.get(), form.courier.get()) {
            (StartMode::One, _) if metres == 0 => say!(choose_route).to_owned(),
            (StartMode::One, None) => say!(choose_courier).to_owned(),
            (StartMode::One, Some(courier)) => words::who_how_far(&format::courier(courier.as_str()), &distance),
            (StartMode::Several, _) if metres == 0 => say!(choose_route).to_owned(),
            (StartMode::Several, _) => words::deliveries_far(number(), &distance),
            (StartMode::Random, _) => words::deliveries_far(RANDOM, say!(random_far)),
        }
    };
    let when = move || {
        let longest = form.chosen().iter().map(|route| route.planned_s).max()?;
        let at = live.clock.get() + (f64::from(longest) / form.speed.get() * 1000.0) as Millis;
        let word = if number() == 1 { say!(arrives_about) } else { say!(last_about) };
        Some(view! { <span>{word} " " <b>{format::time(at, live.zone_min)}</b></span> })
    };
    let text = move || match form.sending.get() {
        Some((_, 1)) => say!(starting).to_owned(),
        Some((done, all)) => words::started_of(done, all),
        None => words::start_many(number()),
    };
    let ready = move || {
        let chosen = match form.mode.get() {
            StartMode::One => form.courier.with(Option::is_some) && !form.routes.read().is_empty(),
            StartMode::Several => !form.routes.read().is_empty(),
            StartMode::Random => form.catalogue.routes.with(Option::is_some),
        };
        // What is being drawn is no line yet, and the one that was chosen before it is not meant.
        let drawing = live.drawing.with(Option::is_some);
        chosen && !drawing && form.sending.with(Option::is_none) && live.connection.get().is_live()
    };
    let go = move |_| {
        let Some(wanted) = starts(form) else { return };
        let left = unsent.get_value();
        let same = left.len() == wanted.len() && left.iter().zip(&wanted).all(|((_, a), (_, b))| a == b);
        let random_left = form.mode.get_untracked() == StartMode::Random && !left.is_empty();
        let wanted = if same || random_left { left } else { wanted };
        spawn_local(send(form, layout, wanted, unsent));
    };
    view! {
        <div class="df go">
            <div class="ends muted"><span>{part(who)}</span>{part(when)}</div>
            <button class="btn primary" id="start-go" disabled=move || !ready() on:click=go>{part(text)}</button>
        </div>
    }
    .into_any()
}

async fn send(form: Form, layout: Layout, starts: Vec<Start>, unsent: StoredValue<Vec<Start>>) {
    let live = form.live;
    let all = starts.len();
    let first = starts.first().map(|(id, request)| (*id, request.courier.clone()));
    unsent.set_value(starts.clone());
    form.errors.set(Vec::new());
    for (done, (id, request)) in starts.into_iter().enumerate() {
        form.sending.try_set(Some((done, all)));
        let answer = api::put_delivery(id, &request).await;
        // The form may have been closed meanwhile: what was begun goes on, and nobody is told twice.
        if let Err(problem) = answer {
            form.sending.try_set(None);
            form.errors.try_set(explain(&problem, &request, live));
            return;
        }
        unsent.try_update_value(|unsent| unsent.retain(|(other, _)| *other != id));
    }
    if !form.sending.try_set(None) {
        return;
    }
    layout.start.set(None);
    match first {
        Some((id, courier)) if all == 1 => live.select_delivery(id, courier),
        _ => live.fit_all(),
    }
}

/// A problem as texts under the fields that it is about.
fn explain(problem: &Problem, request: &DeliveryRequest, live: Live) -> Vec<(String, String)> {
    if problem.slug() == ProblemKind::CourierBusy.slug() {
        let until = problem.until.map(|until| format::time(until, live.zone_min));
        let text = words::courier_busy(&format::courier(request.courier.as_str()), until.as_deref());
        return vec![("/courier".into(), text)];
    }
    let known = ["/courier", "/route", "/path", "/speed", "/reference", "/promised_at"];
    let (named, other): (Vec<_>, Vec<_>) =
        problem.errors.iter().partition(|error| known.contains(&error.pointer.as_str()));
    let mut texts: Vec<(String, String)> = named
        .into_iter()
        .map(|error| (error.pointer.clone(), words::field(error.pointer.trim_start_matches('/'), &error.detail)))
        .collect();
    if texts.is_empty() || !other.is_empty() {
        let rest: Vec<String> = other.iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect();
        let known = rest.is_empty() || words::language() != Language::English;
        let text = if known { words::problem(problem) } else { words::sentence(&rest.join(", ")) };
        texts.push((String::new(), text));
    }
    texts
}
