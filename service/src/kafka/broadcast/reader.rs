//! The reading thread: takes partitions on as they become known, hands their records on, and mends its place where
//! retention took it away.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::{BoxError, Clock, Shutdown};

use super::metadata::Counts;
use super::{Event, Record, Start, Status, Subscription, Teller};
use crate::kafka::offsets::{self, Range};

/// How long a poll waits for a record, and so the time between two [`Event::Idle`].
const POLL: Duration = Duration::from_millis(10);
/// How long records may gather before they are read on: a thread that is woken for each few of them costs more than they
/// do.
const GATHER: Duration = Duration::from_millis(5);
/// The clock is looked at once in this many records.
const CLOCK_EVERY: u32 = 64;
/// How long to wait before partitions that could not be taken on are tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Over how much time the worst lag is shown.
const LAG_WINDOW: Duration = Duration::from_millis(500);
/// Reading counts as caught up when nothing has come for this long though the watermarks are not reached: what is missing
/// are offsets without records, which transactions leave.
const NOTHING_MORE: Duration = Duration::from_secs(10);

pub(super) struct Reader {
    consumer: Arc<BaseConsumer<Teller>>,
    subscriptions: Vec<Subscription>,
    embedded: bool,
    status: Status,
    counts: Receiver<Counts>,
    shutdown: Shutdown,
    places: Vec<Vec<Place>>,
    /// Numbers of partitions that are not looked at yet, and when they may be at the earliest.
    found: Option<(Counts, Instant)>,
    /// How often taking them on has failed in a row.
    refused: u32,
    /// When a place has to be mended, at the earliest.
    mend_at: Option<Instant>,
    clock: Clock,
    lag: Lag,
}

/// Where reading stands in a partition.
struct Place {
    next: i64,
    /// The high watermark when reading began.
    goal: i64,
}

impl Reader {
    pub(super) fn new(
        consumer: Arc<BaseConsumer<Teller>>,
        subscriptions: Vec<Subscription>,
        embedded: bool,
        status: Status,
        counts: Receiver<Counts>,
        shutdown: Shutdown,
    ) -> Self {
        let places = subscriptions.iter().map(|_| Vec::new()).collect();
        let (clock, lag) = (Clock::system(), Lag::new());
        Self {
            consumer,
            subscriptions,
            embedded,
            status,
            counts,
            shutdown,
            places,
            found: None,
            refused: 0,
            mend_at: None,
            clock,
            lag,
        }
    }

    pub(super) fn run(mut self, mut handler: impl FnMut(Event<'_>)) -> Result<(), BoxError> {
        let consumer = self.consumer.clone();
        let (mut idle_at, mut unread, mut last_record) = (Instant::now(), 0, Instant::now());
        let mut flowing = false;
        while !self.shutdown.is_requested() {
            match consumer.poll(if flowing { Duration::ZERO } else { POLL }) {
                Some(Ok(message)) => {
                    flowing = true;
                    self.record(&message, &mut handler);
                    unread += 1;
                    if unread < CLOCK_EVERY {
                        continue;
                    }
                    last_record = Instant::now();
                }
                Some(Err(error)) => self.fault(&error)?,
                // At the end, or nothing comes because Kafka is away.
                None => {
                    if unread > 0 {
                        last_record = Instant::now();
                    }
                    self.lag.pause(consumer.context().0.is_connected());
                    if std::mem::take(&mut flowing) {
                        std::thread::sleep(GATHER);
                    }
                }
            }
            unread = 0;
            let now = Instant::now();
            if now.duration_since(idle_at) >= POLL {
                idle_at = now;
                let connected = consumer.context().0.is_connected();
                self.status.set_connected(connected);
                self.status.set_behind_ms(self.lag.worst(now, connected));
                handler(Event::Idle);
                self.look_around(now, &mut handler);
                if !self.status.caught_up() && self.has_caught_up(now.duration_since(last_record), connected) {
                    self.status.set_caught_up();
                    handler(Event::CaughtUp);
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, message: &BorrowedMessage<'_>, handler: &mut impl FnMut(Event<'_>)) {
        let name = message.topic();
        let Some(topic) = self.subscriptions.iter().position(|subscription| subscription.topic == name) else { return };
        let record = Record::of(topic, message);
        let Some(place) = self.places[topic].get_mut(record.partition as usize) else { return };
        place.next = record.offset + 1;
        self.lag.seen(self.clock.now() - record.time, record.time > 0);
        handler(Event::Record(record));
        self.status.set_next(topic, record.partition, record.offset + 1);
    }

    /// What poll says instead of a record.
    fn fault(&mut self, error: &KafkaError) -> Result<(), BoxError> {
        match error.rdkafka_error_code() {
            _ if matches!(error, KafkaError::PartitionEOF(_)) => self.consumer.context().0.set_connected(true),
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                self.mend_at.get_or_insert_with(Instant::now);
            }
            _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => return Err(error.clone().into()),
            // The context has logged it; librdkafka goes on by itself.
            _ => {}
        }
        Ok(())
    }

    /// Takes on new partitions and mends places.
    fn look_around(&mut self, now: Instant, handler: &mut impl FnMut(Event<'_>)) {
        if let Ok(counts) = self.counts.try_recv() {
            self.found = Some((counts, now));
        }
        if let Some((counts, _)) = self.found.take_if(|(_, at)| *at <= now) {
            match self.take_on(&counts, handler) {
                Ok(()) => self.refused = 0,
                Err(error) => {
                    self.refused += 1;
                    offsets::tell_not_yet("begin reading", self.refused, &error);
                    self.found = Some((counts, now + AGAIN));
                }
            }
        }
        if self.mend_at.is_some_and(|at| at <= now) {
            self.mend_at = self.mend(handler).err().map(|error| {
                tracing::warn!("cannot find a place to go on reading yet: {error}");
                now + Duration::from_secs(1)
            });
        }
    }

    /// Begins reading the partitions that are not read yet.
    fn take_on(&mut self, counts: &Counts, handler: &mut impl FnMut(Event<'_>)) -> KafkaResult<()> {
        let first = self.places.iter().all(Vec::is_empty);
        // All topics at once the first time: being caught up means all of them.
        if first && counts.contains(&0) {
            return Ok(());
        }
        let mut fresh: Vec<(usize, i32)> = Vec::new();
        for (topic, count) in counts.iter().enumerate() {
            fresh.extend((self.places[topic].len() as i32..*count).map(|partition| (topic, partition)));
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let names: Vec<(&str, i32)> =
            fresh.iter().map(|(topic, partition)| (self.subscriptions[*topic].topic.as_str(), *partition)).collect();
        let ranges = offsets::ranges(&self.consumer, &names)?;
        let starts = match first {
            true => self.starts(&fresh, &names, &ranges)?,
            false => ranges.iter().map(|range| range.low).collect(),
        };
        let mut list = TopicPartitionList::with_capacity(fresh.len());
        for ((topic, partition), start) in names.iter().zip(&starts) {
            list.add_partition_offset(topic, *partition, Offset::Offset(*start))?;
        }
        self.consumer.incremental_assign(&list)?;
        for (i, (topic, partition)) in fresh.iter().enumerate() {
            self.places[*topic].push(Place { next: starts[i], goal: ranges[i].high });
            self.status.grow(*topic, *partition as usize + 1);
            self.status.set_next(*topic, *partition, starts[i]);
        }
        tracing::info!(partitions = fresh.len(), "reading");
        handler(Event::Idle);
        Ok(())
    }

    fn starts(&self, fresh: &[(usize, i32)], names: &[(&str, i32)], ranges: &[Range]) -> KafkaResult<Vec<i64>> {
        let times: Vec<i64> = fresh
            .iter()
            .map(|(topic, _)| match self.subscriptions[*topic].start {
                Start::Since(time) if !self.embedded => time,
                _ => 0,
            })
            .collect();
        if times.iter().all(|time| *time <= 0) {
            return Ok(ranges.iter().map(|range| range.low).collect());
        }
        let found = offsets::since(&self.consumer, names, &times)?;
        let start = |((time, range), found): ((&i64, &Range), Option<i64>)| match (time, found) {
            (..=0, _) => range.low,
            // Nothing is as new as that: the end as it was asked for before, so that what came since is not skipped.
            (_, None) => range.high,
            (_, Some(offset)) => offset.clamp(range.low, range.high.max(range.low)),
        };
        Ok(times.iter().zip(ranges).zip(found).map(start).collect())
    }

    /// Goes on behind what retention took away.
    fn mend(&mut self, handler: &mut impl FnMut(Event<'_>)) -> KafkaResult<()> {
        let all: Vec<(usize, i32)> = (0..self.places.len())
            .flat_map(|topic| (0..self.places[topic].len() as i32).map(move |partition| (topic, partition)))
            .collect();
        let name = |topic: usize| self.subscriptions[topic].topic.as_str();
        let names: Vec<(&str, i32)> = all.iter().map(|(topic, partition)| (name(*topic), *partition)).collect();
        let nexts: Vec<i64> =
            all.iter().map(|(topic, partition)| self.places[*topic][*partition as usize].next).collect();
        offsets::mend(&self.consumer, &names, &nexts, |i, next, records| {
            let (topic, partition) = all[i];
            self.places[topic][partition as usize].next = next;
            self.status.add_lost(records);
            self.status.set_next(topic, partition, next);
            handler(Event::Lost { topic, partition, records });
        })
    }

    fn has_caught_up(&self, quiet: Duration, connected: bool) -> bool {
        let begun = self.places.iter().all(|of| !of.is_empty());
        let reached = self.places.iter().flatten().all(|place| place.next >= place.goal);
        begun && (reached || (connected && quiet > NOTHING_MORE))
    }
}

/// How old records are when they are handed on.
struct Lag {
    window: Instant,
    worst: i64,
    before: i64,
    /// When nothing was left to be read, last.
    at_end: Instant,
}

impl Lag {
    fn new() -> Self {
        Self { window: Instant::now(), worst: 0, before: 0, at_end: Instant::now() }
    }

    fn seen(&mut self, lag_ms: i64, has_time: bool) {
        if has_time {
            self.worst = self.worst.max(lag_ms);
        }
    }

    /// Nothing came: that is the end only if Kafka answers.
    fn pause(&mut self, connected: bool) {
        if connected {
            self.at_end = Instant::now();
        }
    }

    /// The worst lag of the last moments, ms: while Kafka is away, the time since it was there.
    fn worst(&mut self, now: Instant, connected: bool) -> i64 {
        if now.duration_since(self.window) > LAG_WINDOW {
            self.window = now;
            self.before = std::mem::take(&mut self.worst);
        }
        if !connected {
            return now.duration_since(self.at_end).as_millis() as i64;
        }
        self.worst.max(self.before).max(0)
    }
}
