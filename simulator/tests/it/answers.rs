//! What is answered to requests, and that nonsense stops nothing.

use contract::{Delivery, DeliveryStatus, Driver};

use crate::log::{Log, now, request};

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cannot_be_driven_are_rejected_with_a_reason() {
    let mut log = Log::new();
    let simulator = log.simulate(|_| {});
    let (first, second) = (request(1, "busy", 1.0), request(2, "busy", 1.0));
    let old = Delivery { requested_at: now() - 11 * 60_000, ..request(3, "old", 1.0) };
    let bad = Delivery { path: "???".into(), ..request(4, "bad", 1.0) };
    for asked in [&first, &second, &old, &bad] {
        log.put(asked).await;
    }
    for (asked, reason) in [(&second, "courier_busy"), (&old, "expired"), (&bad, "bad_path")] {
        log.until(reason, |log| log.is(asked.delivery, DeliveryStatus::Rejected)).await;
        assert_eq!(log.last(asked.delivery).unwrap().reason.as_deref(), Some(reason));
    }
    log.until("the first to drive", |log| log.is(first.delivery, DeliveryStatus::InTransit)).await;
    assert!(log.run(second.delivery).is_empty() && log.run(bad.delivery).is_empty());
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn couriers_with_phones_are_left_alone_and_nonsense_stops_nothing() {
    let mut log = Log::new();
    let simulator = log.simulate(|_| {});
    let human = Delivery { driver: Driver::Courier, ..request(1, "human", 1.0) };
    log.put(&human).await;
    log.write("human", b"{").await;
    log.write("human", br#"{"delivery":"no uuid"}"#).await;
    // A record under another's key is a dead letter for every reader.
    log.write("somebody", &request(2, "human", 1.0).to_json()).await;
    let asked = request(3, "c-3", 50.0);
    log.put(&asked).await;
    log.until("the end", |log| log.is(asked.delivery, DeliveryStatus::Delivered)).await;
    assert!(log.is(human.delivery, DeliveryStatus::Requested));
    assert!(log.run(human.delivery).is_empty());
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_drive_what_has_ended() {
    let mut log = Log::new();
    let first = log.simulate(|_| {});
    let asked = request(1, "c-1", 50.0);
    log.put(&asked).await;
    log.until("the end", |log| log.is(asked.delivery, DeliveryStatus::Delivered)).await;
    first.stop().await;
    let fixes = log.last(asked.delivery).unwrap().positions.unwrap();
    let second = log.simulate(|_| {});
    // The same request again, as of a client that heard no answer.
    log.put(&asked).await;
    let other = request(2, "c-1", 50.0);
    log.put(&other).await;
    log.until("the next end", |log| log.is(other.delivery, DeliveryStatus::Delivered)).await;
    assert_eq!(log.positions.iter().filter(|fix| fix.delivery == Some(asked.delivery)).count() as u32, fixes);
    second.stop().await;
}
