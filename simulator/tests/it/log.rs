//! A broker in memory, a simulator on it, and a plain reader of everything that was written.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use contract::{CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Millis, Place, Position, polyline, topics};
use rdkafka::{
    ClientConfig, Message, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    mocking::MockCluster,
    producer::DefaultProducerContext,
};
use service::{Clock, Health, Outcome, Shutdown, StartError, kafka::producer::Producer, settings::KafkaSettings};
use simulator::{Settings, Surroundings};
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(40);

pub struct Log {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: Producer,
    reader: BaseConsumer,
    pub positions: Vec<Position>,
    pub deliveries: Vec<Delivery>,
}

impl Log {
    pub fn new() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        let mut all = TopicPartitionList::new();
        for topic in topics::ALL {
            cluster.create_topic(topic.name, topic.partitions, 1).unwrap();
            all.add_partition_range(topic.name, 0, topic.partitions - 1);
        }
        all.set_all_offsets(rdkafka::Offset::Beginning).unwrap();
        let reader: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("group.id", "test")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "10")
            .create()
            .unwrap();
        reader.assign(&all).unwrap();
        let producer = Producer::new(&KafkaSettings::embedded(cluster.bootstrap_servers())).unwrap();
        Self { cluster, producer, reader, positions: Vec::new(), deliveries: Vec::new() }
    }

    /// A simulator on this broker.
    pub fn simulate(&self, change: impl FnOnce(&mut Settings)) -> Simulator {
        let mut kafka = KafkaSettings::embedded(self.cluster.bootstrap_servers());
        kafka.options.set("fetch.wait.max.ms", "10");
        let mut settings = Settings::new(kafka);
        change(&mut settings);
        let surroundings = Surroundings { no_admin: true, ..Surroundings::default() };
        let app = simulator::build(settings, surroundings, Health::new()).unwrap();
        let shutdown = Shutdown::new();
        let task = tokio::spawn(app.run(shutdown.clone()));
        Simulator { shutdown, task }
    }

    pub async fn put(&self, delivery: &Delivery) {
        self.write(delivery.courier.as_str(), &delivery.to_json()).await;
    }

    pub async fn write(&self, key: &str, value: &[u8]) {
        self.producer.send(topics::DELIVERIES, key.as_bytes(), value).await.unwrap();
    }

    /// Reads on until `done`.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !done(self) {
            assert!(Instant::now() < deadline, "gave up waiting for {what}: {} fixes", self.positions.len());
            match self.reader.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    let value = message.payload().unwrap_or_default();
                    if message.topic() == topics::POSITIONS {
                        self.positions.push(Position::from_json(value).unwrap());
                    } else if let Ok(delivery) = Delivery::from_json(value) {
                        self.deliveries.push(delivery);
                    }
                }
                Some(Err(_)) => {}
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }

    /// The last record of a delivery.
    pub fn last(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.iter().rev().find(|delivery| delivery.delivery == id)
    }

    pub fn is(&self, id: DeliveryId, status: DeliveryStatus) -> bool {
        self.last(id).is_some_and(|delivery| delivery.status == status)
    }

    /// The fixes of a run by number; of several with one number all are the same, or the test fails.
    pub fn run(&self, id: DeliveryId) -> BTreeMap<u32, &Position> {
        let mut run: BTreeMap<u32, &Position> = BTreeMap::new();
        for position in self.positions.iter().filter(|position| position.delivery == Some(id)) {
            let known = run.insert(position.seq.unwrap(), position);
            assert!(known.is_none_or(|known| known == position), "two fixes of one number differ");
        }
        run
    }
}

pub struct Simulator {
    shutdown: Shutdown,
    task: JoinHandle<Result<Outcome, StartError>>,
}

impl Simulator {
    pub async fn stop(self) {
        self.shutdown.request();
        assert_eq!(self.task.await.unwrap().unwrap(), Outcome::Done);
    }
}

pub fn now() -> Millis {
    Clock::system().now()
}

/// A request for a way of some 500 m round a corner.
pub fn request(n: u128, courier: &str, speed: f64) -> Delivery {
    let line = [(60.170, 24.940), (60.172, 24.940), (60.172, 24.945)];
    let line: Vec<Place> = line.iter().map(|&(lat, lon)| Place::new(lat, lon).unwrap()).collect();
    Delivery {
        delivery: DeliveryId::from_parts(now(), n),
        courier: CourierId::new(courier).unwrap(),
        status: DeliveryStatus::Requested,
        driver: Driver::Simulator,
        reference: None,
        route: None,
        path: polyline::encode(&line),
        distance_m: 500,
        planned_s: 60,
        speed,
        interval_ms: 50,
        promised_at: None,
        requested_at: now(),
        requested_by: None,
        started_at: None,
        finished_at: None,
        reason: None,
        positions: None,
        eta_half_way: None,
    }
}
