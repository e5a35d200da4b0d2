//! Nine facts; a dash where the data does not say.

use leptos::prelude::*;
use model::text;

use super::Story;
use crate::signal::Memo;
use crate::{
    format,
    part::part,
    words::{self, say},
};

/// Three by three.
#[component]
pub fn Facts() -> impl IntoView {
    let story = Story::expect();
    let facts = Memo::new(move |_| facts(story));
    let cell = move |index: usize| {
        let name = facts.with_untracked(|facts| facts[index].0);
        let value = move || facts.with(|facts| facts[index].1.clone()).unwrap_or_else(|| words::NONE.into());
        view! { <div><dt>{name}</dt><dd>{part(value)}</dd></div> }.into_any()
    };
    view! { <section class="db"><dl class="kv">{(0..9).map(cell).collect_view()}</dl></section> }.into_any()
}

fn facts(story: Story) -> [(&'static str, Option<String>); 9] {
    let now = story.live.clock.get();
    let row = story.row.get();
    let seen = story.courier.with(|courier| {
        story.live.with_world(|world| {
            let courier = courier.as_ref()?;
            world.seen(courier).map(|seen| (seen.speed_mps, seen.heading_deg))
        })
    });
    let fix = story.detail.with(|detail| detail.as_ref().map(|detail| detail.position.clone()));
    let fix = fix.as_ref();
    let speed = seen.map_or_else(|| fix.and_then(|fix| fix.speed_mps), |(speed, _)| speed);
    let heading = seen.map_or_else(|| fix.and_then(|fix| fix.heading_deg), |(_, heading)| heading);
    let audit = story.audit.get();
    let missing = audit.as_ref().map(|audit| audit.missing.iter().map(|(from, to)| to - from + 1).sum::<u32>());
    let late = story
        .live
        .trail
        .with(|trail| trail.as_ref().map(|trail| trail.points.iter().filter(|point| point.late).count()));
    let source = fix.map(|fix| match fix.source.as_str() {
        "sim" => say!(simulator).to_owned(),
        other => other.to_owned(),
    });
    [
        (say!(speed), speed.map(format::speed)),
        (say!(heading), heading.map(format::heading)),
        (say!(accuracy), fix.and_then(|fix| fix.accuracy_m).map(|metres| format!("± {} m", text::fixed(metres, 0)))),
        (say!(battery), fix.and_then(|fix| fix.battery).map(format::percent)),
        (say!(source), source),
        (say!(position), row.map(|row| format::ago(row.at, now))),
        (say!(positions), audit.as_ref().map(|audit| format::exact(audit.stored.into()))),
        (say!(missing), missing.map(|missing| format::exact(missing.into()))),
        (say!(late_points), late.map(|late| format::exact(late as u64))),
    ]
}
