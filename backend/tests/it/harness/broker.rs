//! Kafka in this process: librdkafka's mock cluster, which lives on a thread of its own because it holds a raw pointer.

use std::sync::mpsc;

use contract::topics;
use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};
use service::settings::KafkaSettings;

type Cluster = MockCluster<'static, DefaultProducerContext>;
type Job = Box<dyn FnOnce(&Cluster) + Send>;

/// A broker; it ends when this is dropped.
pub struct Broker {
    pub addr: String,
    jobs: mpsc::Sender<Job>,
}

impl Broker {
    pub fn start() -> Self {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (told, addr) = mpsc::channel();
        std::thread::spawn(move || {
            let cluster = MockCluster::new(1).unwrap();
            for topic in topics::ALL {
                cluster.create_topic(topic.name, topic.partitions, 1).unwrap();
            }
            told.send(cluster.bootstrap_servers()).unwrap();
            todo.into_iter().for_each(|job| job(&cluster));
        });
        Self { addr: addr.recv().unwrap(), jobs }
    }

    pub fn settings(&self) -> KafkaSettings {
        KafkaSettings::embedded(&self.addr)
    }

    /// Does something to the cluster, and waits until it is done.
    pub fn with(&self, job: impl FnOnce(&Cluster) + Send + 'static) {
        let (done, wait) = mpsc::channel();
        let job: Job = Box::new(move |cluster| {
            job(cluster);
            done.send(()).unwrap();
        });
        self.jobs.send(job).unwrap();
        wait.recv().unwrap();
    }

    pub fn down(&self) {
        self.with(|cluster| cluster.broker_down(1).unwrap());
    }

    pub fn up(&self) {
        self.with(|cluster| cluster.broker_up(1).unwrap());
    }
}
