//! The start form, in the drawer's place: which way, who, how fast; the map shows it before anything starts.

mod courier_list;
pub mod own;
mod plan;
mod route_list;

use contract::{CourierId, RouteId, rest::Route};
use leptos::prelude::*;
use model::{Preview, PreviewLine};

use crate::{
    browser,
    catalogue::{Catalogue, ends_of},
    format,
    layout::{Layout, StartMode},
    live::Live,
    part::{part, watch},
    sheet::Grab,
    sign::icon,
    signal::RwSignal,
    words::say,
};

pub use plan::{new_courier, random};

const SPEEDS: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];
/// How many deliveries "20 random" is.
const RANDOM: usize = 20;

/// What a person has put into the form. Cheap to copy; in the context of the form.
#[derive(Clone, Copy)]
struct Form {
    mode: RwSignal<StartMode>,
    /// The chosen routes: one, or several.
    routes: RwSignal<Vec<RouteId>>,
    courier: RwSignal<Option<CourierId>>,
    /// True once a person chose the courier: then it is not proposed anew.
    courier_chosen: RwSignal<bool>,
    speed: RwSignal<f64>,
    reference: RwSignal<String>,
    promised: RwSignal<String>,
    /// What was wrong, by JSON pointer; an empty pointer is the whole.
    errors: RwSignal<Vec<(String, String)>>,
    /// How many of how many are started, while it is being sent.
    sending: RwSignal<Option<(usize, usize)>>,
    live: Live,
    catalogue: Catalogue,
}

impl Form {
    #[allow(clippy::expect_used, reason = "only parts of the form ask")]
    fn expect() -> Self {
        use_context().expect("StartForm provides it")
    }

    /// The chosen routes with their figures.
    fn chosen(self) -> Vec<Route> {
        let (all, own) = (self.catalogue.routes.get().unwrap_or_default(), self.catalogue.own.get());
        let routes = self.routes.get();
        let find = |id: &RouteId| all.iter().chain(own.iter()).find(|route| route.route == *id).cloned();
        routes.iter().filter_map(find).collect()
    }

    /// The error under a field.
    fn error(self, pointers: &'static [&'static str]) -> impl Fn() -> Option<AnyView> + Copy + Send {
        move || {
            let text = self.errors.with(|errors| {
                errors.iter().find(|(pointer, _)| pointers.contains(&pointer.as_str())).map(|(_, text)| text.clone())
            })?;
            Some(view! { <p class="error" role="alert">{text}</p> }.into_any())
        }
    }
}

/// The form.
#[component]
pub fn StartForm() -> impl IntoView {
    let (live, layout, catalogue) = (Live::expect(), Layout::expect(), Catalogue::expect());
    let form = Form {
        mode: RwSignal::new(layout.start.get_untracked().unwrap_or_default()),
        routes: RwSignal::new(Vec::new()),
        courier: RwSignal::new(None),
        courier_chosen: RwSignal::new(false),
        speed: RwSignal::new(1.0),
        reference: RwSignal::new(String::new()),
        promised: RwSignal::new(String::new()),
        errors: RwSignal::new(Vec::new()),
        sending: RwSignal::new(None),
        live,
        catalogue,
    };
    provide_context(form);
    // The first route is chosen, so that one press starts something and the map shows what.
    watch(move || {
        let Some(routes) = catalogue.routes.get() else { return };
        catalogue.load_lines();
        if form.routes.with_untracked(Vec::is_empty) && form.mode.get_untracked() != StartMode::Random {
            form.routes.set(routes.first().map(|route| route.route.clone()).into_iter().collect());
        }
    });
    watch(move || preview(form, layout));
    Effect::new(move |before: Option<Vec<RouteId>>| {
        // Chosen anew: the map shows the whole way. Lines that arrive later fit too, once.
        let routes = form.routes.get();
        let ready = routes.iter().all(|id| catalogue.line(id, true).is_some());
        if ready && before.as_ref() != Some(&routes) && form.mode.get() != StartMode::Random {
            let places: Vec<_> =
                routes.iter().filter_map(|id| catalogue.line(id, false)).flat_map(|line| line.to_vec()).collect();
            if !places.is_empty() {
                live.fit(places);
            }
            return routes;
        }
        before.unwrap_or_default()
    });
    // Who opened the form by a key goes on in it.
    request_animation_frame(|| browser::focus_pressed("start-modes"));
    on_cleanup(move || {
        live.preview.set(None);
        layout.preview_text.set(None);
    });

    let mode = move |which: StartMode, name: &'static str| {
        let choose = move |_| {
            form.mode.set(which);
            form.errors.set(Vec::new());
            match which {
                StartMode::One => form.routes.update(|routes| routes.truncate(1)),
                StartMode::Several => {}
                StartMode::Random => form.routes.set(Vec::new()),
            }
            if which != StartMode::Random && form.routes.with_untracked(Vec::is_empty) {
                let first = catalogue.routes.get_untracked().and_then(|routes| routes.first().map(|r| r.route.clone()));
                form.routes.set(first.into_iter().collect());
            }
        };
        view! { <button aria-pressed=move || (form.mode.get() == which).to_string() on:click=choose>{name}</button> }
            .into_any()
    };
    let parts = move || match form.mode.get() {
        StartMode::One => vec![
            view! { <route_list::RouteList/> }.into_any(),
            view! { <own::OwnLine/> }.into_any(),
            view! { <courier_list::CourierList/> }.into_any(),
            speeds(form),
            extras(form),
        ],
        StartMode::Several => {
            vec![
                view! { <route_list::RouteList/> }.into_any(),
                view! { <own::OwnLine/> }.into_any(),
                note(say!(several_note)),
                speeds(form),
            ]
        }
        StartMode::Random => vec![note(say!(random_note)), speeds(form)],
    };
    view! {
        <aside class="drawer" aria-label=say!(start_title) id="start-form">
            <Grab/>
            <div class="dh">
                <h2><span>{say!(start_title)}</span></h2>
                <div class="ibs">
                    <button class="ib" aria-label=say!(close) on:click=move |_| layout.close_start()>{icon("close")}</button>
                </div>
            </div>
            <div class="body">
                <div class="form">
                    <div class="seg" role="group" aria-label=say!(how_many) id="start-modes">
                        {mode(StartMode::One, say!(one))}
                        {mode(StartMode::Several, say!(several))}
                        {mode(StartMode::Random, say!(random))}
                    </div>
                    {part(parts)}
                    {form.error(&[""])}
                </div>
            </div>
            <plan::Go/>
        </aside>
    }
    .into_any()
}

fn note(text: &'static str) -> AnyView {
    view! { <div class="note">{icon("dice")}<span>{text}</span></div> }.into_any()
}

fn speeds(form: Form) -> AnyView {
    let buttons = SPEEDS.map(|speed| {
        let on = move || form.speed.get() == speed;
        view! {
            <button aria-pressed=move || on().to_string() on:click=move |_| form.speed.set(speed)>{format::times(speed)}</button>
        }
    });
    view! {
        <div class="fld">
            <div class="label">{say!(speed)}<em>{say!(simulator_only)}</em></div>
            <div class="seg" role="group" aria-label=say!(speed)>{Vec::from(buttons)}</div>
            {form.error(&["/speed"])}
        </div>
    }
    .into_any()
}

fn extras(form: Form) -> AnyView {
    let wrong = move |pointer: &'static str| {
        move || form.errors.with(|errors| errors.iter().any(|(at, _)| at == pointer)).then_some("true")
    };
    view! {
        <div class="pairs">
            <div class="fld">
                <label for="reference">{say!(reference)}<em>{say!(optional)}</em></label>
                <input
                    class="inp" id="reference" maxlength=contract::Delivery::MAX_TEXT autocomplete="off" spellcheck="false"
                    aria-invalid=wrong("/reference")
                    prop:value=move || form.reference.get()
                    on:input=move |event| form.reference.set(event_target_value(&event))
                />
                {form.error(&["/reference"])}
            </div>
            <div class="fld">
                <label for="promised">{say!(promised)}<em>{say!(optional)}</em></label>
                <input
                    class="inp" id="promised" inputmode="numeric" maxlength="5" autocomplete="off" placeholder="14:15"
                    aria-invalid=wrong("/promised_at")
                    prop:value=move || form.promised.get()
                    on:input=move |event| form.promised.set(event_target_value(&event))
                />
                {form.error(&["/promised_at"])}
            </div>
        </div>
    }
    .into_any()
}

/// Shows the chosen ways on the map, with the length of all.
fn preview(form: Form, layout: Layout) {
    if let Some(points) = form.live.drawing.get() {
        // A drawn line is short of its other end for a while.
        let line = PreviewLine { line: points, from: String::new(), to: String::new() };
        layout.preview_text.set(None);
        return form.live.preview.set(Some(Preview { lines: vec![line] }));
    }
    let chosen = form.chosen();
    let lines: Vec<PreviewLine> = chosen
        .iter()
        .filter_map(|route| {
            let line = form.catalogue.line(&route.route, true)?;
            let (from, to) = ends_of(&route.name);
            Some(PreviewLine { line: line.to_vec(), from, to })
        })
        .collect();
    let text = (!lines.is_empty()).then(|| {
        let longest = chosen.iter().map(|route| route.planned_s).max().unwrap_or(0);
        let metres: u32 = chosen.iter().map(|route| route.distance_m).sum();
        let seconds = (f64::from(longest) / form.speed.get()).ceil() as u32;
        format!("{} · {}", format::distance(metres.into()), format::about_min(seconds))
    });
    layout.preview_text.set(text);
    form.live.preview.set((!lines.is_empty()).then_some(Preview { lines }));
}
