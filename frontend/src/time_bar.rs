//! The time bar: live or which moment of the past, how many deliveries were started in the last hours, and the way to any
//! moment of them. The past itself, with the buttons that play it, is `replay`.

mod bars;

use contract::Millis;
use leptos::{ev, prelude::*};
use model::{Connection, text::fixed};
use wasm_bindgen::JsCast;

use crate::{
    browser, format,
    later::{Later, later},
    layout::{Layout, Size},
    live::Live,
    part::part,
    sign::{icon, icon_small},
    signal::{Memo, RwSignal},
    words::{self, say},
};

const HOUR: Millis = 3_600_000;

/// The bar.
#[component]
pub fn TimeBar() -> impl IntoView {
    let (live, layout) = (Live::expect(), Layout::expect());
    let keys = window_event_listener(ev::keydown, move |event| {
        let combined = event.ctrl_key() || event.meta_key() || event.alt_key();
        if !combined && matches!(event.key().as_str(), "a" | "A") && !browser::is_typing() {
            event.prevent_default();
            toggle_figures(live);
        }
    });
    on_cleanup(move || keys.remove());
    let hours = RwSignal::new(6_i64);
    let open = RwSignal::new(false);
    let in_past = Memo::new(move |_| live.past.with(Option::is_some));

    let live_pill = move || match live.connection.get() {
        Connection::Live => view! { <span class="live" data-live="true"><i></i>{say!(live_caps)}</span> }.into_any(),
        Connection::Reconnecting { showing_at: Some(at), .. } => {
            view! { <span class="live off"><i></i>{format::time_s(at, live.zone_min)}</span> }.into_any()
        }
        Connection::Ended(_) => view! { <span class="live off"><i></i>{say!(ended)}</span> }.into_any(),
        _ => view! { <span class="live off"><i></i>{say!(connecting)}</span> }.into_any(),
    };
    let unfold = move |_| {
        if layout.size.get_untracked() == Size::Phone {
            open.update(|open| *open = !*open);
        }
    };
    let now = move || match in_past.get() {
        true => view! {
            <button class="btn return" id="to-live" on:click=move |_| live.to_live()>
                {say!(key_live)} <kbd class="not-phone">"L"</kbd>
            </button>
        }
        .into_any(),
        false => view! { <div on:click=unfold>{part(live_pill)}</div> }.into_any(),
    };
    let span_name = move || words::span(hours.get());
    let spans = words::SPANS.map(|(span, name)| {
        view! { <option value=span.to_string() prop:selected=move || hours.get() == span>{name}</option> }
    });
    view! {
        <section class="card tb" class:open=move || open.get() aria-label=say!(time)>
            <div class="deck">
                <div class="now">{part(now)}</div>
                {later(Later::Deck)}
            </div>
            <div class="hist-cell"><Hist hours/></div>
            <label class="pick over span">
                {part(span_name)} {icon_small("down")}
                <select
                    aria-label=say!(span)
                    on:change=move |event| hours.set(event_target_value(&event).parse().unwrap_or(6))
                >
                    {Vec::from(spans)}
                </select>
            </label>
            <button
                class="ib" id="figures-button" aria-label=say!(analytics) title=say!(analytics)
                aria-expanded=move || live.figures.with(Option::is_some).to_string()
                on:click=move |_| toggle_figures(live)
            >
                {icon("chart")}
            </button>
        </section>
    }
    .into_any()
}

/// Opens the figures, or closes them.
fn toggle_figures(live: Live) {
    live.figures.update(|figures| {
        *figures = match figures {
            Some(_) => None,
            None => Some(String::new()),
        };
    });
}

/// Bars, hours and head: a slider over the last hours, or over those around a moment that lies before them.
#[component]
fn Hist(hours: RwSignal<i64>) -> impl IntoView {
    let live = Live::expect();
    let window = bars::window(live, hours);
    let drawing = bars::drawing(live, window);
    let at = move || live.past.with(|past| past.map(|past| past.at));
    let share = move |at: Millis| {
        let (from, to) = window.get();
        ((at - from) as f64 / (to - from).max(1) as f64).clamp(0.0, 1.0)
    };
    let head = move || format!("--head:{}%", fixed(at().map_or(1.0, share) * 100.0, 2));
    let moment = move || {
        at().map(|at| {
            // Near an end its label stays inside.
            let class = match share(at) {
                share if share < 0.12 => "moment low",
                share if share > 0.88 => "moment high",
                _ => "moment",
            };
            view! { <b class=class>{format::time_s(at, live.zone_min)}</b> }
        })
    };
    let said = move || match at() {
        Some(at) => format!("{}, {}", format::time_s(at, live.zone_min), format::ago(at, live.wall.get())),
        None => say!(live).to_owned(),
    };

    // Left edge and width of the bar, and its times, as they were when the pointer came down: they may change beneath it.
    let dragged = StoredValue::new(None::<(f64, f64, (Millis, Millis))>);
    let seek = move |event: &ev::PointerEvent| {
        let Some((left, width, (from, to))) = dragged.get_value() else { return };
        let share = ((f64::from(event.client_x()) - left) / width.max(1.0)).clamp(0.0, 1.0);
        live.go_to(from + ((to - from) as f64 * share) as Millis);
    };
    let down = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let Some(target) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
            // Without capture a drag ends at the bar's edge; that is all.
            let _ = target.set_pointer_capture(event.pointer_id());
            let rect = target.get_bounding_client_rect();
            dragged.set_value(Some((rect.left(), rect.width(), window.get_untracked())));
        }
        seek(&event);
    };
    let moved = move |event: ev::PointerEvent| seek(&event);
    let up = move |_| dragged.set_value(None);
    let key = move |event: ev::KeyboardEvent| {
        let (from, to) = window.get_untracked();
        let shown = || live.past.with_untracked(|past| past.map_or(live.server_now(), |past| past.at));
        let page = bars::bucket_of((to - from) / HOUR);
        match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => live.step(false),
            "ArrowRight" | "ArrowUp" => live.step(true),
            "PageDown" => live.go_to(shown() - page),
            "PageUp" => live.go_to(shown() + page),
            "Home" => live.go_to(from),
            "End" => live.to_live(),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <div
            class="hist"
            id="hist"
            role="slider"
            tabindex="0"
            aria-label=say!(time)
            aria-describedby="hist-bars"
            aria-valuemin=move || window.get().0.to_string()
            aria-valuemax=move || window.get().1.to_string()
            aria-valuenow=move || at().unwrap_or(live.wall.get()).to_string()
            aria-valuetext=part(said)
            style=part(head)
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
            on:keydown=key
        >
            {move || bars::draw(&drawing.read(), live)}
            <i class="head"></i>
            {part(moment)}
        </div>
    }
    .into_any()
}
