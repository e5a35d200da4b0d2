//! Hardships that need a server of their own: one that is configured badly, and one that is killed.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use history::{HistoryReader, HistoryWriter, Item, Verdict, open_reader, open_writer};

use crate::{
    cluster::{request, until},
    contract::samples::*,
    own_server::OwnServer,
};

/// Tries until it is stored, as the sink does; says what went wrong on the way.
async fn stored(writer: &dyn HistoryWriter, batch: Arc<[Item]>) -> (Vec<Verdict>, BTreeSet<String>) {
    let (began, mut faults) = (Instant::now(), BTreeSet::new());
    loop {
        match writer.store(batch.clone()).await {
            Ok(verdicts) => return (verdicts, faults),
            Err(error) => drop(faults.insert(error.to_string())),
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{faults:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn count(reader: &dyn HistoryReader, couriers: usize) -> usize {
    let mut count = 0;
    for n in 0..couriers {
        count += reader.trail_of_courier(&courier(n), 0, i64::MAX, 2_000).await.unwrap().points.len();
    }
    count
}

fn refresh(server: &OwnServer) {
    request(&server.address(), "POST", "/_refresh", "");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a distribution of Elasticsearch: E2E_ELASTICSEARCH_HOME, E2E_JAVA_HOME"]
async fn a_server_with_too_little_of_everything_stores_all_of_it_once() {
    let server = OwnServer::start(&[
        "thread_pool.write.size=1",
        "thread_pool.write.queue_size=1",
        "indexing_pressure.memory.limit=300kb",
        "http.max_content_length=200kb",
    ]);
    let options = server.options();
    // More at once than its queue holds, and more in one request than it takes.
    let writers = (0..16).map(|n| {
        let (writer, options) = (open_writer(&options).unwrap(), options.clone());
        tokio::spawn(async move {
            drop(options);
            let batch: Arc<[Item]> = (n * 4..n * 4 + 4).flat_map(|courier| fixes(courier, 0..400)).collect();
            stored(&*writer, batch).await
        })
    });
    let mut faults = BTreeSet::new();
    for writer in writers.collect::<Vec<_>>() {
        let (verdicts, met) = writer.await.unwrap();
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::New), "something was doubled, or refused");
        faults.extend(met);
    }
    let met = |part: &str| faults.iter().any(|fault| fault.contains(part));
    assert!(met("es_rejected_execution_exception"), "{faults:?}");
    refresh(&server);
    assert_eq!(count(&*open_reader(&options).unwrap(), 64).await, 64 * 400);

    // Too many shards: today's index cannot be made until there is room.
    let limit = |shards: &str| {
        let body = format!(r#"{{"persistent":{{"cluster.max_shards_per_node":{shards}}}}}"#);
        assert_eq!(request(&server.address(), "PUT", "/_cluster/settings", &body).0, 200);
    };
    limit("1");
    let (writer, batch) = (open_writer(&options).unwrap(), Arc::<[Item]>::from(fixes(1, [5 * 86_400])));
    let error = writer.store(batch.clone()).await.unwrap_err().to_string();
    assert!(error.contains("maximum normal shards open"), "{error}");
    limit("null");
    assert_eq!(stored(&*writer, batch).await.0, [Verdict::New]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a distribution of Elasticsearch: E2E_ELASTICSEARCH_HOME, E2E_JAVA_HOME"]
async fn a_server_that_is_killed_in_the_middle_of_bulks_loses_nothing_and_doubles_nothing() {
    const COURIERS: usize = 40;
    let server = Arc::new(OwnServer::start(&[]));
    let writer = open_writer(&server.options()).unwrap();
    let (acknowledged, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = tokio::spawn({
        let (acknowledged, stop) = (acknowledged.clone(), stop.clone());
        async move {
            let mut faults = BTreeSet::new();
            let mut second = 0;
            while !stop.load(Ordering::SeqCst) {
                let batch: Arc<[Item]> = (0..COURIERS).flat_map(|n| fixes(n, second..second + 10)).collect();
                let (verdicts, met) = stored(&*writer, batch).await;
                assert!(verdicts.iter().all(|verdict| !matches!(verdict, Verdict::Refused(_))));
                faults.extend(met);
                second += 10;
                acknowledged.store(second as u64, Ordering::SeqCst);
            }
            faults
        }
    });
    let reached = async |more: u64| {
        let goal = acknowledged.load(Ordering::SeqCst) + more;
        until("it goes on", async || acknowledged.load(Ordering::SeqCst) >= goal).await;
    };
    for _ in 0..2 {
        reached(100).await;
        let killed = server.clone();
        tokio::task::spawn_blocking(move || {
            killed.kill();
            killed.start_again();
        })
        .await
        .unwrap();
    }
    reached(50).await;
    stop.store(true, Ordering::SeqCst);
    let faults = writing.await.unwrap();
    assert!(!faults.is_empty(), "nobody noticed");
    refresh(&server);
    let reader = open_reader(&server.options()).unwrap();
    let seconds_stored = acknowledged.load(Ordering::SeqCst).min(2_000) as usize;
    let to = T0 + 1_999_000;
    for n in 0..COURIERS {
        let trail = reader.trail_of_courier(&courier(n), T0, to, 2_000).await.unwrap();
        assert_eq!(seconds(&trail.points), (0..seconds_stored as i64).collect::<Vec<_>>(), "courier {n}");
    }
}
