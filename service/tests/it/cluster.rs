//! A broker in memory, and the waiting that tests do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use service::settings::KafkaSettings;
use service::{Outcome, Shutdown, Tasks};

/// Long enough for a busy machine; nothing waits for it unless something is broken.
pub const DEADLINE: Duration = Duration::from_secs(40);

pub struct Cluster {
    pub mock: MockCluster<'static, DefaultProducerContext>,
}

impl Cluster {
    pub fn new(topics: &[(&str, i32)]) -> Self {
        let mock = MockCluster::new(1).unwrap();
        for (topic, partitions) in topics {
            mock.create_topic(topic, *partitions, 1).unwrap();
        }
        Self { mock }
    }

    /// As a real cluster is reached: with groups.
    pub fn settings(&self) -> KafkaSettings {
        let mut settings = KafkaSettings::new(self.mock.bootstrap_servers());
        settings.options.set("fetch.wait.max.ms", "10");
        settings
    }
}

/// Supervised tasks of a test.
pub struct Running {
    pub shutdown: Shutdown,
    pub tasks: Tasks,
}

impl Running {
    pub fn new() -> Self {
        let shutdown = Shutdown::new();
        let tasks = Tasks::new(&shutdown);
        Self { shutdown, tasks }
    }

    pub async fn stop(self) -> Outcome {
        self.shutdown.request();
        self.tasks.join(Duration::from_secs(20)).await
    }
}

/// What a handler has seen, shared with the test.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub fn push(&self, line: impl Into<String>) {
        self.0.lock().push(line.into());
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    pub fn count(&self, beginning: &str) -> usize {
        self.0.lock().iter().filter(|line| line.starts_with(beginning)).count()
    }

    pub async fn until(&self, what: &str, condition: impl Fn(&[String]) -> bool) {
        let shown = self.clone();
        until(&format!("{what}; last seen: {:?}", shown.all().iter().rev().take(5).collect::<Vec<_>>()), || {
            condition(&self.0.lock())
        })
        .await;
    }
}

pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
