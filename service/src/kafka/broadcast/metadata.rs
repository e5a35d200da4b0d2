//! Beside a reader: asks every 30 s how many partitions its topics have, and every second while Kafka does not answer. On
//! a thread of its own, because the question blocks while a broker is away and reading must not.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;

use crate::{BoxError, Shutdown};

use super::Teller;
use crate::kafka::context::advice;

/// How often the brokers are asked while all is well.
const EVERY: Duration = Duration::from_secs(30);
/// How often they are asked while they do not answer, or a topic is not there yet.
const AGAIN: Duration = Duration::from_secs(1);
/// At the first start of an installation the topics are made beside this: that is no news.
const BEING_MADE: Duration = Duration::from_secs(10);
/// How long a question may take.
const ASK: Duration = Duration::from_secs(2);
/// How often shutdown is looked at.
const TURN: Duration = Duration::from_millis(50);

/// Number of partitions of each topic, in the order of the subscriptions.
pub(super) type Counts = Vec<i32>;

pub(super) struct Watch {
    consumer: Arc<BaseConsumer<Teller>>,
    topics: Vec<String>,
    counts: SyncSender<Counts>,
    shutdown: Shutdown,
}

impl Watch {
    pub(super) fn new(
        consumer: Arc<BaseConsumer<Teller>>,
        topics: Vec<String>,
        shutdown: Shutdown,
    ) -> (Self, Receiver<Counts>) {
        let (counts, received) = sync_channel(1);
        (Self { consumer, topics, counts, shutdown }, received)
    }

    pub(super) fn run(self) -> Result<(), BoxError> {
        let (mut missing_told, began): (Option<Instant>, _) = (None, Instant::now());
        while !self.shutdown.is_requested() {
            let well = match self.ask() {
                Ok((counts, refused)) => {
                    let missing = self.topics.iter().zip(&counts).find(|(_, count)| **count == 0);
                    if let Some((topic, _)) = missing
                        && began.elapsed() > BEING_MADE
                        && !refused
                        && missing_told.is_none_or(|told| told.elapsed() > EVERY)
                    {
                        tracing::warn!(topic, "the topic is not there yet; waiting for it");
                        missing_told = Some(Instant::now());
                    }
                    let all = missing.is_none();
                    match self.counts.try_send(counts) {
                        // The reader has not looked at the last answer yet: it will get the next one.
                        Ok(()) | Err(TrySendError::Full(_)) => all,
                        Err(TrySendError::Disconnected(_)) => return Ok(()),
                    }
                }
                Err(_) => false,
            };
            self.wait(if well { EVERY } else { AGAIN });
        }
        Ok(())
    }

    /// The counts, and whether Kafka refused to tell some of them.
    fn ask(&self) -> Result<(Counts, bool), rdkafka::error::KafkaError> {
        let mut refused = false;
        let mut counts = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let metadata = self.consumer.fetch_metadata(Some(topic), ASK)?;
            let state = &self.consumer.context().0;
            state.set_connected(true);
            let found = metadata.topics().iter().find(|found| found.name() == topic);
            let error = found.and_then(|found| found.error()).map(RDKafkaErrorCode::from);
            if let Some(advice) = error.and_then(|code| advice(Some(code), "")) {
                state.refuse(advice, &format!("reading {topic}"));
                refused = true;
            }
            counts.push(found.filter(|_| error.is_none()).map_or(0, |found| found.partitions().len() as i32));
        }
        Ok((counts, refused))
    }

    /// Waits; not longer than a second once Kafka is known to be away, so that its return is soon seen.
    fn wait(&self, time: Duration) {
        let began = Instant::now();
        while !self.shutdown.is_requested() && began.elapsed() < time {
            if time > AGAIN && began.elapsed() > AGAIN && !self.consumer.context().0.is_connected() {
                return;
            }
            std::thread::sleep(TURN);
        }
    }
}
