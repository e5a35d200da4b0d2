//! With the embedded broker an answer waits for the store.

use contract::{Delivery, rest::LiveDeliveries};
use service::Durability;

use crate::harness::{
    Backend,
    samples::{fresh_id, request},
    until,
};

#[tokio::test]
async fn what_the_store_does_not_hold_is_not_accepted() {
    let (durability, mark) = Durability::store();
    let backend = Backend::start_with(|setup| setup.surroundings.durability = durability).await;
    let (api, path) = (backend.api(), format!("/deliveries/{}", fresh_id()));
    // The record reaches the log, and the store never says so.
    let first = tokio::spawn({
        let (api, path) = (backend.api(), path.clone());
        async move { api.put(&path, &request("d-1")).await }
    });
    let folded = async || api.get("/deliveries/live").await.expect::<LiveDeliveries>(200).items.len();
    until("the record is in the log", folded, |count| *count == 1).await;
    assert!(!first.is_finished());
    // A retry while the first is under way is not answered earlier than the first.
    let second = tokio::spawn({
        let (api, path) = (backend.api(), path.clone());
        async move { api.put(&path, &request("d-1")).await }
    });
    first.await.unwrap().problem("broker-unavailable");
    let second = second.await.unwrap();
    assert!(matches!(second.status, 200 | 503), "{}", second.status);
    // The store catches up: the next one is accepted.
    for partition in 0..12 {
        mark.stored("deliveries", partition, 100);
    }
    let again = api.put(&path, &request("d-1")).await;
    assert!(matches!(again.status, 200 | 202), "{}", again.text());
    api.post("/deliveries", &request("d-2")).await.expect::<Delivery>(202);
}

#[tokio::test]
async fn a_retry_while_the_first_is_under_way_gets_its_answer() {
    let (durability, mark) = Durability::store();
    let backend = Backend::start_with(|setup| setup.surroundings.durability = durability).await;
    let path = format!("/deliveries/{}", fresh_id());
    let put = || {
        let (api, path) = (backend.api(), path.clone());
        tokio::spawn(async move { api.put(&path, &request("d-3")).await })
    };
    let all = [put(), put(), put(), put()];
    let api = backend.api();
    let folded = async || api.get("/deliveries/live").await.expect::<LiveDeliveries>(200).items.len();
    until("the record is in the log", folded, |count| *count == 1).await;
    assert!(all.iter().all(|one| !one.is_finished()), "answered before the store had it");
    (0..12).for_each(|partition| mark.stored("deliveries", partition, 100));
    let mut answers: Vec<(u16, Delivery)> = Vec::new();
    for one in all {
        let reply = one.await.unwrap();
        answers.push((reply.status, reply.expect(reply.status)));
    }
    answers.sort_by_key(|(status, _)| *status);
    assert_eq!(answers.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 200, 200, 202]);
    assert!(answers.iter().all(|(_, delivery)| *delivery == answers[0].1));
}
