//! The one way of a command into Kafka: a delivery document is produced, and answered when it is durable.
//!
//! A command is decided on and entered here in one step under a lock, so that no second one slips in between: commands
//! on one delivery go one after the other, and a courier gets one delivery however many are asked for at once.
//!
//! Between the acknowledgement and the fold of the live state lies a tick or two. Documents of that time are kept here,
//! so that a client reads what it wrote. A document that was *not* acknowledged is kept as well, for as long as the
//! producer may still deliver it: nobody is shown it, but its courier counts as busy and the same request sends the very
//! same document again.

use std::{sync::Arc, time::Duration};

use contract::{CourierId, Delivery, DeliveryId, Millis, ProblemKind, topics};
use fleet::Fleet;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use service::{
    Durability,
    kafka::{partitioner::partition, producer::Producer},
};
use tokio::sync::watch;

use crate::{
    live::Live,
    rest::problem::{Answer, Result},
};

/// Kafka name of the topic that commands go to, without prefix.
pub const TOPIC: &str = topics::DELIVERIES;
/// Partitions of that topic; their number never changes.
const PARTITIONS: i32 = 12;
/// How long a command waits for its acknowledgement, or for that of the command before it. librdkafka goes on trying
/// after that: the same id again is harmless.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
/// How long a document is kept here for the live state, ms: as long as librdkafka may try to deliver it. If the reader is
/// away for longer, the document is in the log all the same.
const KEPT_FOR: Millis = 5 * 60_000;
/// Most documents that are kept.
const MAX_KEPT: usize = 10_000;

/// Writes commands.
pub struct Commands {
    producer: Producer,
    topic: String,
    durability: Durability,
    kept: Mutex<Kept>,
}

type Kept = FxHashMap<DeliveryId, Entry>;

/// The last command on a delivery that the live state may not have folded yet.
struct Entry {
    delivery: Arc<Delivery>,
    /// The document before it that was acknowledged and may not be folded yet either.
    before: Option<Arc<Delivery>>,
    since: Millis,
    acknowledged: bool,
    /// Closed when the command has come to its end, whatever it was: its sender lives in the request.
    under_way: watch::Receiver<()>,
}

impl Entry {
    fn is_under_way(&self) -> bool {
        self.under_way.has_changed().is_ok()
    }

    /// The newest document that was acknowledged.
    fn acknowledged(&self) -> Option<&Arc<Delivery>> {
        if self.acknowledged { Some(&self.delivery) } else { self.before.as_ref() }
    }
}

/// What a command is decided by: the live state, and what was written since.
pub struct Now<'a> {
    fleet: &'a Fleet,
    kept: &'a Kept,
}

/// What is to be done about a command.
pub enum Step {
    /// Write this document.
    Write(Arc<Delivery>),
    /// Nothing: it was done before, and this is the document.
    Done(Arc<Delivery>),
}

/// What became of a command.
pub enum Submitted {
    /// The document is durable.
    Written(Arc<Delivery>),
    /// It was done before.
    Done(Arc<Delivery>),
}

/// Where a command stands after the look under the lock.
enum Turn {
    /// Another command on the same delivery is under way.
    After(watch::Receiver<()>),
    /// There is nothing to do: the offset of its record, where that was read back from the log alone.
    Done(Option<i64>, Arc<Delivery>),
    /// This one's; the sender is dropped at its end.
    Ours(Arc<Delivery>, watch::Sender<()>),
}

impl Commands {
    /// Writes to `topic`, the Kafka name of `deliveries`.
    pub fn new(producer: Producer, topic: String, durability: Durability) -> Self {
        Self { producer, topic, durability, kept: Mutex::default() }
    }

    /// Decides on a command for delivery `id` and carries it out. Fails with the refusal of `decide`, or with kind
    /// `broker-unavailable` where the document is not durable within 10 s; it may still become so, and the client sends
    /// the same again.
    pub async fn submit(
        &self,
        live: &Live,
        id: DeliveryId,
        now: Millis,
        decide: impl Fn(Now<'_>) -> Result<Step>,
    ) -> Result<Submitted> {
        let deadline = tokio::time::Instant::now() + ACKNOWLEDGED_WITHIN;
        let (delivery, under_way) = loop {
            let turn = {
                let (state, mut kept) = (live.state.read(), self.kept.lock());
                match kept.get(&id).filter(|entry| entry.is_under_way()) {
                    Some(entry) => Turn::After(entry.under_way.clone()),
                    None => match decide(Now { fleet: &state.fleet, kept: &kept })? {
                        Step::Done(delivery) => Turn::Done(folded_at(&state.fleet, &kept, &delivery), delivery),
                        Step::Write(delivery) => enter(&mut kept, delivery, now)?,
                    },
                }
            };
            match turn {
                Turn::Ours(delivery, under_way) => break (delivery, under_way),
                Turn::Done(None, delivery) => return Ok(Submitted::Done(delivery)),
                Turn::Done(Some(offset), delivery) => {
                    // What was read back from the log is durable where the log is; the embedded broker's is not.
                    let partition = partition(delivery.courier.as_str().as_bytes(), PARTITIONS);
                    let settled = self.durability.settled(&self.topic, partition, offset);
                    if tokio::time::timeout_at(deadline, settled).await.is_err() {
                        return Err(unavailable("the store does not hold it yet"));
                    }
                    return Ok(Submitted::Done(delivery));
                }
                Turn::After(mut other) => {
                    // Nothing is ever sent: the wait ends when the other one's sender is dropped.
                    if tokio::time::timeout_at(deadline, other.changed()).await.is_err() {
                        return Err(unavailable("the command before this one is not acknowledged"));
                    }
                }
            }
        };
        let written = tokio::time::timeout_at(deadline, self.produce(&delivery)).await;
        let fault = match written {
            Ok(Ok(())) => {
                if let Some(entry) = self.kept.lock().get_mut(&id) {
                    entry.acknowledged = true;
                }
                drop(under_way);
                return Ok(Submitted::Written(delivery));
            }
            Ok(Err(fault)) => fault,
            Err(_) => format!("no acknowledgement within {} s", ACKNOWLEDGED_WITHIN.as_secs()),
        };
        tracing::warn!(delivery = %id, fault, "a command was not acknowledged");
        Err(unavailable(&fault))
    }

    async fn produce(&self, delivery: &Delivery) -> std::result::Result<(), String> {
        let key = delivery.courier.as_str().as_bytes();
        let ack = self.producer.send(&self.topic, key, &delivery.to_json()).await.map_err(|error| error.to_string())?;
        self.durability.settled(&self.topic, ack.partition, ack.offset).await;
        Ok(())
    }

    /// The delivery as this replica knows it: folded, or acknowledged a moment ago.
    pub fn known(&self, fleet: &Fleet, id: &DeliveryId) -> Option<Arc<Delivery>> {
        Now { fleet, kept: &self.kept.lock() }.known(id)
    }

    /// Forgets what the live state has folded. Called now and then.
    pub fn tidy(&self, fleet: &Fleet, now: Millis) {
        self.kept.lock().retain(|id, entry| {
            let rank = entry.delivery.status.rank();
            let over = fleet.deliveries().rank(id) >= rank || now - entry.since >= KEPT_FOR;
            entry.is_under_way() || !over
        });
    }

    /// The producer, to flush it at the end.
    pub fn producer(&self) -> &Producer {
        &self.producer
    }
}

fn enter(kept: &mut Kept, delivery: Arc<Delivery>, now: Millis) -> Result<Turn> {
    let id = delivery.delivery;
    if kept.len() >= MAX_KEPT && !kept.contains_key(&id) {
        return Err(unavailable("too many commands wait for the broker"));
    }
    let (under_way, seen) = watch::channel(());
    let before = kept.get(&id).and_then(Entry::acknowledged).cloned();
    kept.insert(id, Entry { delivery: delivery.clone(), before, since: now, acknowledged: false, under_way: seen });
    Ok(Turn::Ours(delivery, under_way))
}

/// The offset of the record that `delivery` was folded from, unless its durability was waited for here.
fn folded_at(fleet: &Fleet, kept: &Kept, delivery: &Arc<Delivery>) -> Option<i64> {
    let id = &delivery.delivery;
    if kept.get(id).and_then(Entry::acknowledged).is_some_and(|known| known.status == delivery.status) {
        return None;
    }
    fleet.deliveries().get(id).filter(|known| known.delivery.status == delivery.status).map(|known| known.offset)
}

fn unavailable(fault: &str) -> Answer {
    let detail = format!("{fault}; send the same again, its id makes that harmless");
    Answer::new(ProblemKind::BrokerUnavailable, detail)
}

impl Now<'_> {
    /// The live state.
    pub fn fleet(&self) -> &Fleet {
        self.fleet
    }

    /// The delivery as it is known: folded, or acknowledged a moment ago.
    pub fn known(&self, id: &DeliveryId) -> Option<Arc<Delivery>> {
        let folded = self.fleet.deliveries().get(id).map(|known| known.delivery.clone());
        let written = self.kept.get(id).and_then(Entry::acknowledged).cloned();
        match (folded, written) {
            (Some(folded), Some(written)) if written.status.rank() > folded.status.rank() => Some(written),
            (None, written) => written,
            (folded, _) => folded,
        }
    }

    /// A document that was sent and never acknowledged: it may arrive yet.
    pub fn attempted(&self, id: &DeliveryId) -> Option<&Arc<Delivery>> {
        self.kept.get(id).filter(|entry| !entry.acknowledged).map(|entry| &entry.delivery)
    }

    /// An open delivery of the courier other than `id`, with those whose document may arrive yet.
    pub fn busy_with(&self, courier: &CourierId, id: DeliveryId) -> Option<Arc<Delivery>> {
        let ended = |delivery: &Arc<Delivery>| {
            let written = self.kept.get(&delivery.delivery).and_then(Entry::acknowledged);
            written.is_some_and(|written| !written.is_open())
        };
        let folded = self.fleet.deliveries().open_of(courier).map(|known| &known.delivery);
        let folded = folded.filter(|delivery| delivery.delivery != id && !ended(delivery)).last();
        let not_folded =
            |delivery: &Arc<Delivery>| self.fleet.deliveries().rank(&delivery.delivery) < delivery.status.rank();
        let written = || {
            let mut others = self.kept.values().map(|entry| &entry.delivery);
            others
                .find(|other| other.courier == *courier && other.delivery != id && other.is_open() && not_folded(other))
        };
        folded.or_else(written).cloned()
    }
}
