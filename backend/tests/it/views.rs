//! Views: who is in them, what of them is told, and when.

use contract::{DeliveryStatus, frame::CourierStatus};
use serde_json::json;

use crate::harness::{
    Backend, Socket,
    samples::{courier, delivery, fix, now},
    shared,
};

#[tokio::test]
async fn a_view_shows_who_is_inside_with_everything() {
    let backend = shared();
    let mut socket = Socket::open(backend, None).await;
    socket.look(1.0, 1.0, 2.0, 2.0, 14.0).await;
    backend.feed.positions(&[fix("v-in", 1.5, 1.5), fix("v-out", 2.5, 1.5)]).await;
    socket.until("the courier inside", |socket| socket.names() == ["v-in"]).await;
    let seen = socket.picture.courier(&courier("v-in")).unwrap().clone();
    assert_eq!((seen.place.lat(), seen.place.lon(), seen.status), (1.5, 1.5, CourierStatus::Idle));
    assert_eq!((seen.heading_deg, seen.speed_mps), (Some(90.0), Some(8.0)));
    assert!((seen.at - now()).abs() < 30_000 && seen.bits & contract::frame::BIT_SIMULATED != 0);
    assert_eq!(socket.picture.view(), 1);
    // In and out by moving.
    backend.feed.positions(&[fix("v-in", 1.5, 2.5), fix("v-out", 1.6, 1.5)]).await;
    socket.until("the exchange", |socket| socket.names() == ["v-out"]).await;
    // Another view.
    socket.look(2.0, 1.0, 3.0, 2.0, 14.0).await;
    socket.until("the other view", |socket| socket.picture.view() == 2 && socket.names() == ["v-in"]).await;
    // A delivery shows by its status, and by the time of arrival with the first fix of its own time.
    backend.feed.delivery(&delivery("v-in", DeliveryStatus::InTransit)).await;
    backend.feed.position(&fix("v-in", 1.5, 2.6)).await;
    let on_delivery = |socket: &Socket| {
        socket
            .picture
            .courier(&courier("v-in"))
            .is_some_and(|seen| seen.status != CourierStatus::Idle && seen.eta.is_some())
    };
    socket.until("the delivery shows", on_delivery).await;
}

#[tokio::test]
async fn a_view_may_cross_the_antimeridian() {
    let backend = shared();
    let mut socket = Socket::open(backend, None).await;
    backend.feed.positions(&[fix("am-1", -17.0, 179.5), fix("am-2", -17.0, -179.5), fix("am-3", -17.0, 170.0)]).await;
    socket.look(179.0, -18.0, -179.0, -16.0, 14.0).await;
    socket.until("both sides", |socket| socket.names() == ["am-1", "am-2"]).await;
}

#[tokio::test]
async fn a_watched_courier_comes_from_anywhere() {
    let backend = shared();
    let mut socket = Socket::open(backend, None).await;
    backend.feed.positions(&[fix("far-1", -5.0, -5.0), fix("far-2", -7.0, -5.0)]).await;
    // Without a view at all.
    socket.say(json!({ "type": "watch", "courier": "far-1" })).await;
    socket.until("the watched one", |socket| socket.names() == ["far-1"]).await;
    backend.feed.position(&fix("far-1", -5.5, -5.0)).await;
    let moved =
        |socket: &Socket| socket.picture.courier(&courier("far-1")).is_some_and(|seen| seen.place.lat() == -5.5);
    socket.until("its movement", moved).await;
    // Beside a view, and one that is not there yet.
    socket.say(json!({ "type": "watch", "courier": "far-3" })).await;
    socket.look(-5.1, -7.1, -4.9, -6.9, 14.0).await;
    socket.until("both", |socket| socket.names() == ["far-1", "far-2"]).await;
    backend.feed.position(&fix("far-3", 40.0, -5.0)).await;
    socket.until("all three", |socket| socket.names() == ["far-1", "far-2", "far-3"]).await;
    socket.say(json!({ "type": "unwatch", "courier": "far-1" })).await;
    socket.until("it goes", |socket| socket.names() == ["far-2", "far-3"]).await;
    // Inside the view a courier stays, watched or not.
    socket.say(json!({ "type": "watch", "courier": "far-2" })).await;
    socket.say(json!({ "type": "unwatch", "courier": "far-2" })).await;
    socket.settle().await;
    backend.feed.position(&fix("far-2", -7.05, -5.0)).await;
    let moved =
        |socket: &Socket| socket.picture.courier(&courier("far-2")).is_some_and(|seen| seen.place.lat() == -7.05);
    socket.until("its movement", moved).await;
}

#[tokio::test]
async fn far_out_couriers_are_counted_and_watched_ones_stay() {
    let backend = shared();
    let mut socket = Socket::open(backend, None).await;
    let crowd: Vec<_> = (0..30).map(|n| fix(&format!("crowd-{n}"), -40.0, 100.0 + f64::from(n) / 1e4)).collect();
    backend.feed.positions(&crowd).await;
    backend.feed.position(&fix("crowd-x", -45.0, 100.0)).await;
    socket.say(json!({ "type": "watch", "courier": "crowd-x" })).await;
    socket.look(99.0, -41.0, 101.0, -39.0, 11.9).await;
    let counted = |socket: &Socket| {
        socket.picture.counts().iter().map(|count| count.couriers).sum::<u32>() == 30 && !socket.picture.is_empty()
    };
    socket.until("counts", counted).await;
    assert!(socket.picture.is_counted());
    assert_eq!((socket.picture.level(), socket.names()), (13, vec!["crowd-x".to_owned()]));
    backend.feed.delivery(&delivery("crowd-7", DeliveryStatus::InTransit)).await;
    let worst = |socket: &Socket| socket.picture.counts().iter().any(|count| count.worst != CourierStatus::Idle);
    socket.until("the worst status", worst).await;
    // Nearer, and back to couriers.
    socket.look(99.0, -41.0, 101.0, -39.0, 12.0).await;
    socket.until("couriers", |socket| socket.names().len() == 31 && !socket.picture.is_counted()).await;
    assert!(socket.picture.counts().is_empty());
}

#[tokio::test]
async fn couriers_that_fall_silent_are_dropped() {
    // The shortest window that settings allow, and a clock of the test's own.
    let clock = service::Clock::manual(now());
    let of_server = clock.clone();
    let backend = Backend::start_with(|setup| {
        setup.settings.live.live_window = std::time::Duration::from_secs(60);
        setup.surroundings.clock = of_server;
    })
    .await;
    let mut socket = Socket::open(&backend, None).await;
    socket.look(1.0, 1.0, 2.0, 2.0, 14.0).await;
    backend.feed.position(&fix("gone-1", 1.5, 1.5)).await;
    socket.until("the courier", |socket| socket.names() == ["gone-1"]).await;
    // The fix was made by the system's clock, some seconds after the test's began to stand.
    clock.advance(120_000);
    socket.until("its end", |socket| socket.names().is_empty()).await;
    backend.api().get("/couriers/gone-1").await.problem("not-found");
}

#[tokio::test]
async fn the_summary_counts_all_once_a_second() {
    let backend = Backend::start().await;
    let mut socket = Socket::open(&backend, None).await;
    let fixes: Vec<_> = (0..5).map(|n| fix(&format!("sum-{n}"), 60.17, 24.93)).collect();
    backend.feed.positions(&fixes).await;
    let mut late = delivery("sum-0", DeliveryStatus::InTransit);
    late.promised_at = Some(now() - 5_000);
    backend.feed.delivery(&late).await;
    backend.feed.delivery(&delivery("sum-1", DeliveryStatus::InTransit)).await;
    backend.feed.position(&fix("sum-0", 60.17, 24.93)).await;
    let good = |socket: &Socket| {
        socket.summaries.last().is_some_and(|last| {
            (last.counts.idle, last.counts.on_delivery, last.counts.late, last.counts.alarm) == (3, 1, 1, 0)
        })
    };
    socket.until("the right counts", good).await;
    let last = socket.summaries.last().unwrap();
    assert_eq!((last.late.len(), last.late[0].delivery), (1, late.delivery));
    assert!(last.late[0].eta.is_some());
    let from = socket.summaries.len();
    socket.until("three more", |socket| socket.summaries.len() >= from + 3).await;
    for pair in socket.summaries[from..].windows(2) {
        let apart = pair[1].now - pair[0].now;
        assert!((900..2_500).contains(&apart), "{apart} ms apart");
    }
    // With a view there is something to measure.
    socket.look(24.9, 60.1, 25.0, 60.2, 14.0).await;
    backend
        .feed
        .positions(&fixes.iter().map(|fix| contract::Position { at: now(), ..fix.clone() }).collect::<Vec<_>>())
        .await;
    socket.until("latency", |socket| socket.summaries.last().is_some_and(|last| last.latency_ms.p95 > 0)).await;
}
