//! A backlog of fixes in Kafka, compressed as the product's producers do.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use contract::{CourierId, DeliveryId, Place, Position, SourceId};
use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};

use crate::server::now_ms;

/// Fix number `n` of all: `couriers` couriers send one a second, the last ones now.
pub fn fix(n: u64, records: u64, couriers: u64, now: i64) -> Position {
    let (courier, second) = (n % couriers, n / couriers);
    let ago = (records / couriers - second.min(records / couriers)) as i64;
    Position {
        courier: CourierId::new(&format!("c-{courier}")).unwrap_or_else(|_| unreachable!("a slug")),
        source: SourceId::new("sim").unwrap_or_else(|_| unreachable!("a slug")),
        at: now - ago * 1_000 - (courier % 1_000) as i64,
        place: Place::saturating(60.17 + second as f64 * 1.1e-5, 24.94 + courier as f64 * 1.3e-6),
        accuracy_m: Some(5.0),
        speed_mps: Some(8.3),
        heading_deg: Some(271.5),
        delivery: Some(DeliveryId::from_parts(now, u128::from(courier))),
        seq: Some(second as u32),
        altitude_m: None,
        battery: None,
    }
}

/// Sends the backlog to `topic` and waits until the broker has all of it.
pub fn fill(brokers: &str, topic: &str, records: u64, couriers: u64) -> Result<()> {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("compression.codec", "lz4")
        .set("linger.ms", "50")
        .create()?;
    let now = now_ms();
    for n in 0..records {
        let position = fix(n, records, couriers, now);
        let (key, value) = (position.courier.as_str(), position.to_json());
        let mut record = BaseRecord::to(topic).key(key).payload(&value);
        while let Err((error, again)) = producer.send(record) {
            let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
            ensure!(error == full, "the broker does not take the backlog: {error}");
            std::thread::sleep(Duration::from_millis(5));
            record = again;
        }
    }
    producer.flush(Duration::from_secs(60)).context("the backlog was not acknowledged")
}
