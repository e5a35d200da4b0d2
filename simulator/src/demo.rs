//! Demo couriers that keep delivering: some seconds after a delivery's end the next one is requested.
//!
//! Each replica looks after the couriers whose key lies in a partition of its own, so any number of replicas share them,
//! and a courier goes on when its partition moves.

mod names;

use std::{path::Path as FilePath, sync::Arc};

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis, topics};
use fleet::{
    drive::{self, Seeded},
    routes::{Route, RouteSet},
};
use service::{StartError, kafka::partitioner};

use crate::settings::DemoSettings;

/// How often a courier is looked at, ms.
const LOOK_EVERY_MS: Millis = 500;
/// Pause between two deliveries, ms: this and up to as much again, and more.
const PAUSE_MS: (Millis, Millis) = (2_000, 15_000);
/// A route that begins within this distance of where the courier stands is near, metres.
const NEAR_M: f64 = 60.0;
/// Who asks for demo deliveries.
const REQUESTED_BY: &str = "demo";

/// The demo couriers.
pub struct Demo {
    couriers: Vec<DemoCourier>,
    routes: RouteSet,
    speed: f64,
    interval_ms: u32,
    looked: Millis,
    /// How many requests were made: part of each id's randomness.
    made: u64,
}

struct DemoCourier {
    courier: CourierId,
    partition: i32,
    dice: Seeded,
    /// When the next delivery is asked for; `None` while the courier is on one, or not ours.
    next_at: Option<Millis>,
    /// The very first one comes soon, so that a map is never empty for long.
    fresh: bool,
}

impl Demo {
    /// Loads the routes and names the couriers. `log` is told of files that were left out.
    ///
    /// # Errors
    /// [`StartError::Setting`] where there is no valid route to drive.
    pub fn new(settings: &DemoSettings) -> Result<Self, StartError> {
        let routes = if settings.demo == 0 { RouteSet::default() } else { load(&settings.routes_dir)? };
        let partitions = partitions();
        let couriers = (0..settings.demo).map(|n| {
            let courier = names::courier(n)?;
            let partition = partitioner::partition(courier.as_str().as_bytes(), partitions);
            let dice = Seeded::of_text(courier.as_str());
            Ok(DemoCourier { courier, partition, dice, next_at: None, fresh: true })
        });
        Ok(Self {
            couriers: couriers.collect::<Result<_, contract::Invalid>>().map_err(StartError::failure)?,
            routes,
            speed: settings.speed,
            interval_ms: settings.interval.as_millis() as u32,
            looked: 0,
            made: 0,
        })
    }

    /// Requests that are due at `now`, ms UTC. `know` tells of a courier in a partition of ours whether it is engaged, and
    /// its last delivery; `None` of one that is not ours.
    pub fn turn(
        &mut self,
        now: Millis,
        know: impl Fn(i32, &CourierId) -> Option<(bool, Option<Arc<Delivery>>)>,
    ) -> Vec<Delivery> {
        if now - self.looked < LOOK_EVERY_MS {
            return Vec::new();
        }
        self.looked = now;
        let mut requests = Vec::new();
        // Many couriers do not all start in the same second.
        let spread = (self.couriers.len() as Millis * 40).clamp(6_000, 60_000);
        for courier in &mut self.couriers {
            let Some((engaged, last)) = know(courier.partition, &courier.courier) else {
                courier.next_at = None;
                continue;
            };
            if engaged {
                courier.next_at = None;
                courier.fresh = false;
                continue;
            }
            let pause = if courier.fresh { (0, spread) } else { PAUSE_MS };
            let dice = &mut courier.dice;
            let due = *courier.next_at.get_or_insert_with(|| now + between(dice, pause));
            if due > now {
                continue;
            }
            // Should the request be lost or rejected, the next look asks again after a pause.
            courier.next_at = None;
            courier.fresh = false;
            self.made += 1;
            let route = choose(&self.routes, last.as_deref(), &mut courier.dice);
            let Some(route) = route else { continue };
            requests.push(request(courier, route, now, self.made, self.speed, self.interval_ms));
        }
        requests
    }
}

/// Number of partitions of `deliveries`; it never changes.
fn partitions() -> i32 {
    topics::ALL.iter().find(|topic| topic.name == topics::DELIVERIES).map_or(1, |topic| topic.partitions)
}

fn between(dice: &mut Seeded, (low, high): (Millis, Millis)) -> Millis {
    low + (dice.share() * (high - low) as f64) as Millis
}

/// A route that begins where the last one ended, else any.
fn choose<'a>(routes: &'a RouteSet, last: Option<&Delivery>, dice: &mut Seeded) -> Option<&'a Route> {
    let ended = last.filter(|delivery| delivery.status == DeliveryStatus::Delivered);
    let here = ended.and_then(|delivery| routes.get(delivery.route.as_ref()?)).map(|route| route.path.destination());
    let near: Vec<&Route> = match here {
        Some(here) => routes.iter().filter(|route| route.path.origin().distance_m(here) <= NEAR_M).collect(),
        None => Vec::new(),
    };
    let all: Vec<&Route> = if near.is_empty() { routes.iter().collect() } else { near };
    all.get((dice.share() * all.len() as f64) as usize).copied()
}

fn request(courier: &mut DemoCourier, route: &Route, now: Millis, made: u64, speed: f64, interval_ms: u32) -> Delivery {
    let dice = &mut courier.dice;
    // The sequence of a courier is the same in every process: what was made and when is not.
    let mut random = Seeded::of_text(courier.courier.as_str()).fork(now as u64).fork(made);
    let random = u128::from(random.next_u64()) << 64 | u128::from(random.next_u64());
    let planned_s = drive::planned_s(&route.path, speed);
    let planned = Millis::from(planned_s) * 1000;
    // One in eight was promised too early, half are promised with time to spare, the others not at all.
    let promised_at = match (dice.share() * 8.0) as u32 {
        0 => Some(now + planned * 7 / 10),
        1..=4 => Some(now + planned + 180_000),
        _ => None,
    };
    Delivery {
        delivery: DeliveryId::from_parts(now, random),
        courier: courier.courier.clone(),
        status: DeliveryStatus::Requested,
        driver: Driver::Simulator,
        reference: Some(format!("order-{}", 9_000 + (dice.share() * 1_000.0) as u32)),
        route: Some(route.route.clone()),
        path: route.polyline(),
        distance_m: route.path.length_m().round() as u32,
        planned_s,
        speed,
        interval_ms,
        promised_at,
        requested_at: now,
        requested_by: Some(REQUESTED_BY.into()),
        started_at: None,
        finished_at: None,
        reason: None,
        positions: None,
        eta_half_way: None,
    }
}

fn load(dir: &FilePath) -> Result<RouteSet, StartError> {
    let listing = service::files::read_dir_sorted(dir)
        .map_err(|error| StartError::setting(format!("CD_ROUTES_DIR: cannot read {}: {error}", dir.display())))?;
    // The backend names the files that are left out; here only what remains counts.
    let (routes, _) = RouteSet::from_files(listing.files);
    if routes.is_empty() {
        return Err(StartError::setting(format!("CD_ROUTES_DIR: no valid route in {}", dir.display())));
    }
    Ok(routes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo(couriers: u32) -> Demo {
        let routes_dir = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../routes-data");
        Demo::new(&DemoSettings { demo: couriers, routes_dir, ..DemoSettings::none() }).unwrap()
    }

    #[test]
    fn every_courier_asks_once_and_again_after_its_end() {
        let mut demo = demo(12);
        let asked: Vec<Delivery> =
            (0..20).flat_map(|n| demo.turn(1_000_000 + n * 500, |_, _| Some((false, None)))).collect();
        assert!(asked.len() >= 12, "{}", asked.len());
        assert!(asked.iter().all(|delivery| delivery.check().is_ok()));
        assert!(demo.turn(2_000_000, |_, _| Some((true, None))).is_empty());
        let later = (0..40).flat_map(|n| demo.turn(2_100_000 + n * 500, |_, _| Some((false, None)))).count();
        assert!(later >= 12);
    }

    #[test]
    fn a_courier_of_another_replica_is_left_alone() {
        let mut demo = demo(12);
        let asked = (0..60)
            .flat_map(|n| demo.turn(1_000_000 + n * 500, |partition, _| (partition == 3).then_some((false, None))));
        let asked: Vec<Delivery> = asked.collect();
        assert!(asked.iter().all(|delivery| partitioner::partition(delivery.courier.as_str().as_bytes(), 12) == 3));
    }

    #[test]
    fn the_next_route_begins_where_the_last_one_ended() {
        let demo = demo(1);
        let mut dice = Seeded::new(1);
        let first = demo.routes.iter().next().unwrap();
        let mut done = request(
            &mut DemoCourier {
                courier: names::courier(0).unwrap(),
                partition: 0,
                dice: Seeded::new(2),
                next_at: None,
                fresh: false,
            },
            first,
            0,
            1,
            1.0,
            1_000,
        );
        done.status = DeliveryStatus::Delivered;
        let next = choose(&demo.routes, Some(&done), &mut dice).unwrap();
        assert!(next.path.origin().distance_m(first.path.destination()) <= NEAR_M);
    }
}
