//! A broker, a store and sinks: what each test builds its case from.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use contract::{DeliveryId, topics};
use history::{HistoryReader, HistoryWriter, Options, open_reader, open_writer};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::Headers,
    mocking::MockCluster,
    producer::DefaultProducerContext,
};
use service::{Health, Outcome, Shutdown, StartError, kafka::Producer, settings::KafkaSettings};
use sink::{Settings, Surroundings, build};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::samples::{Record, courier};

/// Long enough for a busy machine; nothing waits for it unless something is broken.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// Partitions of each topic: what the protocol says of `deliveries`, which a sink insists on.
pub const PARTITIONS: i32 = 12;

pub struct World {
    mock: MockCluster<'static, DefaultProducerContext>,
    pub producer: Producer,
    pub directory: TempDir,
    pub options: Options,
    pub reader: Arc<dyn HistoryReader>,
}

/// A dead letter as it lies in `dlq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, String)>,
}

/// A sink in this process.
pub struct Running {
    pub health: Health,
    shutdown: Shutdown,
    task: JoinHandle<Result<Outcome, StartError>>,
}

impl World {
    pub fn new() -> Self {
        Self::with_store_in(tempfile::tempdir().unwrap())
    }

    /// With the store in a directory of the test's choice.
    pub fn with_store_in(directory: TempDir) -> Self {
        let options = Options::new(format!("sqlite:{}", directory.path().join("history.sqlite").display()));
        Self::with(directory, options)
    }

    /// With a store of the test's choice.
    pub fn with(directory: TempDir, options: Options) -> Self {
        let mock = MockCluster::new(1).unwrap();
        for topic in [topics::POSITIONS, topics::DELIVERIES] {
            mock.create_topic(topic, PARTITIONS, 1).unwrap();
        }
        mock.create_topic(topics::DLQ, 1, 1).unwrap();
        let producer = Producer::new(&KafkaSettings::new(mock.bootstrap_servers())).unwrap();
        let reader = open_reader(&options).unwrap();
        Self { mock, producer, directory, options, reader }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("history.sqlite")
    }

    pub fn url(&self) -> String {
        self.options.url.clone()
    }

    pub fn brokers(&self) -> String {
        self.mock.bootstrap_servers()
    }

    pub fn writer(&self) -> Arc<dyn HistoryWriter> {
        open_writer(&self.options).unwrap()
    }

    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(KafkaSettings::new(self.brokers()), self.url());
        settings.history = self.options.clone();
        settings.kafka.options.set("fetch.wait.max.ms", "10");
        settings.batching.linger = Duration::from_millis(20);
        settings
    }

    /// Starts a sink as it runs by default.
    pub fn sink(&self) -> Running {
        self.sink_with(|_, _| ())
    }

    /// Starts a sink with changes.
    pub fn sink_with(&self, change: impl FnOnce(&mut Settings, &mut Surroundings)) -> Running {
        let (mut settings, health, shutdown) = (self.settings(), Health::new(), Shutdown::new());
        let mut surroundings = Surroundings { no_admin: true, ..Surroundings::default() };
        change(&mut settings, &mut surroundings);
        let app = build(settings, surroundings, health.clone()).unwrap();
        let task = tokio::spawn(app.run(shutdown.clone()));
        Running { health, shutdown, task }
    }

    /// Sends records, in order and acknowledged.
    pub async fn send(&self, records: impl IntoIterator<Item = Record>) {
        let sent: Vec<_> = records
            .into_iter()
            .map(|record| {
                let producer = self.producer.clone();
                // All at once: they are queued in order, and the acknowledgements awaited together.
                async move { producer.send_with_headers(record.topic, record.key(), record.value(), &[]).await }
            })
            .collect();
        for ack in futures_util::future::join_all(sent).await {
            ack.unwrap();
        }
    }

    /// How many fixes of courier `n` are stored (2,000 at most).
    pub async fn stored(&self, n: usize) -> usize {
        match self.reader.trail_of_courier(&courier(n), 0, i64::MAX, 2_000).await {
            Ok(trail) => trail.points.len(),
            Err(_) => 0,
        }
    }

    pub async fn until_stored(&self, n: usize, count: usize) {
        self.until(&format!("{count} fixes of c-{n} stored"), async || self.stored(n).await == count).await;
    }

    pub async fn until_delivery(&self, id: DeliveryId) {
        self.until("the delivery is stored", async || matches!(self.reader.delivery(id).await, Ok(Some(_)))).await;
    }

    pub async fn until(&self, what: &str, mut condition: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !condition().await {
            assert!(began.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the group has committed of `topic`, all partitions together; `None` where nothing was.
    pub fn committed(&self, topic: &str) -> Option<i64> {
        let consumer: BaseConsumer = self.client("sink");
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, PARTITIONS - 1);
        let found = consumer.committed_offsets(list, Duration::from_secs(10)).unwrap();
        let offsets = found.elements().into_iter().filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        });
        offsets.fold(None, |sum, offset| Some(sum.unwrap_or(0) + offset))
    }

    pub async fn until_committed(&self, topic: &str, offsets: i64) {
        self.until(&format!("{offsets} of {topic} committed"), async || self.committed(topic) == Some(offsets)).await;
    }

    /// The first `count` dead letters, waited for; and that there are no more.
    pub async fn letters(&self, count: usize) -> Vec<Letter> {
        let consumer: BaseConsumer = self.client("letters");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topics::DLQ, 0, Offset::Beginning).unwrap();
        consumer.assign(&list).unwrap();
        let (mut letters, mut at_end) = (Vec::new(), false);
        let began = Instant::now();
        while letters.len() < count || !at_end {
            assert!(began.elapsed() < DEADLINE, "{} of {count} dead letters: {letters:?}", letters.len());
            match consumer.poll(Duration::from_millis(50)) {
                Some(Ok(message)) => {
                    at_end = false;
                    let headers = message.headers().unwrap().iter();
                    let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap().to_vec()).unwrap();
                    letters.push(Letter {
                        key: message.key().map(<[u8]>::to_vec),
                        value: message.payload().map(<[u8]>::to_vec),
                        headers: headers.map(|header| (header.key.to_owned(), text(header.value))).collect(),
                    });
                }
                Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => at_end = true,
                _ => tokio::task::yield_now().await,
            }
        }
        assert_eq!(letters.len(), count, "{letters:#?}");
        letters
    }

    fn client(&self, group: &str) -> BaseConsumer {
        ClientConfig::new()
            .set("bootstrap.servers", self.brokers())
            .set("group.id", group)
            .set("enable.partition.eof", "true")
            .create()
            .unwrap()
    }
}

impl Running {
    /// Asks for the stop and waits for the end.
    pub async fn stop(self) -> Outcome {
        self.shutdown.request();
        tokio::time::timeout(DEADLINE, self.task).await.expect("it ends").unwrap().unwrap()
    }
}
