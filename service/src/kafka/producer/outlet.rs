//! A way into Kafka for many records: no allocation and no future for each of them.

use crate::traces::Span;

use super::{Producer, SendError, deliveries::word};

/// Sends records whose acknowledgements arrive at one function, by number. See [`Producer::outlet`].
pub struct Outlet {
    pub(super) producer: Producer,
    pub(super) index: u8,
}

impl Outlet {
    /// The greatest number that a record can be sent under.
    pub const MAX_NUMBER: u64 = u64::MAX >> 8;

    /// Puts a record for `topic` (its Kafka name) into the queue. `Ok(false)` means that the queue is full and nothing was
    /// taken: send it again later. After `Ok(true)` the outlet's function is called once with `number` (at most
    /// [`Outlet::MAX_NUMBER`]); after an error it is not.
    pub fn try_enqueue(&self, topic: &str, key: &[u8], value: &[u8], number: u64) -> Result<bool, SendError> {
        debug_assert!(number <= Self::MAX_NUMBER);
        self.producer.hand_over(topic, Some(key), Some(value), &[], word(self.index, number))
    }

    /// As [`Outlet::try_enqueue`], for a record that carries the trace of `span` on.
    pub fn try_enqueue_within(
        &self,
        span: &Span,
        topic: &str,
        key: &[u8],
        value: &[u8],
        number: u64,
    ) -> Result<bool, SendError> {
        debug_assert!(number <= Self::MAX_NUMBER);
        let carried = span.headers();
        let headers: Vec<(&str, &[u8])> =
            carried.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        self.producer.hand_over(topic, Some(key), Some(value), &headers, word(self.index, number))
    }

    /// As [`Outlet::try_enqueue`], waiting while the queue is full.
    pub async fn enqueue(&self, topic: &str, key: &[u8], value: &[u8], number: u64) -> Result<(), SendError> {
        let mut room = None;
        while !self.try_enqueue(topic, key, value, number)? {
            match room.take() {
                None => room = Some(self.producer.deliveries().room.wait()),
                Some(room) => room.await,
            }
        }
        Ok(())
    }

    /// The producer behind it.
    pub fn producer(&self) -> &Producer {
        &self.producer
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.producer.deliveries().close_outlet(self.index);
    }
}
