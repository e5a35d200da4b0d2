//! The scrolling rows: only as many elements as a window can show, whatever the number of couriers.
//!
//! An element belongs to every n-th row, so scrolling by one row changes one element.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    browser,
    catalogue::Catalogue,
    face::{self, Face},
    layout::{Layout, Size},
    list::{ELEMENT, List, Shown},
    live::Live,
    part::{part, watch},
    signal::{Memo, RwSignal},
    words::say,
};

/// The rows of the tab in front.
#[component]
pub fn Rows() -> impl IntoView {
    let (live, layout, list) = (Live::expect(), Layout::expect(), List::expect());
    let scrolled = RwSignal::new(0.0_f64);
    let row_px = Memo::new(move |_| if layout.size.get() == Size::Phone { 64.0 } else { 56.0 });
    watch(move || list.row_px.set(row_px.get()));
    let len = Memo::new(move |_| list.shown.read().len());
    let slots = Memo::new(move |_| (browser_height(layout) / row_px.get()).ceil() as usize + 2);
    let first = Memo::new(move |_| {
        let first = (scrolled.get() / row_px.get()).floor().max(0.0) as usize;
        first.min(len.get().saturating_sub(1))
    });
    // Another tab begins at its top.
    let tab = Memo::new(move |_| live.filter.with(|filter| filter.tab));
    watch(move || {
        tab.track();
        list.active.set(None);
        if let Some(element) = browser::by_id(ELEMENT) {
            element.set_scroll_top(0);
        }
        scrolled.set(0.0);
    });
    let on_scroll = move |event: ev::Event| {
        let element = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if let Some(element) = element {
            scrolled.set(f64::from(element.scroll_top()));
        }
    };
    view! {
        <div
            class="rows"
            id=ELEMENT
            role="listbox"
            aria-label=move || if tab.get() == model::Tab::Couriers { say!(couriers) } else { say!(deliveries) }
            aria-activedescendant=move || list.active.get().map(|index| format!("row-{index}"))
            tabindex="0"
            on:scroll=on_scroll
            on:keydown=move |event| walk(&event, list, layout)
        >
            <div class="tall" role="presentation" style=move || format!("height:{}px", (len.get() as f64 * row_px.get()) as u64)>
                {move || {
                    let slots = slots.get();
                    (0..slots)
                        .map(|slot| {
                            let index = Memo::new(move |_| {
                                let first = first.get();
                                first + (slot + slots - first % slots) % slots
                            });
                            view! { <Row index row_px len/> }
                        })
                        .collect_view()
                }}
            </div>
        </div>
    }
    .into_any()
}

/// The tallest that the list can be: more elements than needed cost nothing while nothing changes in them.
fn browser_height(layout: Layout) -> f64 {
    layout.size.track();
    layout.sheet_px.track();
    browser::window_size().1
}

/// Arrow keys inside the list.
fn walk(event: &ev::KeyboardEvent, list: List, layout: Layout) {
    let len = list.shown.read_untracked().len();
    if len == 0 {
        return;
    }
    let now = list.active.get_untracked().or_else(|| list.selected_index());
    let to = match (event.key().as_str(), now) {
        ("ArrowDown", None) => 0,
        ("ArrowDown", Some(index)) => index + 1,
        ("ArrowUp", index) => index.unwrap_or(0).saturating_sub(1),
        ("PageDown", index) => index.unwrap_or(0) + 8,
        ("PageUp", index) => index.unwrap_or(0).saturating_sub(8),
        ("Home", _) => 0,
        ("End", _) => len - 1,
        ("Enter" | " ", Some(index)) => {
            event.prevent_default();
            event.stop_propagation();
            open(list, layout, index);
            return;
        }
        _ => return,
    };
    event.prevent_default();
    let to = to.min(len - 1);
    list.active.set(Some(to));
    list.reveal(to);
}

fn open(list: List, layout: Layout, index: usize) {
    layout.start.set(None);
    list.select_at(index, true);
}

/// One element, showing row `index`.
#[component]
fn Row(index: Memo<usize>, row_px: Memo<f64>, len: Memo<usize>) -> impl IntoView {
    let (live, layout, list, catalogue) = (Live::expect(), Layout::expect(), List::expect(), Catalogue::expect());
    let face = Memo::new(move |_| {
        let index = index.get();
        let now = live.clock.get();
        match list.shown.read().as_ref() {
            Shown::Couriers(rows) => rows.get(index).map(|row| face::of_courier(row, now, live, catalogue)),
            Shown::Deliveries(rows) => rows.get(index).map(|row| face::of_delivery(row, now, live, catalogue)),
        }
    });
    let is_selected = Memo::new(move |_| {
        live.selected.with(|selected| {
            let Some(selected) = selected else { return false };
            face.with(|face| face.as_ref().is_some_and(|face| is_of(face, selected, live)))
        })
    });
    let is_hovered = Memo::new(move |_| {
        live.hovered.with(|hovered| {
            let hovered = hovered.as_ref().map(|id| id.as_str());
            hovered.is_some() && face.with(|face| face.as_ref().map(|face| face.courier.as_str()) == hovered)
        })
    });
    let text = move |read: fn(&Face) -> &String| move || face.with(|face| face.as_ref().map(read).cloned());
    let class = move || {
        let mut class = String::from("row ");
        face.with(|face| {
            if let Some(face) = face {
                class.push_str(face.colour);
                class.push_str(face.class);
            }
        });
        for (on, name) in
            [(is_selected.get(), " sel"), (is_hovered.get(), " hov"), (list.active.get() == Some(index.get()), " act")]
        {
            if on {
                class.push_str(name);
            }
        }
        class
    };
    let style = move || {
        let shown = if face.with(Option::is_some) { "" } else { ";display:none" };
        format!("top:{}px{shown}", (index.get() as f64 * row_px.get()) as u64)
    };
    let tags = Memo::new(move |_| face.with(|face| face.as_ref().map(|face| face.tags.clone()).unwrap_or_default()));
    let tags = move || {
        tags.get()
            .into_iter()
            .map(|(class, text)| view! { <span class=format!("tag {class}")>{text}</span> })
            .collect_view()
    };
    let point = move |on: bool| {
        let courier = face.with_untracked(|face| face.as_ref().map(|face| face.courier.clone()));
        live.hovered.set(courier.filter(|_| on).and_then(|courier| contract::CourierId::new(&courier).ok()));
    };
    view! {
        <div
            class=part(class)
            style=part(style)
            role="option"
            id=move || format!("row-{}", index.get())
            aria-selected=move || is_selected.get().to_string()
            aria-posinset=move || (index.get() + 1).to_string()
            aria-setsize=move || len.get().to_string()
            data-courier=text(|face| &face.courier)
            data-delivery=move || face.with(|face| face.as_ref().and_then(|face| face.delivery.clone()))
            on:click=move |_| open(list, layout, index.get_untracked())
            on:pointerenter=move |_| point(true)
            on:pointerleave=move |_| point(false)
        >
            <svg
                class=move || format!("glyph {}", face.with(|face| face.as_ref().map_or("", |face| face.colour)))
                aria-hidden="true"
            >
                <use href=move || format!("#g-{}", face.with(|face| face.as_ref().map_or("idle", |face| face.shape)))></use>
            </svg>
            <div class="n">
                <span>{text(|face| &face.name)}</span>
                {part(tags)}
                <span class="vh">{move || face.with(|face| face.as_ref().map(|face| face.spoken))}</span>
            </div>
            <div class="e">{text(|face| &face.end)}</div>
            <div class="d">{text(|face| &face.detail)}</div>
            <div class="a">{text(|face| &face.age)}</div>
            {move || {
                let done = face.with(|face| face.as_ref().and_then(|face| face.done));
                done.map(|done| view! { <div class="pr"><i style=format!("width:{done}%")></i></div> })
            }}
        </div>
    }
    .into_any()
}

/// In the list of deliveries a courier's selection marks the delivery that it is on.
fn is_of(face: &Face, selected: &model::Selection, live: Live) -> bool {
    let same_courier = selected.courier.as_ref().is_some_and(|id| id.as_str() == face.courier);
    if live.filter.with(|filter| filter.tab) == model::Tab::Couriers {
        return same_courier;
    }
    match (selected.delivery, &face.delivery) {
        (Some(id), Some(shown)) => id.to_string() == *shown,
        _ => same_courier && face.done.is_some(),
    }
}
