//! Fifty deliveries, from the request to the store: in peace, and with the process killed in the middle.

use std::{collections::HashMap, path::Path, process::Command, time::Duration};

use e2e::{
    chaos::viewer::Viewer,
    process::{Standalone, binary},
    rest::{Rest, uuid7},
    socket::Follower,
};
use serde_json::{Value, json};

const DELIVERIES: usize = 50;
/// A route of 2 km takes some 15 s at this speed.
const SPEED: f64 = 30.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_deliveries_arrive_and_every_fix_is_stored_once() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Standalone::start(data.path(), 0);
    server.ready().await;
    let viewer = Viewer::start(vec![server.url.clone()], 0);
    let ids = start_all(&Rest::new(&server.url)).await;
    let mut follower = Follower::new(&server.url);
    follower.until(Duration::from_secs(120), |known| all_ended(known, &ids)).await;
    check(&server.url, &ids, &follower.deliveries).await;
    // Every fix that the simulator counted is in the store, and none that it did not count.
    let stored: u64 = ids.iter().filter_map(|id| follower.deliveries[id]["positions"].as_u64()).sum();
    assert_eq!(counted(&server, "cd_acknowledged_total").await, stored);
    // Frames and events as docs/protocol.md lays them out: every courier was seen where it came to, every end was told once.
    let last = |n: usize| follower.deliveries[&ids[n]]["finished_at"].as_i64();
    e2e::eventually("the viewer to have seen the last fix of each", Duration::from_secs(60), async || {
        let newest = |n: usize| viewer.look(|seen| seen.couriers.get(&format!("j-{n}")).map(|(at, _)| *at));
        (0..DELIVERIES).all(|n| newest(n) == last(n)).then_some(())
    })
    .await;
    viewer.look(|seen| {
        assert!(seen.unreadable.is_empty() && seen.contradictions.is_empty(), "{seen:?}");
        assert!(ids.iter().all(|id| seen.ends[id].status == "delivered"), "{:?}", seen.ends);
    });
    assert!(server.process.stop(Duration::from_secs(30)).success(), "it does not end well when it is asked to");
    verify(data.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Standalone::start(data.path(), 0);
    server.ready().await;
    let mut follower = Follower::new(&server.url);
    let ids = start_until_under_way(&server.url, &mut follower).await;
    server.crash_and_restart();
    server.ready().await;
    follower.until(Duration::from_secs(120), |known| all_ended(known, &ids)).await;
    // Its cursor was of the broker that died.
    assert!(follower.resumes.get("reset").is_some_and(|count| *count >= 1), "{:?}", follower.resumes);
    check(&server.url, &ids, &follower.deliveries).await;
    assert!(server.process.stop(Duration::from_secs(30)).success());
    verify(data.path());
}

/// Starts all deliveries and follows them into their middle: all have started, and a few have arrived. A machine that stalls may
/// sleep over that moment: then once more. Answers those that are in their middle.
///
/// # Panics
/// Where that moment is missed again and again.
pub async fn start_until_under_way(url: &str, follower: &mut Follower) -> Vec<String> {
    let rest = Rest::new(url);
    for _ in 0..4 {
        let ids = start_all(&rest).await;
        let under_way = |known: &HashMap<String, Value>| {
            let count = |status: &str| ids.iter().filter(|id| is(known, id, status)).count();
            count("requested") == 0 && count("delivered") >= 3 && count("in_transit") >= 20
        };
        follower.until(Duration::from_secs(120), |known| under_way(known) || all_ended(known, &ids)).await;
        if !all_ended(&follower.deliveries, &ids) {
            return ids;
        }
    }
    panic!("the middle of the run was missed four times");
}

/// Asks for all deliveries, each with a courier of its own.
pub async fn start_all(rest: &Rest) -> Vec<String> {
    let routes = rest.get("/routes").await;
    let routes = routes["items"].as_array().expect("a list").clone();
    let mut ids = Vec::new();
    for n in 0..DELIVERIES {
        let id = uuid7();
        let route = &routes[n % routes.len()]["route"];
        let body = json!({"courier": format!("j-{n}"), "route": route, "speed": SPEED, "interval_ms": 200,
            "reference": format!("order-{n}")});
        let answer = rest.put_until_taken(&format!("/deliveries/{id}"), &body).await;
        assert_eq!(answer["status"], "requested");
        ids.push(id);
    }
    ids
}

/// Whether a delivery is known to be so.
pub fn is(known: &HashMap<String, Value>, id: &str, status: &str) -> bool {
    known.get(id).is_some_and(|document| document["status"] == status)
}

/// Whether all of them are delivered.
pub fn all_ended(known: &HashMap<String, Value>, ids: &[String]) -> bool {
    ids.iter().all(|id| is(known, id, "delivered"))
}

/// What the socket told, what REST says, and what is stored must agree, for each delivery.
pub async fn check(url: &str, ids: &[String], told: &HashMap<String, Value>) {
    let rest = Rest::new(url);
    for id in ids {
        let positions = told[id]["positions"].as_u64().expect("a delivered run says how many fixes it had");
        let audit = e2e::eventually("the store to hold every fix", Duration::from_secs(30), async || {
            let audit = rest.get(&format!("/deliveries/{id}/audit")).await;
            // The socket tells an end before the store has it; until then nobody knows how many are expected.
            (audit["stored"] == positions && audit["expected"] == positions).then_some(audit)
        })
        .await;
        assert_eq!(audit["missing"], json!([]));
        let stored = rest.get(&format!("/deliveries/{id}")).await;
        assert_eq!(stored["status"], "delivered");
        let trail = rest.get(&format!("/deliveries/{id}/trail")).await;
        let points = trail["points"].as_array().expect("a trail has points");
        assert_eq!(points.len() as u64, positions.min(2_000));
        let times: Vec<i64> = points.iter().filter_map(|point| point["at"].as_i64()).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "a fix is stored twice, or out of order");
    }
}

/// A counter of the process's metrics.
async fn counted(server: &Standalone, name: &str) -> u64 {
    let metrics = reqwest::get(server.admin("/metrics")).await.expect("the admin port answers");
    let metrics = metrics.text().await.expect("a text");
    let lines = metrics.lines().filter(|line| line.starts_with(name));
    let values: Vec<u64> = lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    assert_eq!(values.len(), 1, "{name} stands there once: {metrics}");
    values[0]
}

/// The store's own check, by the tool that an operator has.
fn verify(data: &Path) {
    let url = format!("sqlite:{}", data.join("history.sqlite").display());
    let output = Command::new(binary("sink")).args(["verify", "--history-url", &url]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "sink verify: {text}{}", String::from_utf8_lossy(&output.stderr));
}
