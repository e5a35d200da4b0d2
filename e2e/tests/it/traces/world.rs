//! A backend and a simulator as processes of their own, on a broker in this one.

use std::{process::Command, sync::mpsc, time::Duration};

use e2e::process::{Running, binary, free_port};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::Headers,
    mocking::MockCluster,
};
use serde_json::json;

const TOPICS: [(&str, i32); 3] = [("positions", 24), ("deliveries", 12), ("dlq", 3)];

pub struct World {
    pub backend: Running,
    pub simulator: Running,
    url: String,
    brokers: String,
    /// The broker ends with this.
    _broker: mpsc::Sender<()>,
    _data: tempfile::TempDir,
}

/// A record as it lies in the log.
#[derive(Debug)]
pub struct Record {
    /// Names of its headers.
    pub headers: Vec<String>,
}

impl World {
    /// Both services, ready, with a collector or without.
    pub async fn start(collector: Option<&str>) -> Self {
        let (broker, brokers) = broker();
        let data = tempfile::tempdir().unwrap();
        let http = format!("127.0.0.1:{}", free_port());
        let start = |program: &str, flags: &[&str]| {
            let admin = format!("127.0.0.1:{}", free_port());
            let mut command = Command::new(binary(program));
            command.args(["--kafka-brokers", &brokers, "--admin-addr", &admin]).args(flags);
            collector.into_iter().for_each(|url| {
                command.args(["--otlp-endpoint", url]);
            });
            // Spans leave often, so that there are several batches.
            (Running::start(program, command.env("OTEL_BSP_SCHEDULE_DELAY", "100")), admin)
        };
        let store = format!("sqlite:{}", data.path().join("history.sqlite").display());
        let (mut backend, of_backend) = start("backend", &["--http-addr", &http, "--history-url", &store]);
        let (mut simulator, of_simulator) = start("simulator", &[]);
        for (process, admin) in [(&mut backend, of_backend), (&mut simulator, of_simulator)] {
            let url = format!("http://{admin}/readyz");
            e2e::eventually("readyz", Duration::from_secs(60), async || {
                assert!(process.is_running(), "it ended before it was ready:\n{}", process.log());
                reqwest::get(&url).await.ok().filter(|answer| answer.status().is_success())
            })
            .await;
        }
        Self { backend, simulator, url: format!("http://{http}/api/v1"), brokers, _broker: broker, _data: data }
    }

    /// Id of a new delivery, and the status of the answer.
    pub async fn ask_for_a_delivery(&self, courier: &str, headers: &[(&str, String)]) -> (String, u16) {
        let id = e2e::rest::uuid7();
        let body = json!({ "courier": courier, "route": "railway-square-to-market-hall", "interval_ms": 100 });
        let mut request = reqwest::Client::new().put(format!("{}/deliveries/{id}", self.url)).json(&body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.unwrap();
        (id, answer.status().as_u16())
    }

    /// The status of a question.
    pub async fn get(&self, path: &str) -> u16 {
        reqwest::get(format!("{}{path}", self.url)).await.unwrap().status().as_u16()
    }

    /// The first `count` records of a topic, waited for.
    pub async fn records(&self, topic: &str, count: usize) -> Vec<Record> {
        let reader: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", "test")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "10")
            .create()
            .unwrap();
        let partitions = TOPICS.iter().find(|(name, _)| *name == topic).unwrap().1;
        let mut all = TopicPartitionList::new();
        all.add_partition_range(topic, 0, partitions - 1);
        all.set_all_offsets(Offset::Beginning).unwrap();
        reader.assign(&all).unwrap();
        let mut records = Vec::new();
        e2e::eventually(topic, Duration::from_secs(60), async || {
            while let Some(Ok(message)) = reader.poll(Duration::ZERO) {
                let names = message.headers().map(|all| all.iter().map(|header| header.key.to_owned()).collect());
                records.push(Record { headers: names.unwrap_or_default() });
            }
            (records.len() >= count).then_some(())
        })
        .await;
        records
    }

    /// Ends both, well and in time, and answers what they have written.
    pub fn stop(&mut self) -> [String; 2] {
        [&mut self.simulator, &mut self.backend].map(|process| {
            assert!(process.stop(Duration::from_secs(45)).success(), "{}", process.log());
            process.log()
        })
    }
}

/// A broker on a thread of its own, which holds its raw pointer, and its address.
fn broker() -> (mpsc::Sender<()>, String) {
    let (stop, stopped) = mpsc::channel::<()>();
    let (told, addr) = mpsc::channel();
    std::thread::spawn(move || {
        let cluster = MockCluster::new(1).unwrap();
        for (topic, partitions) in TOPICS {
            cluster.create_topic(topic, partitions, 1).unwrap();
        }
        told.send(cluster.bootstrap_servers()).unwrap();
        let _ = stopped.recv();
    });
    (stop, addr.recv().unwrap())
}
