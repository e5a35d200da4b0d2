//! Figures about what was delivered: drawings or tables of the store's sums, and behind each number the list of its
//! deliveries. It lies over the map; what it shows is in the address (`model::figures::Board`).

mod drawing;
mod list;
mod routes;
mod tables;
mod tiles;

use std::{sync::Arc, time::Duration};

use contract::{Millis, Problem};
use leptos::{ev, prelude::*, task::spawn_local};
use model::figures::{Along, Board, Picture, Span, Wanted, Window};

use crate::{
    browser,
    catalogue::Catalogue,
    format,
    live::Live,
    net::api,
    part::{part, watch},
    sign::icon,
    signal::{Memo, RwSignal},
    words::{self as all, analytics as words, say},
};

/// How often the figures are asked for again while they are open.
const AGAIN: Duration = Duration::from_secs(60);
const TITLE: &str = "figures-title";

/// What the parts of the figures share. Cheap to copy; in their context.
#[derive(Clone, Copy)]
struct Desk {
    live: Live,
    catalogue: Catalogue,
    board: Memo<Board>,
    picture: RwSignal<Option<Arc<Picture>>>,
    fault: RwSignal<Option<Problem>>,
}

impl Desk {
    #[allow(clippy::expect_used, reason = "only parts of the figures ask")]
    fn expect() -> Self {
        use_context().expect("Figures provides it")
    }

    fn change(self, change: impl FnOnce(&mut Board)) {
        let mut board = self.board.get_untracked();
        change(&mut board);
        self.live.figures.set(Some(board.format()));
    }

    /// Opens the list behind a number.
    fn open(self, wanted: Wanted) {
        self.change(|board| board.list = Some(wanted));
        browser::focus(TITLE);
    }

    /// A route's name, by its key in the figures.
    fn route(self, along: &Along) -> String {
        match along {
            Along::Route(route) => self.catalogue.name(route),
            _ => say!(fig_own_way).to_owned(),
        }
    }

    /// "Fri 21 Nov, 14:00 – 15:00", from and to in ms UTC, inclusive.
    fn stretch(self, (from, to): (Millis, Millis)) -> String {
        let zone = self.live.zone_min;
        let (date, end) = (format::date(from, zone), to + 1);
        if end - from >= Span::Month.bar_ms() {
            return date;
        }
        format!("{date}, {} – {}", format::time(from, zone), format::time(end, zone))
    }

    async fn fetch(self, span: Span) {
        let window = Window::until(span, self.live.server_now(), self.live.zone_min);
        let (from, to) = (window.from(), window.to());
        let found = match api::figures(from, to, span.bucket(), "").await {
            Ok(by_time) => {
                // Days are enough where time does not matter.
                api::figures(from, to, "day", "route").await.map(|by_route| Picture::of(window, &by_time, &by_route))
            }
            Err(problem) => Err(problem),
        };
        // The figures may be closed by now, or be of another span.
        if self.board.try_get_untracked().is_none_or(|board| board.span != span) {
            return;
        }
        match found {
            Ok(picture) => {
                self.fault.try_set(None);
                self.picture.try_set(Some(Arc::new(picture)));
            }
            Err(problem) => {
                self.fault.try_set(Some(problem));
            }
        }
    }

    fn ask(self) {
        let span = self.board.get_untracked().span;
        spawn_local(self.fetch(span));
    }
}

/// The panel.
#[component]
pub fn Figures() -> impl IntoView {
    let (live, catalogue) = (Live::expect(), Catalogue::expect());
    let board = Memo::new(move |_| Board::parse(live.figures.read().as_deref().unwrap_or_default()));
    let desk = Desk { live, catalogue, board, picture: RwSignal::new(None), fault: RwSignal::new(None) };
    provide_context(desk);
    let span = Memo::new(move |_| board.get().span);
    watch(move || {
        let span = span.get();
        desk.picture.set(None);
        desk.fault.set(None);
        spawn_local(desk.fetch(span));
    });
    let again = set_interval_with_handle(move || desk.ask(), AGAIN);
    let keys = window_event_listener(ev::keydown, move |event| {
        // The page's own keys come first: a drawer over the figures closes before them.
        if event.key() == "Escape" && !event.default_prevented() {
            event.prevent_default();
            step_back(desk);
        }
    });
    on_cleanup(move || {
        keys.remove();
        if let Ok(again) = again {
            again.clear();
        }
    });
    // Who plays a delivery once more wants to see the map.
    let in_past = Memo::new(move |_| live.past.with(Option::is_some));
    Effect::new(move |before: Option<bool>| {
        let in_past = in_past.get();
        if before == Some(false) && in_past {
            live.figures.set(None);
        }
        in_past
    });
    request_animation_frame(|| browser::focus(TITLE));

    let is_list = Memo::new(move |_| board.get().list.is_some());
    let body = move || match is_list.get() {
        true => view! { <list::List/> }.into_any(),
        false => view! { <Sums/> }.into_any(),
    };
    view! {
        <section class="figures" id="figures" aria-labelledby=TITLE data-list=move || is_list.get().to_string()>
            <Head/>
            <div class="sums">{part(body)}</div>
        </section>
    }
    .into_any()
}

/// From the list to the figures, from the figures to the map.
fn step_back(desk: Desk) {
    if desk.board.get_untracked().list.is_some() {
        desk.change(|board| board.list = None);
        browser::focus(TITLE);
    } else {
        close(desk.live);
    }
}

fn close(live: Live) {
    live.figures.set(None);
    browser::focus("figures-button");
}

#[component]
fn Head() -> impl IntoView {
    let desk = Desk::expect();
    let spans = Span::ALL.map(|span| {
        let on = move || (desk.board.get().span == span).to_string();
        let choose = move |_| {
            desk.change(|board| {
                board.span = span;
                board.list = None;
            });
        };
        view! { <button aria-pressed=on on:click=choose data-span=span.as_str()>{words::span(span)}</button> }
    });
    let table = move || desk.board.get().table.to_string();
    view! {
        <header class="fh">
            <h2 id=TITLE tabindex="-1">{say!(analytics)}</h2>
            <div class="seg" role="group" aria-label=say!(fig_span)>{Vec::from(spans)}</div>
            <button
                class="chip" class:on=move || desk.board.get().table id="figures-table" aria-pressed=table
                on:click=move |_| desk.change(|board| board.table = !board.table)
            >
                {icon("list")} {say!(fig_table)}
            </button>
            <button class="ib" id="figures-close" aria-label=say!(analytics_close) title=say!(analytics_close) on:click=move |_| close(desk.live)>
                {icon("close")}
            </button>
        </header>
    }
    .into_any()
}

/// What went wrong, with the way to ask again.
fn fault(problem: &Problem, again: impl Fn() + 'static) -> AnyView {
    // The server's word for a store that does not answer; everything else it says itself.
    let text = match problem.status {
        503 => say!(history_away).to_owned(),
        _ => all::problem(problem),
    };
    view! {
        <div class="note alarm" role="alert" data-figures="fault">
            {icon("warn")}
            <span>{text}" "<button class="btn sm" id="figures-again" on:click=move |_| again()>{say!(try_again)}</button></span>
        </div>
    }
    .into_any()
}

/// Tiles, and drawings or tables.
#[component]
fn Sums() -> impl IntoView {
    let desk = Desk::expect();
    let wrong = move || desk.fault.get().map(|problem| fault(&problem, move || desk.ask()));
    let table = Memo::new(move |_| desk.board.get().table);
    let sums = move || match (desk.picture.get(), desk.fault.with(Option::is_some)) {
        (None, true) => ().into_any(),
        (None, false) => {
            view! { <p class="wait" aria-busy="true" data-figures="loading">{say!(fig_loading)}</p> }.into_any()
        }
        (Some(picture), _) if picture.total.count == 0 => view! {
            <div class="hollow" data-figures="empty">
                <svg width="136" height="72" aria-hidden="true"><use href="#i-way"></use></svg>
                <h2>{words::empty(picture.window.span)}</h2>
                <p>{say!(fig_empty_why)}</p>
            </div>
        }
        .into_any(),
        (Some(picture), _) => {
            let parts = match table.get() {
                true => tables::of(desk, &picture),
                false => {
                    vec![drawing::by_time(desk, &picture), drawing::on_time(desk, &picture), routes::of(desk, &picture)]
                }
            };
            let cut = picture.more.then(|| view! { <p class="foot">{say!(fig_cut)}</p> });
            let through = words::through(&format::time_s(picture.through, desk.live.zone_min));
            view! {
                <div data-figures="shown">
                    {tiles::of(desk, &picture)}
                    <div class="charts">{parts}</div>
                    {cut}
                    <p class="foot">{through}</p>
                </div>
            }
            .into_any()
        }
    };
    view! { {part(wrong)} {part(sums)} }.into_any()
}

/// A number that leads to its deliveries; where there are none it is only told.
fn number(desk: Desk, text: String, name: String, of: u64, wanted: Wanted) -> AnyView {
    match of {
        0 => view! { <span>{text}</span> }.into_any(),
        _ => {
            let open = move |_| desk.open(wanted.clone());
            let label = format!("{text}, {name}");
            view! { <button class="link" aria-label=label on:click=open>{text}</button> }.into_any()
        }
    }
}

/// "9 min 3 s", or a dash; a mean that is not nothing is not "0 s".
fn length(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| all::NONE.to_owned(), |seconds| length_of((seconds * 1000.0).round() as Millis))
}

/// A length of time, ms.
fn length_of(ms: Millis) -> String {
    if (1..1_000).contains(&ms) { say!(fig_under_a_second).to_owned() } else { format::duration(ms) }
}

/// "91 %", or a dash.
fn share(share: Option<f64>) -> String {
    share.map_or_else(|| all::NONE.to_owned(), format::percent)
}
