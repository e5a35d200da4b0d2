//! A record as readers hand it on: borrowed, nothing is copied.

use rdkafka::message::{BorrowedMessage, Headers as _, Message};

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
    /// Its headers.
    pub headers: Headers<'a>,
}

/// The headers of a record, which librdkafka reads when they are asked for: most records are never asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a>(Option<&'a BorrowedMessage<'a>>);

impl<'a> Headers<'a> {
    /// The value of the first header of that name.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        let headers = self.0?.headers()?;
        headers.iter().find(|header| header.key == name)?.value
    }
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
            headers: Headers(Some(message)),
        }
    }
}
