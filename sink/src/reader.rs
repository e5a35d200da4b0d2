//! The group's records, gathered into batches: on the group's thread. A full or old batch goes to the pipeline; when its
//! word comes back, its offsets are committed.

use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, mpsc as std_mpsc},
    time::{Duration, Instant},
};

use service::{
    BoxError, Health,
    kafka::{
        Record,
        group::{Assigned, Control, GroupHandler},
    },
};
use tokio::sync::mpsc;

use crate::{
    batch::Batch,
    pipeline::{Done, Work},
    progress::{Key, Progress},
    settings::Batching,
};

/// How long giving partitions up waits for what is being stored. What is not done by then is not committed, and the next
/// owner stores it again.
const FINISH_WITHIN: Duration = Duration::from_secs(10);
/// Longest wait for records while the pipeline works: its word should not wait long.
const WHILE_STORING: Duration = Duration::from_millis(5);
/// Longest wait for records otherwise.
const IDLE: Duration = Duration::from_millis(50);

/// Gathers batches.
pub(crate) struct Reader {
    batching: Batching,
    batch: Batch,
    /// When the first record of the batch came.
    began: Instant,
    to_store: mpsc::Sender<Work>,
    finished: std_mpsc::Receiver<Done>,
    storing: bool,
    /// The pipeline has given a batch up: nothing behind it may be stored and committed any more.
    given_up: bool,
    /// Partitions that have not caught up with what was there when they were assigned.
    behind: BTreeSet<Key>,
    progress: Arc<Progress>,
    health: Health,
}

impl Reader {
    pub(crate) fn new(
        batching: Batching,
        to_store: mpsc::Sender<Work>,
        finished: std_mpsc::Receiver<Done>,
        progress: Arc<Progress>,
        health: Health,
    ) -> Self {
        Self {
            batching,
            batch: Batch::default(),
            began: Instant::now(),
            to_store,
            finished,
            storing: false,
            given_up: false,
            behind: BTreeSet::new(),
            progress,
            health,
        }
    }

    /// Gives the batch to the pipeline, which must be free.
    fn hand_over(&mut self) -> Result<(), BoxError> {
        let batch = mem::take(&mut self.batch);
        let epochs = self.progress.epochs(self.progress.held().iter());
        self.to_store.try_send(Work { batch, epochs }).map_err(|_| "the storing task has ended")?;
        self.storing = true;
        Ok(())
    }

    /// Takes the pipeline's word.
    fn take(&mut self, done: Done, control: &mut Control) {
        self.storing = false;
        match done {
            Done::Stored(next) => {
                for ((topic, partition), next) in next {
                    control.commit(topic, partition, next);
                }
            }
            Done::GivenUp => {
                self.given_up = true;
                self.batch = Batch::default();
            }
        }
    }

    /// Waits for the pipeline's word until `deadline`.
    fn finish(&mut self, deadline: Instant, control: &mut Control) {
        if self.storing
            && let Ok(done) = self.finished.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.take(done, control);
        }
    }
}

impl GroupHandler for Reader {
    fn assigned(&mut self, partitions: &[Assigned], _: &mut Control) {
        self.progress.assign(partitions);
        self.behind.extend(partitions.iter().map(|place| (place.topic, place.partition)));
    }

    fn caught_up(&mut self, topic: usize, partition: i32, _: &mut Control) {
        self.behind.remove(&(topic, partition));
        if self.behind.is_empty() {
            self.health.set_ready();
        }
    }

    fn record(&mut self, record: Record<'_>, _: &mut Control) {
        if self.given_up {
            return;
        }
        if self.batch.is_empty() {
            self.began = Instant::now();
        }
        self.batch.push(&record);
    }

    fn turn(&mut self, control: &mut Control) -> Result<Duration, BoxError> {
        if self.storing
            && let Ok(done) = self.finished.try_recv()
        {
            self.take(done, control);
        }
        if self.storing {
            return Ok(WHILE_STORING);
        }
        if self.batch.is_empty() {
            return Ok(IDLE);
        }
        let age = self.began.elapsed();
        if self.batch.is_full(self.batching.batch) || age >= self.batching.linger {
            self.hand_over()?;
            return Ok(WHILE_STORING);
        }
        Ok(IDLE.min(self.batching.linger - age))
    }

    fn ready(&self) -> bool {
        !self.batch.is_full(self.batching.batch)
    }

    fn revoking(&mut self, partitions: &[(usize, i32)], lost: bool, control: &mut Control) {
        if !lost {
            let deadline = Instant::now() + FINISH_WITHIN;
            self.finish(deadline, control);
            if !self.storing && !self.batch.is_empty() && self.hand_over().is_ok() {
                self.finish(deadline, control);
            }
        }
        self.batch.drop_partitions(partitions);
        for ((topic, partition), next) in self.progress.release(partitions) {
            // Once more: a commit that was sent before may have failed, as some brokers refuse them in a rebalance.
            control.commit(topic, partition, next);
        }
        self.behind.retain(|key| !partitions.contains(key));
    }
}
