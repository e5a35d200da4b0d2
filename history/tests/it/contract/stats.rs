//! Figures of deliveries.

use contract::{Delivery, DeliveryStatus, Millis};
use history::{Bucket, By, StatsQuery, StatsRow};

use super::{Engine, samples::*, store_of};

const HOUR: Millis = 3_600_000;

pub async fn rows_by_bucket_and_key(engine: &impl Engine) {
    let document = |n, hour: i64, status, took_s: i64, promised_s: Option<i64>| {
        let requested_at = T0 + hour * HOUR + n as Millis;
        let started_at = requested_at + 1_000;
        Delivery {
            requested_at,
            started_at: Some(started_at),
            finished_at: (status != InTransit).then_some(started_at + took_s * 1_000),
            promised_at: promised_s.map(|s| started_at + s * 1_000),
            route: (n != 2).then(|| "harbour".parse().unwrap()),
            courier: courier(1 + n as usize % 2),
            // Off by 10 s for each number before it, to either side.
            eta_half_way: (n > 0).then(|| started_at + took_s * 1_000 + 10_000 * if n == 1 { -1 } else { n as Millis }),
            ..delivery(n, status)
        }
    };
    use DeliveryStatus::{Cancelled, Delivered, InTransit};
    let items = [
        document(0, 0, Delivered, 100, Some(120)),
        document(1, 0, Delivered, 200, Some(150)),
        document(2, 0, Delivered, 600, None),
        document(3, 0, Cancelled, 5_000, Some(1)),
        document(4, 30, InTransit, 0, Some(9_000)),
    ];
    let store = store_of(engine, items.map(delivery_item)).await;
    let stats = async |from, to, bucket, by| {
        let stats = store.reader.stats(StatsQuery { from, to, bucket, by }).await.unwrap();
        assert!(!stats.more);
        stats.rows
    };
    let row = |t, key: &str, (count, delivered), mean_s, (promised, on_time), (predicted, mean_eta_error_s)| StatsRow {
        t,
        key: key.into(),
        count,
        delivered,
        mean_s,
        promised,
        on_time,
        predicted,
        mean_eta_error_s,
    };
    let end = T0 + 100 * HOUR;
    assert_eq!(
        stats(T0, end, Bucket::Day, None).await,
        [
            row(T0, "", (4, 3), Some(300.0), (2, Some(0.5)), (2, Some(15.0))),
            row(T0 + DAY, "", (1, 0), None, (0, None), (0, None))
        ]
    );
    assert_eq!(
        stats(T0, end, Bucket::Hour, Some(By::Status)).await,
        [
            row(T0, "cancelled", (1, 0), None, (0, None), (0, None)),
            row(T0, "delivered", (3, 3), Some(300.0), (2, Some(0.5)), (2, Some(15.0))),
            row(T0 + 30 * HOUR, "in_transit", (1, 0), None, (0, None), (0, None)),
        ]
    );
    assert_eq!(
        stats(T0, T0 + HOUR, Bucket::FiveMinutes, Some(By::Route)).await,
        [
            row(T0, "", (1, 1), Some(600.0), (0, None), (1, Some(20.0))),
            row(T0, "harbour", (3, 2), Some(150.0), (2, Some(0.5)), (1, Some(10.0)))
        ]
    );
    assert_eq!(
        stats(T0 + 1, T0 + 2, Bucket::Day, Some(By::Courier)).await,
        [
            row(T0, "c-1", (1, 1), Some(600.0), (0, None), (1, Some(20.0))),
            row(T0, "c-2", (1, 1), Some(200.0), (1, Some(0.0)), (1, Some(10.0)))
        ]
    );
    assert!(stats(0, T0 - 1, Bucket::Day, None).await.is_empty());
}
