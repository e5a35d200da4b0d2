//! The drawer: the story of the selected courier and its delivery.

mod acts;
pub mod arrival;
mod facts;
mod link;
mod past;
mod speed;
mod steps;

use std::time::Duration;

use contract::{
    CourierId, Delivery, DeliveryId,
    frame::CourierStatus,
    live::EtaRange,
    rest::{Audit, LiveCourier},
};
use leptos::{prelude::*, task::spawn_local};
use model::{CourierRow, replay, world::Progress};

use crate::{
    catalogue::Catalogue,
    face, format,
    list::List,
    live::Live,
    net::api,
    part::{part, watch},
    sheet::Grab,
    sign::{self, icon},
    signal::{Memo, RwSignal},
    words::say,
};

/// How often the store is asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// What the drawer tells, as signals. Cheap to copy; in the context of the drawer.
#[derive(Clone, Copy)]
struct Story {
    live: Live,
    catalogue: Catalogue,
    courier: Memo<Option<CourierId>>,
    delivery: Memo<Option<Delivery>>,
    row: Memo<Option<CourierRow>>,
    progress: Memo<Option<Progress>>,
    /// Accuracy, battery, source and the ETA's range, as GET /couriers/{id} last told them.
    detail: Memo<Option<LiveCourier>>,
    /// Whether all fixes are stored.
    audit: RwSignal<Option<Audit>>,
}

impl Story {
    #[allow(clippy::expect_used, reason = "only parts of the drawer ask")]
    fn expect() -> Self {
        use_context().expect("Drawer provides it")
    }

    /// The state of the courier.
    fn status(self) -> Option<CourierStatus> {
        self.row.with(|row| row.as_ref().map(|row| row.status))
    }

    /// When it will arrive: the range where it is known, else the one time of the frames.
    fn eta(self) -> Option<EtaRange> {
        let single = self.row.with(|row| row.as_ref().and_then(|row| row.eta));
        let range = self.detail.with(|detail| detail.as_ref().and_then(|detail| detail.eta));
        match (range, single) {
            // The range is some seconds old; where the frames have moved on, they are right.
            (Some(range), Some(at)) if at >= range.from - 15_000 && at <= range.to + 15_000 => Some(range),
            (_, Some(at)) => Some(EtaRange { from: at, to: at }),
            (range, None) => range,
        }
    }
}

/// The drawer.
#[component]
pub fn Drawer() -> impl IntoView {
    let (live, catalogue) = (Live::expect(), Catalogue::expect());
    let courier = Memo::new(move |_| live.selected.with(|selected| selected.as_ref().and_then(|s| s.courier.clone())));
    let wanted = Memo::new(move |_| live.selected.with(|selected| selected.as_ref().and_then(|s| s.delivery)));
    let stored = RwSignal::new(None::<Delivery>);
    let delivery = Memo::new(move |before: Option<&Option<Delivery>>| {
        let before = before.and_then(Option::as_ref);
        live.with_world(|world| match (wanted.get(), courier.get()) {
            (Some(id), _) => {
                world.delivery(id).cloned().or_else(|| as_shown(live, stored.get().filter(|d| d.delivery == id)?))
            }
            // What ends while it is looked at stays, with its end, until the courier has another.
            (None, Some(courier)) => world.delivery_of(&courier).cloned().or_else(|| {
                let before = before.filter(|delivery| delivery.courier == courier)?;
                world.delivery(before.delivery).or(Some(before)).cloned()
            }),
            (None, None) => None,
        })
    });
    let row = Memo::new(move |_| courier.with(|courier| live.with_world(|world| world.courier_row(courier.as_ref()?))));
    let progress = Memo::new(move |_| {
        delivery.with(|delivery| live.with_world(|world| world.progress(delivery.as_ref()?.delivery)))
    });
    let detail = Memo::new(move |_| courier.with(|id| live.with_world(|world| world.listed(id.as_ref()?).cloned())));
    let audit = RwSignal::new(None);
    let story = Story { live, catalogue, courier, delivery, row, progress, detail, audit };
    provide_context(story);

    let id = Memo::new(move |_| delivery.with(|delivery| delivery.as_ref().map(|delivery| delivery.delivery)));
    let begun = Memo::new(move |_| delivery.with(|d| d.as_ref().is_some_and(|d| d.started_at.is_some())));
    watch(move || {
        id.track();
        begun.track();
        audit.set(None);
        ask_audit(story, id);
    });
    // A link, or a row that has left the live list: the store knows it.
    watch(move || {
        let Some(id) = wanted.get().filter(|_| delivery.with_untracked(Option::is_none)) else { return };
        spawn_local(async move {
            if let Ok(found) = api::delivery(id).await {
                stored.try_set(Some(found));
            }
        });
    });
    // A link may name the delivery alone: map and list want to know whose it is.
    watch(move || {
        let Some(courier) = delivery.with(|delivery| delivery.as_ref().map(|delivery| delivery.courier.clone())) else {
            return;
        };
        if live.selected.with_untracked(|selected| selected.as_ref().is_some_and(|s| s.courier.is_none())) {
            live.selected.update(|selected| {
                if let Some(selected) = selected {
                    selected.courier = Some(courier);
                }
            });
        }
    });
    let again = set_interval_with_handle(move || ask_audit(story, id), AGAIN);
    on_cleanup(move || {
        if let Ok(again) = again {
            again.clear();
        }
    });

    let known = Memo::new(move |_| delivery.with(Option::is_some) || row.with(Option::is_some));
    let body = move || {
        if !known.get() {
            return unknown();
        }
        view! {
            <arrival::Arrival/>
            <steps::Steps/>
            <facts::Facts/>
            <speed::Speed/>
            <acts::Acts/>
        }
        .into_any()
    };
    view! {
        <aside class="drawer" aria-label=say!(details) id="drawer">
            <Grab/>
            <Head/>
            <div class="body">{part(body)}</div>
            <acts::Foot/>
        </aside>
    }
    .into_any()
}

/// The store has a delivery as it ended; in the past it is told as it stood then.
fn as_shown(live: Live, delivery: Delivery) -> Option<Delivery> {
    match live.past.with(Option::is_some) {
        true => replay::as_of(&delivery, live.clock.get()),
        false => Some(delivery),
    }
}

fn unknown() -> AnyView {
    view! { <div class="hollow"><h2>{say!(unknown_title)}</h2><p>{say!(unknown)}</p></div> }.into_any()
}

fn ask_audit(story: Story, id: Memo<Option<DeliveryId>>) {
    let Some(delivery) = id.get_untracked() else { return };
    let begun = story.delivery.with_untracked(|d| d.as_ref().is_some_and(|d| d.started_at.is_some()));
    if !begun || story.live.connection.get_untracked().is_away() {
        return;
    }
    spawn_local(async move {
        let Ok(found) = api::audit(delivery).await else { return };
        if id.try_get_untracked().flatten() == Some(delivery) {
            story.audit.try_set(Some(found));
        }
    });
}

/// Title, and the way to the neighbours and out.
#[component]
fn Head() -> impl IntoView {
    let (story, list) = (Story::expect(), List::expect());
    let mark = move || {
        let delivery = story.delivery.with(|delivery| delivery.as_ref().map(|delivery| delivery.status));
        let (shape, colour) = match (delivery, story.status()) {
            (Some(status), courier) => sign::of_delivery(status, courier),
            (None, Some(status)) => (sign::of_status(status), sign::of_status(status)),
            (None, None) => ("offline", "offline"),
        };
        sign::glyph(shape, colour)
    };
    let title = move || story.courier.with(|courier| courier.as_ref().map(|id| format::courier(id.as_str())));
    let sub = move || match story.delivery.get() {
        Some(delivery) => {
            face::order_and_route(delivery.reference.as_deref(), delivery.route.as_ref(), story.catalogue)
        }
        None => say!(no_delivery).to_owned(),
    };
    let button = move |label: &'static str, sign: &'static str, act: Box<dyn Fn()>| {
        view! { <button class="ib" aria-label=label title=label on:click=move |_| act()>{icon(sign)}</button> }
            .into_any()
    };
    let close = move || {
        story.live.back();
        crate::browser::focus(crate::list::ELEMENT);
    };
    view! {
        <div class="dh">
            <h2>{part(mark)}<span>{part(title)}</span></h2>
            <div class="ibs">
                {button(say!(previous), "up", Box::new(move || list.step(false)))}
                {button(say!(next), "down", Box::new(move || list.step(true)))}
                {button(say!(close), "close", Box::new(close))}
            </div>
            <div class="sub">{part(sub)}</div>
        </div>
    }
    .into_any()
}
