//! What a customer's socket tells: one delivery, when it has changed and at most once a second, until its end.

use contract::{
    Delivery, DeliveryId, Millis,
    close::{self, Close},
    live::{EtaRange, ServerMessage},
};
use fleet::{
    Fleet,
    customer::{self, Followed},
    state::ETA_STEP_S,
};
use tokio::time::{Duration, Instant};

/// Shortest time between two messages.
const PACE: Duration = Duration::from_secs(1);
/// How long a delivery that this replica does not know may take to appear: another one may have written it just now.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);
/// An arrival that moved by less than this is not told for its own sake, ms.
const ETA_STEP_MS: Millis = ETA_STEP_S as Millis * 1000;

/// What a customer follows, and what was told of it.
#[derive(Debug)]
pub struct Follow {
    delivery: DeliveryId,
    /// When the token ends, ms UTC.
    until: Millis,
    since: Instant,
    told: Option<Told>,
}

#[derive(Debug)]
struct Told {
    what: Followed,
    eta: Option<EtaRange>,
    at: Instant,
}

/// What the live state says of the delivery.
#[derive(Debug)]
pub enum Seen {
    /// This.
    Known(Followed),
    /// It ended some time ago, or was abandoned.
    Ended,
    /// Nothing.
    Unknown,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Turn {
    /// Nothing has changed, or it is too soon.
    Nothing,
    /// Say this.
    Say(String),
    /// Say this and close: it is the end.
    Last(String),
    /// Close.
    Over(Close),
}

impl Follow {
    /// Begins to follow, with a token that ends at `until` (ms UTC).
    pub fn new(delivery: DeliveryId, until: Millis, since: Instant) -> Self {
        Self { delivery, until, since, told: None }
    }

    /// Looks the delivery up. Held under the state's lock: no more than that is done here.
    pub fn see(&self, fleet: &Fleet) -> Seen {
        match Followed::find(fleet, &self.delivery) {
            Some(found) => Seen::Known(found),
            None if fleet.deliveries().rank(&self.delivery) > 0 => Seen::Ended,
            None => Seen::Unknown,
        }
    }

    /// Whether a second has passed since the last message, so that a look is worth its while.
    pub fn is_due(&self, at: Instant) -> bool {
        self.told.as_ref().is_none_or(|told| at - told.at >= PACE)
    }

    /// One turn: what was seen, at `now` (ms UTC), which is `at`.
    pub fn turn(&mut self, seen: Seen, now: Millis, at: Instant) -> Turn {
        if now >= self.until {
            return Turn::Over(close::UNAUTHORIZED);
        }
        let what = match seen {
            Seen::Known(what) if now < customer::link_until(&what.delivery) => what,
            Seen::Unknown if self.told.is_none() && at - self.since < UNKNOWN_FOR => return Turn::Nothing,
            Seen::Known(_) | Seen::Ended | Seen::Unknown => return Turn::Over(close::ENDED),
        };
        let eta = what.eta(now);
        if self.told.as_ref().is_some_and(|told| !has_changed(told, &what, eta)) {
            return Turn::Nothing;
        }
        let mut delivery = customer::reduced(&what.delivery);
        if self.told.as_ref().is_some_and(|told| told.what.delivery.path == delivery.path) {
            // The way is the largest part by far, and the client has it.
            delivery.path.clear();
        }
        let is_end = !what.delivery.is_open();
        let text = text(delivery, &what, eta);
        self.told = Some(Told { what, eta, at });
        if is_end { Turn::Last(text) } else { Turn::Say(text) }
    }
}

fn has_changed(told: &Told, what: &Followed, eta: Option<EtaRange>) -> bool {
    let far = |before: EtaRange, now: EtaRange| {
        (before.from - now.from).abs() >= ETA_STEP_MS || (before.to - now.to).abs() >= ETA_STEP_MS
    };
    let eta_moved = match (told.eta, eta) {
        (Some(before), Some(now)) => far(before, now),
        (before, now) => before != now,
    };
    told.what.delivery != what.delivery || told.what.position != what.position || eta_moved
}

fn text(delivery: Delivery, what: &Followed, eta: Option<EtaRange>) -> String {
    let message = ServerMessage::Delivery { delivery: Box::new(delivery), position: what.position, eta };
    // Names, numbers and texts: nothing that serde_json could refuse.
    serde_json::to_string(&message).unwrap_or_default()
}
