//! Pages of deliveries and the open ones.

use contract::{Delivery, DeliveryId, DeliveryStatus, Millis};
use history::{Along, Bucket, By, DeliveryQuery, StatsQuery};

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

pub async fn what_figures_count_is_what_pages_list(engine: &impl Engine) {
    let statuses = [DeliveryStatus::Delivered, DeliveryStatus::Delivered, DeliveryStatus::Failed];
    // Each ends 10 s after it was asked for: some in time, some late, some without a promise.
    let documents = (0..30).map(|n| {
        let plain = delivery(n, statuses[n as usize % 3]);
        Delivery {
            route: (n % 4 != 0).then(|| format!("route-{}", n % 2).parse().unwrap()),
            promised_at: (n % 5 != 0).then(|| plain.requested_at + if n % 2 == 0 { 10_000 } else { 9_999 }),
            eta_half_way: (n % 7 != 0).then_some(plain.requested_at),
            ..plain
        }
    });
    let store = store_of(engine, documents.map(delivery_item)).await;
    let listed = async |query: DeliveryQuery| all(&store, DeliveryQuery { limit: 4, ..query }).await;
    let expect = |keep: &dyn Fn(u64) -> bool| (0..30).rev().filter(|n| keep(*n)).map(id).collect::<Vec<_>>();
    let (delivered, promised) = (|n: u64| n % 3 != 2, |n: u64| !n.is_multiple_of(5));

    let route = |name: &str| Some(Along::Route(name.parse().unwrap()));
    let along = listed(DeliveryQuery { along: route("route-1"), ..Default::default() }).await;
    assert_eq!(along, expect(&|n| n % 2 == 1));
    let own = listed(DeliveryQuery { along: Some(Along::OwnPath), ..Default::default() }).await;
    assert_eq!(own, expect(&|n| n % 4 == 0));
    let kept = listed(DeliveryQuery { on_time: Some(true), ..Default::default() }).await;
    assert_eq!(kept, expect(&|n| delivered(n) && promised(n) && n % 2 == 0));
    let late = listed(DeliveryQuery { on_time: Some(false), along: route("route-1"), ..Default::default() }).await;
    assert_eq!(late, expect(&|n| delivered(n) && promised(n) && n % 2 == 1));
    let predicted = listed(DeliveryQuery { predicted: Some(true), ..Default::default() }).await;
    assert_eq!(predicted, expect(&|n| delivered(n) && n % 7 != 0));
    let unpredicted = listed(DeliveryQuery { predicted: Some(false), ..Default::default() }).await;
    assert_eq!(unpredicted, expect(&|n| delivered(n) && n % 7 == 0));
    assert_eq!(listed(DeliveryQuery { along: route("route-9"), ..Default::default() }).await, []);

    let query = StatsQuery { from: T0, to: T0 + 60_000, bucket: Bucket::Day, by: Some(By::Route) };
    let figures = store.reader.stats(query).await.unwrap().rows;
    let sum = |of: fn(&history::StatsRow) -> u64| figures.iter().map(of).sum::<u64>() as usize;
    assert_eq!(sum(|row| row.count), 30);
    assert_eq!(sum(|row| row.promised), expect(&|n| delivered(n) && promised(n)).len());
    assert_eq!(sum(|row| row.predicted), predicted.len());
    let one = figures.iter().find(|row| row.key == "route-1").unwrap();
    assert_eq!(one.count as usize, along.len());
    assert_eq!((one.promised as f64 * (1.0 - one.on_time.unwrap())).round() as usize, late.len());
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
