//! The way into Kafka: nothing counts as sent before the broker's acknowledgement, and a full queue waits.
//!
//! Two ways to send: [`Producer::send`] for a caller who waits for its one record, and an [`Outlet`] for many records at
//! once, whose acknowledgements arrive at a function with the number that each record was sent under.
//!
//! The time-out of a record stays at librdkafka's five minutes: a shorter one than a failover takes would break order and
//! double records. A caller that cannot wait so long gives up waiting, not sending; its record may still arrive, which
//! identity makes harmless.
//!
//! Where Kafka denies this user the right to write, the queue counts as full for a while and is then tried again: a right
//! can be given while we run.

mod deliveries;
mod gate;
mod outlet;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

pub use outlet::Outlet;

use crate::settings::KafkaSettings;
use crate::traces::Span;
use crate::{Shutdown, StartError};

use super::{config, start_error};
use deliveries::{Context, Deliveries};

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
    client: Arc<Current>,
    deliveries: Arc<Deliveries>,
    stop: Arc<AtomicBool>,
    /// The thread that takes acknowledgements; it rests while none is due.
    acks: Thread,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The client that sends. A client to which Kafka denies all writing is of no more use; another takes its place.
type Current = RwLock<Arc<BaseProducer<Context>>>;

impl Producer {
    /// Makes the client and its thread. It connects by itself, and again whenever the broker was away. Fails with
    /// [`StartError::Setting`] for an option that librdkafka refuses.
    pub fn new(settings: &KafkaSettings) -> Result<Self, StartError> {
        let config = config::producer(settings);
        let deliveries = Arc::new(Deliveries::default());
        let base = config.create_with_context(Context(deliveries.clone())).map_err(start_error)?;
        let client: Arc<Current> = Arc::new(RwLock::new(Arc::new(base)));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("kafka-acks".into()).spawn({
            let (client, deliveries, stop) = (client.clone(), deliveries.clone(), stop.clone());
            move || take_acks(&config, &client, &deliveries, &stop)
        });
        let thread = thread.map_err(StartError::failure)?;
        let acks = thread.thread().clone();
        Ok(Self(Arc::new(Inner { client, deliveries, stop, acks, thread: Mutex::new(Some(thread)) })))
    }

    /// Sends a record to `topic` (its Kafka name) and ends when the broker has acknowledged it. Waits while the queue is
    /// full. Dropping the future gives up the answer, not the record. Within a trace it carries that on.
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
        let span = Span::current().sending(topic, key);
        let carried = span.headers();
        let carried = carried.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers: Vec<(&str, &[u8])> = headers.iter().copied().chain(carried).collect();
        let result = self.send_record(topic, key, value, &headers).await;
        span.sent(&result);
        result
    }

    async fn send_record(
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
        if !self.deliveries().gate.is_open(Instant::now) {
            return Ok(false);
        }
        let mut record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(topic, opaque);
        (record.key, record.payload) = (key, value);
        if !headers.is_empty() {
            let insert = |all: OwnedHeaders, (name, value): &(&str, &[u8])| {
                all.insert(Header { key: name, value: Some(*value) })
            };
            record.headers = Some(headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), insert));
        }
        match self.0.client.read().send(record) {
            Ok(()) => {
                self.0.acks.unpark();
                Ok(true)
            }
            Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => Ok(false),
            // Another client will take the place of this one.
            Err(_) if self.deliveries().state.refused().is_some() => Ok(false),
            Err((error, _)) => match self.deliveries().state.fatal() {
                Some(reason) => Err(SendError::Fatal(reason)),
                None => Err(SendError::of(&error)),
            },
        }
    }

    /// Waits until everything that was sent is acknowledged or refused, at most for `deadline`. Returns how many records
    /// are still in the queue: 0 is success.
    pub async fn flush(&self, deadline: Duration) -> usize {
        let base = self.0.client.read().clone();
        let flushed = tokio::task::spawn_blocking(move || {
            // What is left is counted below; the error says no more.
            let _ = base.flush(deadline);
            base.in_flight_count()
        });
        flushed.await.map_or(1, |left| left.max(0) as usize)
    }

    /// Records that are queued or on their way.
    pub fn in_flight(&self) -> usize {
        self.0.client.read().in_flight_count().max(0) as usize
    }

    /// Ends with an error when this producer has failed for good, or with `Ok` at shutdown: a task for the supervisor.
    pub async fn watch(self, shutdown: Shutdown) -> Result<(), SendError> {
        while shutdown.sleep(Duration::from_secs(1)).await {
            let state = &self.deliveries().state;
            if let Some(reason) = state.fatal().filter(|_| state.refused().is_none()) {
                return Err(SendError::Fatal(reason));
            }
        }
        Ok(())
    }

    fn deliveries(&self) -> &Arc<Deliveries> {
        &self.0.deliveries
    }
}

/// The body of the thread that takes acknowledgements.
fn take_acks(config: &ClientConfig, client: &Current, deliveries: &Arc<Deliveries>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let base = client.read().clone();
        if base.in_flight_count() > 0 {
            base.poll(POLL);
        } else {
            base.poll(Duration::ZERO);
            // Whoever sends ends the rest.
            std::thread::park_timeout(REST);
        }
        if deliveries.state.refused().is_some() && deliveries.gate.is_open(Instant::now) {
            // The options were good enough for the first client.
            if let Ok(next) = config.create_with_context(Context(deliveries.clone())) {
                // What the last client still holds is told as refused before the next one sends.
                drop(base);
                let last = std::mem::replace(&mut *client.write(), Arc::new(next));
                drop(last);
                deliveries.state.begin_anew();
            }
        }
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
