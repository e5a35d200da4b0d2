//! The broker in this process: librdkafka's own mock cluster, which speaks the real protocol on a loopback port.
//!
//! Its limits (memory only, each partition keeps about 5 MiB, no offsets by time) are why the store is what counts here.

use std::{sync::mpsc, thread};

use contract::topics;
use rdkafka::mocking::MockCluster;
use service::StartError;

/// A running broker; it ends when this is dropped.
pub struct Broker {
    /// Address for clients.
    pub addr: String,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Broker {
    /// Starts the broker with the protocol's topics.
    ///
    /// # Errors
    /// [`StartError::Failure`] where librdkafka cannot start it (no loopback, no threads).
    pub fn start() -> Result<Self, StartError> {
        let (stop, stopped) = mpsc::channel();
        let (ready, started) = mpsc::channel();
        // The cluster holds a raw pointer of librdkafka's: it is made, used and dropped on one thread.
        let thread = thread::Builder::new()
            .name("broker".into())
            .spawn(move || match open() {
                Ok(cluster) => {
                    let _ = ready.send(Ok(cluster.bootstrap_servers()));
                    // Ends when the other side is dropped.
                    let _ = stopped.recv();
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            })
            .map_err(StartError::failure)?;
        let addr = started.recv().map_err(StartError::failure)?.map_err(StartError::failure)?;
        Ok(Self { addr, stop: Some(stop), thread: Some(thread) })
    }
}

fn open() -> Result<MockCluster<'static, rdkafka::producer::DefaultProducerContext>, rdkafka::error::KafkaError> {
    let cluster = MockCluster::new(1)?;
    for topic in topics::ALL {
        cluster.create_topic(topic.name, topic.partitions, 1)?;
    }
    Ok(cluster)
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
