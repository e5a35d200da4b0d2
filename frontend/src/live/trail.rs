//! The trail of what is selected: loaded once, then growing with each new fix. What loads it is fetched with the drawer.

use contract::{CourierId, DeliveryId, Millis, frame::CourierStatus};
use leptos::{prelude::*, task::spawn_local};
use model::{Trail, overlay};

use super::Live;
use crate::signal::Memo;
use crate::{net::api, part::watch};

/// Most points that are asked for.
const POINTS: u32 = 600;
/// Without a delivery, this much of a courier's way is shown, ms.
const RECENT_MS: Millis = 10 * 60_000;

/// Whose trail, of which delivery, and seen from which picture of the past. A delivery's is the same from all of them.
type Key = (CourierId, Option<DeliveryId>, Option<u32>);

/// Follows the selection.
pub fn keep(live: Live) {
    // The courier may take up its next delivery while it is looked at: that is another trail.
    let key = Memo::new(move |_| {
        live.revision.track();
        let selected = live.selected.get()?;
        live.world.with_value(|world| -> Option<Key> {
            let of_delivery = || world.delivery(selected.delivery?).map(|delivery| delivery.courier.clone());
            let courier = selected.courier.clone().or_else(of_delivery)?;
            let under_way = || world.delivery_of(&courier).filter(|d| d.started_at.is_some()).map(|d| d.delivery);
            let delivery = selected.delivery.or_else(under_way);
            let past = live.pictures().map(|pictures| if delivery.is_some() { 0 } else { pictures });
            Some((courier, delivery, past))
        })
    });
    watch(move || {
        let key_now = key.get();
        live.watch(key_now.as_ref().map(|(courier, ..)| courier.clone()));
        live.trail.set(None);
        if let Some(wanted) = key_now {
            spawn_local(async move {
                if let Some(trail) = load(live, &wanted).await
                    && key.get_untracked().as_ref() == Some(&wanted)
                {
                    live.trail.set(Some(trail));
                    live.grow_trail();
                    live.repaint();
                }
            });
        }
    });
}

async fn load(live: Live, (courier, delivery, _): &Key) -> Option<Trail> {
    let answer = match delivery {
        Some(delivery) => api::delivery_trail(*delivery, POINTS).await,
        None => {
            let now = live.now();
            api::courier_trail(courier, now - RECENT_MS, now, POINTS).await
        }
    };
    // Without a store there is no past; what comes from now on is a trail, too.
    let (points, gaps) = answer.map(|trail| (trail.points, trail.gaps)).unwrap_or_default();
    let status = live.world.with_value(|world| world.seen(courier).map(|seen| seen.status));
    Some(Trail {
        delivery: *delivery,
        status: status.unwrap_or(CourierStatus::OnDelivery),
        points: points.iter().map(overlay::TrailPoint::from).collect(),
        gaps,
    })
}

impl Live {
    /// Adds the newest fix of the selected courier, where it is new.
    pub(crate) fn grow_trail(self) {
        let selected = self.selected.with_untracked(|selected| selected.as_ref().and_then(|s| s.courier.clone()));
        let Some(courier) = selected else { return };
        let Some(seen) = self.world.with_value(|world| world.seen(&courier).cloned()) else { return };
        let now = self.now();
        // Fixes after its end are not the delivery's.
        let of_delivery = self.trail.with_untracked(|trail| {
            let delivery = trail.as_ref().and_then(|trail| trail.delivery);
            delivery.is_none_or(|id| {
                self.world.with_value(|world| world.delivery(id).is_some_and(|delivery| delivery.owns(seen.at)))
            })
        });
        let wanted = self.trail.with_untracked(|trail| trail.as_ref().is_some_and(|trail| trail.wants(&seen)));
        if wanted && of_delivery {
            self.trail.update(|trail| {
                if let Some(trail) = trail {
                    trail.push(&seen, now);
                }
            });
        }
    }
}
