//! Events of deliveries: live, and after an absence exactly what was missed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{Delivery, DeliveryId, DeliveryStatus};

use crate::harness::{
    Backend, Socket,
    samples::{delivery, now, request},
    shared,
};

fn ids(socket: &Socket) -> Vec<DeliveryId> {
    socket.events.iter().map(|event| event.delivery).collect()
}

#[tokio::test]
async fn every_change_comes_as_a_whole_document() {
    let backend = shared();
    let mut socket = Socket::open(backend, None).await;
    assert_eq!(socket.resume(), "new");
    let api = backend.api();
    let made: Delivery = api.post("/deliveries", &request("ev-1")).await.expect(202);
    socket.until("requested", |socket| socket.events.contains(&made)).await;
    let cancelled: Delivery =
        api.post(&format!("/deliveries/{}/cancel", made.delivery), &serde_json::json!({})).await.expect(202);
    socket.until("cancelled", |socket| socket.events.contains(&cancelled)).await;
    // A record that changes nothing is no event.
    let before = socket.events.iter().filter(|event| event.delivery == made.delivery).count();
    backend.feed.delivery(&made).await;
    backend.feed.delivery(&cancelled).await;
    let marker = delivery("ev-1", DeliveryStatus::InTransit);
    backend.feed.delivery(&marker).await;
    socket.until("the next", |socket| socket.events.contains(&marker)).await;
    assert_eq!(socket.events.iter().filter(|event| event.delivery == made.delivery).count(), before);
}

#[tokio::test]
async fn who_comes_back_gets_exactly_what_was_missed() {
    let backend = Backend::start().await;
    let mut first = Socket::open(&backend, None).await;
    let seen: Vec<_> = (0..20).map(|n| delivery(&format!("re-{n}"), DeliveryStatus::InTransit)).collect();
    for delivery in &seen {
        backend.feed.delivery(delivery).await;
    }
    first.until("all of the first", |socket| socket.events.len() == 20).await;
    let cursor = first.cursor.clone().unwrap();
    drop(first);
    let missed: Vec<_> = (0..50).map(|n| delivery(&format!("re-{}", n % 25), DeliveryStatus::Delivered)).collect();
    for delivery in &missed {
        backend.feed.delivery(delivery).await;
    }
    let mut again = Socket::open(&backend, Some(&cursor)).await;
    assert_eq!(again.resume(), "resumed");
    // What comes after that is live, and neither missing nor twice.
    let live: Vec<_> = (0..20).map(|n| delivery(&format!("re-{n}"), DeliveryStatus::Delivered)).collect();
    for delivery in &live {
        backend.feed.delivery(delivery).await;
    }
    again.until("all that was missed", |socket| socket.events.len() >= 70).await;
    again.settle().await;
    let (mut got, mut expected) = (ids(&again), missed.iter().chain(&live).map(|one| one.delivery).collect::<Vec<_>>());
    got.sort_unstable();
    expected.sort_unstable();
    assert_eq!(got, expected);
    // In the order of a courier's own story.
    let of_one = |events: &[Delivery]| {
        events.iter().filter(|one| one.courier.as_str() == "re-3").map(|one| one.delivery).collect::<Vec<_>>()
    };
    assert_eq!(of_one(&again.events), of_one(&missed.into_iter().chain(live).collect::<Vec<_>>()));
}

#[tokio::test]
async fn every_cursor_on_the_way_goes_on_where_it_stood() {
    let backend = Backend::start().await;
    // Long paths: the events of an absence take several messages.
    let line: Vec<_> = (0..5_000)
        .map(|n| crate::harness::samples::place(60.0 + f64::from(n) * 1e-4, 24.0 + f64::from(n % 7) * 1e-3))
        .collect();
    let path = contract::polyline::encode(&line);
    assert!(path.len() > 20_000);
    let start = Socket::open(&backend, None).await.cursor.unwrap();
    let all: Vec<_> = (0..60)
        .map(|n| Delivery { path: path.clone(), ..delivery(&format!("part-{n}"), DeliveryStatus::Delivered) })
        .collect();
    for delivery in &all {
        backend.feed.delivery(delivery).await;
    }
    let mut live = Socket::open(&backend, Some(&start)).await;
    live.until("all", |socket| socket.events.len() == 60).await;
    // The same by one message a connection.
    let (mut cursor, mut got, mut connections) = (start, Vec::new(), 0);
    while got.len() < 60 {
        let mut socket = Socket::open(&backend, Some(&cursor)).await;
        assert_eq!(socket.resume(), "resumed");
        socket.until("a message", |socket| !socket.events.is_empty()).await;
        got.extend(ids(&socket));
        cursor = socket.cursor.clone().unwrap();
        connections += 1;
    }
    assert!(connections > 5, "{connections} connections: the message was not parted");
    let mut expected: Vec<_> = all.iter().map(|one| one.delivery).collect();
    got.sort_unstable();
    expected.sort_unstable();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn a_cursor_that_means_nothing_here_is_reset() {
    let backend = shared();
    let cursor = Socket::open(backend, None).await.cursor.unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
    bytes[0] ^= 1;
    let other_epoch = URL_SAFE_NO_PAD.encode(&bytes);
    bytes[0] ^= 1;
    let fewer = {
        let mut less = bytes[..bytes.len() - 8].to_vec();
        less[9] -= 1;
        URL_SAFE_NO_PAD.encode(less)
    };
    let long = "A".repeat(3_000);
    for wrong in [other_epoch.as_str(), &fewer, "garbage", "", "Aa3...", &long] {
        let socket = Socket::open(backend, Some(wrong)).await;
        assert_eq!(socket.resume(), "reset", "{wrong}");
        assert_ne!(socket.cursor.as_deref(), Some(wrong));
    }
}

#[tokio::test]
async fn a_cursor_ahead_waits_for_this_replica_then_resets() {
    let backend = Backend::start().await;
    let cursor = Socket::open(&backend, None).await.cursor.unwrap();
    let one = delivery("ahead-1", DeliveryStatus::InTransit);
    // One record further in every partition: one of them will come.
    let ahead = |by: i64| {
        let mut bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        let partition = bytes[10..].chunks_exact_mut(8).nth(partition_of("ahead-1"));
        partition.unwrap().copy_from_slice(&by.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let mut waiting = Socket::connect(&backend).await;
    waiting.say(serde_json::json!({ "type": "hello", "cursor": ahead(1) })).await;
    waiting.settle().await;
    assert!(waiting.welcome.is_empty(), "answered from before its cursor");
    backend.feed.delivery(&one).await;
    waiting.until("a welcome", |socket| !socket.welcome.is_empty()).await;
    assert_eq!(waiting.resume(), "resumed");
    waiting.settle().await;
    assert!(waiting.events.is_empty(), "its cursor is behind the event");
    let began = std::time::Instant::now();
    let never = Socket::open(&backend, Some(&ahead(1_000))).await;
    assert_eq!(never.resume(), "reset");
    assert!((4..10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

fn partition_of(courier: &str) -> usize {
    service::kafka::partitioner::partition(courier.as_bytes(), 12) as usize
}

#[tokio::test]
async fn the_list_and_the_stream_meet_without_a_gap() {
    let backend = Backend::start().await;
    let api = backend.api();
    let writing = {
        let couriers: Vec<_> = (0..200).map(|n| delivery(&format!("meet-{n}"), DeliveryStatus::InTransit)).collect();
        let feed = crate::harness::Feed::new(&backend.broker().addr);
        tokio::spawn(async move {
            for delivery in &couriers {
                feed.delivery(delivery).await;
            }
            couriers
        })
    };
    let mut met = Vec::new();
    while !writing.is_finished() {
        let list: contract::rest::LiveDeliveries = api.get("/deliveries/live").await.expect(200);
        let socket = Socket::open(&backend, Some(&list.cursor)).await;
        assert_eq!(socket.resume(), "resumed");
        met.push((list.items, socket));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let all = writing.await.unwrap();
    for (items, mut socket) in met {
        let known = items.len();
        socket.until("the rest", |socket| socket.events.len() + known >= all.len()).await;
        let mut ids: Vec<_> = items.iter().map(|one| one.delivery).chain(ids(&socket)).collect();
        ids.sort_unstable();
        let mut expected: Vec<_> = all.iter().map(|one| one.delivery).collect();
        expected.sort_unstable();
        assert_eq!(ids, expected);
    }
    assert!(now() > 0);
}
