//! The writing half of the store, for the sink alone.

use std::sync::Arc;

use async_trait::async_trait;
use contract::{CourierId, Delivery, Millis, Position};

use crate::Unavailable;

/// One record on its way into the store, already read and checked by `contract`.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A fix. Identity (courier, source, at); the first one stored wins.
    Position {
        /// The fix.
        position: Position,
        /// When the broker appended its record, ms UTC.
        broker_time: Millis,
    },
    /// A delivery's document. It replaces the stored one if its rank is greater.
    Delivery {
        /// The document; boxed because it is many times larger than a fix and far rarer.
        delivery: Box<Delivery>,
        /// When the broker appended its record, ms UTC.
        broker_time: Millis,
    },
}

impl Item {
    /// When the broker appended the record, ms UTC.
    pub fn broker_time(&self) -> Millis {
        match self {
            Self::Position { broker_time, .. } | Self::Delivery { broker_time, .. } => *broker_time,
        }
    }
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored now and was not before.
    New,
    /// It, or one that wins over it, was stored before.
    Known,
    /// The engine will never take it, whatever the time: a dead letter.
    Refused(Refusal),
}

/// Why an engine will never take an item, in the engine's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The engine's error type: "document_parsing_exception".
    pub class: String,
    /// Its text.
    pub message: String,
}

/// How far a partition is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionMark {
    /// Topic, with its prefix.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// The first offset that is not stored.
    pub next_offset: i64,
    /// All records of this partition that were appended before this time (ms UTC) are stored.
    pub through: Millis,
}

/// What [`HistoryWriter::expire`] removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expired {
    /// Positions; an engine that drops whole days may not know and says 0.
    pub positions: u64,
    /// Deliveries.
    pub deliveries: u64,
}

/// The writing half. Every method may be called again with the same arguments without harm.
#[async_trait]
pub trait HistoryWriter: Send + Sync {
    /// Stores a batch and judges each item by itself: as many verdicts as items, in their order.
    ///
    /// When it returns `Ok`, what it calls New is durable. The batch is shared rather than borrowed because an engine
    /// works on it from another thread, and whoever retries needs it again: no copy is made for either.
    ///
    /// # Errors
    /// [`Unavailable`] for the whole batch: it may be stored in part (an engine without transactions); calling again
    /// is the answer.
    async fn store(&self, batch: Arc<[Item]>) -> Result<Vec<Verdict>, Unavailable>;

    /// Records how far partitions are stored, after [`HistoryWriter::store`] has returned for all before.
    /// [`crate::HistoryReader::through`] is the smallest `through` of all partitions ever marked; a partition's `through` never
    /// goes back, its `next_offset` is replaced. Without marks it asks only whether the store can be written.
    async fn checkpoint(&self, marks: &[PartitionMark]) -> Result<(), Unavailable>;

    /// Removes positions with `at` before `positions_before`, and deliveries that ended (or, without an end, were
    /// requested) before `deliveries_before`, ms UTC. An engine that keeps days apart may keep the rest of a day longer.
    async fn expire(&self, positions_before: Millis, deliveries_before: Millis) -> Result<Expired, Unavailable>;

    /// Removes everything about a courier: positions and deliveries. Records that come later are stored as usual.
    async fn forget(&self, courier: &CourierId) -> Result<Expired, Unavailable>;
}
