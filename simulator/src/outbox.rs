//! Delivery records on their way into Kafka: what is answered waits here until the queue takes it, and is kept until it is
//! acknowledged, so that it can be sent again. An answer to a record that was sent within a trace carries that on.

use std::{collections::HashMap, sync::mpsc};

use contract::{CourierId, Delivery};
use service::{
    BoxError,
    kafka::producer::{Outlet, Producer},
    traces::Span,
};

use crate::engine::{Report, reporting};

/// The way of the delivery records.
pub struct Outbox {
    topic: String,
    outlet: Outlet,
    reports: mpsc::Receiver<Report>,
    /// In the queue, by number.
    sent: HashMap<u64, Letter>,
    waiting: Vec<Letter>,
    next: u64,
}

struct Letter {
    delivery: Delivery,
    /// The processing of the record that it answers; it ends when the answer is acknowledged.
    within: Span,
    /// Its own sending.
    sending: Span,
}

impl Outbox {
    /// A way to `topic`, the Kafka name of `deliveries`.
    ///
    /// # Errors
    /// Where the producer has no room for another outlet.
    pub fn new(producer: &Producer, topic: String) -> Result<Self, BoxError> {
        let (reports, outlet) = reporting(producer)?;
        Ok(Self { topic, outlet, reports, sent: HashMap::new(), waiting: Vec::new(), next: 0 })
    }

    /// Kafka name of the topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Adds a record, as an answer to what is processed in `within`.
    pub fn push(&mut self, delivery: Delivery, within: Span) {
        self.waiting.push(Letter { delivery, within, sending: Span::none() });
    }

    /// Whether something waits for room in the queue.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether a record of the courier is on its way.
    pub fn is_writing(&self, courier: &CourierId) -> bool {
        self.sent.values().chain(&self.waiting).any(|letter| letter.delivery.courier == *courier)
    }

    /// Takes in what was acknowledged, and what must be sent again.
    pub fn take_reports(&mut self) {
        while let Ok((number, result)) = self.reports.try_recv() {
            let Some(mut letter) = self.sent.remove(&number) else { continue };
            letter.sending.sent(&result);
            if let Err(error) = result {
                // The producer has told what is wrong, once for all records.
                tracing::debug!(delivery = %letter.delivery.delivery, %error, "a record is sent again");
                letter.sending = Span::none();
                self.waiting.push(letter);
            }
        }
    }

    /// Puts records into the queue, as far as it has room.
    ///
    /// # Errors
    /// What a producer that has failed for good says.
    pub fn send(&mut self) -> Result<(), BoxError> {
        let mut left = Vec::new();
        for mut letter in std::mem::take(&mut self.waiting) {
            if left.is_empty() && self.enqueue(&mut letter)? {
                self.sent.insert(self.next, letter);
                self.next = (self.next + 1) & Outlet::MAX_NUMBER;
            } else {
                left.push(letter);
            }
        }
        self.waiting.extend(left);
        Ok(())
    }

    fn enqueue(&self, letter: &mut Letter) -> Result<bool, BoxError> {
        let key = letter.delivery.courier.as_str().as_bytes();
        if letter.sending.is_none() {
            letter.sending = letter.within.sending(&self.topic, Some(key));
        }
        let value = letter.delivery.to_json();
        Ok(self.outlet.try_enqueue_within(&letter.sending, &self.topic, key, &value, self.next)?)
    }
}
