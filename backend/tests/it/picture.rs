//! The promise of the live view: whatever moved and whatever was looked at, at rest a client's picture is exactly the live
//! couriers inside its rectangle.

use contract::{Bounds, rest::LiveCourier};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use crate::harness::{Api, Backend, Socket, samples::fix, until};

const COURIERS: usize = 40;

#[derive(Debug, Clone)]
enum Step {
    /// Couriers move: who, where.
    Move(Vec<(usize, f64, f64)>),
    /// A client looks somewhere else.
    Look(usize, f64, f64, f64, f64),
    /// A client watches somebody, or no longer.
    Watch(usize, usize, bool),
    /// A client comes again.
    Reconnect(usize),
}

fn place() -> impl Strategy<Value = (f64, f64)> {
    // Around a corner of cells, far apart, and across the antimeridian.
    prop_oneof![
        4 => (60.16f64..60.18, 24.92f64..24.96),
        1 => (-80.0f64..80.0, -180.0f64..180.0),
        1 => (-1.0f64..1.0, prop_oneof![179.9f64..180.0, -180.0f64..-179.9]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let corner = || prop_oneof![3 => 24.92f64..24.96, 1 => -180.0f64..180.0];
    let lat = || prop_oneof![3 => 60.16f64..60.18, 1 => -85.0f64..85.0];
    prop_oneof![
        5 => prop::collection::vec((0..COURIERS, place()).prop_map(|(who, (lat, lon))| (who, lat, lon)), 1..30).prop_map(Step::Move),
        3 => (0..3usize, corner(), lat(), corner(), lat()).prop_map(|(who, west, a, east, b)| Step::Look(who, west, a.min(b), east, a.max(b))),
        1 => (0..3usize, 0..COURIERS, any::<bool>()).prop_map(|(who, whom, on)| Step::Watch(who, whom, on)),
        1 => (0..3usize).prop_map(Step::Reconnect),
    ]
}

/// A client with what it asked for.
struct Looker {
    socket: Socket,
    bounds: Option<Bounds>,
    watched: Vec<String>,
}

impl Looker {
    async fn new(backend: &Backend) -> Self {
        Self { socket: Socket::open(backend, None).await, bounds: None, watched: Vec::new() }
    }

    fn expected<'a>(&self, couriers: &'a [LiveCourier]) -> Vec<&'a LiveCourier> {
        let inside = |one: &LiveCourier| {
            // As the wire rounds it.
            let (lat, lon) = (one.position.place.lat_e7(), one.position.place.lon_e7());
            self.bounds.is_some_and(|bounds| bounds.contains(contract::Place::from_e7(lat, lon)))
        };
        let wanted = |one: &&LiveCourier| inside(one) || self.watched.iter().any(|name| one.courier.as_str() == name);
        couriers.iter().filter(wanted).collect()
    }

    fn is_right(&self, couriers: &[LiveCourier]) -> bool {
        let expected = self.expected(couriers);
        self.socket.picture.len() == expected.len()
            && expected.iter().all(|one| {
                self.socket.picture.courier(&one.courier).is_some_and(|seen| {
                    seen.place.lat_e7() == one.position.place.lat_e7()
                        && seen.place.lon_e7() == one.position.place.lon_e7()
                        && (seen.at - one.position.at).abs() <= 1
                        && seen.status.as_str() == one.status
                })
            })
    }
}

async fn couriers(api: &Api) -> Vec<LiveCourier> {
    api.get("/couriers?limit=200").await.expect::<contract::rest::Page<LiveCourier>>(200).items
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_rest_every_picture_is_the_live_couriers_in_its_rectangle() {
    let backend = Backend::start_with(|setup| setup.settings.live.tick = std::time::Duration::from_millis(20)).await;
    let api = backend.api();
    let mut lookers = Vec::new();
    for _ in 0..3 {
        lookers.push(Looker::new(&backend).await);
    }
    let mut runner = TestRunner::new(Config::default());
    let strategy = prop::collection::vec(step(), 1..12);
    // Times only grow, so that every movement counts.
    let mut at = crate::harness::samples::now() - 30_000;
    let mut newest = std::collections::BTreeMap::new();
    for case in 0..25 {
        let steps = strategy.new_tree(&mut runner).unwrap().current();
        for step in &steps {
            match step {
                Step::Move(all) => {
                    let mut fixes = Vec::new();
                    for (who, lat, lon) in all {
                        at += 1;
                        let mut position = fix(&format!("pic-{who}"), *lat, *lon);
                        position.at = at;
                        newest.insert(position.courier.clone(), at);
                        fixes.push(position);
                    }
                    backend.feed.positions(&fixes).await;
                }
                Step::Look(who, west, south, east, north) => {
                    let looker = &mut lookers[*who];
                    looker.socket.look(*west, *south, *east, *north, 15.0).await;
                    looker.bounds = Some(Bounds::new(*west, *south, *east, *north).unwrap());
                    // Below the allowance of messages.
                    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
                }
                Step::Watch(who, whom, on) => {
                    let (looker, name) = (&mut lookers[*who], format!("pic-{whom}"));
                    looker.watched.retain(|known| *known != name);
                    if *on && looker.watched.len() < 8 {
                        looker.watched.push(name.clone());
                    }
                    let on = looker.watched.contains(&name);
                    let kind = if on { "watch" } else { "unwatch" };
                    looker.socket.say(serde_json::json!({ "type": kind, "courier": name })).await;
                    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
                }
                Step::Reconnect(who) => lookers[*who] = Looker::new(&backend).await,
            }
        }
        let folded = |all: &Vec<LiveCourier>| {
            all.len() == newest.len() && all.iter().all(|one| newest[&one.courier] == one.position.at)
        };
        let live = until("all movements folded", async || couriers(&api).await, folded).await;
        for (number, looker) in lookers.iter_mut().enumerate() {
            let began = std::time::Instant::now();
            while !looker.is_right(&live) {
                looker.socket.listen(std::time::Duration::from_millis(20)).await;
                assert!(
                    began.elapsed() < std::time::Duration::from_secs(10),
                    "case {case}, client {number}: {:?} is not {:?} after {steps:#?}",
                    looker.socket.names(),
                    looker.expected(&live).iter().map(|one| one.courier.to_string()).collect::<Vec<_>>(),
                );
            }
        }
    }
}
