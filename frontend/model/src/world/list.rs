//! The two lists: one pass over what is known, then one sort.

use std::cmp::Ordering;

use contract::{
    CourierId, Delivery, DeliveryId, DeliveryStatus, Millis,
    frame::{BIT_CLOCK_OFF, BIT_SIMULATED, BIT_TWO_DEVICES, CourierStatus},
    rest::LiveCourier,
};
use fleet::client::Seen;

use super::World;
use crate::{CourierRow, DeliveryRow, Filter, Sort, Source, format};

/// Faster than this a courier is moving, m/s.
pub const MOVING_MPS: f64 = 1.0;
/// The source that the simulator writes.
const SIMULATOR: &str = "sim";

impl World {
    /// The couriers that the filter leaves, in its order.
    pub fn couriers(&self, filter: &Filter, now: Millis) -> Vec<CourierRow> {
        let matcher = Matcher::new(self, filter);
        let seen = self.client.couriers().map(|(_, seen)| self.seen_row(seen, now));
        // Who is in a frame is known better from there than from the list.
        let elsewhere = self.roster.values().filter(|listed| self.client.courier(&listed.courier).is_none());
        let rows = seen.chain(elsewhere.map(|listed| self.listed_row(listed, now)));
        let mut rows: Vec<CourierRow> = rows.filter(|row| matcher.courier(row)).collect();
        // One sort for all orders: each would be written out whole into the page.
        let order: fn(&CourierRow, &CourierRow) -> Ordering = match filter.sort {
            Sort::LateFirst => |a, b| urgency(a).cmp(&urgency(b)).then_with(|| a.courier.cmp(&b.courier)),
            Sort::Name => |a, b| a.courier.cmp(&b.courier),
            Sort::Newest => |a, b| b.at.cmp(&a.at).then_with(|| a.courier.cmp(&b.courier)),
        };
        rows.sort_by(order);
        rows
    }

    /// How late a courier of the frames is, ms; `None` where it is in time.
    pub fn lateness(&self, seen: &Seen) -> Option<Millis> {
        if seen.status != CourierStatus::Late {
            return None;
        }
        late_ms(seen.status, seen.eta, &self.deliveries.under_way(&seen.courier)?.delivery, self.client.now())
    }

    /// How many couriers the filter leaves.
    pub fn count_couriers(&self, filter: &Filter) -> usize {
        let (matcher, now) = (Matcher::new(self, filter), self.client.now());
        let seen = self.client.couriers().filter(|(_, seen)| matcher.courier(&self.seen_row(seen, now))).count();
        let elsewhere = self.roster.values().filter(|listed| self.client.courier(&listed.courier).is_none());
        seen + elsewhere.filter(|listed| matcher.courier(&self.listed_row(listed, now))).count()
    }

    /// Calls `put` with the slot of each courier of the frames and whether the filter leaves it.
    pub fn each_match(&self, filter: &Filter, mut put: impl FnMut(u16, bool)) {
        // On the map "in view" hides nothing: what can be seen there is in view.
        let filter = Filter { in_view: false, ..filter.clone() };
        if !filter.hides() {
            return self.client.couriers().for_each(|(slot, _)| put(slot, true));
        }
        let (matcher, now) = (Matcher::new(self, &filter), self.client.now());
        self.client.couriers().for_each(|(slot, seen)| put(slot, matcher.courier(&self.seen_row(seen, now))));
    }

    /// The deliveries that the filter leaves: on the way by ETA (late first), then waiting, then ended, newest first.
    pub fn delivery_rows(&self, filter: &Filter, now: Millis) -> Vec<DeliveryRow> {
        let matcher = Matcher::new(self, filter);
        let rows = self.deliveries().map(|delivery| self.row_of(delivery, now));
        let mut rows: Vec<DeliveryRow> = rows.filter(|row| matcher.delivery(row)).collect();
        let order: fn(&DeliveryRow, &DeliveryRow) -> Ordering = match filter.sort {
            Sort::LateFirst => |a, b| (stage(a), a.delivery).cmp(&(stage(b), b.delivery)),
            Sort::Name => |a, b| (&a.reference, a.delivery).cmp(&(&b.reference, b.delivery)),
            Sort::Newest => |a, b| b.since.cmp(&a.since).then(a.delivery.cmp(&b.delivery)),
        };
        rows.sort_by(order);
        rows
    }

    /// One courier's row, whatever the filter.
    pub fn courier_row(&self, courier: &CourierId) -> Option<CourierRow> {
        let now = self.client.now();
        let listed = || self.roster.get(courier).map(|listed| self.listed_row(listed, now));
        self.client.courier(courier).map(|seen| self.seen_row(seen, now)).or_else(listed)
    }

    /// One delivery's row, whatever the filter.
    pub fn delivery_row(&self, delivery: DeliveryId) -> Option<DeliveryRow> {
        self.delivery(delivery).map(|delivery| self.row_of(delivery, self.client.now()))
    }

    fn seen_row(&self, seen: &Seen, now: Millis) -> CourierRow {
        let row = CourierRow {
            courier: seen.courier.clone(),
            status: seen.status,
            moving: seen.speed_mps.is_some_and(|speed| speed > MOVING_MPS),
            simulated: seen.bits & BIT_SIMULATED != 0,
            two_devices: seen.bits & BIT_TWO_DEVICES != 0,
            clock_ahead: (seen.bits & BIT_CLOCK_OFF != 0).then_some(seen.ahead_ms),
            delivery: None,
            reference: None,
            route: None,
            eta: seen.eta,
            late_ms: None,
            at: seen.at,
            speed_mps: seen.speed_mps,
        };
        self.with_delivery(row, now)
    }

    fn listed_row(&self, listed: &LiveCourier, now: Millis) -> CourierRow {
        let speed_mps = listed.position.speed_mps;
        let reason = listed.reason.as_deref().unwrap_or_default();
        let row = CourierRow {
            courier: listed.courier.clone(),
            status: CourierStatus::from_name(&listed.status).unwrap_or_default(),
            moving: speed_mps.is_some_and(|speed| speed > MOVING_MPS),
            simulated: listed.position.source.as_str() == SIMULATOR,
            two_devices: reason == "two devices",
            clock_ahead: (reason == "clock off").then_some((-listed.age_ms).max(0)),
            delivery: None,
            reference: None,
            route: None,
            eta: listed.eta.map(|eta| eta.from + (eta.to - eta.from) / 2),
            late_ms: None,
            at: listed.position.at,
            speed_mps,
        };
        self.with_delivery(row, now)
    }

    fn with_delivery(&self, row: CourierRow, now: Millis) -> CourierRow {
        let Some(known) = self.deliveries.under_way(&row.courier) else { return row };
        let delivery = &known.delivery;
        CourierRow {
            delivery: Some(delivery.delivery),
            reference: delivery.reference.clone(),
            route: delivery.route.clone(),
            late_ms: late_ms(row.status, row.eta, delivery, now),
            ..row
        }
    }

    fn row_of(&self, delivery: &Delivery, now: Millis) -> DeliveryRow {
        let under_way = delivery.status == DeliveryStatus::InTransit;
        let seen = self.client.courier(&delivery.courier).filter(|_| under_way);
        let listed = self.roster.get(&delivery.courier).filter(|_| under_way);
        let status =
            seen.map(|seen| seen.status).or_else(|| listed.and_then(|listed| CourierStatus::from_name(&listed.status)));
        let eta = seen.and_then(|seen| seen.eta).or_else(|| {
            let eta = listed?.eta?;
            Some(eta.from + (eta.to - eta.from) / 2)
        });
        DeliveryRow {
            delivery: delivery.delivery,
            courier: delivery.courier.clone(),
            status: delivery.status,
            courier_status: status,
            reference: delivery.reference.clone(),
            route: delivery.route.clone(),
            eta,
            late_ms: status.and_then(|status| late_ms(status, eta, delivery, now)),
            since: delivery.finished_at.unwrap_or(delivery.requested_at),
            reason: delivery.reason.clone(),
            distance_m: delivery.distance_m,
        }
    }
}

/// How late a late one is. Who is overdue is later every minute, whatever was expected.
fn late_ms(status: CourierStatus, eta: Option<Millis>, delivery: &Delivery, now: Millis) -> Option<Millis> {
    let due = fleet::status::due(delivery).filter(|_| status == CourierStatus::Late)?;
    Some((eta.unwrap_or(now).max(now) - due).max(0))
}

/// Alarm first (longest silence first), late (worst first), on delivery by ETA, idle, offline.
fn urgency(row: &CourierRow) -> (u8, Millis) {
    match row.status {
        CourierStatus::Alarm => (0, row.at),
        CourierStatus::Late => (1, -row.late_ms.unwrap_or(0)),
        CourierStatus::OnDelivery => (2, row.eta.unwrap_or(Millis::MAX)),
        CourierStatus::Idle => (3, 0),
        CourierStatus::Offline => (4, -row.at),
    }
}

fn stage(row: &DeliveryRow) -> (u8, Millis) {
    match (row.status, row.late_ms) {
        (DeliveryStatus::InTransit, Some(late)) => (0, -late),
        (DeliveryStatus::InTransit, None) => (1, row.eta.unwrap_or(Millis::MAX)),
        (DeliveryStatus::Requested, _) => (2, row.since),
        _ => (3, -row.since),
    }
}

/// The filter, made ready for many rows.
struct Matcher<'a> {
    world: &'a World,
    filter: &'a Filter,
    words: Vec<String>,
}

impl<'a> Matcher<'a> {
    fn new(world: &'a World, filter: &'a Filter) -> Self {
        Self { world, filter, words: filter.words() }
    }

    fn courier(&self, row: &CourierRow) -> bool {
        let filter = self.filter;
        let source = if row.simulated { Source::Simulated } else { Source::Device };
        (filter.states.is_empty() || filter.states.contains(row.status))
            && filter.source.is_none_or(|wanted| wanted == source)
            && filter.route.as_ref().is_none_or(|wanted| row.route.as_ref() == Some(wanted))
            && (!filter.in_view || self.in_view(&row.courier))
            && self.text(&row.courier, row.reference.as_deref(), row.route.as_ref().map(|route| route.as_str()))
    }

    fn delivery(&self, row: &DeliveryRow) -> bool {
        let filter = self.filter;
        let simulated = || self.world.courier_row(&row.courier).is_some_and(|courier| courier.simulated);
        (filter.states.is_empty() || row.courier_status.is_some_and(|status| filter.states.contains(status)))
            && filter.source.is_none_or(|wanted| (wanted == Source::Simulated) == simulated())
            && filter.route.as_ref().is_none_or(|wanted| row.route.as_ref() == Some(wanted))
            && (!filter.in_view || (row.status == DeliveryStatus::InTransit && self.in_view(&row.courier)))
            && self.text(&row.courier, row.reference.as_deref(), row.route.as_ref().map(|route| route.as_str()))
    }

    fn in_view(&self, courier: &CourierId) -> bool {
        let seen = self.world.client.courier(courier);
        seen.is_some_and(|seen| self.world.view.is_none_or(|view| view.contains(seen.place)))
    }

    /// Every word must be in the slug, the name, the order or the route.
    fn text(&self, courier: &CourierId, reference: Option<&str>, route: Option<&str>) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let mut text = format!("{courier} {} {} ", format::courier(courier.as_str()), reference.unwrap_or_default());
        if let Some(route) = route {
            text.push_str(route);
            text.push(' ');
            text.push_str(&format::route(route));
        }
        let text = crate::text::lower(&text);
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}
