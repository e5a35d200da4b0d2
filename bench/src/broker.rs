//! The broker: librdkafka's own in-process one, with the protocol's topics. It speaks the real protocol on a loopback port.

use anyhow::Result;
use contract::topics;
use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};

/// A running broker; it ends when this is dropped.
pub type Broker = MockCluster<'static, DefaultProducerContext>;

/// Starts the broker.
pub fn start() -> Result<Broker> {
    let cluster = MockCluster::new(1)?;
    for topic in topics::ALL {
        cluster.create_topic(topic.name, topic.partitions, 1)?;
    }
    Ok(cluster)
}
