//! Couriers who publish a fix each second, spread evenly over it, whatever the broker or the server does: an open loop.
//!
//! The time in a fix is the time at which it was due, not at which it went out, so a late sender shows as latency.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result};
use contract::{CourierId, Place, Position, SourceId, topics};
use rdkafka::{
    ClientConfig, ClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    message::DeliveryResult,
    producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer},
};

use crate::{city::Driver, server::now_ms};

/// What was sent: for each courier its places, one a second from the first fix on.
pub struct Log {
    /// By courier, then by second.
    pub places: Vec<Vec<Place>>,
    /// When the first courier's first fix was due, ms UTC.
    pub base: i64,
    /// How many records the broker did not take.
    pub refused: u64,
}

/// Time at which fix number `second` of a courier is due, ms UTC.
pub fn due(base: i64, courier: usize, couriers: usize, second: usize) -> i64 {
    base + second as i64 * 1_000 + (courier * 1_000 / couriers) as i64
}

/// Number of the courier of that name.
pub fn number(name: &str) -> Option<u16> {
    name.strip_prefix("c-")?.parse().ok()
}

/// Counts what the broker refuses.
struct Refusals(Arc<AtomicU64>);

impl ClientContext for Refusals {}

impl ProducerContext for Refusals {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Couriers on their way.
pub struct Couriers {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Log>>,
}

impl Couriers {
    /// Sends them out; their first fix is due at `base`, ms UTC. Batches are compressed by `compression`.
    pub fn start(brokers: &str, couriers: usize, base: i64, compression: &str) -> Result<Self> {
        let refused = Arc::new(AtomicU64::new(0));
        // As the product's own producers are configured.
        let producer: ThreadedProducer<Refusals> = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("compression.codec", compression)
            .set("linger.ms", "5")
            .create_with_context(Refusals(refused.clone()))?;
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let thread = thread::Builder::new().name("couriers".into()).spawn(move || {
            let places = drive(&producer, couriers, base, &asked)?;
            producer.flush(Duration::from_secs(10)).context("the last fixes were not acknowledged")?;
            Ok(Log { places, base, refused: refused.load(Ordering::Relaxed) })
        })?;
        Ok(Self { stop, thread })
    }

    /// Calls them home.
    pub fn stop(self) -> Result<Log> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the couriers' thread has failed"))?
    }
}

fn drive(
    producer: &ThreadedProducer<Refusals>,
    couriers: usize,
    base: i64,
    stop: &AtomicBool,
) -> Result<Vec<Vec<Place>>> {
    let source = SourceId::new("phone")?;
    let names: Vec<CourierId> =
        (0..couriers).map(|number| CourierId::new(&format!("c-{number:05}"))).collect::<Result<_, _>>()?;
    let mut drivers: Vec<Driver> = (0..couriers as u32).map(Driver::new).collect();
    let mut places = vec![Vec::new(); couriers];
    for second in 0.. {
        for courier in 0..couriers {
            let at = due(base, courier, couriers, second);
            let early = at - now_ms();
            if early > 0 {
                if stop.load(Ordering::Relaxed) {
                    return Ok(places);
                }
                thread::sleep(Duration::from_millis(early as u64));
            }
            let driver = &mut drivers[courier];
            driver.step();
            places[courier].push(driver.place());
            let value = Position {
                courier: names[courier].clone(),
                source: source.clone(),
                at,
                place: driver.place(),
                accuracy_m: Some(5.0),
                speed_mps: Some((driver.speed_mps * 10.0).round() / 10.0),
                heading_deg: Some(driver.heading_deg),
                delivery: None,
                seq: Some(second as u32),
                altitude_m: None,
                battery: None,
            }
            .to_json();
            send(producer, names[courier].as_str(), &value)?;
        }
    }
    Ok(places)
}

/// A full queue waits: every fix is sent.
fn send(producer: &ThreadedProducer<Refusals>, key: &str, value: &[u8]) -> Result<()> {
    let mut record = BaseRecord::to(topics::POSITIONS).key(key).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), same)) => {
                record = same;
                thread::sleep(Duration::from_millis(1));
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}
