//! How a reader is doing, readable from anywhere without disturbing it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::RwLock;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, KafkaResult};

use crate::kafka::context::Teller;
use crate::kafka::offsets;

/// How a reader is doing. Cloning is cheap.
#[derive(Clone)]
pub struct Status(Arc<Shared>);

impl std::fmt::Debug for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shared { topics, next, .. } = &*self.0;
        f.debug_struct("Status").field("topics", topics).field("next", next).finish_non_exhaustive()
    }
}

struct Shared {
    /// Names of the topics, and whom to ask about their ends.
    topics: Vec<String>,
    consumer: Weak<BaseConsumer<Teller>>,
    connected: AtomicBool,
    caught_up: AtomicBool,
    behind_ms: AtomicI64,
    lost: AtomicU64,
    /// Next offset to be handed on, by topic and partition.
    next: RwLock<Vec<Vec<AtomicI64>>>,
}

impl Status {
    pub(super) fn new(topics: Vec<String>, consumer: Weak<BaseConsumer<Teller>>) -> Self {
        let next = RwLock::new(topics.iter().map(|_| Vec::new()).collect());
        Self(Arc::new(Shared {
            topics,
            consumer,
            connected: AtomicBool::new(false),
            caught_up: AtomicBool::new(false),
            behind_ms: AtomicI64::new(0),
            lost: AtomicU64::new(0),
            next,
        }))
    }

    /// Asks the brokers for the end of each partition of a topic (by index) that is being read: whatever was acknowledged
    /// before the call lies before it. Blocks for up to some seconds.
    ///
    /// # Errors
    /// Where a partition has no leader just now, or Kafka does not answer.
    pub fn ends(&self, topic: usize) -> KafkaResult<Vec<i64>> {
        let consumer = self.0.consumer.upgrade().ok_or(KafkaError::Canceled)?;
        let name = self.0.topics.get(topic).ok_or(KafkaError::Canceled)?;
        let partitions: Vec<(&str, i32)> = (0..self.partitions(topic) as i32).map(|i| (name.as_str(), i)).collect();
        offsets::ends(&consumer, &partitions)
    }

    /// Whether Kafka answers.
    pub fn connected(&self) -> bool {
        self.0.connected.load(Ordering::Relaxed)
    }

    /// Whether everything that was there at the start has been handed on.
    pub fn caught_up(&self) -> bool {
        self.0.caught_up.load(Ordering::Relaxed)
    }

    /// How old, by the broker's time, the oldest record of the last moments was when it was handed on, ms; 0 at the end.
    /// While Kafka is away it grows.
    pub fn behind_ms(&self) -> i64 {
        self.0.behind_ms.load(Ordering::Relaxed)
    }

    /// Records that were deleted before they were read, since the start.
    pub fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    /// Number of partitions of a topic (by index); 0 before Kafka has told.
    pub fn partitions(&self, topic: usize) -> usize {
        self.0.next.read().get(topic).map_or(0, Vec::len)
    }

    /// The offset behind the last one that was handed on, for each partition of a topic (by index). A partition that has
    /// not been begun says 0.
    pub fn next_offsets(&self, topic: usize) -> Vec<i64> {
        let next = self.0.next.read();
        next.get(topic).map_or_else(Vec::new, |of| of.iter().map(|next| next.load(Ordering::Acquire)).collect())
    }

    pub(super) fn set_connected(&self, connected: bool) {
        self.0.connected.store(connected, Ordering::Relaxed);
    }

    pub(super) fn set_caught_up(&self) {
        self.0.caught_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_behind_ms(&self, ms: i64) {
        self.0.behind_ms.store(ms, Ordering::Relaxed);
    }

    pub(super) fn add_lost(&self, records: i64) {
        self.0.lost.fetch_add(records.max(0) as u64, Ordering::Relaxed);
    }

    /// Makes room for `partitions` of a topic.
    pub(super) fn grow(&self, topic: usize, partitions: usize) {
        if let Some(of) = self.0.next.write().get_mut(topic) {
            while of.len() < partitions {
                of.push(AtomicI64::new(0));
            }
        }
    }

    pub(super) fn set_next(&self, topic: usize, partition: i32, next: i64) {
        let all = self.0.next.read();
        if let Some(slot) = all.get(topic).and_then(|of| of.get(partition as usize)) {
            slot.store(next, Ordering::Release);
        }
    }
}
