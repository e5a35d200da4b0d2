//! The one way of a command into Kafka: a delivery document is produced, and answered when it is durable.
//!
//! Between the acknowledgement and the fold of the live state lies a tick or two. Documents of that time are kept here,
//! so that a client reads what it wrote, and a second command cannot slip through the gap.

use std::{sync::Arc, time::Duration};

use contract::{CourierId, Delivery, DeliveryId, Millis, ProblemKind, topics};
use fleet::Fleet;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use service::{Durability, kafka::producer::Producer};

use crate::rest::problem::{Answer, Result};

/// How long a command waits for its acknowledgement. librdkafka goes on trying after that: the same id again is harmless.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
/// How long a document waits here for the live state, ms: much longer means that the reader is away, and then the
/// document is in the log all the same.
const FOLDED_WITHIN: Millis = 5 * 60_000;
/// Most documents that wait.
const MAX_WAITING: usize = 10_000;

/// Writes commands.
pub struct Commands {
    producer: Producer,
    topic: String,
    durability: Durability,
    waiting: Mutex<FxHashMap<DeliveryId, Waiting>>,
}

struct Waiting {
    delivery: Arc<Delivery>,
    since: Millis,
}

impl Commands {
    /// Writes to `topic`, the Kafka name of `deliveries`.
    pub fn new(producer: Producer, topic: String, durability: Durability) -> Self {
        Self { producer, topic, durability, waiting: Mutex::default() }
    }

    /// Produces the document and waits until it is durable. Fails with kind `broker-unavailable` where that takes more
    /// than 10 s; the document may still arrive then, so the client sends the same again.
    pub async fn write(&self, delivery: Delivery, now: Millis) -> Result<Arc<Delivery>> {
        let delivery = Arc::new(delivery);
        let id = delivery.delivery;
        {
            let mut waiting = self.waiting.lock();
            if waiting.len() >= MAX_WAITING {
                return Err(Answer::new(ProblemKind::BrokerUnavailable, "too many commands wait for the broker"));
            }
            waiting.insert(id, Waiting { delivery: delivery.clone(), since: now });
        }
        let written = tokio::time::timeout(ACKNOWLEDGED_WITHIN, self.produce(&delivery)).await;
        let fault = match written {
            Ok(Ok(())) => return Ok(delivery),
            Ok(Err(fault)) => fault,
            Err(_) => "no acknowledgement within 10 s".into(),
        };
        self.waiting.lock().remove(&id);
        tracing::warn!(delivery = %id, fault, "a command was not acknowledged");
        let detail = format!("{fault}; send the same again, its id makes that harmless");
        Err(Answer::new(ProblemKind::BrokerUnavailable, detail))
    }

    async fn produce(&self, delivery: &Delivery) -> std::result::Result<(), String> {
        let key = delivery.courier.as_str().as_bytes();
        let ack = self.producer.send(&self.topic, key, &delivery.to_json()).await.map_err(|error| error.to_string())?;
        self.durability.settled(&self.topic, ack.partition, ack.offset).await;
        Ok(())
    }

    /// The delivery as this replica knows it: folded, or written a moment ago.
    pub fn known(&self, fleet: &Fleet, id: &DeliveryId) -> Option<Arc<Delivery>> {
        let folded = fleet.deliveries().get(id).map(|known| known.delivery.clone());
        let waiting = self.waiting.lock().get(id).map(|waiting| waiting.delivery.clone());
        match (folded, waiting) {
            (Some(folded), Some(waiting)) if waiting.status.rank() > folded.status.rank() => Some(waiting),
            (None, waiting) => waiting,
            (folded, _) => folded,
        }
    }

    /// An open delivery of the courier other than `id`.
    pub fn busy_with(&self, fleet: &Fleet, courier: &CourierId, id: DeliveryId) -> Option<Arc<Delivery>> {
        let folded = fleet.deliveries().open_of(courier).map(|known| known.delivery.clone());
        let ended_here = |delivery: &Arc<Delivery>| {
            let waiting = self.waiting.lock();
            waiting.get(&delivery.delivery).is_some_and(|waiting| !waiting.delivery.is_open())
        };
        let folded = folded.filter(|delivery| delivery.delivery != id && !ended_here(delivery)).last();
        folded.or_else(|| {
            let waiting = self.waiting.lock();
            let mut others = waiting.values().map(|waiting| &waiting.delivery);
            let not_folded = |delivery: &&Arc<Delivery>| {
                let known = fleet.deliveries().get(&delivery.delivery);
                known.is_none_or(|known| known.delivery.status.rank() < delivery.status.rank())
            };
            others
                .find(|other| other.courier == *courier && other.delivery != id && other.is_open() && not_folded(other))
                .cloned()
        })
    }

    /// Forgets what the live state has folded. Called now and then.
    pub fn tidy(&self, fleet: &Fleet, now: Millis) {
        self.waiting.lock().retain(|id, waiting| {
            let rank = waiting.delivery.status.rank();
            let folded = fleet.deliveries().get(id).is_some_and(|known| known.delivery.status.rank() >= rank);
            !folded && !fleet.deliveries().has_ended(id) && now - waiting.since < FOLDED_WITHIN
        });
    }

    /// The producer, to flush it at the end.
    pub fn producer(&self) -> &Producer {
        &self.producer
    }
}

/// Kafka name of the topic that commands go to, without prefix.
pub const TOPIC: &str = topics::DELIVERIES;
