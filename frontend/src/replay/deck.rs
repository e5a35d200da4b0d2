//! The buttons of the past, in the time bar: jump, step, play, and how fast. They stand there while it is live, too, so that
//! nothing moves away beneath the pointer that drags into the past.

use leptos::{ev, prelude::*};
use model::replay::PACES;

use crate::{
    live::Live,
    part::part,
    sign::{icon, icon_small},
    signal::Memo,
    words::{self, say},
};

/// The buttons.
#[component]
pub fn Deck() -> impl IntoView {
    let live = Live::expect();
    let in_past = Memo::new(move |_| live.past.with(Option::is_some));
    // What is live plays, too: at its own pace, and it can be stopped.
    let playing = Memo::new(move |_| live.past.with(|past| past.is_none_or(|past| past.playing)));
    let pace = Memo::new(move |_| live.past.with(|past| past.map_or(PACES[0], |past| past.pace)));
    // Start and end of the delivery that is selected, while there is one.
    let jump = move |start: bool| {
        move || {
            let (from, to) = live.stretch.get()?;
            let (id, label, at) =
                if start { ("to-start", say!(to_start), Some(from)) } else { ("to-end", say!(to_end), to) };
            let jump = move |_| at.into_iter().for_each(|at| live.go_to(at));
            Some(view! {
                <button class="ib" id=id aria-label=label title=label disabled=at.is_none() on:click=jump>{icon(id)}</button>
            })
        }
    };
    let play_label = move || if playing.get() { say!(pause) } else { say!(play) };
    let play_icon = move || icon(if playing.get() { "pause" } else { "play" });
    let paces = PACES.map(|which| {
        view! { <option value=which.to_string() prop:selected=move || pace.get() == which>{words::pace(which)}</option> }
    });
    let choose = move |event: ev::Event| {
        let chosen = event_target_value(&event).parse().unwrap_or(PACES[0]);
        live.past.update(|past| {
            if let Some(past) = past {
                past.pace = chosen;
            }
        });
    };
    view! {
        <div class="keys" role="group" aria-label=say!(past)>
            {part(jump(true))}
            <button
                class="ib" id="step-back" aria-label=say!(step_back) title=say!(step_back)
                on:click=move |_| live.step(false)
            >
                {icon("back")}
            </button>
            <button
                class="play" id="play" aria-label=play_label title=play_label aria-pressed=move || playing.get().to_string()
                on:click=move |_| live.toggle_play()
            >
                {part(play_icon)}
            </button>
            <button
                class="ib" id="step-forward" aria-label=say!(step_forward) title=say!(step_forward)
                disabled=move || !in_past.get() on:click=move |_| live.step(true)
            >
                {icon("forward")}
            </button>
            {part(jump(false))}
            <label class="pick over">
                {move || words::pace(pace.get())} {icon_small("down")}
                <select id="pace" aria-label=say!(pace) disabled=move || !in_past.get() on:change=choose>{Vec::from(paces)}</select>
            </label>
        </div>
    }
    .into_any()
}
