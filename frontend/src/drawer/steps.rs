//! The delivery's story in steps.

use contract::{Delivery, DeliveryStatus};
use leptos::prelude::*;

use super::Story;
use crate::signal::Memo;
use crate::{
    format,
    part::part,
    words::{self, say},
};

/// A step: its class, title, second line, time.
type Step = (&'static str, String, String, String);

/// The steps; nothing for a courier without a delivery.
#[component]
pub fn Steps() -> impl IntoView {
    let story = Story::expect();
    let steps = Memo::new(move |_| story.delivery.get().map(|delivery| steps_of(story, &delivery)).unwrap_or_default());
    part(move || {
        let steps = steps.get();
        (!steps.is_empty()).then(|| {
            let steps = steps.into_iter().map(|(class, title, detail, time)| {
                view! {
                    <li class=format!("step {class}")>
                        <span class="k"><i></i></span>
                        <div><div class="t">{title}</div><div class="s">{detail}</div></div>
                        <time>{time}</time>
                    </li>
                }
            });
            view! { <section class="db"><ol>{steps.collect_view()}</ol></section> }
        })
    })
}

fn steps_of(story: Story, delivery: &Delivery) -> Vec<Step> {
    let (now, zone) = (story.live.clock.get(), story.live.zone_min);
    let time = |at| format::time_s(at, zone);
    let ends = delivery.route.as_ref().map(|route| story.catalogue.ends(route));
    let (from, to) = ends.unwrap_or_default();

    let who = delivery.requested_by.as_deref().map(words::by_whom);
    let reference = delivery.reference.as_deref().map(words::reference);
    let asked = [who, reference].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut steps = vec![("dn", step_name(DeliveryStatus::Requested), asked, time(delivery.requested_at))];
    let started = |class, at| {
        (class, say!(started).to_owned(), if from.is_empty() { say!(first_position).into() } else { from.clone() }, at)
    };
    let delivered = |class, at| (class, step_name(DeliveryStatus::Delivered), to.clone(), at);
    match delivery.status {
        DeliveryStatus::Requested => {
            steps.push(started("nx", say!(waiting).into()));
            steps.push(delivered("nx", String::new()));
        }
        DeliveryStatus::InTransit => {
            steps.push(started("dn", delivery.started_at.map(time).unwrap_or_default()));
            let row = story.row.get();
            let speed = row.as_ref().and_then(|row| row.speed_mps).map(format::speed);
            let seen =
                row.as_ref().map_or(say!(no_position).into(), |row| words::position_age(&format::ago(row.at, now)));
            let detail = speed.into_iter().chain([seen]).collect::<Vec<_>>().join(", ");
            steps.push(("now", step_name(DeliveryStatus::InTransit), detail, say!(now).into()));
            let eta = story.eta().map(|eta| format::range(eta, zone)).unwrap_or_default();
            steps.push(delivered("nx", eta));
        }
        DeliveryStatus::Delivered => {
            steps.push(started("dn", delivery.started_at.map(time).unwrap_or_default()));
            steps.push(delivered("dn", delivery.finished_at.map(time).unwrap_or_default()));
        }
        DeliveryStatus::Failed | DeliveryStatus::Cancelled | DeliveryStatus::Rejected => {
            steps.extend(delivery.started_at.map(|at| started("dn", time(at))));
            let why = delivery.reason.as_deref().map(words::reason).unwrap_or_default();
            let at = delivery.finished_at.map(time).unwrap_or_default();
            steps.push(("end", step_name(delivery.status), why, at));
        }
    }
    steps
}

fn step_name(status: DeliveryStatus) -> String {
    words::delivery_status(status).into()
}
