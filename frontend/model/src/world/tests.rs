use super::*;
use contract::{
    CourierId, DeliveryId, Driver, RouteId,
    frame::{BIT_CLOCK_OFF, Blocks, HEADER, Record},
};

use crate::{Filter, Sort, States, Tab};

const NOW: Millis = 1_763_683_200_000;

/// A courier's record in a frame.
#[derive(Clone)]
pub(crate) struct Fix {
    pub slot: u16,
    pub name: Option<String>,
    pub place: Place,
    pub at: Millis,
    pub speed: f64,
    pub heading: f64,
    pub status: CourierStatus,
}

/// A frame as the server makes them.
pub(crate) fn frame(kind: Kind, fixes: &[Fix], now: Millis) -> Vec<u8> {
    let mut out = vec![0; HEADER];
    let mut blocks = Blocks::default();
    for fix in fixes {
        let record = Record {
            slot: fix.slot,
            heading: Record::heading_from_deg(fix.heading),
            speed: Record::speed_from_mps(fix.speed),
            age_ms: (now - fix.at) as i32,
            bits: fix.status as u8,
            lat_e7: fix.place.lat_e7(),
            lon_e7: fix.place.lon_e7(),
        };
        out.extend(record.to_bytes());
        if let Some(name) = fix.name.as_ref().filter(|_| kind == Kind::Full) {
            blocks.name(fix.slot, name);
        }
    }
    blocks.finish(&mut out, 0, kind, 1, now);
    out
}

fn place(lat: f64, lon: f64) -> Place {
    Place::new(lat, lon).unwrap()
}

fn fix(slot: u16, name: &str, status: CourierStatus) -> Fix {
    let place = place(60.17, 24.94 + f64::from(slot) * 1e-4);
    Fix { slot, name: Some(name.into()), place, at: NOW - 1_000, speed: 5.0, heading: 90.0, status }
}

fn id(n: u128) -> DeliveryId {
    DeliveryId::from_parts(NOW, n)
}

pub(crate) fn delivery(n: u128, courier: &str, status: DeliveryStatus) -> Delivery {
    Delivery {
        delivery: id(n),
        courier: CourierId::new(courier).unwrap(),
        status,
        driver: Driver::Simulator,
        reference: Some(format!("order-{n}")),
        route: Some(RouteId::new("station-to-market").unwrap()),
        path: contract::polyline::encode(&[place(60.17, 24.94), place(60.17, 24.95)]),
        distance_m: 553,
        planned_s: 100,
        speed: 1.0,
        interval_ms: 1_000,
        promised_at: Some(NOW - 120_000),
        requested_at: NOW - 300_000,
        requested_by: None,
        started_at: (status != DeliveryStatus::Requested).then_some(NOW - 290_000),
        finished_at: status.is_terminal().then_some(NOW - 1_000),
        reason: None,
        positions: None,
        eta_half_way: None,
    }
}

pub(crate) fn world() -> World {
    use CourierStatus::{Alarm, Idle, Late, Offline, OnDelivery};
    let mut world = World::default();
    let couriers = [
        fix(0, "c-idle", Idle),
        fix(1, "c-late", Late),
        fix(2, "aino-korhonen", OnDelivery),
        fix(3, "c-offline", Offline),
        fix(4, "c-alarm", Alarm),
    ];
    world.apply_frame(&frame(Kind::Full, &couriers, NOW), 1.0).unwrap();
    world.apply_events(vec![
        delivery(1, "c-late", DeliveryStatus::InTransit),
        delivery(2, "aino-korhonen", DeliveryStatus::InTransit),
        delivery(3, "c-idle", DeliveryStatus::Requested),
        delivery(4, "c-idle", DeliveryStatus::Delivered),
    ]);
    world
}

fn names(world: &World, filter: &Filter) -> Vec<String> {
    world.couriers(filter, NOW).into_iter().map(|row| row.courier.to_string()).collect()
}

#[test]
fn the_most_urgent_stand_first() {
    assert_eq!(names(&world(), &Filter::default()), ["c-alarm", "c-late", "aino-korhonen", "c-idle", "c-offline"]);
    let late = world().courier_row(&CourierId::new("c-late").unwrap()).unwrap();
    assert_eq!(late.late_ms, Some(120_000), "without an ETA it is late by the clock");
    assert_eq!(late.reference.as_deref(), Some("order-1"));
}

#[test]
fn filters_meet() {
    let world = world();
    let text = |text: &str| Filter { text: text.into(), ..Filter::default() };
    assert_eq!(names(&world, &text("AINO")), ["aino-korhonen"]);
    assert_eq!(names(&world, &text("Korhonen order-2")), ["aino-korhonen"]);
    assert_eq!(names(&world, &text("market station")), ["c-late", "aino-korhonen"]);
    assert!(names(&world, &text("nobody")).is_empty());
    let states: States = [CourierStatus::Late, CourierStatus::Alarm].into_iter().collect();
    let filter = Filter { states, ..Filter::default() };
    assert_eq!(names(&world, &filter), ["c-alarm", "c-late"]);
    assert_eq!(world.count_couriers(&filter), 2);
    let sorted = Filter { sort: Sort::Name, ..Filter::default() };
    assert_eq!(names(&world, &sorted)[0], "aino-korhonen");
    let mut shown = Vec::new();
    world.each_match(&filter, |slot, matches| shown.push((slot, matches)));
    assert_eq!(shown, [(0, false), (1, true), (2, false), (3, false), (4, true)]);
}

#[test]
fn in_view_means_on_the_screen() {
    let mut world = world();
    world.set_view(Bounds::new(24.93, 60.1, 24.94005, 60.2).unwrap());
    let filter = Filter { in_view: true, ..Filter::default() };
    assert_eq!(names(&world, &filter), ["c-idle"]);
}

#[test]
fn deliveries_on_the_way_come_first_and_late_ones_before_them() {
    let rows = world().delivery_rows(&Filter { tab: Tab::Deliveries, ..Filter::default() }, NOW);
    assert_eq!(rows.iter().map(|row| row.delivery).collect::<Vec<_>>(), [id(1), id(2), id(3), id(4)]);
    assert_eq!(rows[0].courier_status, Some(CourierStatus::Late));
    assert_eq!(rows[3].courier_status, None, "an ended delivery does not stand as its courier does");
}

#[test]
fn progress_is_measured_along_the_way() {
    let world = world();
    let progress = world.progress(id(2)).unwrap();
    assert!((progress.share() - 0.02).abs() < 0.001, "{progress:?}");
    assert_eq!(world.progress(id(4)).unwrap().share(), 1.0);
    assert_eq!(world.progress(id(3)), None);
}

#[test]
fn the_way_of_an_arrival_fades() {
    let mut world = world();
    let ended = |n, courier, status| Delivery { finished_at: Some(NOW), ..delivery(n, courier, status) };
    world.apply_events(vec![ended(1, "c-late", DeliveryStatus::Delivered)]);
    world.apply_events(vec![ended(1, "c-late", DeliveryStatus::Delivered)]);
    world.apply_events(vec![ended(2, "aino-korhonen", DeliveryStatus::Cancelled)]);
    world.apply_events(vec![ended(9, "c-9", DeliveryStatus::Delivered)]);
    let left = |now| world.arrivals(now).map(|(_, left)| left).collect::<Vec<_>>();
    assert_eq!(left(NOW), [1.0], "what arrived, once; not what was called off or what nobody saw driving");
    assert_eq!(left(NOW + 10_000), [0.5]);
    assert!(left(NOW + 20_000).is_empty());
}

#[test]
fn ends_are_news_once_and_not_for_who_cancelled() {
    let mut world = world();
    let (news, changed) = world.apply_events(vec![delivery(1, "c-late", DeliveryStatus::Delivered)]);
    assert!(matches!(&news[..], [What::Ended(ended)] if ended.delivery == id(1)));
    assert_eq!(changed, 1);
    let again = world.apply_events(vec![delivery(1, "c-late", DeliveryStatus::Delivered)]);
    assert_eq!(again, (Vec::new(), 0));
    let (news, changed) = world.apply_events(vec![delivery(2, "aino-korhonen", DeliveryStatus::Cancelled)]);
    assert_eq!((news.len(), changed), (0, 1));
    let (news, _) = world.apply_events(vec![delivery(9, "c-9", DeliveryStatus::Delivered)]);
    assert!(news.is_empty(), "what ended before it was known is no news");
}

#[test]
fn turning_late_or_silent_is_news() {
    let mut world = world();
    let turned = |slot, status| [Fix { at: NOW, ..fix(slot, "", status) }];
    let applied = world.apply_frame(&frame(Kind::Delta, &turned(2, CourierStatus::Late), NOW), 2.0).unwrap();
    assert!(matches!(&applied.notices[..], [What::Late { due: Some(_), .. }]));
    assert_eq!(applied.fresh, [NOW]);
    let applied = world.apply_frame(&frame(Kind::Delta, &turned(2, CourierStatus::Alarm), NOW), 3.0).unwrap();
    assert!(matches!(&applied.notices[..], [What::Silent { .. }]));
    assert!(applied.fresh.is_empty(), "a change of status alone is no new fix");
    let applied = world.apply_frame(&frame(Kind::Delta, &turned(4, CourierStatus::Late), NOW), 4.0).unwrap();
    assert!(applied.notices.is_empty());
}

#[test]
fn a_full_frame_counts_what_is_newer_than_what_was_shown() {
    let mut world = world();
    let newer =
        [Fix { slot: 1, at: NOW, ..fix(0, "c-idle", CourierStatus::Idle) }, fix(0, "c-late", CourierStatus::Late)];
    let applied = world.apply_frame(&frame(Kind::Full, &newer, NOW), 2.0).unwrap();
    assert_eq!(applied.fresh, [NOW]);
    assert_eq!(world.client().len(), 2);
}

#[test]
fn the_list_adds_those_outside_the_view_and_lets_the_gone_go() {
    let mut world = world();
    let listed = |name: &str| {
        let json = format!(
            r#"{{"courier":"{name}","status":"idle","position":{{"courier":"{name}","source":"sim","at":{NOW},"lat":1.0,"lon":2.0}},"delivery":null,"eta":null,"age_ms":5,"reason":null}}"#
        );
        serde_json::from_str::<LiveCourier>(&json).unwrap()
    };
    world.replace_roster([listed("c-away"), listed("c-late")]);
    assert_eq!(world.couriers(&Filter::default(), NOW).len(), 6);
    let summary = |couriers| Summary {
        now: NOW,
        counts: contract::live::Counts { idle: couriers, ..Default::default() },
        ..Summary::default()
    };
    assert!(world.needs_roster(&summary(6)));
    world.apply_summary(&summary(5));
    assert_eq!(world.couriers(&Filter::default(), NOW).len(), 5);
}

#[test]
fn a_clock_that_is_ahead_is_told_by_how_much_it_was_when_the_fix_came() {
    let mut world = World::default();
    let mut ahead = |kind, at, now| {
        let mut bytes = frame(kind, &[Fix { at, ..fix(0, "c-ahead", CourierStatus::Idle) }], now);
        bytes[HEADER + 7] |= BIT_CLOCK_OFF;
        world.apply_frame(&bytes, 1.0).unwrap();
        world.courier_row(&CourierId::new("c-ahead").unwrap()).unwrap().clock_ahead
    };
    assert_eq!(ahead(Kind::Full, NOW + 40_000, NOW), Some(40_000));
    assert_eq!(ahead(Kind::Delta, NOW + 40_000, NOW + 30_000), Some(40_000), "the same fix once more");
    assert_eq!(ahead(Kind::Delta, NOW + 71_000, NOW + 36_000), Some(35_000));
    assert_eq!(ahead(Kind::Full, NOW + 71_000, NOW + 90_000), Some(0), "nobody here saw it come");
    let row = self::world().courier_row(&CourierId::new("c-late").unwrap()).unwrap();
    assert_eq!(row.clock_ahead, None);
}

#[test]
fn what_is_no_frame_changes_nothing() {
    let mut world = world();
    assert!(world.apply_frame(&[1, 2, 3], 2.0).is_err());
    assert_eq!(world.client().len(), 5);
}

#[test]
fn ten_thousand_rows_are_made_in_no_time() {
    let mut world = World::default();
    let couriers: Vec<Fix> = (0..10_000).map(|n| fix(n, &format!("c-{n}"), CourierStatus::OnDelivery)).collect();
    world.apply_frame(&frame(Kind::Full, &couriers, NOW), 1.0).unwrap();
    world.apply_events((0..10_000).map(|n| delivery(n, &format!("c-{n}"), DeliveryStatus::InTransit)).collect());
    let start = std::time::Instant::now();
    let rows = world.couriers(&Filter { text: "c-99".into(), ..Filter::default() }, NOW).len();
    assert_eq!(rows, 111);
    assert_eq!(world.couriers(&Filter::default(), NOW).len(), 10_000);
    // Generous, for a debug build on a busy machine: what is guarded against is a pass over all for every row.
    assert!(start.elapsed() < std::time::Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn the_server_says_how_long_a_delivery_may_be_in_transit() {
    // The first one is under way since 290 s.
    let courier = CourierId::new("c-late").unwrap();
    let passes = |world: &mut World, by_ms: Millis| {
        world.apply_summary(&Summary { now: NOW + by_ms, ..Summary::default() });
        world.delivery_of(&courier).is_some()
    };
    let mut world = world();
    assert!(passes(&mut world, 47 * 3_600_000), "nothing was said: the longest that any server allows");
    world.set_delivery_max(300_000);
    assert!(passes(&mut world, 9_999));
    assert!(!passes(&mut world, 10_000));
    assert_eq!(world.courier_row(&courier).unwrap().delivery, None);
    assert_eq!(world.of_the_past().delivery_max_ms(), 300_000);
    world.reset_deliveries();
    world.apply_events(vec![delivery(1, "c-late", DeliveryStatus::InTransit)]);
    assert!(!passes(&mut world, 10_000), "who asks for the list anew has the same rule");
    // A server that came back lets it be longer, and tells of it again.
    world.set_delivery_max(600_000);
    world.apply_events(vec![delivery(1, "c-late", DeliveryStatus::InTransit)]);
    assert!(passes(&mut world, 309_999));
    assert!(!passes(&mut world, 310_000));
}

#[test]
fn a_day_of_deliveries_does_not_pile_up() {
    let mut world = World::default();
    for n in 0..10_000 {
        let ended = Delivery { finished_at: Some(NOW), ..delivery(n, "c-late", DeliveryStatus::Delivered) };
        world.apply_events(vec![ended]);
    }
    assert_eq!(world.deliveries().count(), 10_000);
    world.apply_summary(&Summary { now: NOW + fleet::deliveries::KEEP_ENDED_MS, ..Summary::default() });
    assert_eq!((world.deliveries().count(), world.deliveries.remembered()), (0, MAX_REMEMBERED));
}
