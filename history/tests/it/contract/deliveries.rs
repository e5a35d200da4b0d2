//! Pages of deliveries and the open ones.

use contract::{Delivery, DeliveryId, DeliveryStatus, Millis};
use history::DeliveryQuery;

use super::{Engine, Store, samples::*, store_of};

/// The numbers of all deliveries that match, page by page.
async fn all(store: &Store, mut query: DeliveryQuery) -> Vec<DeliveryId> {
    let mut ids = Vec::new();
    loop {
        let page = store.reader.deliveries(query.clone()).await.unwrap();
        assert!(page.items.len() <= query.page_size());
        ids.extend(page.items.iter().map(|delivery| delivery.delivery));
        let Some(next) = page.next else { return ids };
        assert_eq!(page.items.len(), query.page_size());
        query.after = Some(next.parse().unwrap());
    }
}

pub async fn pages_come_newest_first_and_lose_none(engine: &impl Engine) {
    // Ids of the clients' own making, and several deliveries of one millisecond.
    let documents = (0..50)
        .map(|n| Delivery { requested_at: T0 + ((n * 7) % 13) as Millis, ..delivery(n, DeliveryStatus::Requested) });
    let mut expected: Vec<(Millis, DeliveryId)> = documents.clone().map(|d| (d.requested_at, d.delivery)).collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    let expected: Vec<DeliveryId> = expected.into_iter().map(|(_, id)| id).collect();
    let store = store_of(engine, documents.map(delivery_item)).await;
    for limit in [1, 7, 49, 50, 51, 1_000] {
        assert_eq!(all(&store, DeliveryQuery { limit, ..Default::default() }).await, expected, "{limit}");
    }
}

pub async fn filters_narrow_the_page(engine: &impl Engine) {
    let statuses = [DeliveryStatus::Delivered, DeliveryStatus::Cancelled, DeliveryStatus::Requested];
    let documents = (0..30).map(|n| Delivery {
        courier: courier(n as usize % 4),
        reference: (n % 5 == 0).then(|| format!("order-{}", n % 10)),
        ..delivery(n, statuses[n as usize % 3])
    });
    let store = store_of(engine, documents.clone().map(delivery_item)).await;
    let expect = |keep: &dyn Fn(u64) -> bool| (0..30).rev().filter(|n| keep(*n)).map(id).collect::<Vec<_>>();
    let query = || DeliveryQuery { limit: 3, ..Default::default() };

    let by_status = DeliveryQuery { status: Some(DeliveryStatus::Cancelled), ..query() };
    assert_eq!(all(&store, by_status).await, expect(&|n| n % 3 == 1));
    let by_courier = DeliveryQuery { courier: Some(courier(2)), ..query() };
    assert_eq!(all(&store, by_courier).await, expect(&|n| n % 4 == 2));
    let by_reference = DeliveryQuery { reference: Some("order-5".into()), ..query() };
    assert_eq!(all(&store, by_reference).await, expect(&|n| n % 10 == 5));
    let by_time = DeliveryQuery { from: Some(T0 + 10_000), to: Some(T0 + 20_000), ..query() };
    assert_eq!(all(&store, by_time).await, expect(&|n| (10..=20).contains(&n)));
    let by_all = DeliveryQuery {
        status: Some(DeliveryStatus::Delivered),
        courier: Some(courier(1)),
        from: Some(T0 + 5_000),
        ..query()
    };
    assert_eq!(all(&store, by_all).await, expect(&|n| n % 3 == 0 && n % 4 == 1 && n >= 5));
    let none = DeliveryQuery { reference: Some("order-5'; DROP TABLE delivery".into()), ..query() };
    assert!(all(&store, none).await.is_empty());
}

pub async fn open_ones_are_listed(engine: &impl Engine) {
    let items = (0..12).map(|n| delivery_item(delivery(n, DeliveryStatus::ALL[n as usize % 6])));
    let store = store_of(engine, items).await;
    let ids = async || store.reader.open_deliveries().await.unwrap().iter().map(|d| d.delivery).collect::<Vec<_>>();
    assert_eq!(ids().await, [0, 1, 6, 7].map(id));
    store.put([delivery_item(delivery(1, DeliveryStatus::Delivered))]).await;
    engine.settle(&store).await;
    assert_eq!(ids().await, [0, 6, 7].map(id));
}
