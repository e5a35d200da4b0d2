//! Redrive: dead letters go back to the topics that they came from, as they came, when whoever refused them takes them now.
//!
//! A letter that would only come back is left where it is. Where a redrive stands is committed in a group of its own after
//! the broker has acknowledged what was put back: a crash costs a repetition, which the records' identity makes harmless.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use contract::topics::{self, dlq_headers};
use futures_util::future::join_all;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
};
use service::{
    Clock, StartError,
    kafka::{Producer, SendError},
    settings::KafkaSettings,
};
use tokio::runtime::Handle;

use crate::{TOPICS, decode::decode};

/// Letters that are put back together.
const TOGETHER: usize = 500;
/// How long the brokers may take to answer a question.
const ASK: Duration = Duration::from_secs(10);
/// After so long without a letter, and without the end of the topic, Kafka counts as away.
const PATIENCE: Duration = Duration::from_secs(30);
/// The group whose offsets say where a redrive stands.
const GROUP: &str = "sink-redrive";

/// What became of the letters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Put back.
    pub put_back: u64,
    /// Left in `dlq`, by reason.
    pub left: BTreeMap<String, u64>,
}

/// A letter on its way back.
struct Letter {
    topic: String,
    key: Option<Vec<u8>>,
    value: Vec<u8>,
}

/// Puts back all letters that lie in `dlq` now, behind the last redrive or from the beginning; writes what became of them.
/// Blocks: to be called where that is allowed, on a runtime.
///
/// # Errors
/// [`StartError`]: Kafka is away, or does not acknowledge; what was put back by then is committed.
pub fn redrive(
    settings: &KafkaSettings,
    from_beginning: bool,
    clock: &Clock,
    out: &mut (dyn Write + Send),
) -> Result<Summary, StartError> {
    let producer = Producer::new(settings)?;
    let mut letters = Letters::open(settings, from_beginning)?;
    let mut summary = Summary::default();
    loop {
        let mut going = Vec::with_capacity(TOGETHER);
        let more = letters.read(TOGETHER, |message| match judge(settings, message, clock.now()) {
            Ok(letter) => going.push(letter),
            Err(reason) => *summary.left.entry(reason).or_default() += 1,
        })?;
        let sent = going
            .iter()
            .map(|letter| producer.send_with_headers(&letter.topic, letter.key.as_deref(), Some(&letter.value), &[]));
        let acknowledged: Result<Vec<_>, SendError> = Handle::current().block_on(join_all(sent)).into_iter().collect();
        acknowledged.map_err(|error| StartError::failure(format!("the broker does not acknowledge: {error}")))?;
        summary.put_back += going.len() as u64;
        letters.commit()?;
        if !more {
            break;
        }
    }
    tell(out, &summary).map_err(StartError::failure)?;
    Ok(summary)
}

fn tell(out: &mut (dyn Write + Send), summary: &Summary) -> io::Result<()> {
    writeln!(out, "put back {:>12}", summary.put_back)?;
    for (reason, count) in &summary.left {
        writeln!(out, "left     {count:>12}  {reason}")?;
    }
    Ok(())
}

/// The letter as it goes back, or why it stays.
fn judge(settings: &KafkaSettings, message: &BorrowedMessage<'_>, now: i64) -> Result<Letter, String> {
    let from = header(message, dlq_headers::TOPIC).unwrap_or_default();
    let Some(index) = TOPICS.iter().position(|topic| settings.topic(topic) == from) else {
        return Err("came from a topic that is none of ours".into());
    };
    let Some(value) = message.payload() else {
        return Err("its value was left out".into());
    };
    // It would be appended now: what it is held against then is this time.
    match decode(index, message.key(), Some(value), now) {
        Ok(_) => Ok(Letter { topic: from, key: message.key().map(<[u8]>::to_vec), value: value.to_vec() }),
        Err(refusal) => Err(format!("is still refused: {}", refusal.class)),
    }
}

fn header(message: &BorrowedMessage<'_>, name: &str) -> Option<String> {
    let found = message.headers()?.iter().find(|header| header.key == name)?;
    Some(String::from_utf8_lossy(found.value?).into_owned())
}

/// The topic `dlq`, read once from where the last redrive stood to its end.
struct Letters {
    consumer: BaseConsumer,
    topic: String,
    /// Partitions whose end was not reached yet.
    open: Vec<i32>,
    /// First offset that was not read, where anything was.
    next: BTreeMap<i32, i64>,
}

impl Letters {
    fn open(settings: &KafkaSettings, from_beginning: bool) -> Result<Self, StartError> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &settings.brokers)
            .set("group.id", settings.topic(GROUP))
            .set("enable.auto.commit", "false")
            // Letters that were deleted since cannot be put back.
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true");
        for (name, value) in settings.options.iter() {
            config.set(name, value);
        }
        let consumer: BaseConsumer = config.create().map_err(service::kafka::start_error)?;
        let topic = settings.topic(topics::DLQ);
        let metadata = consumer.fetch_metadata(Some(&topic), ASK).map_err(StartError::failure)?;
        let known =
            metadata.topics().iter().find(|known| known.name() == topic).filter(|known| known.error().is_none());
        let partitions: Vec<i32> = known
            .into_iter()
            .flat_map(|known| known.partitions())
            .map(rdkafka::metadata::MetadataPartition::id)
            .collect();
        if partitions.is_empty() {
            return Err(StartError::failure(format!("there is no topic {topic}")));
        }
        let mut places = TopicPartitionList::new();
        for partition in &partitions {
            places.add_partition(&topic, *partition);
        }
        if !from_beginning {
            places = consumer.committed_offsets(places, ASK).map_err(StartError::failure)?;
        }
        let mut assigned = TopicPartitionList::new();
        for place in places.elements() {
            let from = match place.offset() {
                Offset::Offset(offset) => Offset::Offset(offset),
                _ => Offset::Beginning,
            };
            assigned.add_partition_offset(&topic, place.partition(), from).map_err(StartError::failure)?;
        }
        consumer.assign(&assigned).map_err(StartError::failure)?;
        Ok(Self { consumer, topic, open: partitions, next: BTreeMap::new() })
    }

    /// Reads up to `most` letters; `false` behind the last one.
    fn read(&mut self, most: usize, mut each: impl FnMut(&BorrowedMessage<'_>)) -> Result<bool, StartError> {
        let (mut read, mut heard) = (0, std::time::Instant::now());
        while read < most && !self.open.is_empty() {
            match self.consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    each(&message);
                    self.next.insert(message.partition(), message.offset() + 1);
                    (read, heard) = (read + 1, std::time::Instant::now());
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => self.open.retain(|open| *open != partition),
                Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                    return Err(StartError::failure(KafkaError::MessageConsumptionFatal(code)));
                }
                // librdkafka goes on by itself where it can.
                Some(Err(_)) | None if heard.elapsed() < PATIENCE => {}
                Some(Err(error)) => return Err(StartError::failure(error)),
                None => return Err(StartError::failure("Kafka does not answer")),
            }
        }
        Ok(!self.open.is_empty())
    }

    /// Everything that was read needs not be looked at again.
    fn commit(&mut self) -> Result<(), StartError> {
        let mut list = TopicPartitionList::new();
        for (partition, next) in std::mem::take(&mut self.next) {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(next)).map_err(StartError::failure)?;
        }
        match list.count() {
            0 => Ok(()),
            _ => self.consumer.commit(&list, CommitMode::Sync).map_err(StartError::failure),
        }
    }
}
