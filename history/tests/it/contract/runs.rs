//! Whether all fixes of a run are there.

use contract::{Delivery, DeliveryStatus, Driver, SourceId, rest::Audit};

use super::{Engine, Store, samples::*, store_of};

async fn audit(store: &Store, n: u64) -> Option<(Option<u32>, u32, Vec<(u32, u32)>)> {
    let Audit { expected, stored, missing, .. } = store.reader.audit(id(n)).await.unwrap()?;
    Some((expected, stored, missing))
}

pub async fn audit_of_a_delivered_run(engine: &impl Engine) {
    // Started at T0, 11 positions by its document, 10 s long.
    let document =
        Delivery { started_at: Some(T0), finished_at: Some(T0 + 10_000), ..delivery(1, DeliveryStatus::Delivered) };
    let seqs = [0, 1, 4, 5, 9];
    let mut items: Vec<_> = seqs.iter().map(|seq| position_item(run_fix(1, *seq))).collect();
    items.push(delivery_item(document));
    let store = store_of(engine, items).await;
    assert_eq!(audit(&store, 1).await, Some((Some(11), 5, vec![(2, 3), (6, 8), (10, 10)])));
    assert_eq!(store.reader.run(id(1)).await.unwrap().unwrap().faults(), ["missing seq 2-3, 6-8, 10"]);
    store.put([2, 3, 6, 7, 8, 10].map(|seq| position_item(run_fix(1, seq)))).await;
    engine.settle(&store).await;
    assert_eq!(audit(&store, 1).await, Some((Some(11), 11, vec![])));
    assert!(store.reader.run(id(1)).await.unwrap().unwrap().faults().is_empty());

    // The same seq with another time, and one from after the end.
    let mut twice = run_fix(1, 3);
    twice.at += 1;
    store.put([position_item(twice), position_item(run_fix(1, 11))]).await;
    engine.settle(&store).await;
    let faults = store.reader.run(id(1)).await.unwrap().unwrap().faults();
    let expected = ["seq up to 11, but it says 11 positions", "1 fixes repeat a seq", "1 fixes after its end"];
    assert_eq!(faults, expected);
}

pub async fn audit_of_other_runs(engine: &impl Engine) {
    let started = |n, status| Delivery { started_at: Some(T0), ..delivery(n, status) };
    let phone = Delivery { driver: Driver::Courier, ..started(4, DeliveryStatus::InTransit) };
    let mut items = vec![
        delivery_item(started(1, DeliveryStatus::Cancelled)),
        delivery_item(started(2, DeliveryStatus::InTransit)),
        delivery_item(delivery(3, DeliveryStatus::Requested)),
        delivery_item(phone),
    ];
    items.extend([0, 1, 3].map(|seq| position_item(run_fix(1, seq))));
    items.extend([0, 1].map(|seq| position_item(run_fix(2, seq))));
    for s in 0..5 {
        let mut fix = fix(4, s);
        fix.source = SourceId::new("phone").unwrap();
        items.push(position_item(fix));
    }
    let store = store_of(engine, items).await;
    assert_eq!(audit(&store, 1).await, Some((Some(4), 3, vec![(2, 2)])));
    assert_eq!(audit(&store, 2).await, Some((Some(2), 2, vec![])));
    assert_eq!(audit(&store, 3).await, Some((None, 0, vec![])));
    // Nobody numbers a person's fixes: all of the stretch count.
    assert_eq!(audit(&store, 4).await, Some((None, 5, vec![])));
    assert_eq!(audit(&store, 9).await, None);
}
