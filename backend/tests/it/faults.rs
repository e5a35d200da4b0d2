//! Things that are away: each is said, the rest goes on, and it comes back.

use std::time::{Duration, Instant};

use contract::{
    Delivery, DeliveryStatus,
    rest::{DeliveryPage, LiveCourier, LiveDeliveries, Page, Status},
};
use serde_json::json;

use crate::harness::{
    Backend, Broker, Setup, Socket,
    samples::{delivery, fix, fresh_id, request},
    until,
};

#[tokio::test]
async fn what_another_replica_has_just_acknowledged_is_found() {
    let backend = Backend::start().await;
    let api = backend.api();
    for number in 0..5 {
        let taken = delivery(&format!("an-{number}"), DeliveryStatus::Requested);
        backend.feed.delivery(&taken).await;
        // Not by and by: the next request may be its cancel.
        let found = api.get(&format!("/deliveries/{}", taken.delivery)).await.expect::<Delivery>(200);
        assert_eq!(found, taken);
    }
    let began = Instant::now();
    api.get(&format!("/deliveries/{}", fresh_id())).await.problem("not-found");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn without_a_broker_commands_fail_in_time_and_all_else_goes_on() {
    let backend = Backend::start().await;
    let api = backend.api();
    backend.feed.position(&fix("f-1", 60.17, 24.93)).await;
    let seen = async || api.get("/couriers/f-1").await.status;
    until("f-1", seen, |status| *status == 200).await;
    let mut watcher = Socket::open(&backend, None).await;
    watcher.look(24.9, 60.1, 25.0, 60.2, 14.0).await;
    watcher.until("the courier", |socket| socket.picture.len() == 1).await;

    backend.broker().down();
    let path = format!("/deliveries/{}", fresh_id());
    let (began, body) = (Instant::now(), request("f-2"));
    let put = tokio::spawn({
        let (api, path, body) = (backend.api(), path.clone(), body.clone());
        async move { api.put(&path, &body).await }
    });
    // While it waits, the rest answers.
    api.get("/couriers/f-1").await.expect::<LiveCourier>(200);
    api.get("/deliveries").await.expect::<DeliveryPage>(200);
    // Another replica may have taken it on just now: nobody can tell that.
    api.get(&path).await.problem("starting");
    watcher.settle().await;
    let summaries = watcher.summaries.len();
    watcher.until("another summary", |socket| socket.summaries.len() > summaries + 1).await;
    let reply = put.await.unwrap();
    assert_eq!(reply.problem("broker-unavailable").status, 503);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(12) && took > Duration::from_secs(8), "{took:?}");
    // Nothing half-done is shown, and the courier is not given away: the record may arrive yet.
    // Another replica may know it by now: this one cannot.
    api.get(&path).await.problem("starting");
    assert!(api.get("/deliveries/live").await.expect::<LiveDeliveries>(200).items.is_empty());
    api.post("/deliveries", &body).await.problem("courier-busy");
    api.put(&path, &json!({ "courier": "f-2", "route": crate::harness::samples::ROUTE, "speed": 9 }))
        .await
        .problem("delivery-exists");
    let status = async || api.get("/status").await.expect::<Status>(200);
    let away = until("the broker is known to be away", status, |status| status.broker == "away").await;
    assert_eq!(away.history, "up");
    until("it is behind", status, |status| status.behind_ms > 0).await;

    backend.broker().up();
    until("the broker is back", status, |status| status.broker == "up").await;
    // The same again is the same delivery, whether or not the first one has come through meanwhile.
    let again = api.put(&path, &body).await;
    assert!(matches!(again.status, 200 | 202), "{} {}", again.status, again.text());
    let written: Delivery = again.expect(again.status);
    let folded = async || api.get("/deliveries/live").await.expect::<LiveDeliveries>(200).items;
    let items = until("it is in the log", folded, |items| !items.is_empty()).await;
    assert_eq!(items, [written]);
    backend.feed.position(&fix("f-1", 60.18, 24.94)).await;
    watcher.until("news", |socket| socket.picture.couriers().any(|(_, seen)| seen.place.lat() == 60.18)).await;
    assert!(backend.health.is_ready());
}

#[tokio::test]
async fn without_a_store_the_past_is_away_and_all_else_goes_on() {
    let broker = Broker::start();
    let backend = Setup::new(broker.settings()).start(false).await;
    backend.ready().await;
    let api = backend.api();
    let id = fresh_id();
    for path in [
        "/deliveries".to_owned(),
        format!("/deliveries/{id}/trail"),
        format!("/deliveries/{id}/audit"),
        "/couriers/c/trail".into(),
        "/replay?at=1763683200000".into(),
        "/analytics/deliveries".into(),
        format!("/deliveries/{id}"),
    ] {
        api.get(&path).await.problem("history-unavailable");
    }
    let status: Status = api.get("/status").await.expect(200);
    assert_eq!((status.history.as_str(), status.broker.as_str()), ("away", "up"));
    // Live and commands: a fresh id needs no look into the store, an old one does.
    let path = format!("/deliveries/{id}");
    let made: Delivery = api.put(&path, &request("h-1")).await.expect(202);
    assert_eq!(api.get(&path).await.expect::<Delivery>(200), made);
    api.post(&format!("{path}/cancel"), &json!({})).await.expect::<Delivery>(202);
    backend.feed.position(&fix("h-1", 60.17, 24.93)).await;
    let list = async || api.get("/couriers").await.expect::<Page<LiveCourier>>(200).items.len();
    until("the courier", list, |count| *count == 1).await;
    let old = contract::DeliveryId::from_parts(crate::harness::samples::now() - 86_400_000, 9);
    api.put(&format!("/deliveries/{old}"), &request("h-2")).await.problem("history-unavailable");
    assert!(backend.health.is_ready());
    // The sink has made it: everything answers.
    let writer = history::open_writer(&history::Options::new(format!(
        "sqlite:{}",
        backend.dir.path().join("history.sqlite").display()
    )))
    .unwrap();
    api.get("/deliveries").await.expect::<DeliveryPage>(200);
    assert_eq!(api.get("/status").await.expect::<Status>(200).history, "up");
    drop(writer);
}

#[tokio::test]
async fn before_the_state_is_read_nobody_is_told_half_of_it() {
    // A broker that nobody has started yet.
    let broker = Broker::start();
    broker.down();
    let backend = Setup::new(broker.settings()).start(true).await;
    let api = backend.api();
    assert!(!backend.health.is_ready());
    let id = fresh_id();
    for path in ["/deliveries/live".to_owned(), "/couriers".into(), "/couriers/c".into(), format!("/deliveries/{id}")] {
        api.get(&path).await.problem("starting");
    }
    api.put(&format!("/deliveries/{id}"), &request("st-1")).await.problem("starting");
    api.post("/deliveries", &request("st-1")).await.problem("starting");
    api.post(&format!("/deliveries/{id}/cancel"), &json!({})).await.problem("starting");
    // The past, the routes and the status do not need it.
    api.get("/deliveries").await.expect::<DeliveryPage>(200);
    assert_eq!(api.get("/routes").await.status, 200);
    assert_eq!(api.get("/status").await.expect::<Status>(200).broker, "away");
    // A wrong body is wrong whatever the state.
    assert_eq!(api.put(&format!("/deliveries/{id}"), &json!({})).await.wrong().len(), 2);
    // A socket waits for its welcome.
    let mut socket = Socket::connect(&backend).await;
    socket.say(json!({ "type": "hello" })).await;
    socket.settle().await;
    assert!(socket.welcome.is_empty());
    broker.up();
    socket.until("a welcome", |socket| !socket.welcome.is_empty()).await;
    assert_eq!(socket.resume(), "new");
    assert!(backend.health.is_ready());
    api.get("/deliveries/live").await.expect::<LiveDeliveries>(200);
}

#[tokio::test]
async fn records_that_are_none_are_counted_and_passed_over() {
    let backend = Backend::start().await;
    let api = backend.api();
    let mut late = fix("r-1", 60.17, 24.93);
    late.at += 90_000;
    let mut old = fix("r-1", 60.17, 24.93);
    old.at -= 4 * 86_400_000;
    let good = fix("r-2", 60.17, 24.93);
    let feed = &backend.feed;
    let bad = [
        ("positions", "r-1", b"no json".to_vec()),
        ("positions", "r-1", Vec::new()),
        ("positions", "r-1", good.to_json()),
        ("positions", "r-1", late.to_json()),
        ("positions", "r-1", old.to_json()),
        ("positions", "r-1", [vec![b' '; 70_000], fix("r-1", 1.0, 1.0).to_json()].concat()),
        (
            "positions",
            "r-1",
            String::from_utf8(fix("r-1", 1.5, 1.0).to_json()).unwrap().replace("1.5", "91").into_bytes(),
        ),
        ("deliveries", "r-1", b"{}".to_vec()),
        ("deliveries", "r-1", b"\xff\xfe".to_vec()),
        ("deliveries", "r-1", delivery("r-2", DeliveryStatus::InTransit).to_json()),
    ];
    for (topic, key, value) in &bad {
        feed.raw(topic, key, value).await;
    }
    feed.position(&good).await;
    let real = delivery("r-1", DeliveryStatus::InTransit);
    feed.delivery(&real).await;
    let known = async || api.get(&format!("/deliveries/{}", real.delivery)).await.status;
    until("the good delivery behind the bad ones", known, |status| *status == 200).await;
    let list = async || api.get("/couriers").await.expect::<Page<LiveCourier>>(200).items;
    let items = until("the good position", list, |items| !items.is_empty()).await;
    assert_eq!((items.len(), items[0].courier.as_str()), (1, "r-2"));
    assert_eq!(api.get("/deliveries/live").await.expect::<LiveDeliveries>(200).items, [real]);
    let metrics = backend.health.metrics();
    for (topic, least) in [("positions", 7), ("deliveries", 3)] {
        let line = format!("cd_bad_records_total{{service=\"backend\",topic=\"{topic}\"}} ");
        let count: u64 = metrics.lines().find_map(|text| text.strip_prefix(&line)).unwrap().parse().unwrap();
        assert!(count >= least, "{topic}: {count}");
    }
    // A cursor behind the bad ones is a good one.
    let mut socket = Socket::open(&backend, None).await;
    socket.settle().await;
    let cursor = socket.cursor.clone().unwrap();
    let again = Socket::open(&backend, Some(&cursor)).await;
    assert_eq!(again.resume(), "resumed");
}
