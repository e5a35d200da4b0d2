//! The ring of delivery events: what a client that was away missed.
//!
//! It keeps the last [`MAX_EVENTS`] events, and at least [`KEEP_MS`] of them, up to [`HARD_MAX`] events and [`MAX_BYTES`]:
//! these hold whatever happens. A reader overtaken by it gets a reset, never a hole.

use std::{collections::VecDeque, sync::Arc};

use contract::{Delivery, Millis};

use super::cursor::Cursor;

/// Events that are kept.
pub const MAX_EVENTS: usize = 100_000;
/// Events younger than this are kept beyond [`MAX_EVENTS`], ms.
pub const KEEP_MS: Millis = 15 * 60_000;
/// Events that are kept at the very most.
const HARD_MAX: usize = 4 * MAX_EVENTS;
/// Bytes of documents that are kept at the very most: some 100,000 deliveries of ordinary length, and of the longest
/// paths, which fill a record, still some thousands.
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// An `events` message ends after the document that brings it over this size. What a client missed in an hour is many
/// times larger than a socket should hold at once.
const MESSAGE_BYTES: usize = 128 * 1024;

/// A partition of which nothing was read yet.
const UNREAD: i64 = -1;

/// One change of one delivery.
#[derive(Debug, Clone)]
pub struct Event {
    /// Partition of its record.
    pub partition: i32,
    /// Offset of its record.
    pub offset: i64,
    /// Broker time of its record, ms UTC.
    pub time: Millis,
    /// The whole document as JSON, made once for all who get it.
    pub json: Arc<str>,
}

/// What a client's cursor is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Every event from the cursor on is here: those with a sequence number from this one on, filtered by the cursor.
    From(u64),
    /// The cursor is ahead of this replica: it may catch up.
    Ahead,
    /// The cursor cannot be served.
    Gone,
}

/// The ring. Events are numbered in the order in which this replica folded them.
#[derive(Debug, Default)]
pub struct Ring {
    epoch: u64,
    events: VecDeque<Event>,
    /// Bytes of their documents.
    bytes: usize,
    /// Number of the first event in the ring.
    first: u64,
    /// Offset after the last record that was read, by partition.
    next: Vec<i64>,
    /// Offset from which on all events of the partition are in the ring.
    floor: Vec<i64>,
}

impl Ring {
    /// Names the log that cursors belong to.
    pub fn name(&mut self, epoch: u64) {
        self.epoch = epoch;
    }

    /// Notes that a partition is read from `offset` on: nothing before it is known. Of a partition that has begun
    /// already it changes nothing.
    pub fn begin(&mut self, partition: i32, offset: i64) {
        let index = self.partition(partition);
        if self.next[index] == UNREAD {
            self.next[index] = offset;
            self.floor[index] = offset;
        }
    }

    /// Notes a record, whether or not it changed anything.
    pub fn passed(&mut self, partition: i32, offset: i64) {
        self.begin(partition, offset);
        let index = self.partition(partition);
        self.next[index] = self.next[index].max(offset + 1);
    }

    /// True where everything before these offsets, one for each partition, is in the state.
    pub fn has_passed(&self, ends: &[i64]) -> bool {
        // An empty partition has nothing to be passed.
        ends.iter().enumerate().all(|(i, end)| *end == 0 || self.next.get(i).is_some_and(|next| next >= end))
    }

    /// Adds a change.
    pub fn push(&mut self, partition: i32, offset: i64, time: Millis, delivery: &Delivery) {
        let json = String::from_utf8(delivery.to_json()).unwrap_or_default();
        self.add(Event { partition, offset, time, json: json.into() });
    }

    fn add(&mut self, event: Event) {
        self.bytes += event.json.len();
        self.events.push_back(event);
    }

    /// Lets go what is old.
    pub fn trim(&mut self, now: Millis) {
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            let young = self.events.front().is_some_and(|event| event.time > now - KEEP_MS);
            if young && self.events.len() <= HARD_MAX && self.bytes <= MAX_BYTES {
                break;
            }
            let Some(event) = self.events.pop_front() else { break };
            self.bytes -= event.json.len();
            self.first += 1;
            let index = self.partition(event.partition);
            self.floor[index] = self.floor[index].max(event.offset + 1);
        }
    }

    fn partition(&mut self, partition: i32) -> usize {
        let index = partition.max(0) as usize;
        if self.next.len() <= index {
            self.next.resize(index + 1, UNREAD);
            self.floor.resize(index + 1, 0);
        }
        index
    }

    /// Number of the next event.
    pub fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// Where the stream stands now.
    pub fn cursor(&self) -> Cursor {
        let next = self.next.iter().map(|next| (*next).max(0)).collect();
        Cursor { epoch: self.epoch, next }
    }

    /// What `cursor` is worth here.
    pub fn locate(&self, cursor: &Cursor) -> Place {
        if cursor.epoch != self.epoch || cursor.next.len() != self.next.len() {
            return Place::Gone;
        }
        if cursor.next.iter().zip(&self.floor).any(|(asked, floor)| asked < floor) {
            return Place::Gone;
        }
        if cursor.next.iter().zip(&self.next).any(|(asked, next)| asked > next) {
            return Place::Ahead;
        }
        let wanted =
            |event: &Event| cursor.next.get(event.partition as usize).is_some_and(|from| event.offset >= *from);
        let first = self.events.iter().position(wanted).unwrap_or(self.events.len());
        Place::From(self.first + first as u64)
    }

    /// Events from number `from` on; `None` where the ring has overtaken the reader.
    pub fn since(&self, from: u64) -> Option<impl Iterator<Item = &Event>> {
        let skip = from.checked_sub(self.first)?;
        Some(self.events.range((skip as usize).min(self.events.len())..))
    }

    /// The next `events` message for a reader that stands at number `from`, and the number behind it. Of a reader that
    /// resumes, `after` leaves out what lies before its cursor. `None` where the reader was overtaken.
    pub fn message(&self, from: u64, after: Option<&Cursor>) -> Option<Message> {
        let (mut documents, mut next) = (String::new(), from);
        for event in self.since(from)? {
            next += 1;
            if is_known(event, after) {
                continue;
            }
            if !documents.is_empty() {
                documents.push(',');
            }
            documents.push_str(&event.json);
            if documents.len() > MESSAGE_BYTES {
                break;
            }
        }
        let cursor = || self.cursor_at(next, after).encode();
        let text = (!documents.is_empty())
            .then(|| format!(r#"{{"type":"events","cursor":"{}","deliveries":[{documents}]}}"#, cursor()));
        Some(Message { text, next })
    }

    /// The cursor of a reader that has everything before number `number`: before the first event of each partition that
    /// it lacks.
    fn cursor_at(&self, number: u64, after: Option<&Cursor>) -> Cursor {
        let mut cursor = self.cursor();
        for event in self.since(number).into_iter().flatten().filter(|event| !is_known(event, after)) {
            if let Some(next) = cursor.next.get_mut(event.partition as usize) {
                *next = event.offset.min(*next);
            }
        }
        cursor
    }
}

/// What a reader gets next.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// The message; `None` where there is nothing that the reader lacks.
    pub text: Option<String>,
    /// Number of the event after it.
    pub next: u64,
}

/// Whether the event lies before the cursor.
fn is_known(event: &Event, after: Option<&Cursor>) -> bool {
    let next = after.and_then(|cursor| cursor.next.get(event.partition as usize));
    next.is_some_and(|next| event.offset < *next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring_with(offsets: &[(i32, i64)]) -> Ring {
        let mut ring = Ring::default();
        ring.name(1);
        (0..2).for_each(|partition| ring.begin(partition, 0));
        for &(partition, offset) in offsets {
            ring.passed(partition, offset);
            let time = 1_000;
            ring.add(Event { partition, offset, time, json: format!("[{partition},{offset}]").into() });
        }
        ring
    }

    #[test]
    fn a_cursor_gets_exactly_what_follows_it() {
        let ring = ring_with(&[(0, 0), (1, 0), (0, 1), (1, 1)]);
        let cursor = Cursor { epoch: 1, next: vec![1, 0] };
        let Place::From(from) = ring.locate(&cursor) else { panic!("not located") };
        let message = ring.message(from, Some(&cursor)).unwrap().text.unwrap();
        assert!(message.ends_with(r#""deliveries":[[1,0],[0,1],[1,1]]}"#), "{message}");
    }

    #[test]
    fn other_epochs_are_gone_and_later_cursors_are_ahead() {
        let ring = ring_with(&[(0, 0)]);
        assert_eq!(ring.locate(&Cursor { epoch: 2, next: vec![0, 0] }), Place::Gone);
        assert_eq!(ring.locate(&Cursor { epoch: 1, next: vec![0] }), Place::Gone);
        assert_eq!(ring.locate(&Cursor { epoch: 1, next: vec![0, 5] }), Place::Ahead);
    }

    #[test]
    fn what_the_ring_let_go_is_gone_never_a_hole() {
        let mut ring = ring_with(&[]);
        for offset in 0..(MAX_EVENTS as i64 + 10) {
            ring.passed(0, offset);
            ring.add(Event { partition: 0, offset, time: 0, json: "{}".into() });
        }
        ring.trim(KEEP_MS + 1);
        assert_eq!(ring.locate(&Cursor { epoch: 1, next: vec![9, 0] }), Place::Gone);
        assert!(matches!(ring.locate(&Cursor { epoch: 1, next: vec![10, 0] }), Place::From(_)));
        assert!(ring.since(3).is_none());
    }

    #[test]
    fn a_long_absence_comes_in_parts_and_each_cursor_goes_on_where_its_part_ends() {
        let mut ring = ring_with(&[]);
        let json = format!("\"{}\"", "x".repeat(MESSAGE_BYTES / 4));
        for n in 0..40 {
            let (partition, offset) = (n % 2, i64::from(n / 2));
            ring.passed(partition, offset);
            ring.add(Event { partition, offset, time: 0, json: json.as_str().into() });
        }
        let mut after = Cursor { epoch: 1, next: vec![3, 0] };
        let mut got = 0;
        loop {
            let Place::From(from) = ring.locate(&after) else { panic!("not located") };
            let Message { text: Some(text), next } = ring.message(from, Some(&after)).unwrap() else { break };
            assert!(text.len() < 2 * MESSAGE_BYTES && next > from);
            got += text.matches("xx\"").count();
            let cursor = text.split('"').nth(7).unwrap();
            after = Cursor::decode(cursor).unwrap();
        }
        assert_eq!((got, after), (37, ring.cursor()));
    }

    #[test]
    fn long_documents_are_bounded_by_their_bytes() {
        let mut ring = ring_with(&[]);
        let json: Arc<str> = "x".repeat(64 * 1024).into();
        for offset in 0..5_000 {
            ring.passed(0, offset);
            ring.add(Event { partition: 0, offset, time: 1_000, json: json.clone() });
        }
        ring.trim(0);
        assert!(ring.bytes <= MAX_BYTES && ring.events.len() == MAX_BYTES / json.len());
    }
}
