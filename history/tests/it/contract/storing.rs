//! Storing: verdicts, identity, ranks, marks.

use contract::{Delivery, DeliveryStatus, Position, SourceId};
use history::{PartitionMark, Verdict};

use super::{Engine, samples::*, store_of};

pub async fn verdicts_follow_the_items(engine: &impl Engine) {
    let store = engine.fresh().await;
    let first = fixes(1, [0, 1, 0]);
    assert_eq!(store.put(first.clone()).await, [Verdict::New, Verdict::New, Verdict::Known]);
    assert_eq!(store.put(first).await, [Verdict::Known, Verdict::Known, Verdict::Known]);
    let mixed = [position_item(fix(2, 0)), delivery_item(delivery(2, DeliveryStatus::Requested))];
    assert_eq!(store.put(mixed.clone()).await, [Verdict::New, Verdict::New]);
    assert_eq!(store.put(mixed).await, [Verdict::Known, Verdict::Known]);
}

pub async fn what_was_stored_comes_back_unchanged(engine: &impl Engine) {
    let position = Position {
        accuracy_m: Some(5.5),
        heading_deg: Some(271.25),
        altitude_m: Some(-3.125),
        battery: Some(0.75),
        ..run_fix(3, 0)
    };
    let document = Delivery {
        reference: Some("order-991 \"ä\"".into()),
        route: Some("station-to-market".parse().unwrap()),
        promised_at: Some(T0 + 5),
        reason: Some("nobody there".into()),
        ..delivery(3, DeliveryStatus::Failed)
    };
    let bare = fix(4, 0);
    let items = [position_item(position.clone()), position_item(bare.clone()), delivery_item(document.clone())];
    let store = store_of(engine, items).await;
    assert_eq!(store.reader.delivery(id(3)).await.unwrap(), Some(document));
    assert_eq!(store.reader.delivery(id(4)).await.unwrap(), None);
    let trail = store.reader.trail_of_courier(&courier(3), 0, i64::MAX, 9).await.unwrap();
    assert_eq!(trail.points, [position]);
    assert_eq!(store.reader.trail_of_courier(&courier(4), T0, T0, 9).await.unwrap().points, [bare]);
}

pub async fn of_one_identity_the_first_wins(engine: &impl Engine) {
    let first = fix(1, 0);
    let second = Position { speed_mps: Some(1.0), ..first.clone() };
    let other_source = Position { source: SourceId::new("phone").unwrap(), ..second.clone() };
    let store = store_of(engine, [position_item(first.clone())]).await;
    let verdicts = store.put([position_item(second), position_item(other_source.clone())]).await;
    assert_eq!(verdicts, [Verdict::Known, Verdict::New]);
    engine.settle(&store).await;
    let trail = store.reader.trail_of_courier(&courier(1), 0, i64::MAX, 9).await.unwrap();
    // At the same time, by source.
    assert_eq!(trail.points, [other_source, first]);
}

pub async fn a_delivery_is_replaced_by_greater_rank_only(engine: &impl Engine) {
    use DeliveryStatus::{Cancelled, Delivered, InTransit, Requested};
    let store = engine.fresh().await;
    let story = [(InTransit, Verdict::New), (Requested, Verdict::Known), (InTransit, Verdict::Known)];
    for (status, verdict) in story {
        assert_eq!(store.put([delivery_item(delivery(1, status))]).await, [verdict]);
    }
    // Of two ends the first one stays, in one batch or in two.
    let ends = [delivery(1, Cancelled), delivery(1, Delivered)].map(delivery_item);
    assert_eq!(store.put(ends).await, [Verdict::New, Verdict::Known]);
    assert_eq!(store.put([delivery_item(delivery(1, Delivered))]).await, [Verdict::Known]);
    engine.settle(&store).await;
    assert_eq!(store.reader.delivery(id(1)).await.unwrap(), Some(delivery(1, Cancelled)));
}

pub async fn an_empty_batch_is_fine(engine: &impl Engine) {
    let store = engine.fresh().await;
    assert_eq!(store.put([]).await, []);
    store.writer.checkpoint(&[]).await.unwrap();
    store.reader.healthy().await.unwrap();
    assert_eq!(store.reader.through().await.unwrap(), 0);
}

pub async fn through_is_the_slowest_partition(engine: &impl Engine) {
    let mark =
        |partition, next_offset, through| PartitionMark { topic: "positions".into(), partition, next_offset, through };
    let store = store_of(engine, fixes(1, [0])).await;
    store.writer.checkpoint(&[mark(0, 10, T0 + 5_000), mark(1, 7, T0 + 2_000)]).await.unwrap();
    engine.settle(&store).await;
    assert_eq!(store.reader.through().await.unwrap(), T0 + 2_000);
    let trail = store.reader.trail_of_courier(&courier(1), 0, i64::MAX, 9).await.unwrap();
    assert_eq!(trail.through, T0 + 2_000);
    // A time never goes back; an offset does, when an embedded broker begins again.
    store.writer.checkpoint(&[mark(1, 1, T0 + 9_000), mark(0, 3, T0)]).await.unwrap();
    engine.settle(&store).await;
    assert_eq!(store.reader.through().await.unwrap(), T0 + 5_000);
    assert_eq!(store.reader.marks().await.unwrap(), [mark(0, 3, T0 + 5_000), mark(1, 1, T0 + 9_000)]);
}
