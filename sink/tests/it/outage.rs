//! Faults of the store and crashes of the sink: nothing is lost, nothing is doubled, nothing is committed too early.

use std::{
    fs,
    process::Command,
    sync::{Arc, atomic::Ordering},
};

use contract::topics;
use service::Outcome;

use crate::{samples::*, world::World, writers::Faulty};

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_store_is_waited_out() {
    let world = World::new();
    let faulty = Arc::new(Faulty::around(world.writer()));
    faulty.away.store(true, Ordering::SeqCst);
    let writer = faulty.clone();
    let sink = world.sink_with(|settings, surroundings| {
        settings.batching.batch = 100;
        surroundings.writer = Some(writer);
    });
    world.send(fixes(1, 0..1_000)).await;
    world.until("it has tried some times", async || faulty.calls.load(Ordering::SeqCst) >= 4).await;
    assert_eq!(world.committed(topics::POSITIONS), None, "committed before it was stored");
    assert_eq!(world.stored(1).await, 0);
    faulty.away.store(false, Ordering::SeqCst);
    world.until_stored(1, 1_000).await;
    world.until_committed(topics::POSITIONS, 1_000).await;
    // An outage is no reason for a dead letter.
    assert!(world.letters(0).await.is_empty());
    assert!(service::Health::new().metrics().contains("cd_sink_retries_total{what=\"store\"}"));
    assert_eq!(sink.stop().await, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_during_an_outage_nothing_is_committed_and_the_next_one_stores_it() {
    let world = World::new();
    let faulty = Arc::new(Faulty::around(world.writer()));
    let replica = || {
        let writer = faulty.clone();
        world.sink_with(|settings, surroundings| {
            settings.batching.batch = 50;
            surroundings.writer = Some(writer);
        })
    };
    let sink = replica();
    world.send(fixes(1, 0..100)).await;
    world.until_committed(topics::POSITIONS, 100).await;
    faulty.away.store(true, Ordering::SeqCst);
    let calls = faulty.calls.load(Ordering::SeqCst);
    world.send(fixes(1, 100..400)).await;
    world.until("it has tried", async || faulty.calls.load(Ordering::SeqCst) >= calls + 2).await;
    // It stops although a batch is stuck and others wait behind it.
    assert_eq!(sink.stop().await, Outcome::Done);
    assert_eq!(world.committed(topics::POSITIONS), Some(100));
    faulty.away.store(false, Ordering::SeqCst);
    let sink = replica();
    world.until_stored(1, 400).await;
    assert_eq!(sink.stop().await, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_between_store_and_commit_the_next_one_finds_all_known() {
    let world = World::new();
    let faulty = Arc::new(Faulty::around(world.writer()));
    faulty.marks_away.store(true, Ordering::SeqCst);
    let replica = || {
        let writer = faulty.clone();
        world.sink_with(|_, surroundings| surroundings.writer = Some(writer))
    };
    world.send(run(1, 300)).await;
    let sink = replica();
    world.until("a batch is stored", async || faulty.new.load(Ordering::SeqCst) > 0).await;
    assert_eq!(sink.stop().await, Outcome::Done);
    let stored = faulty.new.load(Ordering::SeqCst);
    assert_eq!((world.committed(topics::POSITIONS), world.committed(topics::DELIVERIES)), (None, None));
    faulty.marks_away.store(false, Ordering::SeqCst);
    let sink = replica();
    world.until_committed(topics::POSITIONS, 300).await;
    world.until_committed(topics::DELIVERIES, 3).await;
    assert_eq!(faulty.known.load(Ordering::SeqCst), stored, "what was stored before is known now");
    assert_eq!(faulty.new.load(Ordering::SeqCst), 303);
    assert_eq!(world.reader.audit(id(1)).await.unwrap().unwrap().stored, 300);
    assert_eq!(sink.stop().await, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the right to mount a small file system"]
async fn a_full_disk_is_waited_out() {
    let directory = tempfile::tempdir().unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(directory.path()).status();
    assert!(mount.unwrap().success(), "no right to mount");
    let path = directory.path().to_owned();
    let _unmount = Unmount(path.clone());
    let world = World::with_store_in(directory);
    let sink = world.sink_with(|settings, _| settings.batching.batch = 500);
    // Its answer does not come before the tables are there.
    world.until("the store is there", async || world.reader.healthy().await.is_ok()).await;
    let ballast = path.join("ballast");
    fs::write(&ballast, vec![0u8; 3 * 1024 * 1024 + 300_000]).unwrap();
    let retries = || {
        let metrics = service::Health::new().metrics();
        let line = metrics.lines().find(|line| line.starts_with("cd_sink_retries_total{what=\"store\"}"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = retries();
    world.send((0..10).flat_map(|n| fixes(n, 0..1_000))).await;
    world.until("the disk is full", async || retries() >= before + 3).await;
    let committed = world.committed(topics::POSITIONS).unwrap_or(0);
    assert!(committed < 10_000, "{committed}");
    fs::remove_file(ballast).unwrap();
    // The disk is still small: room for what was sent, not for much more.
    for n in 0..10 {
        world.until_stored(n, 1_000).await;
    }
    world.until_committed(topics::POSITIONS, 10_000).await;
    assert!(world.letters(0).await.is_empty());
    assert_eq!(sink.stop().await, Outcome::Done);
}

/// Takes the small disk away, even where the test fails.
struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
