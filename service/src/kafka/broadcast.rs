//! A reader of everything: all partitions of some topics, in no group, nothing committed. Each replica of a service that
//! keeps live state has one.
//!
//! It runs on a thread of its own and hands each record to a function there, borrowed. The function should be quick: while
//! it runs, nothing is read.
//!
//! ```no_run
//! use service::kafka::broadcast::{self, Event, Start, Subscription};
//! # fn f(settings: &service::settings::KafkaSettings, tasks: &mut service::Tasks, health: &service::Health)
//! # -> Result<(), service::StartError> {
//! let topics = vec![Subscription { topic: settings.topic("positions"), start: Start::Beginning }];
//! let beat = health.loop_beat("live");
//! let status = broadcast::spawn(settings, "live", topics, tasks, move |event| match event {
//!     Event::Record(record) => { /* decode, add to the batch */ }
//!     Event::CaughtUp => { /* ready */ }
//!     Event::Lost { topic, partition, records } => {}
//!     Event::Idle => beat.turn(), // at least every 10 ms or so: flush the batch
//! })?;
//! # Ok(()) }
//! ```

mod metadata;
mod reader;
mod status;

use std::sync::Arc;

use rdkafka::consumer::BaseConsumer;

use crate::settings::KafkaSettings;
use crate::{Millis, StartError, Tasks};

pub use status::Status;

use super::context::{ClientState, Teller};
use super::{Record, config, start_error};

/// A topic to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its Kafka name, prefix included.
    pub topic: String,
    /// From where. Partitions that are added later are read from their beginning.
    pub start: Start,
}

/// From where a topic is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From the first record that is there.
    Beginning,
    /// From the first record that the broker appended at or after this time, ms UTC. The embedded broker cannot find
    /// records by time: there it is the beginning.
    Since(Millis),
}

/// What the reader tells.
#[derive(Debug)]
pub enum Event<'a> {
    /// A record, in the order of its partition.
    Record(Record<'a>),
    /// Once: everything that was there when reading began has been handed on.
    CaughtUp,
    /// Records were deleted before they were read. They are counted in `cd_records_lost_total` already.
    Lost {
        /// Index of the topic in the subscriptions.
        topic: usize,
        /// Its partition.
        partition: i32,
        /// How many offsets were skipped.
        records: i64,
    },
    /// Nothing to read just now, or some 10 ms have passed while there was: time to flush. Comes while Kafka is away, too,
    /// but is late by some seconds while the reader asks for offsets.
    Idle,
}

/// Starts a reader called `name` (in the log and as its thread). Its thread is supervised by `tasks` and ends at shutdown.
/// It waits for Kafka and for the topics as long as it takes. Fails with [`StartError::Setting`] for an option that
/// librdkafka refuses.
pub fn spawn(
    settings: &KafkaSettings,
    name: &'static str,
    subscriptions: Vec<Subscription>,
    tasks: &mut Tasks,
    handler: impl FnMut(Event<'_>) + Send + 'static,
) -> Result<Status, StartError> {
    let config = config::consumer(settings, &format!("{name}-reader"));
    let consumer: BaseConsumer<Teller> =
        config.create_with_context(Teller(ClientState::new(name))).map_err(start_error)?;
    let consumer = Arc::new(consumer);
    let topics: Vec<String> = subscriptions.iter().map(|subscription| subscription.topic.clone()).collect();
    let status = Status::new(topics.clone(), Arc::downgrade(&consumer));
    let shutdown = tasks.shutdown().clone();
    let (watch, counts) = metadata::Watch::new(consumer.clone(), topics, shutdown.clone());
    tasks.spawn_thread(format!("{name}-meta"), move || watch.run());
    let reader = reader::Reader::new(consumer, subscriptions, settings.embedded, status.clone(), counts, shutdown);
    tasks.spawn_thread(name, move || reader.run(handler));
    Ok(status)
}
