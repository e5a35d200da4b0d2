//! Where the log ends: for a service that wants to know how far behind it is, in partitions where nothing is written, too.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::settings::KafkaSettings;
use crate::{BoxError, StartError};

use super::context::{ClientState, Teller};
use super::{config, start_error};

/// How long the brokers may take to answer.
const ASK: Duration = Duration::from_secs(5);

/// A partition: index of its topic, number.
pub type Partition = (usize, i32);

/// Asks the brokers. A client of its own: that of a reader is busy polling on its thread.
#[derive(Clone)]
pub struct Ends {
    consumer: Arc<BaseConsumer<Teller>>,
    topics: Arc<[String]>,
}

impl Ends {
    /// Makes the client, called `name` in the log, for topics by their Kafka names; it connects by itself. Fails with
    /// [`StartError::Setting`] for an option that librdkafka refuses.
    pub fn new(settings: &KafkaSettings, name: &str, topics: &[String]) -> Result<Self, StartError> {
        // It joins no group and commits nothing; librdkafka wants a name all the same.
        let config = config::consumer(settings, name);
        let consumer = config.create_with_context(Teller(ClientState::new(name))).map_err(start_error)?;
        Ok(Self { consumer: Arc::new(consumer), topics: topics.into() })
    }

    /// The offset behind the last record of each partition; those that the brokers do not
    /// tell are left out. Blocks for 5 s at most.
    pub fn of(&self, partitions: &[Partition]) -> Result<Vec<(Partition, i64)>, BoxError> {
        // It reads nothing; but errors of its connections pile up in the client unless somebody takes them.
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
        let end = |key: &Partition| match found.find_partition(&self.topics[key.0], key.1)?.offset() {
            Offset::Offset(offset) => Some((*key, offset)),
            _ => None,
        };
        Ok(partitions.iter().filter_map(end).collect())
    }
}
