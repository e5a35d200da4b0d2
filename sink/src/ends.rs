//! Where the log ends, asked once a second: tells how far behind the store is, and lets `through` move on in partitions
//! where nothing is written.

use std::{convert::Infallible, sync::Arc, time::Duration};

use contract::Millis;
use history::HistoryWriter;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaResult,
};
use service::{Clock, Shutdown, StartError, settings::KafkaSettings};
use tokio::task::spawn_blocking;

use crate::{
    pipeline::seconds,
    progress::{Key, Progress},
};

const EVERY: Duration = Duration::from_secs(1);
/// How long the brokers may take to answer.
const ASK: Duration = Duration::from_secs(5);
/// `through` is a broker's time and this machine's clock stands in for it: by so much they may disagree, ms.
const CLOCKS_DIFFER: Millis = 1_000;

/// Asks the brokers. A client of its own: the group's is busy polling on its thread.
#[derive(Clone)]
pub(crate) struct Ends {
    consumer: Arc<BaseConsumer>,
    /// Kafka names of the topics.
    topics: Vec<String>,
}

impl Ends {
    /// Makes the client; it connects by itself. Fails with [`StartError`] for an option that librdkafka refuses.
    pub(crate) fn new(settings: &KafkaSettings, topics: Vec<String>) -> Result<Self, StartError> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &settings.brokers).set("log.connection.close", "false");
        for (name, value) in settings.options.iter() {
            config.set(name, value);
        }
        // It joins no group and commits nothing; librdkafka wants a name all the same.
        config.set("group.id", settings.topic("sink-ends"));
        let consumer = config.create().map_err(|error| StartError::setting(format!("CD_KAFKA_OPTIONS: {error}")))?;
        Ok(Self { consumer: Arc::new(consumer), topics })
    }

    /// The offset behind the last record of each partition. Blocks.
    fn of(&self, partitions: &[Key]) -> KafkaResult<Vec<(Key, i64)>> {
        // It reads nothing; but errors of its connections pile up in the client unless somebody takes them. The group's
        // reader has the same ones and tells them.
        for _ in 0..1_000 {
            if self.consumer.poll(Duration::ZERO).is_none() {
                break;
            }
        }
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for (topic, partition) in partitions {
            list.add_partition_offset(&self.topics[*topic], *partition, Offset::End)?;
        }
        let found = self.consumer.offsets_for_times(list, ASK)?;
        let end = |key: &Key| match found.find_partition(&self.topics[key.0], key.1)?.offset() {
            Offset::Offset(offset) => Some((*key, offset)),
            _ => None,
        };
        Ok(partitions.iter().filter_map(end).collect())
    }
}

/// Asks until shutdown, records marks that moved, and sets the gauges.
pub(crate) async fn run(
    ends: Ends,
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
        let marks = progress.marks(&ends.topics);
        if !marks.is_empty() && writer.checkpoint(&marks).await.is_ok() {
            // Otherwise the pipeline tells that the store is away; the marks come again.
            progress.recorded(&ends.topics, &marks);
        }
        tell(&progress, &ends.topics, clock.now(), &mut told);
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
