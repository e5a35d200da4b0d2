//! The reader of everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use service::kafka::Producer;
use service::kafka::broadcast::{self, Event, Start, Status, Subscription};
use service::settings::KafkaSettings;

use crate::cluster::{Cluster, Running, Seen, until};

fn subscription(topic: &str) -> Subscription {
    Subscription { topic: topic.into(), start: Start::Beginning }
}

fn read(settings: &KafkaSettings, topics: Vec<Subscription>, running: &mut Running, seen: &Seen) -> Status {
    let seen = seen.clone();
    let handler = move |event: Event<'_>| match event {
        Event::Record(record) => {
            assert!(record.time > 0);
            let value = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
            seen.push(format!("record {} {} {} {value}", record.topic, record.partition, record.offset));
        }
        Event::CaughtUp => seen.push("caught up"),
        Event::Lost { topic, partition, records } => seen.push(format!("lost {topic} {partition} {records}")),
        Event::Idle => {}
    };
    broadcast::spawn(settings, "test", topics, &mut running.tasks, handler).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_partitions_of_all_topics_are_read_and_then_it_is_caught_up() {
    for embedded in [true, false] {
        let cluster = Cluster::new(&[("a", 3), ("b", 2), ("empty", 2)]);
        let settings = KafkaSettings { embedded, ..cluster.settings() };
        let producer = Producer::new(&settings).unwrap();
        for n in 0..60 {
            producer.send(if n % 2 == 0 { "a" } else { "b" }, format!("{n}").as_bytes(), b"old").await.unwrap();
        }
        let (mut running, seen) = (Running::new(), Seen::default());
        let topics = vec![subscription("a"), subscription("b"), subscription("empty")];
        let status = read(&settings, topics, &mut running, &seen);
        seen.until("caught up", |lines| lines.iter().any(|line| line == "caught up")).await;
        assert_eq!(seen.all().iter().position(|line| line == "caught up"), Some(60));
        assert!(status.connected() && status.caught_up());
        assert_eq!((status.partitions(0), status.partitions(1), status.partitions(2)), (3, 2, 2));
        producer.send("empty", b"x", b"new").await.unwrap();
        seen.until("a live record", |lines| lines.last().is_some_and(|line| line.ends_with("new"))).await;
        assert_eq!(seen.count("caught up"), 1);
        let total = |topic| status.next_offsets(topic).iter().sum::<i64>();
        assert_eq!((total(0), total(1), total(2)), (30, 30, 1));
        until("not behind", || status.behind_ms() == 0).await;
        assert_eq!(running.stop().await, service::Outcome::Done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn since_now_skips_what_is_old() {
    let cluster = Cluster::new(&[("a", 1)]);
    let settings = cluster.settings();
    let producer = Producer::new(&settings).unwrap();
    producer.send("a", b"k", b"old").await.unwrap();
    let (mut running, seen) = (Running::new(), Seen::default());
    // This broker finds no record by time and says "none so new": as a real one does for a time in the future.
    let topics = vec![Subscription { topic: "a".into(), start: Start::Since(i64::MAX / 2) }];
    let status = read(&settings, topics, &mut running, &seen);
    until("caught up", || status.caught_up()).await;
    producer.send("a", b"k", b"new").await.unwrap();
    seen.until("the new record", |lines| lines.iter().any(|line| line.starts_with("record"))).await;
    assert_eq!(seen.all(), ["caught up", "record 0 0 1 new"]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_topic_and_for_a_broker() {
    let cluster = Cluster::new(&[("other", 1)]);
    let settings = cluster.settings();
    cluster.mock.broker_down(-1).unwrap();
    let (mut running, seen) = (Running::new(), Seen::default());
    let status = read(&settings, vec![subscription("late")], &mut running, &seen);
    cluster.mock.broker_up(-1).unwrap();
    until("connected", || status.connected()).await;
    assert!(!status.caught_up());
    cluster.mock.create_topic("late", 1, 1).unwrap();
    until("caught up", || status.caught_up()).await;
    // The broker goes away under way: what is sent meanwhile comes when it is back.
    let producer = Producer::new(&settings).unwrap();
    producer.send("late", b"k", b"1").await.unwrap();
    cluster.mock.broker_down(-1).unwrap();
    until("away", || !status.connected()).await;
    until("behind", || status.behind_ms() > 0).await;
    let sent = tokio::spawn(async move { producer.send("late", b"k", b"2").await });
    cluster.mock.broker_up(-1).unwrap();
    sent.await.unwrap().unwrap();
    seen.until("both records", |lines| lines.iter().filter(|line| line.starts_with("record")).count() == 2).await;
    until("connected again", || status.connected()).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_before_it_was_read_is_counted_and_reading_goes_on() {
    let cluster = Cluster::new(&[("a", 1), ("b", 1)]);
    let mut settings = cluster.settings();
    // Nothing is fetched ahead, so that a slow reader is really behind.
    for (name, value) in
        [("queued.min.messages", "1"), ("queued.max.messages.kbytes", "1"), ("fetch.message.max.bytes", "1000")]
    {
        settings.options.set(name, value);
    }
    settings.options.set("compression.codec", "none");
    let producer = Producer::new(&settings).unwrap();
    let open = Arc::new(AtomicBool::new(false));
    let (gate, seen) = (open.clone(), Seen::default());
    let mut running = Running::new();
    let handler = {
        let seen = seen.clone();
        move |event: Event<'_>| match event {
            Event::Record(record) => {
                seen.push(format!("record {} {}", record.topic, record.offset));
                while !gate.load(Ordering::SeqCst) {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            }
            Event::Lost { topic, partition, records } => seen.push(format!("lost {topic} {partition} {records}")),
            _ => {}
        }
    };
    let status =
        broadcast::spawn(&settings, "slow", vec![subscription("b"), subscription("a")], &mut running.tasks, handler);
    let status = status.unwrap();
    until("begun", || status.partitions(1) == 1).await;
    // The broker keeps 5 MiB of a partition: of 12 MiB the first ones go.
    let big = vec![b'x'; 100_000];
    for _ in 0..120 {
        producer.send("a", b"k", &big).await.unwrap();
    }
    open.store(true, Ordering::SeqCst);
    seen.until("the last record", |lines| lines.iter().any(|line| line == "record 1 119")).await;
    let lost: u64 = seen
        .all()
        .iter()
        .filter_map(|line| line.strip_prefix("lost 1 0 ").and_then(|records| records.parse::<u64>().ok()))
        .sum();
    assert!(lost > 50, "{:?}", seen.all());
    assert_eq!(lost, status.lost());
    assert_eq!(lost + seen.count("record 1") as u64, 120);
    running.stop().await;
}
