//! A reader that shares the partitions of some topics with the other replicas of its service, in a consumer group.
//!
//! It runs on a thread of its own and drives a [`GroupHandler`]. The handler never sees the group's protocol: it is told
//! which partitions it gets (and from which offset to which watermark there are records already), handed their records in
//! order, given a turn between polls, and told which partitions it is about to give up while it still may commit. Nothing
//! is committed unless the handler asks.
//!
//! Back-pressure: while [`GroupHandler::ready`] says no, no record is handed over; librdkafka stops fetching when its own
//! bounded queue is full, and after half a second the partitions are paused so that the group's heart goes on beating.
//!
//! A handler that gathers batches, has a worker store them, and commits what is stored:
//!
//! ```no_run
//! use std::{sync::mpsc, time::{Duration, Instant}};
//! use service::{BoxError, kafka::{Record, group::{self, Control, GroupHandler, GroupReader}}};
//!
//! type Batch = Vec<(i32, i64, Vec<u8>)>;
//!
//! struct Batches {
//!     batch: Batch,
//!     began: Instant,
//!     to_store: mpsc::SyncSender<Batch>,        // the worker stores a batch and sends back, for each partition,
//!     stored: mpsc::Receiver<Vec<(i32, i64)>>,  // the offset behind the last record that the store holds
//!     storing: bool,
//! }
//!
//! impl GroupHandler for Batches {
//!     fn ready(&self) -> bool {
//!         self.batch.len() < 5_000
//!     }
//!     fn record(&mut self, record: Record<'_>, _: &mut Control) {
//!         if self.batch.is_empty() {
//!             self.began = Instant::now();
//!         }
//!         self.batch.push((record.partition, record.offset, record.value.unwrap_or_default().to_vec()));
//!     }
//!     fn turn(&mut self, control: &mut Control) -> Result<Duration, BoxError> {
//!         if let Ok(stored) = self.stored.try_recv() {
//!             self.storing = false;
//!             stored.into_iter().for_each(|(partition, next)| control.commit(0, partition, next));
//!         }
//!         let due = !self.ready() || self.began.elapsed() > Duration::from_millis(200);
//!         if due && !self.batch.is_empty() && !self.storing {
//!             self.to_store.send(std::mem::take(&mut self.batch))?;
//!             self.storing = true;
//!         }
//!         Ok(Duration::from_millis(10))
//!     }
//!     fn revoking(&mut self, _: &[(usize, i32)], lost: bool, control: &mut Control) {
//!         // The next owner reads what is dropped here, because it was not committed. What is being stored is waited for,
//!         // so that it need not be stored twice.
//!         self.batch.clear();
//!         if self.storing && !lost && let Ok(stored) = self.stored.recv_timeout(Duration::from_secs(5)) {
//!             self.storing = false;
//!             stored.into_iter().for_each(|(partition, next)| control.commit(0, partition, next));
//!         }
//!     }
//! }
//! # fn f(settings: &service::settings::KafkaSettings, tasks: &mut service::Tasks, health: &service::Health, handler: Batches)
//! # -> Result<(), service::StartError> {
//! let topics = vec![settings.topic("positions")];
//! let reader = GroupReader { name: "sink", group: "sink", topics, beat: health.loop_beat("sink") };
//! group::spawn(settings, reader, tasks, handler)
//! # }
//! ```

mod context;
mod control;
mod member;

use std::time::Duration;

use rdkafka::consumer::BaseConsumer;

use crate::settings::KafkaSettings;
use crate::{Beat, BoxError, StartError, Tasks};

pub use control::Control;

use super::{Record, config, start_error};
use context::Context;

/// What reads a group's records. All calls come from one thread.
pub trait GroupHandler: Send + 'static {
    /// These partitions are the handler's from now on; their records follow.
    fn assigned(&mut self, _partitions: &[Assigned], _control: &mut Control) {}

    /// Everything that was in a partition when it was assigned has been handed over. Once for each [`Assigned`].
    fn caught_up(&mut self, _topic: usize, _partition: i32, _control: &mut Control) {}

    /// A record, in the order of its partition.
    fn record(&mut self, record: Record<'_>, control: &mut Control);

    /// Called between polls; answers how long to wait for records, at most, before the next turn (0: not at all; never
    /// longer than 50 ms). An error ends the reader and with it the service.
    fn turn(&mut self, control: &mut Control) -> Result<Duration, BoxError>;

    /// Whether another record can be taken. While it cannot, `turn` is called every millisecond or two.
    fn ready(&self) -> bool {
        true
    }

    /// These partitions (index of the topic, partition) are about to be given up, in a rebalance or at shutdown: finish or
    /// drop what belongs to them, commit, return. No record of them follows. `lost` means that others own them already and
    /// a commit will be refused.
    fn revoking(&mut self, partitions: &[(usize, i32)], lost: bool, control: &mut Control);
}

/// A partition that a handler has been given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// Index of its topic.
    pub topic: usize,
    /// The partition.
    pub partition: i32,
    /// Offset of the first record that will come: the committed one, or the beginning.
    pub from: i64,
    /// The offset behind the last record that was there when it was assigned.
    pub high: i64,
}

/// A member of a group.
pub struct GroupReader {
    /// Name in the log and of the thread.
    pub name: &'static str,
    /// The group, without prefix.
    pub group: &'static str,
    /// Kafka names of the topics, prefix included. A record's `topic` is the index here.
    pub topics: Vec<String>,
    /// Turned with each turn of the loop.
    pub beat: Beat,
}

/// Starts a member on a thread of its own, supervised by `tasks`; at shutdown it gives its partitions up and leaves the
/// group. It waits for Kafka and the topics as long as it takes. Fails with [`StartError::Setting`] for an option that
/// librdkafka refuses.
///
/// With the embedded broker there is one process and no group: all partitions are read from their beginning, and what is
/// committed is forgotten with the log.
pub fn spawn(
    settings: &KafkaSettings,
    reader: GroupReader,
    tasks: &mut Tasks,
    handler: impl GroupHandler,
) -> Result<(), StartError> {
    let config = config::consumer(settings, reader.group);
    let consumer: BaseConsumer<Context> = config.create_with_context(Context::new(reader.name)).map_err(start_error)?;
    let name = reader.name;
    let member = member::Member::new(consumer, reader, settings.embedded, tasks.shutdown().clone());
    tasks.spawn_thread(name, move || member.run(handler));
    Ok(())
}
