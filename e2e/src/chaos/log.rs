//! What Kafka holds, counted by a reader of its own: it shares no code with the services and judges nothing. Whatever was
//! not injected as a bad record must read as the protocol says.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers},
};
use serde::Deserialize;

use super::expect::{End, Spot, Story};

/// Most time without any record while something is still to be read.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two appends to a partition: what is longer is remembered as a pause, ms.
const PAUSE_MS: i64 = 1_500;

/// Where a record lies: topic, partition, offset.
pub type Place = (String, i32, i64);

/// A fix as it lies in the log or in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Its delivery.
    pub delivery: Option<String>,
    /// Its number in the run.
    pub seq: Option<u32>,
    /// Where.
    pub spot: Spot,
    /// When, ms UTC.
    pub at: i64,
    /// Who.
    pub courier: String,
}

/// All that is in the log.
#[derive(Debug, Default)]
pub struct Log {
    /// Deliveries by id.
    pub stories: HashMap<String, Story>,
    /// Distinct fixes by `courier:source:at`; of one identity the first.
    pub fixes: HashMap<String, Fix>,
    /// Records of fixes, doubles too.
    pub records: u64,
    /// Doubles of simulated fixes that do not say the same as the first: none may be.
    pub contradictions: Vec<String>,
    /// Fixes whose first record lies behind that of a later fix of the same run: none may.
    pub out_of_order: Vec<String>,
    /// Records that nobody injected and that do not read as they should.
    pub unreadable: Vec<String>,
    /// Where the dead letters came from, and how often each was sent.
    pub letters: HashMap<Place, u32>,
    /// Pauses of single partitions of `positions`: from, to, ms UTC.
    pub pauses: Vec<(i64, i64)>,
}

#[derive(Deserialize)]
struct PositionRecord {
    courier: String,
    source: String,
    at: i64,
    lat: f64,
    lon: f64,
    delivery: Option<String>,
    seq: Option<u32>,
}

#[derive(Deserialize)]
struct DeliveryRecord {
    delivery: String,
    courier: String,
    status: String,
    path: String,
    speed: f64,
    interval_ms: u32,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    positions: Option<u32>,
}

/// Degrees as the wire counts them.
pub fn e7(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}

/// A client that reads all of the log, and leaves no trace.
///
/// # Errors
/// Where librdkafka refuses its settings.
pub fn client(brokers: &str) -> Result<BaseConsumer> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "chaos-reader").set("enable.auto.commit", "false");
    config.set("auto.offset.reset", "error").set("check.crcs", "true").set("queued.max.messages.kbytes", "65536");
    config.create().context("cannot make a reader of Kafka")
}

/// Reads everything that is in the three topics now. `bad` are the records that were injected as such.
///
/// # Errors
/// Where Kafka does not answer.
pub fn read(brokers: &str, bad: &HashSet<Place>) -> Result<Log> {
    let consumer = client(brokers)?;
    let metadata = consumer.fetch_metadata(None, Duration::from_secs(30)).context("Kafka does not answer")?;
    let mut list = TopicPartitionList::new();
    let mut left: HashMap<(String, i32), i64> = HashMap::new();
    for topic in metadata.topics().iter().filter(|topic| ["positions", "deliveries", "dlq"].contains(&topic.name())) {
        for partition in topic.partitions() {
            let (low, high) = consumer.fetch_watermarks(topic.name(), partition.id(), Duration::from_secs(30))?;
            if low > 0 {
                bail!("{} {} begins at {low}: retention was faster", topic.name(), partition.id());
            }
            list.add_partition_offset(topic.name(), partition.id(), Offset::Beginning)?;
            if high > 0 {
                left.insert((topic.name().to_owned(), partition.id()), high);
            }
        }
    }
    consumer.assign(&list)?;
    let mut log = Log::default();
    let mut folding = Folding::default();
    let mut last = Instant::now();
    while !left.is_empty() {
        match consumer.poll(Duration::from_millis(500)) {
            None if last.elapsed() > PATIENCE => bail!("no record for {PATIENCE:?}, {} partitions unread", left.len()),
            None => {}
            // A connection that breaks is made again.
            Some(Err(KafkaError::MessageConsumption(error))) if last.elapsed() > PATIENCE => bail!("Kafka: {error}"),
            Some(Err(KafkaError::MessageConsumption(_))) => {}
            Some(Err(error)) => return Err(error).context("Kafka"),
            Some(Ok(record)) => {
                last = Instant::now();
                let key = (record.topic().to_owned(), record.partition());
                if left.get(&key).is_some_and(|high| record.offset() + 1 >= *high) {
                    left.remove(&key);
                }
                let place = (key.0, key.1, record.offset());
                if !bad.contains(&place) {
                    folding.take(&mut log, &record, &place);
                }
            }
        }
    }
    Ok(log)
}

/// What is remembered between records.
#[derive(Default)]
struct Folding {
    /// The greatest number of each run whose first record was seen.
    furthest: HashMap<String, u32>,
    /// When each partition of `positions` was last appended to.
    appended: HashMap<i32, i64>,
}

impl Folding {
    fn take(&mut self, log: &mut Log, record: &BorrowedMessage<'_>, place: &Place) {
        let value = record.payload().unwrap_or_default();
        let readable = match record.topic() {
            "dlq" => {
                let origin = origin(record);
                origin.map(|origin| *log.letters.entry(origin).or_default() += 1).is_some()
            }
            "deliveries" => serde_json::from_slice::<DeliveryRecord>(value).is_ok_and(|delivery| {
                let keyed = record.key() == Some(delivery.courier.as_bytes());
                fold(log, delivery);
                keyed
            }),
            _ => {
                if let Some(now) = record.timestamp().to_millis() {
                    let before = self.appended.insert(record.partition(), now).unwrap_or(now);
                    if now - before > PAUSE_MS {
                        log.pauses.push((before, now));
                    }
                }
                serde_json::from_slice::<PositionRecord>(value).is_ok_and(|position| {
                    let keyed = record.key() == Some(position.courier.as_bytes());
                    self.position(log, position);
                    keyed
                })
            }
        };
        if !readable {
            log.unreadable.push(format!("{} {} {}", place.0, place.1, place.2));
        }
    }

    fn position(&mut self, log: &mut Log, position: PositionRecord) {
        log.records += 1;
        let PositionRecord { courier, source, at, lat, lon, delivery, seq } = position;
        let identity = format!("{courier}:{source}:{at}");
        let fix = Fix { delivery, seq, spot: Spot { lat_e7: e7(lat), lon_e7: e7(lon) }, at, courier };
        if let Some(first) = log.fixes.get(&identity) {
            // Injected doubles contradict each other on purpose: there the first wins.
            if *first != fix && fix.delivery.is_some() {
                log.contradictions.push(identity);
            }
            return;
        }
        if let (Some(delivery), Some(seq)) = (&fix.delivery, fix.seq) {
            match self.furthest.get_mut(delivery) {
                Some(furthest) if *furthest > seq => log.out_of_order.push(format!("{delivery} seq {seq}")),
                Some(furthest) => *furthest = seq,
                None => {
                    self.furthest.insert(delivery.clone(), seq);
                }
            }
        }
        log.fixes.insert(identity, fix);
    }
}

/// The protocol's fold: of the ranks 1, 2, 3 the greater one, and of one rank the first.
fn fold(log: &mut Log, record: DeliveryRecord) {
    let DeliveryRecord { delivery, courier, status, path, speed, interval_ms, .. } = record;
    let story =
        log.stories.entry(delivery).or_insert_with(|| Story { courier, path, speed, interval_ms, ..Story::default() });
    match status.as_str() {
        "requested" => {}
        "in_transit" if story.end.is_none() && story.started_at.is_none() => story.started_at = record.started_at,
        "in_transit" => {}
        _ if story.end.is_none() => {
            let (finished_at, positions) = (record.finished_at, record.positions);
            story.end = Some(End { status, finished_at, positions });
        }
        _ => {}
    }
}

fn origin(record: &BorrowedMessage<'_>) -> Option<Place> {
    let headers = record.headers()?;
    let text = |name: &str| {
        let header = headers.iter().find(|header| header.key == format!("__connect.errors.{name}"))?;
        Some(String::from_utf8_lossy(header.value?).into_owned())
    };
    Some((text("topic")?, text("partition")?.parse().ok()?, text("offset")?.parse().ok()?))
}

/// The broker that leads a partition of `positions` now.
///
/// # Errors
/// Where Kafka does not answer, or the partition has no leader.
pub fn leader(brokers: &str, partition: i32) -> Result<i32> {
    let metadata = client(brokers)?.fetch_metadata(Some("positions"), Duration::from_secs(20))?;
    let topic = metadata.topics().first().context("there is no topic positions")?;
    let found = topic.partitions().iter().find(|found| found.id() == partition).context("no such partition")?;
    if found.leader() < 0 { bail!("partition {partition} has no leader") } else { Ok(found.leader()) }
}
