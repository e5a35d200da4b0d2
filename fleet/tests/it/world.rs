//! A small world at random: couriers who come, move, fall silent and come back under another handle.

use contract::{
    Bounds, CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis, Place, Position, SourceId, live::View,
    polyline,
};
use fleet::{Fleet, Limits};
use proptest::prelude::*;

/// Silence after which a courier is dropped here: short, so that handles come free and are given out again.
pub const WINDOW: Millis = 12_000;
const START: Millis = 1_763_683_200_000;

/// What happens to the world.
#[derive(Debug, Clone)]
pub enum Event {
    /// A batch: who is where, and how much later it is.
    Batch { after_ms: Millis, fixes: Vec<(u32, Place)>, delivery: Option<(u32, bool)> },
    /// Nothing for so many ticks.
    Idle(u8),
}

/// The world and its clock.
#[derive(Debug)]
pub struct World {
    pub fleet: Fleet,
    pub now: Millis,
    offset: i64,
}

impl World {
    pub fn new(live_window_ms: Millis) -> Self {
        Self { fleet: Fleet::new(Limits { live_window_ms, ..Limits::default() }), now: START, offset: 0 }
    }

    pub fn happen(&mut self, event: &Event) {
        match event {
            Event::Idle(ticks) => (0..*ticks).for_each(|_| self.batch(100, &[], None)),
            Event::Batch { after_ms, fixes, delivery } => self.batch(*after_ms, fixes, *delivery),
        }
    }

    pub fn batch(&mut self, after_ms: Millis, fixes: &[(u32, Place)], delivery: Option<(u32, bool)>) {
        self.now += after_ms;
        self.fleet.begin(self.now);
        for (later, (who, place)) in (0..).zip(fixes) {
            self.offset += 1;
            // Each a little later than the last one: a courier may move several times in one tick, there and back.
            self.fleet.apply_position(fix(*who, *place, self.now + later), self.now, self.offset);
        }
        if let Some((who, ends)) = delivery {
            self.offset += 1;
            self.fleet.apply_delivery(job(who, self.now, ends), self.offset);
        }
        self.fleet.finish();
    }
}

pub fn courier(number: u32) -> CourierId {
    CourierId::new(&format!("c-{number}")).unwrap()
}

pub fn fix(who: u32, place: Place, at: Millis) -> Position {
    Position {
        courier: courier(who),
        source: SourceId::new(if who.is_multiple_of(2) { "sim" } else { "phone" }).unwrap(),
        at,
        place,
        accuracy_m: None,
        speed_mps: (!who.is_multiple_of(3)).then_some(4.0 + place.lat().abs() % 9.0),
        heading_deg: (!who.is_multiple_of(5)).then_some(place.lon().abs()),
        delivery: None,
        seq: None,
        altitude_m: None,
        battery: None,
    }
}

/// A delivery of a courier that has just begun, or its end.
pub fn job(who: u32, now: Millis, ends: bool) -> Delivery {
    let line = [(60.16, 24.93), (60.17, 24.93), (60.17, 24.96)];
    let line: Vec<Place> = line.iter().map(|&(lat, lon)| Place::new(lat, lon).unwrap()).collect();
    Delivery {
        delivery: DeliveryId::from_parts(START, (who + if ends { 0 } else { (now % 7) as u32 * 100 }).into()),
        courier: courier(who),
        status: if ends { DeliveryStatus::Delivered } else { DeliveryStatus::InTransit },
        driver: Driver::Simulator,
        reference: None,
        route: None,
        path: polyline::encode(&line),
        distance_m: 2_700,
        planned_s: 300,
        speed: 1.0,
        interval_ms: 1_000,
        promised_at: Some(START + 60_000 * Millis::from(who)),
        requested_at: START,
        requested_by: None,
        started_at: Some(now - 1_000),
        finished_at: ends.then_some(now),
        reason: None,
        positions: None,
        eta_half_way: None,
    }
}

/// Places that matter: a city, both sides of the antimeridian, the poles, anywhere.
pub fn place() -> impl Strategy<Value = Place> {
    let at = |lat: std::ops::Range<f64>, lon: std::ops::Range<f64>| {
        (lat, lon).prop_map(|(lat, lon)| Place::new(lat, lon).unwrap())
    };
    prop_oneof![
        8 => at(60.15..60.18, 24.92..24.97),
        2 => at(-0.02..0.02, 179.98..180.0),
        2 => at(-0.02..0.02, -180.0..-179.98),
        1 => prop::sample::select(vec![(90.0, 0.0), (-90.0, 10.0), (0.0, 180.0), (0.0, -180.0), (86.0, 24.95), (89.0, 1.0)])
            .prop_map(|(lat, lon)| Place::new(lat, lon).unwrap()),
        1 => at(-90.0..90.0, -180.0..180.0),
    ]
}

pub fn event() -> impl Strategy<Value = Event> {
    let after = prop::sample::select(vec![0i64, 100, 100, 100, 700, 2_000, 13_000]);
    let fixes = prop::collection::vec((0u32..20, place()), 0..12);
    let delivery = prop::option::weighted(0.3, (0u32..20, any::<bool>()));
    prop_oneof![
        8 => (after, fixes, delivery).prop_map(|(after_ms, fixes, delivery)| Event::Batch { after_ms, fixes, delivery }),
        1 => (1u8..40).prop_map(Event::Idle),
    ]
}

/// Views of the city, across the antimeridian (the short way and the long way round), of a pole, of nothing, of all.
pub fn view() -> impl Strategy<Value = View> {
    let edges = |west: f64, south: f64, east: f64, north: f64| Bounds::new(west, south, east, north).unwrap();
    let city = (24.9f64..24.99, 0.0f64..0.06, 60.14f64..60.19, 0.0f64..0.03)
        .prop_map(move |(west, width, south, height)| edges(west, south, west + width, south + height));
    let short = (179.97f64..=180.0, -180.0f64..=-179.97).prop_map(move |(west, east)| edges(west, -0.01, east, 0.01));
    let long = (24.9f64..24.97, 0.0f64..0.02).prop_map(move |(east, gap)| edges(east + gap, -90.0, east, 90.0));
    let fixed = prop::sample::select(vec![
        Bounds::WORLD,
        edges(-180.0, 85.0, 180.0, 90.0),
        edges(-180.0, -90.0, 180.0, -85.5),
        edges(180.0, -1.0, 180.0, 1.0),
        edges(180.0, -1.0, -180.0, 1.0),
        edges(-180.0, -1.0, -180.0, 1.0),
        edges(24.945, 60.0, 24.945, 60.2),
    ]);
    let zoom = prop_oneof![3 => 12.0f64..=22.0, 2 => 0.0f64..12.0, 1 => Just(12.0), 1 => Just(11.999)];
    (prop_oneof![4 => city, 1 => short, 1 => long, 1 => fixed], zoom).prop_map(|(bounds, zoom)| View { bounds, zoom })
}
