//! What the customer of one delivery may see of it: a view of the live state that names nobody and nothing else.
//!
//! The document leaves out what is between dispatcher and courier, the courier has a first name, and a fix is shown where it
//! belongs to this delivery alone: within its time, and of no other run.

use std::sync::Arc;

use contract::{
    CourierId, Delivery, DeliveryId, DeliveryStatus, Millis, Position,
    live::{EtaRange, Sighting},
    rest::Trail,
};

use crate::{Fleet, deliveries::KEEP_OPEN_MS, eta};

/// How long a link shows its delivery after the end, ms.
pub const AFTER_END_MS: Millis = 2 * 60 * 60 * 1000;

/// A delivery as its customer follows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// The whole document, of which the customer gets [`reduced`].
    pub delivery: Arc<Delivery>,
    /// Where the courier is, where that belongs to this delivery.
    pub position: Option<Sighting>,
    /// When it will arrive, ms UTC, before anything is known about how sure that is.
    pub arrival: Option<Millis>,
}

impl Followed {
    /// The delivery in the live state, where it is there.
    pub fn find(fleet: &Fleet, id: &DeliveryId) -> Option<Self> {
        let delivery = fleet.deliveries().get(id)?.delivery.clone();
        let couriers = fleet.couriers();
        let details = couriers.handle(&delivery.courier).and_then(|handle| couriers.details(handle));
        let position = details.map(|details| &details.position).filter(|position| is_of(&delivery, position));
        let position = position.map(|position| Sighting {
            place: position.place,
            at: position.at,
            heading_deg: position.heading_deg,
        });
        let task = details.and_then(|details| details.task.as_ref()).filter(|task| task.delivery.delivery == *id);
        let by_plan = || Some(delivery.started_at? + Millis::from(delivery.planned_s) * 1000);
        let arrival = match delivery.status {
            DeliveryStatus::InTransit => task.and_then(|task| task.eta).or_else(by_plan),
            _ => None,
        };
        Some(Self { delivery, position, arrival })
    }

    /// The times between which it will arrive, as they are told at `now` (ms UTC).
    pub fn eta(&self, now: Millis) -> Option<EtaRange> {
        self.arrival.map(|arrival| eta::range(arrival, now))
    }
}

/// Whether a fix may be shown to this delivery's customer. Its own word that it belongs to another run counts, too: what that
/// one was is nobody else's business.
fn is_of(delivery: &Delivery, position: &Position) -> bool {
    let of_another_run = position.delivery.is_some_and(|run| run != delivery.delivery);
    delivery.courier == position.courier && delivery.owns(position.at) && !of_another_run
}

/// The document as a customer gets it. Every field is named here, so that one that is added later is not shown by accident.
pub fn reduced(delivery: &Delivery) -> Delivery {
    Delivery {
        delivery: delivery.delivery,
        courier: first_name(&delivery.courier),
        status: delivery.status,
        driver: delivery.driver,
        reference: None,
        route: delivery.route.clone(),
        path: delivery.path.clone(),
        distance_m: delivery.distance_m,
        planned_s: delivery.planned_s,
        speed: delivery.speed,
        interval_ms: delivery.interval_ms,
        promised_at: delivery.promised_at,
        requested_at: delivery.requested_at,
        requested_by: None,
        started_at: delivery.started_at,
        finished_at: delivery.finished_at,
        reason: None,
        positions: None,
        eta_half_way: None,
    }
}

/// A trail as a customer gets it: places, times and headings of this delivery alone.
pub fn reduced_trail(delivery: &Delivery, trail: Trail) -> Trail {
    let courier = first_name(&delivery.courier);
    let shown = |position: Position| Position {
        courier: courier.clone(),
        source: position.source,
        at: position.at,
        place: position.place,
        accuracy_m: None,
        speed_mps: position.speed_mps,
        heading_deg: position.heading_deg,
        delivery: None,
        seq: None,
        altitude_m: None,
        battery: None,
    };
    let points = trail.points.into_iter().filter(|position| is_of(delivery, position)).map(shown).collect();
    Trail { points, gaps: trail.gaps, through: trail.through }
}

/// "aino" of "aino-korhonen"; what is no name, as "c-17", stays as it is.
fn first_name(courier: &CourierId) -> CourierId {
    let name = courier.as_str();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let first = name.split('-').find(|part| !part.is_empty());
    let first = first.filter(|_| is_name).and_then(|first| CourierId::new(first).ok());
    first.unwrap_or_else(|| courier.clone())
}

/// Until when a link to the delivery is good, ms UTC: 2 h after its end, and while there is none, after the latest that it
/// can have.
pub fn link_until(delivery: &Delivery) -> Millis {
    let end = match delivery.finished_at {
        Some(end) if !delivery.is_open() => end,
        // A rejected one ended as it was asked for.
        _ if !delivery.is_open() => delivery.requested_at,
        _ => delivery.requested_at.saturating_add(KEEP_OPEN_MS),
    };
    end.saturating_add(AFTER_END_MS)
}

#[cfg(test)]
mod tests {
    use contract::{Driver, Place, SourceId};

    use super::*;
    use crate::Limits;

    const START: Millis = 1_763_683_200_000;

    fn delivery(number: u128, courier: &str) -> Delivery {
        let path = [(60.16, 24.93), (60.17, 24.93)].map(|(lat, lon)| Place::new(lat, lon).unwrap());
        Delivery {
            delivery: DeliveryId::from_parts(START, number),
            courier: CourierId::new(courier).unwrap(),
            status: DeliveryStatus::InTransit,
            driver: Driver::Simulator,
            reference: Some("order-991".into()),
            route: None,
            path: contract::polyline::encode(&path),
            distance_m: 1_112,
            planned_s: 139,
            speed: 1.0,
            interval_ms: 1_000,
            promised_at: Some(START + 300_000),
            requested_at: START - 5_000,
            requested_by: Some("dispatcher:ana".into()),
            started_at: Some(START),
            finished_at: None,
            reason: Some("a word among us".into()),
            positions: Some(139),
            eta_half_way: None,
        }
    }

    fn fix(courier: &str, at: Millis, run: Option<u128>) -> Position {
        Position {
            courier: CourierId::new(courier).unwrap(),
            source: SourceId::new("sim").unwrap(),
            at,
            place: Place::new(60.161, 24.93).unwrap(),
            accuracy_m: Some(5.0),
            speed_mps: Some(8.0),
            heading_deg: Some(0.0),
            delivery: run.map(|number| DeliveryId::from_parts(START, number)),
            seq: Some(7),
            altitude_m: Some(3.0),
            battery: Some(0.5),
        }
    }

    fn followed(delivery: &Delivery, fixes: &[Position]) -> Followed {
        let mut fleet = Fleet::new(Limits::default());
        fleet.begin(START + 10_000);
        fleet.apply_delivery(delivery.clone(), 1);
        for (offset, fix) in fixes.iter().enumerate() {
            fleet.apply_position(fix.clone(), fix.at, offset as i64);
        }
        fleet.finish();
        Followed::find(&fleet, &delivery.delivery).unwrap()
    }

    #[test]
    fn fixes_outside_the_time_or_of_another_run_are_not_shown() {
        let delivery = delivery(1, "aino-korhonen");
        let at = |at: Millis, run| followed(&delivery, &[fix("aino-korhonen", at, run)]).position.map(|seen| seen.at);
        assert_eq!(at(START - 1, None), None);
        assert_eq!(at(START, None), Some(START));
        assert_eq!(at(START + 5_000, Some(1)), Some(START + 5_000));
        assert_eq!(at(START + 5_000, Some(2)), None);
        let ended =
            Delivery { status: DeliveryStatus::Delivered, finished_at: Some(START + 6_000), ..delivery.clone() };
        let after = |at: Millis| followed(&ended, &[fix("aino-korhonen", at, None)]).position.is_some();
        assert!(after(START + 6_000) && !after(START + 6_001));
        let requested = Delivery { status: DeliveryStatus::Requested, started_at: None, ..delivery.clone() };
        let early = followed(&requested, &[fix("aino-korhonen", START + 1, None)]);
        assert_eq!((early.position, early.arrival), (None, None));
        assert_eq!(followed(&delivery, &[fix("someone-else", START + 1, None)]).position, None);
    }

    #[test]
    fn an_arrival_is_told_from_the_start_to_the_end() {
        let delivery = delivery(1, "c-17");
        assert_eq!(followed(&delivery, &[]).arrival, Some(START + 139_000), "by plan until there is a fix");
        let under_way = followed(&delivery, &[fix("c-17", START + 10_000, None)]);
        let eta = under_way.eta(START + 10_000).unwrap();
        assert!(eta.from < eta.to && eta.from > START + 60_000, "{eta:?}");
        let ended = Delivery { status: DeliveryStatus::Cancelled, finished_at: Some(START + 6_000), ..delivery };
        assert_eq!(followed(&ended, &[]).eta(START), None);
    }

    #[test]
    fn what_is_left_says_nothing_about_anybody_else() {
        let whole = delivery(1, "aino-korhonen");
        let text = String::from_utf8(reduced(&whole).to_json()).unwrap();
        for hidden in ["korhonen", "order-991", "ana", "a word", "139,\"res"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
        assert!(reduced(&whole).check().is_ok() && text.contains(r#""courier":"aino""#), "{text}");
        assert_eq!(first_name(&CourierId::new("c-17").unwrap()).as_str(), "c-17");
        assert_eq!(first_name(&CourierId::new("--").unwrap()).as_str(), "--");
        let points = vec![fix("aino-korhonen", START - 1, None), fix("aino-korhonen", START, Some(1))];
        let trail = reduced_trail(&whole, Trail { points, gaps: Vec::new(), through: START });
        assert_eq!(trail.points.len(), 1);
        let text = serde_json::to_string(&trail).unwrap();
        assert!(!text.contains("korhonen") && !text.contains("battery"), "{text}");
    }

    #[test]
    fn links_last_until_two_hours_after_the_end() {
        let open = delivery(1, "c-17");
        assert_eq!(link_until(&open), open.requested_at + KEEP_OPEN_MS + AFTER_END_MS);
        let ended = Delivery { status: DeliveryStatus::Failed, finished_at: Some(START + 1), ..open.clone() };
        assert_eq!(link_until(&ended), START + 1 + AFTER_END_MS);
        let rejected = Delivery { status: DeliveryStatus::Rejected, started_at: None, ..open };
        assert_eq!(link_until(&rejected), rejected.requested_at + AFTER_END_MS);
    }
}
