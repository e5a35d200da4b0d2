//! Couriers that frames do not bring, because they are outside the map's view: GET /couriers, every few seconds, late ones
//! first.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use model::world::MAX_ROSTER;

use super::Live;
use crate::{net::api, part::watch};

const EVERY: Duration = Duration::from_secs(5);
/// So long after its start a new courier may be unknown to the server, ms.
const FRESH_MS: contract::Millis = 3_000;
/// Couriers of one page.
const PAGE: u32 = 200;

/// Reads the list now, and again while it says more than frames do.
pub fn keep(live: Live) {
    read(live);
    let again = move || {
        let needed = live.summary.with_untracked(|summary| {
            summary.as_ref().is_some_and(|summary| live.world.with_value(|world| world.needs_roster(summary)))
        });
        if (needed || !live.has_roster()) && live.connection.get_untracked().is_live() && !document().hidden() {
            read(live);
        }
        // Source, accuracy and battery of the one that is looked at come from here alone.
        let selected = live.selected.with_untracked(|selected| selected.as_ref().and_then(|s| s.courier.clone()));
        if let Some(courier) = selected.filter(|_| !document().hidden()) {
            look_up(live, courier);
        }
    };
    set_interval(again, EVERY);
    watch(move || {
        let Some(selected) = live.selected.get() else { return };
        // Who was sent off a moment ago has no position yet: the next turn asks.
        let fresh = |id: contract::DeliveryId| live.clock.get_untracked() - id.made_at() < FRESH_MS;
        if let Some(courier) = selected.courier.filter(|_| !selected.delivery.is_some_and(fresh)) {
            look_up(live, courier);
        }
    });
}

fn look_up(live: Live, courier: contract::CourierId) {
    spawn_local(async move {
        if let Ok(listed) = api::courier(&courier).await {
            live.source().update_value(|world| world.put_listed(listed));
            live.mark_changed();
        }
    });
}

fn read(live: Live) {
    spawn_local(async move {
        let mut couriers = Vec::new();
        let mut after = None;
        while couriers.len() < MAX_ROSTER {
            let Ok(page) = api::couriers(after.as_deref(), PAGE).await else { return };
            couriers.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        live.source().update_value(|world| world.replace_roster(couriers));
        live.mark_changed();
        live.check_loaded();
    });
}

impl Live {
    pub(super) fn has_roster(self) -> bool {
        self.source().with_value(model::World::has_roster)
    }
}
