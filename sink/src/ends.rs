//! Where the log ends, asked once a second: tells how far behind the store is, and lets `through` move on in partitions
//! where nothing is written.

use std::{convert::Infallible, sync::Arc, time::Duration};

use contract::Millis;
use history::HistoryWriter;
use service::{Clock, Shutdown, kafka::ends::Ends};
use tokio::task::spawn_blocking;

use crate::{
    pipeline::seconds,
    progress::{Key, Progress},
};

const EVERY: Duration = Duration::from_secs(1);
/// `through` is a broker's time and this machine's clock stands in for it: by so much they may disagree, ms.
const CLOCKS_DIFFER: Millis = 1_000;

/// Asks until shutdown, records marks that moved, and sets the gauges.
pub(crate) async fn run(
    ends: Ends,
    topics: Vec<String>,
    progress: Arc<Progress>,
    writer: Arc<dyn HistoryWriter>,
    clock: Clock,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    let mut told: Vec<Key> = Vec::new();
    while shutdown.sleep(EVERY).await {
        let (asking, held, asked_at) = (ends.clone(), progress.held(), clock.now() - CLOCKS_DIFFER);
        match spawn_blocking(move || asking.of(&held)).await {
            Ok(Ok(found)) => progress.ended(asked_at, &found),
            // The group's reader tells that Kafka is away; here only the figures grow old.
            Ok(Err(error)) => tracing::debug!("the ends of the log are not known: {error}"),
            Err(error) => tracing::warn!("asking for the ends of the log: {error}"),
        }
        let marks = progress.marks(&topics);
        if !marks.is_empty() && writer.checkpoint(&marks).await.is_ok() {
            // Otherwise the pipeline tells that the store is away; the marks come again.
            progress.recorded(&topics, &marks);
        }
        tell(&progress, &topics, clock.now(), &mut told);
    }
    Ok(())
}

/// Sets the gauges; those of partitions that were given up go to 0.
fn tell(progress: &Progress, topics: &[String], now: Millis, told: &mut Vec<Key>) {
    let lag = progress.lag();
    let gauge = |(topic, partition): Key| metrics::gauge!("cd_sink_lag_records", "topic" => topics[topic].clone(), "partition" => partition.to_string());
    for key in told.drain(..) {
        gauge(key).set(0.0);
    }
    for (key, records) in lag.records {
        gauge(key).set(records as f64);
        told.push(key);
    }
    // Before a partition was first read there is no time to count from.
    let behind = lag.through.filter(|through| *through > 0).map_or(0.0, |through| seconds(now - through));
    metrics::gauge!("cd_sink_behind_seconds").set(behind);
}
