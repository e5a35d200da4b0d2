//! Members of a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use service::kafka::group::{self, Assigned, Control, GroupHandler, GroupReader};
use service::kafka::{Producer, Record};
use service::settings::KafkaSettings;
use service::{BoxError, Health};

use crate::cluster::{Cluster, Running, Seen, until};

/// Notes everything and commits each record.
struct Notes {
    seen: Seen,
    ready: Arc<AtomicBool>,
    commits: bool,
}

impl GroupHandler for Notes {
    fn assigned(&mut self, partitions: &[Assigned], _: &mut Control) {
        for place in partitions {
            self.seen.push(format!("assigned {} {} {}", place.partition, place.from, place.high));
        }
    }

    fn caught_up(&mut self, _: usize, partition: i32, _: &mut Control) {
        self.seen.push(format!("caught up {partition}"));
    }

    fn record(&mut self, record: Record<'_>, control: &mut Control) {
        self.seen.push(format!("record {} {}", record.partition, record.offset));
        if self.commits {
            control.commit(record.topic, record.partition, record.offset + 1);
        }
    }

    fn turn(&mut self, _: &mut Control) -> Result<Duration, BoxError> {
        Ok(Duration::from_millis(10))
    }

    fn ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    fn revoking(&mut self, partitions: &[(usize, i32)], _: bool, _: &mut Control) {
        for (_, partition) in partitions {
            self.seen.push(format!("revoking {partition}"));
        }
    }
}

struct Member {
    running: Running,
    seen: Seen,
    ready: Arc<AtomicBool>,
}

fn member(settings: &KafkaSettings, commits: bool) -> Member {
    let (mut running, seen, ready) = (Running::new(), Seen::default(), Arc::new(AtomicBool::new(true)));
    let handler = Notes { seen: seen.clone(), ready: ready.clone(), commits };
    let beat = Health::new().loop_beat("test");
    let reader = GroupReader { name: "test", group: "g", topics: vec!["t".into()], beat };
    group::spawn(settings, reader, &mut running.tasks, handler).unwrap();
    Member { running, seen, ready }
}

async fn send(producer: &Producer, records: usize) {
    for n in 0..records {
        producer.send("t", format!("{n}").as_bytes(), b"v").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_goes_on_where_the_last_one_committed() {
    let cluster = Cluster::new(&[("t", 4)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    send(&producer, 40).await;
    let first = member(&cluster.settings(), true);
    first.seen.until("all partitions caught up", |l| l.iter().filter(|l| l.starts_with("caught")).count() == 4).await;
    assert_eq!(first.seen.count("record"), 40);
    assert_eq!(first.running.stop().await, service::Outcome::Done);
    assert_eq!(first.seen.count("revoking"), 4);
    send(&producer, 20).await;
    let second = member(&cluster.settings(), true);
    second.seen.until("all partitions caught up", |l| l.iter().filter(|l| l.starts_with("caught")).count() == 4).await;
    assert_eq!(second.seen.count("record"), 20);
    second.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_share_and_the_second_takes_over() {
    let cluster = Cluster::new(&[("t", 4)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    let first = member(&cluster.settings(), true);
    first.seen.until("all four", |l| l.iter().filter(|l| l.starts_with("assigned")).count() == 4).await;
    let second = member(&cluster.settings(), true);
    second.seen.until("its share", |l| l.iter().filter(|l| l.starts_with("assigned")).count() == 2).await;
    assert_eq!(first.seen.count("revoking"), 2);
    send(&producer, 40).await;
    until("all records", || first.seen.count("record") + second.seen.count("record") >= 40).await;
    first.running.stop().await;
    second.seen.until("the rest", |l| l.iter().filter(|l| l.starts_with("assigned")).count() == 4).await;
    send(&producer, 40).await;
    until("all records", || first.seen.count("record") + second.seen.count("record") >= 80).await;
    let mut all = [first.seen.all(), second.seen.all()].concat();
    all.retain(|line| line.starts_with("record"));
    all.sort_unstable();
    all.dedup();
    assert_eq!((all.len(), first.seen.count("record") + second.seen.count("record")), (80, 80), "none twice");
    second.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_is_not_ready_gets_nothing_and_then_everything() {
    for embedded in [true, false] {
        let cluster = Cluster::new(&[("t", 2)]);
        let settings = KafkaSettings { embedded, ..cluster.settings() };
        let producer = Producer::new(&settings).unwrap();
        let member = member(&settings, false);
        member.seen.until("assigned", |l| l.iter().any(|l| l.starts_with("assigned"))).await;
        send(&producer, 5).await;
        member.seen.until("five records", |l| l.iter().filter(|l| l.starts_with("record")).count() == 5).await;
        member.ready.store(false, Ordering::SeqCst);
        send(&producer, 50).await;
        // Beyond the time after which the partitions are paused, so that going on after a pause is shown.
        let until_paused = std::time::Instant::now() + Duration::from_millis(700);
        until("paused", || std::time::Instant::now() > until_paused).await;
        // One may have been under way when it said no.
        assert!(member.seen.count("record") <= 6);
        member.ready.store(true, Ordering::SeqCst);
        member.seen.until("all records", |l| l.iter().filter(|l| l.starts_with("record")).count() == 55).await;
        member.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_were_given_up_while_paused_are_read_when_they_come_back() {
    let cluster = Cluster::new(&[("t", 4)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    let first = member(&cluster.settings(), true);
    first.seen.until("all four", |l| l.iter().filter(|l| l.starts_with("assigned")).count() == 4).await;
    first.ready.store(false, Ordering::SeqCst);
    // Beyond the time after which the partitions are paused.
    let until_paused = std::time::Instant::now() + Duration::from_millis(700);
    until("paused", || std::time::Instant::now() > until_paused).await;
    let second = member(&cluster.settings(), true);
    second.seen.until("its share", |l| l.iter().filter(|l| l.starts_with("assigned")).count() == 2).await;
    first.ready.store(true, Ordering::SeqCst);
    second.running.stop().await;
    first.seen.until("all four again", |l| l.iter().filter(|l| l.starts_with("assigned")).count() == 6).await;
    send(&producer, 40).await;
    until("all records", || first.seen.count("record") == 40).await;
    first.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_since_the_commit_is_counted_and_reading_goes_on() {
    let cluster = Cluster::new(&[("t", 1)]);
    let mut settings = cluster.settings();
    settings.options.set("compression.codec", "none");
    let producer = Producer::new(&settings).unwrap();
    send(&producer, 10).await;
    let first = member(&settings, true);
    first.seen.until("ten", |l| l.iter().filter(|l| l.starts_with("record")).count() == 10).await;
    first.running.stop().await;
    for _ in 0..120 {
        producer.send("t", b"k", &[b'x'; 100_000]).await.unwrap();
    }
    let second = member(&settings, true);
    second.seen.until("caught up", |l| l.iter().any(|l| l.starts_with("caught"))).await;
    let lines = second.seen.all();
    let from: i64 = lines[0].split(' ').nth(2).unwrap().parse().unwrap();
    assert!(from > 10 && second.seen.count("record") as i64 == 130 - from, "{lines:?}");
    assert!(Health::new().metrics().contains("cd_records_lost_total{topic=\"t\"}"));
    second.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_handler_ends_the_service_and_does_not_hang() {
    struct Panics;
    impl GroupHandler for Panics {
        fn record(&mut self, _: Record<'_>, _: &mut Control) {
            panic!("on purpose");
        }
        fn turn(&mut self, _: &mut Control) -> Result<Duration, BoxError> {
            Ok(Duration::ZERO)
        }
        fn revoking(&mut self, _: &[(usize, i32)], _: bool, _: &mut Control) {}
    }
    let cluster = Cluster::new(&[("t", 1)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    send(&producer, 1).await;
    let mut running = Running::new();
    let reader =
        GroupReader { name: "test", group: "g", topics: vec!["t".into()], beat: Health::new().loop_beat("test") };
    group::spawn(&cluster.settings(), reader, &mut running.tasks, Panics).unwrap();
    assert_eq!(running.tasks.join(Duration::from_secs(20)).await, service::Outcome::Failed);
}
