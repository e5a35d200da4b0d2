//! The program itself, as a process: exit codes, `verify`, `forget`, and kill -9.

use std::{
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use contract::{DeliveryStatus, topics};
use history::Item;

use crate::{samples::*, world::World};

/// The program with nothing of this process's environment that could change it.
fn sink(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sink"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CD_")) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

pub fn ended(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = sink(args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

async fn store(world: &World, fixes: impl IntoIterator<Item = (usize, u32)>, documents: Vec<contract::Delivery>) {
    let fixes = fixes.into_iter().map(|(n, seq)| Item::Position { position: fix(n, seq), broker_time: now() });
    let documents = documents.into_iter().map(|d| Item::Delivery { delivery: Box::new(d), broker_time: now() });
    let batch: Arc<[Item]> = fixes.chain(documents).collect();
    world.writer().store(batch).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_what_is_missing() {
    let world = World::new();
    let (whole, broken) = ((0..30).map(|seq| (1, seq)), (0..30).map(|seq| (2, seq)));
    let documents = vec![
        delivery(1, DeliveryStatus::Delivered, 30),
        delivery(2, DeliveryStatus::Delivered, 30),
        delivery(3, DeliveryStatus::Cancelled, 10),
        delivery(4, DeliveryStatus::InTransit, 0),
    ];
    let cancelled = (0..10).map(|seq| (3, seq));
    store(&world, whole.chain(broken.filter(|(_, seq)| *seq != 17)).chain(cancelled), documents).await;
    let url = world.url();
    let verify = || ended(&["verify", "--history-url", &url]);

    let (code, out, err) = verify();
    assert_eq!(code, Some(1), "{out}{err}");
    let line = format!("{}  c-2  delivered  missing seq 17", id(2));
    assert!(out.starts_with(&line), "{out}");
    assert!(out.contains("runs delivered              2\nruns cancelled              1\n"), "{out}");
    assert!(
        out.contains("runs with faults            1\n") && out.contains("fixes                      69\n"),
        "{out}"
    );

    store(&world, [(2, 17)], vec![]).await;
    let (code, out, err) = verify();
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.starts_with("runs delivered"), "{out}");

    // A fix of a cancelled run from after its end.
    store(&world, [(3, 10)], vec![]).await;
    let (code, out, _) = verify();
    assert_eq!(code, Some(1));
    assert!(out.starts_with(&format!("{}  c-3  cancelled  1 fixes after its end", id(3))), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forget_and_expire_say_what_they_removed() {
    let world = World::new();
    let documents = vec![delivery(1, DeliveryStatus::Delivered, 30), delivery(2, DeliveryStatus::Delivered, 30)];
    store(&world, (0..30).flat_map(|seq| [(1, seq), (2, seq)]), documents).await;
    let forget = ended(&["forget", "--courier", "c-1", "--history-url", &world.url()]);
    assert_eq!((forget.0, forget.1.as_str()), (Some(0), "removed 30 positions and 1 deliveries\n"), "{}", forget.2);
    assert_eq!((world.stored(1).await, world.stored(2).await), (0, 30));
    let expire = ended(&["expire", "--history-url", &world.url()]);
    assert_eq!((expire.0, expire.1.as_str()), (Some(0), "removed 0 positions and 0 deliveries\n"), "{}", expire.2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_start_is_one_line_and_exit_code_2() {
    let world = World::new();
    drop(world.writer());
    let (url, brokers) = (world.url(), world.brokers());
    let full = ["--kafka-brokers", &brokers, "--history-url", &url, "--admin-addr", "127.0.0.1:0"];
    let with = |more: &[&str]| [&full[..], more].concat().iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken_addr = taken.local_addr().unwrap().to_string();
    let not_a_directory = format!("sqlite:{}/history.sqlite", world.path().display());
    for (args, line) in [
        (vec![], "CD_KAFKA_BROKERS"),
        (with(&["--sink-batch", "0"]), "CD_SINK_BATCH must be 1 to 100000"),
        (with(&["--sink-linger", "fast"]), "CD_SINK_LINGER"),
        (with(&["--kafka-options", "no.such.option=1"]), "no.such.option"),
        (
            vec!["--kafka-brokers".into(), brokers.clone(), "--history-url".into(), not_a_directory],
            "CD_HISTORY_URL: cannot write",
        ),
        (
            vec!["verify".into(), "--history-url".into(), "postgres://x".into()],
            "must be sqlite:PATH or https://HOST:PORT",
        ),
        (
            vec![
                "--kafka-brokers".into(),
                brokers.clone(),
                "--history-url".into(),
                url.clone(),
                "--admin-addr".into(),
                taken_addr,
            ],
            "the port is in use",
        ),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (code, _, err) = ended(&args);
        let last = err.lines().last().unwrap_or_default();
        assert_eq!(code, Some(2), "{args:?}: {err}");
        assert!(last.starts_with("error: ") && last.contains(line), "{args:?}: {err}");
    }
    let (code, _, err) = ended(&["verify", "--history-url", "sqlite:/nowhere/at/all.sqlite"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("nothing has been written to /nowhere/at/all.sqlite yet"), "{err}");
}

/// A process that is killed when the test ends, however it ends.
struct Killed(Child);

impl Killed {
    /// kill -9.
    fn now(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_loses_and_doubles_nothing() {
    let world = World::new();
    let (url, brokers) = (world.url(), world.brokers());
    let args = ["--kafka-brokers", &brokers, "--history-url", &url, "--admin-addr", "127.0.0.1:0"];
    // Small batches, so that a kill hits between store and commit; the shortest session that the broker allows, because a
    // killed member's partitions are free only after it.
    let small = ["--sink-batch", "20", "--sink-linger", "5ms", "--log", "warn"];
    let quick = ["--kafka-options", "session.timeout.ms=6000;heartbeat.interval.ms=500"];
    let start = || Killed(sink(&[&args[..], &small, &quick].concat()).stderr(Stdio::inherit()).spawn().unwrap());
    let count = async || {
        let mut sum = 0;
        for n in 0..4 {
            sum += world.stored(n).await;
        }
        sum
    };
    for round in 0..2u32 {
        world.send((0..4).flat_map(|n| fixes(n, round * 400..(round + 1) * 400))).await;
        let before = count().await;
        let mut running = start();
        // In the middle of the work, or at its end: never asked to stop.
        world.until("something is stored", async || count().await > before).await;
        running.now();
    }
    let documents = (0..4).map(|n| delivery_record(&delivery(n, DeliveryStatus::Delivered, 800)));
    world.send(documents).await;
    let _last = start();
    for n in 0..4 {
        world.until_stored(n, 800).await;
        world.until_delivery(id(n)).await;
    }
    world.until_committed(topics::POSITIONS, 4 * 800).await;
    let (code, out, err) = ended(&["verify", "--history-url", &url]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("fixes                    3200\n"), "{out}");
    assert!(world.letters(0).await.is_empty());
}
