//! Acknowledgements on their way back: from librdkafka's reports to whoever waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{NoCustomPartitioner, ProducerContext};
use tokio::sync::{Notify, oneshot};

use crate::kafka::context::{ClientState, advice};

use super::gate::Gate;
use super::{Ack, SendError};

/// A report travels with one machine word: the outlet in the low 8 bits (0 is a single send), the number above.
const OUTLET_BITS: u32 = 8;

type OnAck = Box<dyn Fn(u64, Result<Ack, SendError>) + Send + Sync>;
type Answer = oneshot::Sender<Result<Ack, SendError>>;

/// Who waits for which acknowledgement.
pub(super) struct Deliveries {
    pub(super) state: ClientState,
    pub(super) room: Room,
    pub(super) gate: Gate,
    next: AtomicU64,
    single: Mutex<HashMap<u64, Answer>>,
    outlets: RwLock<Vec<Option<OnAck>>>,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            state: ClientState::new("producer"),
            room: Room::default(),
            gate: Gate::default(),
            next: AtomicU64::new(0),
            single: Mutex::new(HashMap::new()),
            outlets: RwLock::new(Vec::new()),
        }
    }
}

/// The word of record `number` of an outlet (from 1).
pub(super) fn word(outlet: u8, number: u64) -> usize {
    (number << OUTLET_BITS) as usize | usize::from(outlet)
}

impl Deliveries {
    /// A word for one record, and its answer.
    pub(super) fn expect_one(&self) -> (usize, oneshot::Receiver<Result<Ack, SendError>>) {
        let (answer, answered) = oneshot::channel();
        let number = self.next.fetch_add(1, Ordering::Relaxed) & (u64::MAX >> OUTLET_BITS);
        self.single.lock().insert(number, answer);
        (word(0, number), answered)
    }

    /// The record of that word was not sent after all.
    pub(super) fn forget(&self, word: usize) {
        self.single.lock().remove(&(word as u64 >> OUTLET_BITS));
    }

    /// Takes a function in; `None` where there are 255 already. An index is not used twice: reports of a closed outlet
    /// may still come.
    pub(super) fn add_outlet(&self, on_ack: OnAck) -> Option<u8> {
        let mut outlets = self.outlets.write();
        let index = u8::try_from(outlets.len() + 1).ok()?;
        outlets.push(Some(on_ack));
        Some(index)
    }

    pub(super) fn close_outlet(&self, index: u8) {
        let closed = self.outlets.write().get_mut(usize::from(index) - 1).and_then(Option::take);
        // Dropped outside the lock: it may own anything.
        drop(closed);
    }

    fn report(&self, word: usize, result: Result<Ack, SendError>) {
        let number = word as u64 >> OUTLET_BITS;
        match word & ((1 << OUTLET_BITS) - 1) {
            0 => {
                if let Some(answer) = self.single.lock().remove(&number) {
                    // Nobody waits any more: the record was sent all the same.
                    let _ = answer.send(result);
                }
            }
            outlet => {
                if let Some(Some(on_ack)) = self.outlets.read().get(outlet - 1) {
                    on_ack(number, result);
                }
            }
        }
    }
}

/// The callbacks of one client; a producer that must begin anew gives the next client the same deliveries.
#[derive(Clone)]
pub(super) struct Context(pub(super) Arc<Deliveries>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.0.state.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.state.error(error, reason);
        if self.0.state.refused().is_some() {
            self.0.gate.close(Instant::now());
        }
    }
}

impl ProducerContext<NoCustomPartitioner> for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, word: usize) {
        let Deliveries { state, gate, room, .. } = &*self.0;
        let result = match result {
            Ok(message) => {
                state.set_connected(true);
                gate.open();
                Ok(Ack { partition: message.partition(), offset: message.offset() })
            }
            Err((error, message)) => {
                let code = error.rdkafka_error_code();
                if let Some(advice) = code.and_then(|code| advice(Some(code), "")) {
                    gate.close(Instant::now());
                    state.refuse(advice, &format!("writing to {}: {error}", message.topic()));
                }
                Err(match (state.refused(), state.fatal()) {
                    (Some(reason), _) => SendError::Refused(reason),
                    (None, Some(reason)) => SendError::Fatal(reason),
                    (None, None) => SendError::of(error),
                })
            }
        };
        self.0.report(word, result);
        room.made();
    }
}

/// Wakes those who wait for room in the queue.
#[derive(Default)]
pub(super) struct Room {
    waiting: AtomicUsize,
    made: Notify,
}

impl Room {
    /// To be made before looking whether there is room, so that room made meanwhile is not missed; ends when some record
    /// has left the queue.
    pub(super) fn wait(&self) -> impl Future<Output = ()> + '_ {
        let mut made = Box::pin(self.made.notified());
        made.as_mut().enable();
        async move {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            // The limit is for the case that the last record left between the look and the count above.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(20), made).await;
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn made(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.made.notify_waiters();
        }
    }
}
