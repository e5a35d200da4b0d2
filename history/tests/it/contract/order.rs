//! Storing is a join: the same items in any order, in any batches, any number of times, give the same answers.

use contract::{Bounds, DeliveryStatus};
use history::{Bucket, By, DeliveryQuery, HistoryReader, Item, SliceQuery, StatsQuery};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    strategy::ValueTree,
    test_runner::TestRunner,
};

use super::{Engine, samples::*, store_of};

/// Worlds tried; each costs two stores.
const CASES: usize = 16;
const COURIERS: usize = 4;

pub async fn any_order_and_repetition_gives_the_same_answers(engine: &impl Engine) {
    let mut runner = TestRunner::default();
    for _ in 0..CASES {
        let (items, shuffled, cut) = world().new_tree(&mut runner).unwrap().current();
        let once = store_of(engine, items.clone()).await;
        let again = engine.fresh().await;
        for batch in shuffled.chunks(cut).chain(items.chunks(cut)) {
            again.put(batch.to_vec()).await;
        }
        engine.settle(&again).await;
        let (expected, got) = (everything(&*once.reader).await, everything(&*again.reader).await);
        assert_eq!(expected, got, "items {items:#?}\nshuffled {shuffled:#?}\nbatches of {cut}");
    }
}

/// Items that are all different, the same in another order, and a size of batches.
fn world() -> impl Strategy<Value = (Vec<Item>, Vec<Item>, usize)> {
    let fix = (1..=COURIERS, 0..400i64, any::<bool>()).prop_map(|(n, s, numbered)| {
        // What a fix holds is a function of its identity, as it is for whoever sends it again.
        let numbered = numbered && s < 20 && s % 2 == 0;
        let at = s * 7;
        position_item(if numbered { run_fix(n as u64, (at + 1) as u32) } else { fix(n, at) })
    });
    let status = (0..4usize).prop_map(|index| {
        [DeliveryStatus::Requested, DeliveryStatus::InTransit, DeliveryStatus::Delivered, DeliveryStatus::Requested]
            [index]
    });
    let document = (1..=COURIERS as u64, status).prop_map(|(n, status)| delivery_item(delivery(n, status)));
    (vec(fix, 0..120), vec(document, 0..12)).prop_flat_map(|(fixes, documents)| {
        let items: Vec<Item> = fixes.into_iter().chain(documents).collect();
        (Just(items.clone()), Just(items).prop_shuffle(), 1..40usize)
    })
}

/// All that a reader can be asked, as text.
async fn everything(reader: &dyn HistoryReader) -> String {
    let mut answers = String::new();
    let mut note = |answer: &dyn std::fmt::Debug| answers.push_str(&format!("{answer:?}\n"));
    note(&reader.deliveries(DeliveryQuery { limit: 200, ..Default::default() }).await.unwrap());
    note(&reader.open_deliveries().await.unwrap());
    for n in 1..=COURIERS {
        note(&reader.trail_of_courier(&courier(n), 0, i64::MAX, 2_000).await.unwrap());
        note(&reader.trail_of_courier(&courier(n), T0 + 10_000, T0 + 900_000, 7).await.unwrap());
        note(&reader.trail_of_delivery(id(n as u64), 5).await.unwrap());
        note(&reader.run(id(n as u64)).await.unwrap());
    }
    for s in [0, 400, 3_000] {
        let at = T0 + s * 1_000;
        note(&reader.slice(SliceQuery { at, since: at - 300_000, bounds: Bounds::WORLD, limit: 99 }).await.unwrap());
    }
    for by in [None, Some(By::Courier), Some(By::Status)] {
        note(&reader.stats(StatsQuery { from: 0, to: i64::MAX, bucket: Bucket::Hour, by }).await.unwrap());
    }
    answers
}
