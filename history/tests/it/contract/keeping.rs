//! Retention and forgetting. Engines may keep the rest of a day longer, so the samples are days apart.

use contract::{Delivery, DeliveryStatus, Millis};
use history::{DeliveryQuery, Expired};

use super::{Engine, Store, samples::*, store_of};

async fn times(store: &Store, n: usize) -> Vec<i64> {
    seconds(&store.reader.trail_of_courier(&courier(n), 0, i64::MAX, 2_000).await.unwrap().points)
}

async fn ids(store: &Store) -> Vec<contract::DeliveryId> {
    let page = store.reader.deliveries(DeliveryQuery { limit: 200, ..Default::default() }).await.unwrap();
    page.items.iter().map(|delivery| delivery.delivery).collect()
}

pub async fn expire_removes_what_is_old(engine: &impl Engine) {
    const DAY_S: i64 = DAY / 1_000;
    let days = [0, 1, DAY_S, 3 * DAY_S, 3 * DAY_S + 5];
    let aged = |n: u64, status, requested: Millis, finished: Option<Millis>| Delivery {
        requested_at: T0 + requested,
        finished_at: finished.map(|at| T0 + at),
        ..delivery(n, status)
    };
    let documents = [
        aged(1, DeliveryStatus::Delivered, 0, Some(DAY)),
        aged(2, DeliveryStatus::Delivered, 0, Some(5 * DAY)),
        aged(3, DeliveryStatus::Requested, 0, None),
        aged(4, DeliveryStatus::Requested, 5 * DAY, None),
    ];
    let items = [fixes(1, days), fixes(2, [0]), fixes(3, [4 * DAY_S]), documents.map(delivery_item).to_vec()].concat();
    let store = store_of(engine, items.clone()).await;
    for _ in 0..2 {
        store.writer.expire(T0 + 2 * DAY, T0 + 3 * DAY).await.unwrap();
        engine.settle(&store).await;
        assert_eq!(times(&store, 1).await, [3 * DAY_S, 3 * DAY_S + 5]);
        assert!(times(&store, 2).await.is_empty());
        assert_eq!(times(&store, 3).await, [4 * DAY_S]);
        assert_eq!(ids(&store).await, [4, 2].map(id));
    }
    // What is sent again is stored again.
    store.put(items).await;
    engine.settle(&store).await;
    assert_eq!(times(&store, 1).await, days);
}

pub async fn forget_removes_a_courier_and_no_other(engine: &impl Engine) {
    let items = [
        fixes(1, 0..50),
        fixes(11, 0..3),
        vec![
            delivery_item(delivery(1, DeliveryStatus::Delivered)),
            delivery_item(delivery(11, DeliveryStatus::InTransit)),
        ],
    ];
    let store = store_of(engine, items.concat()).await;
    assert_eq!(store.writer.forget(&courier(1)).await.unwrap(), Expired { positions: 50, deliveries: 1 });
    engine.settle(&store).await;
    assert!(times(&store, 1).await.is_empty());
    assert_eq!(store.reader.delivery(id(1)).await.unwrap(), None);
    assert_eq!(times(&store, 11).await, [0, 1, 2]);
    assert_eq!(ids(&store).await, [id(11)]);
    assert_eq!(store.writer.forget(&courier(1)).await.unwrap(), Expired::default());
}
