//! The simulator's and the phones' part: records into Kafka, each acknowledged.

use std::time::Duration;

use contract::{Delivery, Position, topics};
use rdkafka::{
    ClientConfig,
    producer::{FutureProducer, FutureRecord},
};

pub struct Feed(FutureProducer);

impl Feed {
    pub fn new(brokers: &str) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", brokers)
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "0")
            .set("message.max.bytes", "2000000");
        Self(config.create().unwrap())
    }

    pub async fn position(&self, position: &Position) {
        self.raw(topics::POSITIONS, position.courier.as_str(), &position.to_json()).await;
    }

    /// Many at once, in their order.
    pub async fn positions(&self, positions: &[Position]) {
        let values: Vec<Vec<u8>> = positions.iter().map(Position::to_json).collect();
        let sent: Vec<_> = positions
            .iter()
            .zip(&values)
            .map(|(position, value)| {
                let record = FutureRecord::to(topics::POSITIONS).key(position.courier.as_str()).payload(value);
                self.0.send_result(record).unwrap_or_else(|(error, _)| panic!("{error}"))
            })
            .collect();
        for acknowledged in sent {
            acknowledged.await.unwrap().unwrap();
        }
    }

    pub async fn delivery(&self, delivery: &Delivery) {
        self.raw(topics::DELIVERIES, delivery.courier.as_str(), &delivery.to_json()).await;
    }

    pub async fn raw(&self, topic: &str, key: &str, value: &[u8]) {
        let record = FutureRecord::to(topic).key(key).payload(value);
        self.0.send(record, Duration::from_secs(20)).await.map_err(|(error, _)| error).unwrap();
    }
}
