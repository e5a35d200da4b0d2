//! A record as readers hand it on: borrowed, nothing is copied.

use rdkafka::message::{BorrowedMessage, Message};

use crate::Millis;

/// A record of a topic.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Index of its topic in the reader's list.
    pub topic: usize,
    /// Its partition.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// When the broker appended it (LogAppendTime), ms UTC; 0 where a topic has no times.
    pub time: Millis,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    pub(super) fn of(topic: usize, message: &'a BorrowedMessage<'_>) -> Self {
        Self {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            time: message.timestamp().to_millis().unwrap_or(0),
            key: message.key(),
            value: message.payload(),
        }
    }
}
