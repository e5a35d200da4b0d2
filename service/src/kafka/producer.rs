//! The way into Kafka: nothing counts as sent before the broker's acknowledgement, and a full queue waits.
//!
//! Two ways to send: [`Producer::send`] for a caller who waits for its one record, and an [`Outlet`] for many records at
//! once, whose acknowledgements arrive at a function with the number that each record was sent under.
//!
//! The time-out of a record stays at librdkafka's five minutes: a shorter one than a failover takes would break order and
//! double records. A caller that cannot wait so long gives up waiting, not sending; its record may still arrive, which
//! identity makes harmless.

mod deliveries;
mod outlet;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

pub use outlet::Outlet;

use crate::settings::KafkaSettings;
use crate::{Shutdown, StartError};

use super::{config, start_error};
use deliveries::Deliveries;

/// How long one poll for acknowledgements lasts while some are due. The last millisecond of each is spent spinning by the
/// library, which waits in whole milliseconds: at 50 ms that was 2 % of a core.
const POLL: Duration = Duration::from_millis(250);
/// How often the thread looks for errors of the client while no acknowledgement is due.
const REST: Duration = Duration::from_millis(250);

/// Where the broker has put a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

/// Why a record is not acknowledged. It may have been stored all the same, except after [`SendError::TooLarge`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The record is larger than the broker takes.
    #[error("the record is larger than Kafka takes")]
    TooLarge,
    /// No acknowledgement within librdkafka's `message.timeout.ms`.
    #[error("Kafka did not acknowledge in time")]
    TimedOut,
    /// The producer was dropped with the record in its queue.
    #[error("the producer was stopped")]
    Stopped,
    /// This producer can send nothing more; the process should end and be started again.
    #[error("the Kafka producer failed for good: {0}")]
    Fatal(String),
    /// The broker or the client refused it.
    #[error("Kafka refused the record: {0}")]
    Refused(String),
}

impl SendError {
    /// Whether the same record may be taken if it is sent again.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Refused(_))
    }

    fn of(error: &KafkaError) -> Self {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize) => Self::TooLarge,
            Some(RDKafkaErrorCode::MessageTimedOut) => Self::TimedOut,
            Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) => Self::Stopped,
            Some(RDKafkaErrorCode::Fatal) => Self::Fatal(error.to_string()),
            Some(code) => Self::Refused(code.to_string()),
            None => Self::Refused(error.to_string()),
        }
    }
}

/// Sends records. Cloning is cheap; the queue and its thread end with the last clone.
#[derive(Clone)]
pub struct Producer(Arc<Inner>);

struct Inner {
    base: Arc<BaseProducer<Deliveries>>,
    stop: Arc<AtomicBool>,
    /// The thread that takes acknowledgements; it rests while none is due.
    acks: Thread,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Producer {
    /// Makes the client and its thread. It connects by itself, and again whenever the broker was away. Fails with
    /// [`StartError::Setting`] for an option that librdkafka refuses.
    pub fn new(settings: &KafkaSettings) -> Result<Self, StartError> {
        let config = config::producer(settings);
        let base: BaseProducer<Deliveries> = config.create_with_context(Deliveries::default()).map_err(start_error)?;
        let (base, stop) = (Arc::new(base), Arc::new(AtomicBool::new(false)));
        let (poller, stopped) = (base.clone(), stop.clone());
        let thread = std::thread::Builder::new().name("kafka-acks".into()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if poller.in_flight_count() > 0 {
                    poller.poll(POLL);
                } else {
                    poller.poll(Duration::ZERO);
                    // Whoever sends ends the rest.
                    std::thread::park_timeout(REST);
                }
            }
        });
        let thread = thread.map_err(StartError::failure)?;
        let acks = thread.thread().clone();
        Ok(Self(Arc::new(Inner { base, stop, acks, thread: Mutex::new(Some(thread)) })))
    }

    /// Sends a record to `topic` (its Kafka name) and ends when the broker has acknowledged it. Waits while the queue is
    /// full. Dropping the future gives up the answer, not the record.
    pub async fn send(&self, topic: &str, key: &[u8], value: &[u8]) -> Result<Ack, SendError> {
        self.send_with_headers(topic, Some(key), Some(value), &[]).await
    }

    /// As [`Producer::send`], with headers, and with key and value missing where they are `None`: for dead letters, which
    /// are passed on as they came.
    pub async fn send_with_headers(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, &[u8])],
    ) -> Result<Ack, SendError> {
        let deliveries = self.deliveries();
        let (tag, answer) = deliveries.expect_one();
        let mut room = None;
        loop {
            match self.hand_over(topic, key, value, headers, tag) {
                Ok(true) => break,
                // Look once more after beginning to listen: room may have been made in between.
                Ok(false) => match room.take() {
                    None => room = Some(deliveries.room.wait()),
                    Some(room) => room.await,
                },
                Err(error) => {
                    deliveries.forget(tag);
                    return Err(error);
                }
            }
        }
        answer.await.unwrap_or(Err(SendError::Stopped))
    }

    /// Opens a way for many records. `on_ack` is called on the producer's thread with the number that a record was sent
    /// under and what became of it, once for each record: it must be quick and must not send. Fails where this producer
    /// has had 255 outlets.
    pub fn outlet(
        &self,
        on_ack: impl Fn(u64, Result<Ack, SendError>) + Send + Sync + 'static,
    ) -> Result<Outlet, StartError> {
        let index = self.deliveries().add_outlet(Box::new(on_ack));
        let index = index.ok_or_else(|| StartError::failure("a producer can have 255 outlets"))?;
        Ok(Outlet { producer: self.clone(), index })
    }

    /// Puts a record into librdkafka's queue; `false` where it is full.
    fn hand_over(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, &[u8])],
        opaque: usize,
    ) -> Result<bool, SendError> {
        let mut record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(topic, opaque);
        (record.key, record.payload) = (key, value);
        if !headers.is_empty() {
            let insert = |all: OwnedHeaders, (name, value): &(&str, &[u8])| {
                all.insert(Header { key: name, value: Some(*value) })
            };
            record.headers = Some(headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), insert));
        }
        match self.0.base.send(record) {
            Ok(()) => {
                self.0.acks.unpark();
                Ok(true)
            }
            Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => Ok(false),
            Err((error, _)) => match self.deliveries().state.fatal() {
                Some(reason) => Err(SendError::Fatal(reason)),
                None => Err(SendError::of(&error)),
            },
        }
    }

    /// Waits until everything that was sent is acknowledged or refused, at most for `deadline`. Returns how many records
    /// are still in the queue: 0 is success.
    pub async fn flush(&self, deadline: Duration) -> usize {
        let base = self.0.base.clone();
        let flushed = tokio::task::spawn_blocking(move || {
            // What is left is counted below; the error says no more.
            let _ = base.flush(deadline);
            base.in_flight_count()
        });
        flushed.await.map_or(1, |left| left.max(0) as usize)
    }

    /// Records that are queued or on their way.
    pub fn in_flight(&self) -> usize {
        self.0.base.in_flight_count().max(0) as usize
    }

    /// Ends with an error when this producer has failed for good, or with `Ok` at shutdown: a task for the supervisor.
    pub async fn watch(self, shutdown: Shutdown) -> Result<(), SendError> {
        while shutdown.sleep(Duration::from_secs(1)).await {
            if let Some(reason) = self.deliveries().state.fatal() {
                return Err(SendError::Fatal(reason));
            }
        }
        Ok(())
    }

    fn deliveries(&self) -> &Arc<Deliveries> {
        self.0.base.context()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.acks.unpark();
        if let Some(thread) = self.thread.lock().take() {
            // The last clone may be dropped by a callback on that very thread, which cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                // It ends after at most one poll; a panic in a callback has been printed already.
                let _ = thread.join();
            }
        }
    }
}
