//! The good way: everything is stored once, committed behind the store, and marked.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use contract::{DeliveryStatus, topics};
use service::{Durability, Outcome};

use crate::{samples::*, world::World, writers::Faulty};

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_stored_once_whatever_the_repetition() {
    let world = World::new();
    let records: Vec<Record> = (0..5).flat_map(|n| run(n, 200)).collect();
    // As a simulator sends them again that was killed, and as a broker doubles them.
    world.send(records.iter().chain(&records[100..700]).chain(&records).cloned()).await;
    let sink = world.sink();
    let sent = (2 * 5 * 203 + 600) as i64;
    let committed = || [topics::POSITIONS, topics::DELIVERIES].map(|topic| world.committed(topic).unwrap_or(0));
    world.until("all is committed", async || committed().iter().sum::<i64>() == sent).await;
    assert!(sink.health.is_ready());
    for n in 0..5 {
        let audit = world.reader.audit(id(n)).await.unwrap().unwrap();
        assert_eq!((audit.expected, audit.stored, audit.missing), (Some(200), 200, vec![]));
        assert_eq!(world.stored(n).await, 200);
        let expected = delivery(n, DeliveryStatus::Delivered, 200);
        assert_eq!(world.reader.delivery(id(n)).await.unwrap(), Some(expected));
    }
    // Marks follow within a second or two.
    let marked = async || world.reader.marks().await.unwrap().iter().map(|mark| mark.next_offset).sum::<i64>() == sent;
    world.until("all is marked", marked).await;
    assert_eq!(sink.stop().await, Outcome::Done);

    // From the beginning once more, as after the loss of the group's offsets: all is known.
    let faulty = Arc::new(Faulty::around(world.writer()));
    let seen = faulty.clone();
    let sink = world.sink_with(|settings, surroundings| {
        settings.kafka.embedded = true;
        surroundings.writer = Some(seen);
    });
    world.until("all again", async || faulty.known.load(Ordering::SeqCst) as i64 == sent).await;
    assert_eq!(faulty.new.load(Ordering::SeqCst), 0);
    assert_eq!(sink.stop().await, Outcome::Done);
    assert!(world.letters(0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_batch_waits_for_the_linger_and_a_large_one_does_not() {
    let world = World::new();
    let faulty = Arc::new(Faulty::around(world.writer()));
    let seen = faulty.clone();
    let sink = world.sink_with(|settings, surroundings| {
        settings.batching.batch = 100;
        settings.batching.linger = Duration::from_millis(300);
        surroundings.writer = Some(seen);
    });
    world.send(fixes(1, 0..1_000)).await;
    world.until_stored(1, 1_000).await;
    let calls = faulty.calls.load(Ordering::SeqCst);
    // Ten full ones; what came in slices may have made a few more.
    assert!((10..=20).contains(&calls), "{calls} batches");
    world.send(fixes(2, 0..1)).await;
    world.until_stored(2, 1).await;
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_settled_for_those_who_wait() {
    let world = World::new();
    let (durability, mark) = Durability::store();
    let sink = world.sink_with(|settings, surroundings| {
        settings.kafka.embedded = true;
        surroundings.mark = Some(mark);
    });
    let record = fixes(1, 0..1).next().unwrap();
    let ack = world.producer.send(record.topic, record.key().unwrap(), record.value().unwrap()).await.unwrap();
    let settled = durability.settled(topics::POSITIONS, ack.partition, ack.offset);
    tokio::time::timeout(crate::world::DEADLINE, settled).await.expect("it is settled");
    assert_eq!(world.stored(1).await, 1);
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_moves_on_where_nothing_is_written() {
    let world = World::new();
    let sink = world.sink();
    let began = now();
    world.send(fixes(1, 0..1)).await;
    world.until("through passes the start", async || world.reader.through().await.is_ok_and(|t| t > began)).await;
    assert_eq!(world.stored(1).await, 1);
    // All partitions are marked, those without a record too.
    assert_eq!(world.reader.marks().await.unwrap().len(), 2 * crate::world::PARTITIONS as usize);
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_work_and_take_over() {
    let world = World::new();
    let faulty = Arc::new(Faulty::around(world.writer()));
    let replica = || {
        let writer = faulty.clone();
        world.sink_with(|_, surroundings| surroundings.writer = Some(writer))
    };
    let one = replica();
    world.send((0..9).flat_map(|n| fixes(n, 0..100))).await;
    world.until_stored(0, 100).await;
    let two = replica();
    world.send((0..9).flat_map(|n| fixes(n, 100..200))).await;
    world.until("the second has its share", async || two.health.is_ready()).await;
    world.send((0..9).flat_map(|n| fixes(n, 200..300))).await;
    assert_eq!(one.stop().await, Outcome::Done);
    world.send((0..9).flat_map(|n| fixes(n, 300..400))).await;
    for n in 0..9 {
        world.until_stored(n, 400).await;
    }
    world.until_committed(topics::POSITIONS, 9 * 400).await;
    assert_eq!(two.stop().await, Outcome::Done);
    assert_eq!(faulty.new.load(Ordering::SeqCst), 9 * 400);
    assert_eq!(faulty.known.load(Ordering::SeqCst), 0, "handing over stored records twice");
}
