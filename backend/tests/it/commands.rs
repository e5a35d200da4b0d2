//! The story of a delivery as commands tell it: who may take which step, what is a repetition, what a conflict.

use contract::{Delivery, DeliveryStatus};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Api, Backend, Reply, Socket,
    samples::{ROUTE, delivery, fix, fresh_id, line, now, request},
    shared, until,
};

#[tokio::test]
async fn put_is_acknowledged_repeated_and_defended() {
    let api = shared().api();
    let path = format!("/deliveries/{}", fresh_id());
    let body = request("put-1");
    let first: Delivery = api.put(&path, &body).await.expect(202);
    assert_eq!((first.status, first.courier.as_str()), (DeliveryStatus::Requested, "put-1"));
    assert_eq!((first.speed, first.interval_ms, first.requested_by.as_deref()), (1.0, 1_000, Some("dispatcher")));
    assert!(first.distance_m > 500 && first.planned_s > 60 && (now() - first.requested_at).abs() < 60_000);
    // At once, and when it is folded: the same document.
    for _ in 0..3 {
        assert_eq!(api.get(&path).await.expect::<Delivery>(200), first);
        assert_eq!(api.put(&path, &body).await.expect::<Delivery>(200), first);
    }
    let other = json!({ "courier": "put-1", "route": ROUTE, "speed": 2 });
    let problem = api.put(&path, &other).await.problem("delivery-exists");
    assert_eq!((problem.status, problem.instance.as_deref()), (409, Some(format!("/api/v1{path}").as_str())));
}

#[tokio::test]
async fn a_repetition_stays_one_when_the_story_has_gone_on() {
    let backend = shared();
    let api = backend.api();
    let path = format!("/deliveries/{}", fresh_id());
    let body = request("put-2");
    let asked: Delivery = api.put(&path, &body).await.expect(202);
    let started = Delivery { status: DeliveryStatus::InTransit, started_at: Some(now()), ..asked };
    backend.feed.delivery(&started).await;
    let seen = async || api.get(&path).await.expect::<Delivery>(200).status;
    until("in transit", seen, |status| *status == DeliveryStatus::InTransit).await;
    assert_eq!(api.put(&path, &body).await.expect::<Delivery>(200), started);
}

#[tokio::test]
async fn post_makes_the_id_and_says_where() {
    let api = shared().api();
    let reply = api.post("/deliveries", &request("post-1")).await;
    let made: Delivery = reply.expect(202);
    let location = format!("/api/v1/deliveries/{}", made.delivery);
    assert_eq!(reply.header("location"), location);
    assert_eq!(api.get(&format!("/{location}")).await.expect::<Delivery>(200), made);
    assert_eq!(made.delivery.uuid().get_version_num(), 7);
    // The same again is another delivery, and the courier is busy.
    api.post("/deliveries", &request("post-1")).await.problem("courier-busy");
}

#[tokio::test]
async fn a_path_of_the_clients_own_is_kept_as_it_is() {
    let made: Delivery =
        shared().api().post("/deliveries", &json!({ "courier": "post-2", "path": line() })).await.expect(202);
    assert_eq!((made.path, made.route, made.distance_m), (line(), None, 553));
}

#[tokio::test]
async fn a_busy_courier_is_named_with_the_time_until_when() {
    let backend = shared();
    let api = backend.api();
    let first: Delivery = api.post("/deliveries", &request("busy-1")).await.expect(202);
    // Asked often, so that ticks of the writer fall into the middle of it.
    for _ in 0..200 {
        let problem = api.post("/deliveries", &request("busy-1")).await.problem("courier-busy");
        assert!(problem.detail.starts_with(&format!("busy-1 is on {} until about ", first.delivery)), "{problem:?}");
        assert!(problem.until.is_some_and(|until| until > now()), "{problem:?}");
    }
    // Over: the courier is free.
    api.post(&format!("/deliveries/{}/cancel", first.delivery), &json!({})).await.expect::<Delivery>(202);
    api.post("/deliveries", &request("busy-1")).await.expect::<Delivery>(202);
    // Busy with what others wrote, too.
    let under_way = delivery("busy-2", DeliveryStatus::InTransit);
    backend.feed.delivery(&under_way).await;
    let known = async || api.get(&format!("/deliveries/{}", under_way.delivery)).await.status;
    until("known", known, |status| *status == 200).await;
    api.post("/deliveries", &request("busy-2")).await.problem("courier-busy");
}

#[tokio::test]
async fn an_abandoned_delivery_keeps_no_courier_and_can_still_be_ended() {
    let clock = service::Clock::manual(now());
    let of_server = clock.clone();
    let backend = Backend::start_with(|setup| {
        setup.settings.live.delivery_max = std::time::Duration::from_secs(600);
        setup.surroundings.clock = of_server;
    })
    .await;
    let api = backend.api();
    let under_way = delivery("lost-1", DeliveryStatus::InTransit);
    backend.feed.delivery(&under_way).await;
    let path = format!("/deliveries/{}", under_way.delivery);
    until("known", async || api.get(&path).await.status, |status| *status == 200).await;
    let mut follower = Socket::open(&backend, None).await;
    let link = api.post(&format!("{path}/link"), &json!({})).await.expect::<Value>(201);
    let token = link["url"].as_str().unwrap().split('#').nth(1).unwrap();
    let mut customer = Socket::connect(&backend).await;
    customer.say(json!({ "type": "hello", "token": token, "cursor": null })).await;
    customer.until("its delivery", |socket| socket.status() == "in_transit").await;
    // Nearly: ten minutes but for what the system's clock is ahead of the test's.
    clock.advance(500_000);
    let heard = clock.now();
    follower.until("the later time", |socket| socket.summaries.last().is_some_and(|last| last.now >= heard)).await;
    api.post("/deliveries", &request("lost-1")).await.problem("courier-busy");
    // The clock alone makes it abandoned: no list has it, and the courier is free.
    clock.advance(500_000);
    let live = async || api.get("/deliveries/live").await.json()["items"].clone();
    until("no delivery is live", live, |items| *items == json!([])).await;
    assert_eq!(customer.close_code().await, 4410);
    let next: Delivery = api.post("/deliveries", &request("lost-1")).await.expect(202);
    // Nothing was written about it: in the store its story is as it was, and whoever ends it is heard.
    let item = history::Item::Delivery { delivery: Box::new(under_way.clone()), broker_time: now() };
    backend.history.as_ref().unwrap().store([item].into_iter().collect()).await.unwrap();
    assert_eq!(api.get(&path).await.expect::<Delivery>(200), under_way);
    let ended: Delivery = api.post(&format!("{path}/cancel"), &json!({ "reason": "found" })).await.expect(202);
    assert_eq!(ended.status, DeliveryStatus::Cancelled);
    follower.until("both", |socket| socket.events.len() == 2).await;
    assert_eq!(follower.events, [next, ended]);
}

#[tokio::test]
async fn of_many_requests_at_once_for_one_courier_one_wins() {
    let backend = shared();
    for round in 0..5 {
        let name = format!("race-{round}");
        let all = (0..12).map(|_| {
            let (api, body) = (backend.api(), request(&name));
            tokio::spawn(async move { api.post("/deliveries", &body).await })
        });
        let mut taken = 0;
        for reply in all.collect::<Vec<_>>() {
            let reply = reply.await.unwrap();
            if reply.status == 202 {
                taken += 1;
            } else {
                reply.problem("courier-busy");
            }
        }
        assert_eq!(taken, 1);
    }
}

async fn told(api: &Api, id: impl std::fmt::Display, command: &str, body: Value) -> Reply {
    api.post(&format!("/deliveries/{id}/{command}"), &body).await
}

#[tokio::test]
async fn a_courier_starts_and_finishes() {
    let api = shared().api();
    let mut body = request("walk-1");
    body["driver"] = "courier".into();
    let id = api.post("/deliveries", &body).await.expect::<Delivery>(202).delivery;
    let problem = told(&api, id, "finish", json!({ "outcome": "delivered" })).await.problem("wrong-state");
    assert_eq!(problem.detail, format!("{id} is requested; this needs it in_transit"));
    let started: Delivery = told(&api, id, "start", json!({})).await.expect(202);
    assert!(started.status == DeliveryStatus::InTransit && started.started_at.is_some());
    assert_eq!(told(&api, id, "start", json!({})).await.expect::<Delivery>(200), started);
    let done: Delivery = told(&api, id, "finish", json!({ "outcome": "delivered" })).await.expect(202);
    assert!(done.status == DeliveryStatus::Delivered && done.finished_at >= started.started_at);
    assert_eq!(told(&api, id, "finish", json!({ "outcome": "delivered" })).await.expect::<Delivery>(200), done);
    for (command, body) in [
        ("finish", json!({ "outcome": "failed", "reason": "nobody there" })),
        ("cancel", json!({})),
        ("start", json!({})),
    ] {
        let problem = told(&api, id, command, body).await.problem("wrong-state");
        assert!(problem.detail.contains("is delivered"), "{problem:?}");
    }
}

#[tokio::test]
async fn a_courier_fails_with_a_reason() {
    let api = shared().api();
    let mut body = request("walk-2");
    body["driver"] = "courier".into();
    let id = api.post("/deliveries", &body).await.expect::<Delivery>(202).delivery;
    told(&api, id, "start", json!({})).await.expect::<Delivery>(202);
    let failed: Delivery =
        told(&api, id, "finish", json!({ "outcome": "failed", "reason": "nobody there" })).await.expect(202);
    assert_eq!((failed.status, failed.reason.as_deref()), (DeliveryStatus::Failed, Some("nobody there")));
}

#[tokio::test]
async fn the_simulator_starts_and_finishes_its_own() {
    let api = shared().api();
    let id = api.post("/deliveries", &request("sim-1")).await.expect::<Delivery>(202).delivery;
    for (command, body) in [("start", json!({})), ("finish", json!({ "outcome": "delivered" }))] {
        let problem = told(&api, id, command, body).await.problem("wrong-state");
        assert_eq!(problem.detail, format!("{id} is driven by the simulator"));
    }
    let cancelled: Delivery = told(&api, id, "cancel", json!({ "reason": "changed mind" })).await.expect(202);
    assert_eq!((cancelled.status, cancelled.reason.as_deref()), (DeliveryStatus::Cancelled, Some("changed mind")));
    assert!(cancelled.finished_at.is_some());
    // Again, with or without a body: done before.
    assert_eq!(told(&api, id, "cancel", json!({})).await.expect::<Delivery>(200), cancelled);
    let bare = api.ask(Method::POST, &format!("/deliveries/{id}/cancel"));
    assert_eq!(Reply::of(bare).await.expect::<Delivery>(200), cancelled);
    told(&api, fresh_id(), "cancel", json!({})).await.problem("not-found");
}

#[tokio::test]
async fn of_many_ends_at_once_one_is_written() {
    let backend = shared();
    let api = backend.api();
    let mut body = request("ends-1");
    body["driver"] = "courier".into();
    let id = api.post("/deliveries", &body).await.expect::<Delivery>(202).delivery;
    told(&api, id, "start", json!({})).await.expect::<Delivery>(202);
    let ends = (0..12).map(|n| {
        let api = backend.api();
        tokio::spawn(async move {
            match n % 2 {
                0 => told(&api, id, "cancel", json!({})).await,
                _ => told(&api, id, "finish", json!({ "outcome": "delivered" })).await,
            }
        })
    });
    let mut written = Vec::new();
    for reply in ends.collect::<Vec<_>>() {
        let reply = reply.await.unwrap();
        match reply.status {
            202 => written.push(reply.expect::<Delivery>(202)),
            200 => {}
            _ => drop(reply.problem("wrong-state")),
        }
    }
    assert_eq!(written.len(), 1);
    assert_eq!(api.get(&format!("/deliveries/{id}")).await.expect::<Delivery>(200), written[0]);
}

#[tokio::test]
async fn an_old_id_is_looked_up_in_the_store() {
    let backend = Backend::start().await;
    let api = backend.api();
    let old = contract::DeliveryId::from_parts(now() - 86_400_000, 5);
    let body = json!({ "courier": "old-1", "path": line() });
    let stored = Delivery { delivery: old, ..delivery("old-1", DeliveryStatus::Delivered) };
    let item = history::Item::Delivery { delivery: Box::new(stored.clone()), broker_time: now() };
    backend.history.as_ref().unwrap().store([item].into_iter().collect()).await.unwrap();
    let path = format!("/deliveries/{old}");
    assert_eq!(api.get(&path).await.expect::<Delivery>(200), stored);
    assert_eq!(api.put(&path, &body).await.expect::<Delivery>(200), stored);
    api.put(&path, &request("old-1")).await.problem("delivery-exists");
    // An old id that the store does not know is as good as a new one.
    let unknown = contract::DeliveryId::from_parts(now() - 86_400_000, 6);
    api.put(&format!("/deliveries/{unknown}"), &request("old-2")).await.expect::<Delivery>(202);
}

#[tokio::test]
async fn what_was_predicted_half_way_is_told_with_the_end() {
    let backend = Backend::start().await;
    let api = backend.api();
    let body = json!({ "courier": "walker", "path": line(), "driver": "courier" });
    let id = api.post("/deliveries", &body).await.expect::<Delivery>(202).delivery;
    let started: Delivery = api.post(&format!("/deliveries/{id}/start"), &json!({})).await.expect(202);
    let at = started.started_at.unwrap();
    until("the clock goes on", async || now(), |now| *now > at + 3).await;
    let fixes = [(0, 24.93), (1, 24.9349), (2, 24.9351), (3, 24.94)].map(|(ms, lon)| {
        let position = contract::Position { at: at + ms, ..fix("walker", 60.17, lon) };
        history::Item::Position { broker_time: position.at, position }
    });
    backend.history.as_ref().unwrap().store(fixes.into_iter().collect()).await.unwrap();
    let done: Delivery =
        api.post(&format!("/deliveries/{id}/finish"), &json!({ "outcome": "delivered" })).await.expect(202);
    // Half of the planned time is left at the third fix, which is the first one beyond the middle.
    let left = done.eta_half_way.unwrap() - (at + 2);
    let planned = i64::from(done.planned_s) * 1_000;
    assert!((planned * 2 / 5..planned * 3 / 5).contains(&left), "{left} ms of {planned}");
}
