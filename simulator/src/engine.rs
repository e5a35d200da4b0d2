//! The simulator's one loop: folds the records of its partitions, answers requests, drives the runs.
//!
//! It is the handler of group `simulator`: records of `deliveries` come in order of their partition, and between polls it
//! sends what is due. Everything that it sends is in librdkafka's queue with a number; acknowledgements come back by that
//! number. A full queue makes it wait, nothing is dropped; what fails is sent again.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use contract::{Delivery, DeliveryId, DeliveryStatus, Driver, Millis, SourceId, topics};
use rustc_hash::FxHashMap;
use service::{
    BoxError, Clock, Durability,
    kafka::{
        Record,
        group::{Assigned, Control, GroupHandler},
        producer::{Ack, Outlet, Producer, SendError},
    },
    traces::Span,
};

use crate::{
    GROUP,
    demo::Demo,
    outbox::Outbox,
    run::{End, Run},
    settings::FixSettings,
    stories::{Answer, Stories, Story},
};

/// How long one turn sends before the group is looked after again.
const TURN: Duration = Duration::from_millis(20);
/// Fixes of one run that are sent before another run has its turn.
const FAIR_SHARE: u32 = 64;
/// Longest wait between two turns.
const WAIT: Duration = Duration::from_millis(50);
/// How often offsets are committed and old stories forgotten, ms.
const TIDY_EVERY_MS: Millis = 1_000;

/// Bits of a number that tell the fix; those above tell the run.
const FIX_BITS: u32 = 32;
/// Runs are numbered with the bits that remain of an outlet's number.
const RUN_MASK: u32 = (1 << 24) - 1;

/// What came back of something that was sent.
pub type Report = (u64, Result<Ack, SendError>);

/// The handler.
pub struct Engine {
    clock: Clock,
    durability: Durability,
    fixes: FixSettings,
    source: SourceId,
    positions_topic: String,
    positions: Outlet,
    position_reports: mpsc::Receiver<Report>,
    outbox: Outbox,
    partitions: HashMap<i32, Partition>,
    runs: FxHashMap<u32, Run>,
    run_of: FxHashMap<DeliveryId, u32>,
    next_run: u32,
    /// (due, run): one entry for each run that has something to send.
    due: BinaryHeap<Reverse<(Millis, u32)>>,
    /// Starts that were read back and wait to be durable.
    unsettled: Vec<(i32, i64, DeliveryId)>,
    demo: Demo,
    tidied: Millis,
    published: metrics::Counter,
    acknowledged: metrics::Counter,
}

/// A partition that is ours.
#[derive(Default)]
struct Partition {
    stories: Stories,
    /// Records that were sent within a trace and are not acted on yet.
    asked: HashMap<DeliveryId, Span>,
    /// Everything that was there when we took it has been read: now we act.
    caught_up: bool,
}

/// What the engine is made of.
pub struct Parts {
    /// The way into Kafka.
    pub producer: Producer,
    /// Kafka name of `positions`.
    pub positions_topic: String,
    /// Kafka name of `deliveries`.
    pub deliveries_topic: String,
    /// Time.
    pub clock: Clock,
    /// When a start counts as durable.
    pub durability: Durability,
    /// How fixes differ from the truth.
    pub fixes: FixSettings,
    /// Couriers that keep delivering.
    pub demo: Demo,
}

impl Engine {
    /// An engine that has no partition yet.
    ///
    /// # Errors
    /// Where the producer has no room for two more outlets.
    pub fn new(parts: Parts) -> Result<Self, BoxError> {
        let (position_reports, positions) = reporting(&parts.producer)?;
        let outbox = Outbox::new(&parts.producer, parts.deliveries_topic)?;
        Ok(Self {
            clock: parts.clock,
            durability: parts.durability,
            fixes: parts.fixes,
            source: SourceId::new(fleet::couriers::SIMULATED)?,
            positions_topic: parts.positions_topic,
            positions,
            position_reports,
            outbox,
            partitions: HashMap::new(),
            runs: FxHashMap::default(),
            run_of: FxHashMap::default(),
            next_run: 0,
            due: BinaryHeap::new(),
            unsettled: Vec::new(),
            demo: parts.demo,
            tidied: 0,
            published: metrics::counter!("cd_published_total", "service" => "simulator"),
            acknowledged: metrics::counter!("cd_acknowledged_total", "service" => "simulator"),
        })
    }

    /// A record changed what is known of a delivery: act on it.
    fn changed(&mut self, partition: i32, id: DeliveryId) {
        let Some(ours) = self.partitions.get_mut(&partition) else { return };
        let Some(story) = ours.stories.get(&id).cloned() else { return };
        let within = ours.asked.remove(&id).unwrap_or_default();
        let _within = within.enter();
        match story.delivery.status {
            DeliveryStatus::Requested => match ours.stories.answer(&id, self.clock.now()) {
                Some(Answer::Start(started)) => {
                    tracing::debug!(delivery = %id, courier = %started.courier, "taken up");
                    self.outbox.push(*started, within);
                }
                Some(Answer::Reject(rejected)) => {
                    tracing::info!(delivery = %id, courier = %rejected.courier, reason = rejected.reason, "rejected");
                    self.outbox.push(*rejected, within);
                }
                None => {}
            },
            DeliveryStatus::InTransit if story.delivery.driver == Driver::Simulator => {
                if self.durability.is_settled(self.outbox.topic(), partition, story.offset) {
                    self.start(partition, story.delivery);
                } else {
                    self.unsettled.push((partition, story.offset, id));
                }
            }
            DeliveryStatus::InTransit => {}
            _ => self.end(partition, id, &story),
        }
    }

    /// Others ended a run: what it owes up to that end is sent, if need be again from the start by whoever took over.
    fn end(&mut self, partition: i32, id: DeliveryId, story: &Story) {
        let owes = self.partitions.get(&partition).is_some_and(|ours| ours.stories.owes(&id));
        if let Some((started, _)) = story.under_way.as_ref().filter(|_| owes && !self.run_of.contains_key(&id)) {
            if !self.durability.is_settled(self.outbox.topic(), partition, story.offset) {
                self.unsettled.push((partition, story.offset, id));
                return;
            }
            // Fixes that are older than Kafka keeps them would be dead letters.
            if self.clock.now() - started.started_at.unwrap_or(0) < topics::POSITIONS_RETENTION_MS / 2 {
                self.start(partition, Arc::clone(started));
            }
            if !self.run_of.contains_key(&id)
                && let Some(ours) = self.partitions.get_mut(&partition)
            {
                ours.stories.settled(&id);
            }
        }
        if let Some(run) = self.run_of.get(&id).copied()
            && let Some(run) = self.runs.get_mut(&run)
        {
            run.end(&story.delivery);
        }
        self.finish_if_over(id);
    }

    fn start(&mut self, partition: i32, delivery: Arc<Delivery>) {
        let id = delivery.delivery;
        if self.run_of.contains_key(&id) {
            return;
        }
        let Some(run) = Run::new(delivery, partition, self.fixes) else {
            tracing::warn!(delivery = %id, "is under way, but its path cannot be driven");
            return;
        };
        let number = self.next_run;
        self.next_run = (self.next_run + 1) & RUN_MASK;
        let due = run.due().map(|(_, at)| at);
        tracing::debug!(delivery = %id, courier = %run.delivery.courier, fixes = run.fixes(), "on its way");
        self.runs.insert(number, run);
        self.run_of.insert(id, number);
        if let Some(at) = due {
            self.due.push(Reverse((at, number)));
        }
    }

    /// Starts that have become durable.
    fn settle(&mut self) {
        if self.unsettled.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.unsettled);
        for (partition, offset, id) in waiting {
            if !self.durability.is_settled(self.outbox.topic(), partition, offset) {
                self.unsettled.push((partition, offset, id));
                continue;
            }
            let story = self.partitions.get(&partition).and_then(|ours| ours.stories.get(&id));
            if story.is_some_and(|story| story.delivery.status != DeliveryStatus::Requested) {
                self.changed(partition, id);
            }
        }
    }

    /// Takes in what was acknowledged, and what must be sent again.
    fn take_reports(&mut self) {
        while let Ok((number, result)) = self.position_reports.try_recv() {
            let (run_number, n) = ((number >> FIX_BITS) as u32, number as u32);
            let Some(run) = self.runs.get_mut(&run_number) else { continue };
            match result {
                Ok(_) => {
                    run.acknowledged();
                    self.acknowledged.increment(1);
                }
                Err(error) => {
                    tracing::debug!(delivery = %run.id(), n, %error, "a fix is sent again");
                    run.failed(n);
                    self.due.push(Reverse((Millis::MIN, run_number)));
                }
            }
            let id = run.id();
            self.finish_if_over(id);
        }
        self.outbox.take_reports();
    }

    fn finish_if_over(&mut self, id: DeliveryId) {
        let Some(number) = self.run_of.get(&id).copied() else { return };
        match self.runs.get(&number).and_then(Run::over) {
            None => return,
            Some(End::Known) => {}
            Some(End::Delivered(delivered)) => self.outbox.push(*delivered, Span::none()),
        }
        if let Some(run) = self.runs.remove(&number)
            && let Some(ours) = self.partitions.get_mut(&run.partition)
        {
            ours.stories.settled(&id);
        }
        self.run_of.remove(&id);
    }

    /// Sends the fixes that are due. Answers how long nothing will be.
    fn drive(&mut self) -> Result<Duration, BoxError> {
        let began = Instant::now();
        let mut now = self.clock.now();
        while let Some(&Reverse((due, number))) = self.due.peek() {
            if due > now {
                now = self.clock.now();
                if due > now {
                    return Ok(Duration::from_millis((due - now) as u64).min(WAIT));
                }
            }
            if began.elapsed() > TURN {
                return Ok(Duration::ZERO);
            }
            self.due.pop();
            let Some(run) = self.runs.get_mut(&number) else { continue };
            let mut next = run.due();
            for _ in 0..FAIR_SHARE {
                let Some((n, at)) = next.filter(|(_, at)| *at <= now) else { break };
                debug_assert!(at <= now);
                let position = run.position(n, &self.source);
                let key = position.courier.as_str().as_bytes();
                let tag = u64::from(number) << FIX_BITS | u64::from(n);
                if !self.positions.try_enqueue(&self.positions_topic, key, &position.to_json(), tag)? {
                    // The queue is full: it empties as the broker acknowledges, and nothing is skipped meanwhile.
                    self.due.push(Reverse((due, number)));
                    return Ok(Duration::from_millis(2));
                }
                run.sent(n);
                self.published.increment(1);
                next = run.due();
            }
            if let Some((_, at)) = next {
                self.due.push(Reverse((at, number)));
            }
        }
        Ok(WAIT)
    }

    fn tidy(&mut self, now: Millis, control: &mut Control) {
        if now - self.tidied < TIDY_EVERY_MS {
            return;
        }
        self.tidied = now;
        for (partition, ours) in &mut self.partitions {
            ours.stories.forget(now);
            if ours.caught_up {
                control.commit(0, *partition, ours.stories.commit_offset());
            }
        }
        metrics::gauge!("cd_runs", "service" => "simulator").set(self.runs.len() as f64);
    }

    /// New deliveries of the demo couriers whose partition is ours.
    fn ask_for_more(&mut self, now: Millis) {
        let (partitions, outbox) = (&self.partitions, &self.outbox);
        let requests = self.demo.turn(now, |partition, courier| {
            let ours = partitions.get(&partition).filter(|ours| ours.caught_up)?;
            let engaged = ours.stories.is_engaged(courier) || outbox.is_writing(courier);
            Some((engaged, ours.stories.last_of(courier).map(|story| story.delivery.clone())))
        });
        requests.into_iter().for_each(|request| self.outbox.push(request, Span::none()));
    }

    fn give_up(&mut self, partition: i32) {
        self.partitions.remove(&partition);
        self.unsettled.retain(|(of, _, _)| *of != partition);
        let gone: Vec<u32> =
            self.runs.iter().filter(|(_, run)| run.partition == partition).map(|(number, _)| *number).collect();
        for number in gone {
            if let Some(run) = self.runs.remove(&number) {
                self.run_of.remove(&run.id());
            }
        }
    }
}

/// An outlet and the channel on which its reports come.
pub fn reporting(producer: &Producer) -> Result<(mpsc::Receiver<Report>, Outlet), BoxError> {
    // As many reports can wait as records can be in librdkafka's queue: bounded by that.
    let (report, reports) = mpsc::channel();
    let outlet = producer.outlet(move |number, result| {
        // Nobody listens any more only when the service has ended.
        let _ = report.send((number, result));
    })?;
    Ok((reports, outlet))
}

impl GroupHandler for Engine {
    fn assigned(&mut self, partitions: &[Assigned], _: &mut Control) {
        for taken in partitions {
            self.give_up(taken.partition);
            self.partitions.insert(taken.partition, Partition::default());
        }
    }

    fn caught_up(&mut self, _: usize, partition: i32, _: &mut Control) {
        let Some(ours) = self.partitions.get_mut(&partition) else { return };
        ours.caught_up = true;
        let unfinished = ours.stories.unfinished();
        if !unfinished.is_empty() {
            tracing::info!(partition, deliveries = unfinished.len(), "goes on with deliveries that are not finished");
        }
        for story in unfinished {
            self.changed(partition, story.delivery.delivery);
        }
        if let Some(ours) = self.partitions.get_mut(&partition) {
            // What had ended meanwhile was not answered.
            ours.asked.clear();
        }
    }

    fn record(&mut self, record: Record<'_>, _: &mut Control) {
        let Some(ours) = self.partitions.get_mut(&record.partition) else { return };
        let delivery = match Delivery::from_record(record.key, record.value.unwrap_or_default()) {
            Ok(delivery) => delivery,
            Err(error) => {
                ours.stories.passed(record.offset);
                metrics::counter!("cd_bad_records_total", "service" => "simulator", "topic" => topics::DELIVERIES)
                    .increment(1);
                tracing::debug!(partition = record.partition, offset = record.offset, %error, "is no delivery");
                return;
            }
        };
        let id = delivery.delivery;
        // What the simulator itself wrote asks nothing of it.
        let asks = matches!(delivery.status, DeliveryStatus::Requested | DeliveryStatus::Cancelled);
        let span = match asks && delivery.driver == Driver::Simulator {
            true => Span::processing(&record, self.outbox.topic(), Some(GROUP)),
            false => Span::none(),
        };
        if !ours.stories.apply(delivery, record.offset) {
            return;
        }
        if !span.is_none() {
            ours.asked.insert(id, span);
        }
        if ours.caught_up {
            self.changed(record.partition, id);
        }
    }

    fn turn(&mut self, control: &mut Control) -> Result<Duration, BoxError> {
        self.take_reports();
        self.settle();
        let now = self.clock.now();
        self.ask_for_more(now);
        self.outbox.send()?;
        let wait = self.drive()?;
        self.tidy(now, control);
        let waits_for_others = !self.unsettled.is_empty() || self.outbox.is_waiting();
        Ok(if waits_for_others { wait.min(Duration::from_millis(5)) } else { wait })
    }

    fn revoking(&mut self, partitions: &[(usize, i32)], lost: bool, control: &mut Control) {
        for &(topic, partition) in partitions {
            if let Some(ours) = self.partitions.get(&partition).filter(|ours| ours.caught_up && !lost) {
                control.commit(topic, partition, ours.stories.commit_offset());
            }
            // The next owner sends all fixes of open runs again from the start; their identity makes that harmless.
            self.give_up(partition);
        }
    }
}
