//! The loop of a group's member: turns, polls, changes of partitions, commits.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::kafka::offsets;
use crate::{BoxError, Shutdown};

use super::context::{Change, Context, give_up};
use super::{Assigned, Control, GroupHandler, GroupReader, Record};

/// Longest wait for a record.
const POLL: Duration = Duration::from_millis(50);
/// Most records between two turns.
const RECORDS: usize = 500;
/// Shortest time between two commits.
const COMMIT_EVERY: Duration = Duration::from_millis(200);
/// How long a handler may be not ready before its partitions are paused.
const HOLD: Duration = Duration::from_millis(500);
/// How soon a question to the brokers that failed is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// A partition counts as caught up when nothing has come for this long: what is missing has no records.
const NOTHING_MORE: Duration = Duration::from_secs(10);

pub(super) struct Member {
    consumer: BaseConsumer<Context>,
    reader: GroupReader,
    embedded: bool,
    shutdown: Shutdown,
    held: BTreeMap<(usize, i32), Place>,
    control: Control,
    /// Changes that could not be carried out yet, and when to try again.
    waiting: Vec<Change>,
    try_at: Instant,
    /// How often the first of them has failed in a row.
    refused: u32,
    mend_at: Option<Instant>,
    committed_at: Instant,
    heard_at: Instant,
    not_ready_since: Option<Instant>,
    paused: bool,
}

/// Where reading stands in a partition.
struct Place {
    next: i64,
    high: i64,
    caught_up: bool,
}

impl Member {
    pub(super) fn new(
        consumer: BaseConsumer<Context>,
        reader: GroupReader,
        embedded: bool,
        shutdown: Shutdown,
    ) -> Self {
        let now = Instant::now();
        Self {
            consumer,
            reader,
            embedded,
            shutdown,
            held: BTreeMap::new(),
            control: Control::default(),
            waiting: Vec::new(),
            try_at: now,
            refused: 0,
            mend_at: None,
            committed_at: now,
            heard_at: now,
            not_ready_since: None,
            paused: false,
        }
    }

    pub(super) fn run(mut self, mut handler: impl GroupHandler) -> Result<(), BoxError> {
        // Caught, so that a handler's panic ends the service: the consumer's own end waits for an answer to its last
        // rebalance, and nobody would give it.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let result = self.turns(&mut handler);
            if result.is_ok() {
                self.leave(&mut handler);
            }
            result
        }));
        self.consumer.context().close();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn turns(&mut self, handler: &mut impl GroupHandler) -> Result<(), BoxError> {
        if self.embedded {
            self.waiting.push(Change::Assign(Vec::new()));
        } else {
            let topics: Vec<&str> = self.reader.topics.iter().map(String::as_str).collect();
            self.consumer.subscribe(&topics)?;
        }
        while !self.shutdown.is_requested() {
            let wait = handler.turn(&mut self.control)?.min(POLL);
            self.reader.beat.turn();
            self.commit_some();
            self.flow(handler.ready())?;
            if self.not_ready_since.is_some() && !self.paused {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            self.read(wait, handler)?;
            self.changes(handler)?;
            self.mend();
            self.tell_caught_up(handler);
        }
        Ok(())
    }

    /// Hands records over until there are none, or it is time for another turn.
    fn read(&mut self, wait: Duration, handler: &mut impl GroupHandler) -> Result<(), BoxError> {
        let mut wait = wait;
        for _ in 0..RECORDS {
            match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    self.heard_at = Instant::now();
                    let name = message.topic();
                    let topic = self.reader.topics.iter().position(|topic| topic == name);
                    let place = topic.and_then(|topic| self.held.get_mut(&(topic, message.partition())));
                    // Without a place it belongs to a partition that was given up meanwhile.
                    if let (Some(topic), Some(place)) = (topic, place) {
                        place.next = message.offset() + 1;
                        handler.record(Record::of(topic, &message), &mut self.control);
                    }
                    if !handler.ready() {
                        break;
                    }
                }
                Some(Err(error)) => self.fault(&error)?,
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn fault(&mut self, error: &KafkaError) -> Result<(), BoxError> {
        match error {
            KafkaError::PartitionEOF(partition) => {
                self.consumer.context().state.set_connected(true);
                // Which topic's partition that is, is known only if there is one topic.
                if self.reader.topics.len() == 1
                    && let Some(place) = self.held.get_mut(&(0, *partition))
                {
                    place.high = place.high.min(place.next);
                }
            }
            KafkaError::MessageConsumptionFatal(_) => return Err(error.clone().into()),
            _ => {
                let code = error.rdkafka_error_code();
                if matches!(code, Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)) {
                    self.mend_at.get_or_insert_with(Instant::now);
                }
                // All else: the context has logged it, and librdkafka goes on by itself.
            }
        }
        Ok(())
    }

    /// Stops and starts the flow of records as the handler can take them.
    fn flow(&mut self, ready: bool) -> KafkaResult<()> {
        if ready {
            self.not_ready_since = None;
            if std::mem::take(&mut self.paused) {
                self.consumer.resume(&self.list(self.held.keys()))?;
            }
        } else {
            let since = *self.not_ready_since.get_or_insert_with(Instant::now);
            if !self.paused && since.elapsed() > HOLD && !self.held.is_empty() {
                self.consumer.pause(&self.list(self.held.keys()))?;
                self.paused = true;
            }
        }
        Ok(())
    }

    /// Carries out the changes that the group has asked for.
    fn changes(&mut self, handler: &mut impl GroupHandler) -> Result<(), BoxError> {
        self.waiting.extend(self.consumer.context().take_changes());
        while !self.waiting.is_empty() && self.try_at <= Instant::now() {
            let done = match &self.waiting[0] {
                Change::Assign(partitions) => self.take_on(&self.indexed(partitions), handler),
                Change::Revoke { partitions, lost } => {
                    let lost = *lost;
                    self.hand_back(&self.indexed(partitions), lost, handler)
                }
            };
            match done {
                Ok(true) => {
                    self.refused = 0;
                    self.waiting.remove(0);
                }
                Ok(false) => self.try_at = Instant::now() + AGAIN,
                Err(error) => {
                    self.refused += 1;
                    offsets::tell_not_yet("take partitions on", self.refused, &error);
                    self.try_at = Instant::now() + AGAIN;
                }
            }
        }
        Ok(())
    }

    fn indexed(&self, partitions: &[(String, i32)]) -> Vec<(usize, i32)> {
        let index = |name: &str| self.reader.topics.iter().position(|topic| topic == name);
        partitions.iter().filter_map(|(name, partition)| Some((index(name)?, *partition))).collect()
    }

    /// Begins reading partitions at their committed offsets. `false` where the topics are not there yet.
    fn take_on(&mut self, partitions: &[(usize, i32)], handler: &mut impl GroupHandler) -> KafkaResult<bool> {
        let all;
        let partitions = match self.embedded {
            true => match self.all_partitions()? {
                Some(found) => {
                    all = found;
                    &all
                }
                None => return Ok(false),
            },
            false => partitions,
        };
        let assigned = self.places(partitions)?;
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for place in &assigned {
            let offset = Offset::Offset(place.from);
            list.add_partition_offset(&self.reader.topics[place.topic], place.partition, offset)?;
        }
        match self.consumer.rebalance_protocol() {
            rdkafka::consumer::RebalanceProtocol::Eager => self.consumer.assign(&list)?,
            _ => self.consumer.incremental_assign(&list)?,
        }
        for place in &assigned {
            let known = Place { next: place.from, high: place.high, caught_up: false };
            self.held.insert((place.topic, place.partition), known);
        }
        // All or nothing: what is resumed later is everything that is held. And librdkafka remembers a pause with a
        // partition that was given up meanwhile: taken on again, it would never be read.
        match self.paused {
            true => self.consumer.pause(&list)?,
            false => self.consumer.resume(&list)?,
        }
        self.heard_at = Instant::now();
        tracing::info!(
            partitions = assigned.len(),
            held = self.held.len(),
            "{}: partitions taken on",
            self.reader.name
        );
        if !assigned.is_empty() {
            handler.assigned(&assigned, &mut self.control);
        }
        Ok(true)
    }

    /// Where each partition is to be read from and to: at the committed offset, or from the beginning; what was deleted
    /// since the commit is counted as lost.
    fn places(&self, partitions: &[(usize, i32)]) -> KafkaResult<Vec<Assigned>> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<(&str, i32)> =
            partitions.iter().map(|(topic, partition)| (self.reader.topics[*topic].as_str(), *partition)).collect();
        let ranges = offsets::ranges(&self.consumer, &names)?;
        let committed = match self.embedded {
            true => TopicPartitionList::new(),
            false => self.consumer.committed_offsets(self.list(partitions.iter()), offsets::ASK)?,
        };
        let mut assigned = Vec::with_capacity(partitions.len());
        for (((topic, partition), (name, _)), range) in partitions.iter().zip(&names).zip(ranges) {
            let known = committed.find_partition(name, *partition);
            if let Some(known) = &known {
                known.error()?;
            }
            let from = match known.map(|known| known.offset()) {
                Some(Offset::Offset(wanted)) => {
                    let (from, lost) = range.resume(wanted);
                    if from != wanted {
                        offsets::tell_lost(name, *partition, wanted, lost);
                    }
                    from
                }
                _ => range.low,
            };
            assigned.push(Assigned { topic: *topic, partition: *partition, from, high: range.high });
        }
        Ok(assigned)
    }

    /// All partitions of all topics, once all are there.
    fn all_partitions(&self) -> KafkaResult<Option<Vec<(usize, i32)>>> {
        let mut all = Vec::new();
        for (index, topic) in self.reader.topics.iter().enumerate() {
            let metadata = self.consumer.fetch_metadata(Some(topic), offsets::ASK)?;
            let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
            match found.map_or(0, |found| found.partitions().len() as i32) {
                0 => return Ok(None),
                count => all.extend((0..count).map(|partition| (index, partition))),
            }
        }
        Ok(Some(all))
    }

    /// Lets the handler finish, commits, and gives the partitions up.
    fn hand_back(
        &mut self,
        partitions: &[(usize, i32)],
        lost: bool,
        handler: &mut impl GroupHandler,
    ) -> KafkaResult<bool> {
        let held: Vec<(usize, i32)> =
            partitions.iter().filter(|partition| self.held.contains_key(partition)).copied().collect();
        if !held.is_empty() {
            handler.revoking(&held, lost, &mut self.control);
            match lost {
                true => drop(self.control.take()),
                false => self.commit(CommitMode::Sync),
            }
        }
        let list = self.list(partitions.iter());
        for partition in &held {
            self.held.remove(partition);
        }
        give_up(&self.consumer, &list)?;
        tracing::info!(
            partitions = held.len(),
            held = self.held.len(),
            lost,
            "{}: partitions given up",
            self.reader.name
        );
        Ok(true)
    }

    fn leave(&mut self, handler: &mut impl GroupHandler) {
        let all: Vec<(usize, i32)> = self.held.keys().copied().collect();
        if !all.is_empty() {
            handler.revoking(&all, false, &mut self.control);
            self.commit(CommitMode::Sync);
        }
    }

    fn commit_some(&mut self) {
        if !self.control.is_empty() && self.committed_at.elapsed() >= COMMIT_EVERY {
            self.committed_at = Instant::now();
            self.commit(CommitMode::Async);
        }
    }

    fn commit(&mut self, mode: CommitMode) {
        let wanted = self.control.take();
        let mut list = TopicPartitionList::with_capacity(wanted.len());
        for ((topic, partition), next) in wanted {
            if self.held.contains_key(&(topic, partition)) {
                // Fails only for a number that is no offset.
                let _ = list.add_partition_offset(&self.reader.topics[topic], partition, Offset::Offset(next));
            }
        }
        if self.embedded || list.count() == 0 {
            return;
        }
        if let Err(error) = self.consumer.commit(&list, mode) {
            tracing::warn!("{}: not committed, will be read again: {error}", self.reader.name);
        }
    }

    /// Goes on behind what retention took away.
    fn mend(&mut self) {
        if self.mend_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        let names: Vec<(&str, i32)> =
            self.held.keys().map(|(topic, partition)| (self.reader.topics[*topic].as_str(), *partition)).collect();
        let keys: Vec<(usize, i32)> = self.held.keys().copied().collect();
        let nexts: Vec<i64> = self.held.values().map(|place| place.next).collect();
        let mut moved = Vec::new();
        let result = offsets::mend(&self.consumer, &names, &nexts, |i, next, _| moved.push((keys[i], next)));
        for (key, next) in moved {
            if let Some(place) = self.held.get_mut(&key) {
                place.next = next;
            }
        }
        self.mend_at = result.err().map(|error| {
            tracing::warn!("{}: cannot find a place to go on reading yet: {error}", self.reader.name);
            Instant::now() + AGAIN
        });
    }

    fn tell_caught_up(&mut self, handler: &mut impl GroupHandler) {
        let quiet = self.heard_at.elapsed() > NOTHING_MORE && self.consumer.context().state.is_connected();
        for ((topic, partition), place) in &mut self.held {
            if !place.caught_up && (place.next >= place.high || quiet) {
                place.caught_up = true;
                handler.caught_up(*topic, *partition, &mut self.control);
            }
        }
    }

    fn list<'a>(&self, partitions: impl Iterator<Item = &'a (usize, i32)>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition(&self.reader.topics[*topic], *partition);
        }
        list
    }
}
