//! Records between the reader's thread and the next tick. Bounded: where the writer does not keep up, the reader waits
//! and Kafka keeps the rest.

use contract::{Delivery, Millis, Position};
use parking_lot::{Condvar, Mutex};
use service::traces::Span;
use std::sync::atomic::{AtomicBool, Ordering};

/// Most records that wait for a tick.
const MAX_PENDING: usize = 100_000;

/// One decoded record.
#[derive(Debug)]
pub enum Record {
    /// Of topic `positions`.
    Position {
        /// The fix.
        position: Position,
        /// Broker time, ms UTC.
        time: Millis,
        /// Its place in the log.
        offset: i64,
    },
    /// Of topic `deliveries`.
    Delivery {
        /// The document.
        delivery: Box<Delivery>,
        /// Broker time, ms UTC.
        time: Millis,
        /// Its place in the log.
        partition: i32,
        /// Its place in the log.
        offset: i64,
        /// Ends when it is folded in.
        span: Span,
    },
    /// A record of `positions` that is no position.
    Nothing,
    /// A record of `deliveries` that is no delivery: only its offset counts.
    Skipped {
        /// Its place in the log.
        partition: i32,
        /// Its place in the log.
        offset: i64,
    },
}

/// The batch that waits.
#[derive(Debug, Default)]
pub struct Pending {
    records: Mutex<Vec<Record>>,
    room: Condvar,
    anew: AtomicBool,
}

impl Pending {
    /// Adds a record; waits while there is no room. The wait is bounded so that the reader's thread still notices a
    /// shutdown; the bound is then exceeded by the few records of that time.
    pub fn push(&self, record: Record) {
        let mut records = self.records.lock();
        if records.len() >= MAX_PENDING {
            self.room.wait_for(&mut records, std::time::Duration::from_millis(500));
        }
        records.push(record);
    }

    /// The log does not go on where it was read to: what was folded before is of another log.
    pub fn begun_anew(&self) {
        self.anew.store(true, Ordering::Release);
    }

    /// Whether the log has begun anew.
    pub fn is_anew(&self) -> bool {
        self.anew.load(Ordering::Acquire)
    }

    /// Takes the batch, leaving `empty` (cleared, with its memory) in its place.
    pub fn swap(&self, mut empty: Vec<Record>) -> Vec<Record> {
        empty.clear();
        let batch = std::mem::replace(&mut *self.records.lock(), empty);
        self.room.notify_all();
        batch
    }
}
