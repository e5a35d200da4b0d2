//! Trails and the fleet at a moment.

use contract::{Bounds, Delivery, DeliveryStatus, Place, Position, rest::Gap};
use history::{MAX_POINTS, SliceQuery};

use super::{Engine, samples::*, store_of};

pub async fn a_trail_is_the_range_in_order_of_time(engine: &impl Engine) {
    let items = [fixes(1, [5, 3, 9, 1]), fixes(2, [4])].concat();
    let store = store_of(engine, items).await;
    let trail = async |from: i64, to: i64| {
        let trail = store.reader.trail_of_courier(&courier(1), T0 + from * 1_000, T0 + to * 1_000, 100).await.unwrap();
        seconds(&trail.points)
    };
    assert_eq!(trail(0, 10).await, [1, 3, 5, 9]);
    assert_eq!(trail(3, 5).await, [3, 5]);
    assert!(trail(10, 20).await.is_empty());
    assert!(trail(9, 1).await.is_empty());
    let nobody = store.reader.trail_of_courier(&courier(77), 0, i64::MAX, 100).await.unwrap();
    assert!(nobody.points.is_empty() && nobody.gaps.is_empty());
}

pub async fn a_long_trail_is_thinned_and_keeps_its_gaps(engine: &impl Engine) {
    // 0..300 at 1 Hz, a gap of exactly 60 s (none), one of 61 s, and 300 more.
    let times: Vec<i64> = (0..300).chain([359]).chain(420..720).collect();
    let store = store_of(engine, fixes(1, times.iter().copied())).await;
    let gap = Gap { from: T0 + 359_000, to: T0 + 420_000 };
    for (max_points, expected) in [
        (2_000, times.clone()),
        (601, times.clone()),
        // 719 s and 1 ms in 10 steps are steps of 71,901 ms.
        (10, vec![0, 72, 144, 216, 288, 420, 432, 504, 576, 648]),
        (2, vec![0, 420]),
        (1, vec![0]),
        (0, vec![0]),
    ] {
        let trail = store.reader.trail_of_courier(&courier(1), 0, i64::MAX, max_points).await.unwrap();
        assert_eq!(seconds(&trail.points), expected, "{max_points}");
        assert_eq!(trail.gaps, [gap], "{max_points}");
    }
    let all: Vec<i64> = (0..MAX_POINTS as i64 + 500).collect();
    let store = store_of(engine, fixes(1, all)).await;
    let trail = store.reader.trail_of_courier(&courier(1), 0, i64::MAX, usize::MAX).await.unwrap();
    assert!((1_250..=MAX_POINTS).contains(&trail.points.len()), "{}", trail.points.len());
}

pub async fn a_delivery_owns_its_stretch_of_time(engine: &impl Engine) {
    let document = |n, status, from: i64, to: Option<i64>| Delivery {
        courier: courier(1),
        started_at: Some(T0 + from * 1_000),
        finished_at: to.map(|to| T0 + to * 1_000),
        ..delivery(n, status)
    };
    let waiting = Delivery { courier: courier(1), ..delivery(3, DeliveryStatus::Requested) };
    let mut items = fixes(1, 0..20);
    items.push(delivery_item(document(1, DeliveryStatus::Delivered, 3, Some(6))));
    items.push(delivery_item(document(2, DeliveryStatus::InTransit, 17, None)));
    items.push(delivery_item(waiting));
    let store = store_of(engine, items).await;
    let trail = async |n| store.reader.trail_of_delivery(id(n), 100).await.unwrap().map(|trail| seconds(&trail.points));
    assert_eq!(trail(1).await, Some(vec![3, 4, 5, 6]));
    assert_eq!(trail(2).await, Some(vec![17, 18, 19]));
    assert_eq!(trail(3).await, Some(vec![]));
    assert_eq!(trail(9).await, None);
}

pub async fn a_slice_is_the_newest_of_each_courier(engine: &impl Engine) {
    let items = [fixes(1, [10, 20, 30]), fixes(2, [11]), fixes(3, [20]), fixes(10, [5, 40])].concat();
    let store = store_of(engine, items).await;
    let slice = async |at: i64, since: i64| {
        let query = SliceQuery { at: T0 + at * 1_000, since: T0 + since * 1_000, bounds: Bounds::WORLD, limit: 100 };
        let slice = store.reader.slice(query).await.unwrap();
        assert!(!slice.more);
        slice.positions.iter().map(|p| format!("{}@{}", p.courier, (p.at - T0) / 1_000)).collect::<Vec<_>>()
    };
    assert_eq!(slice(25, 0).await, ["c-1@20", "c-10@5", "c-2@11", "c-3@20"]);
    // "since" is outside, "at" is inside.
    assert_eq!(slice(20, 11).await, ["c-1@20", "c-3@20"]);
    assert_eq!(slice(100, 30).await, ["c-10@40"]);
    assert!(slice(4, 0).await.is_empty());
}

pub async fn a_slice_respects_bounds_and_limit(engine: &impl Engine) {
    let at = |n, s, lat, lon| position_item(Position { place: Place::new(lat, lon).unwrap(), ..fix(n, s) });
    let items =
        [at(1, 1, 60.0, 24.9), at(2, 1, 60.0, 24.9), at(2, 2, 61.0, 24.9), at(3, 2, 0.0, 179.9), at(4, 2, 60.0, 24.9)];
    let store = store_of(engine, items).await;
    let slice = async |(west, south, east, north), limit| {
        let bounds = Bounds::new(west, south, east, north).unwrap();
        let slice = store.reader.slice(SliceQuery { at: T0 + 9_000, since: 0, bounds, limit }).await.unwrap();
        (slice.positions.iter().map(|p| p.courier.to_string()).collect::<Vec<_>>(), slice.more)
    };
    let city = (24.0, 59.5, 25.0, 60.5);
    // The second courier was here and has left.
    assert_eq!(slice(city, 9).await, (vec!["c-1".into(), "c-4".into()], false));
    assert_eq!(slice(city, 2).await, (vec!["c-1".into(), "c-4".into()], false));
    assert_eq!(slice(city, 1).await, (vec!["c-1".into()], true));
    assert_eq!(slice((179.0, -1.0, -179.0, 1.0), 9).await, (vec!["c-3".into()], false));
}
