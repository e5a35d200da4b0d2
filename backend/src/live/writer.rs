//! The one writer: folds what has arrived into the state, once a tick, and announces it.

use std::{sync::Arc, time::Duration};

use std::sync::atomic::Ordering;

use contract::Millis;
use service::{
    Beat, Clock, Health,
    kafka::{broadcast::Status, topics::Identity},
};

use super::{
    Live, State,
    figures::Figures,
    latency::Recent,
    pending::{Pending, Record},
    reader, summary,
};

/// How many append times of a tick sockets measure their latency with.
const SAMPLES: usize = 4;

/// The log does not go on where this process has read to.
#[derive(Debug, thiserror::Error)]
#[error("the log was made anew or cut; what is shown is of the old one, so this process must start again")]
pub struct LogAnew;

/// Append times (ms UTC) of some records of the last tick, for the latency from append to send.
pub type AppendSamples = [Millis; SAMPLES];

/// What the writer works on.
pub struct Writer {
    /// The state that it alone changes.
    pub live: Arc<Live>,
    /// What the reader has brought.
    pub pending: Arc<Pending>,
    /// How the reader is doing.
    pub status: Status,
    /// Time.
    pub clock: Clock,
    /// Which log it is, as cursors name it.
    pub identity: Identity,
    /// Told when the state has reached the log's end for the first time.
    pub health: Health,
    /// Time between two ticks.
    pub tick: Duration,
}

/// Runs until it is dropped: every tick folds the pending batch in, every second makes the summary. `each_second` is
/// called with the state then. Ends with an error where the log has begun anew: the state is to be read again from nothing.
pub async fn run(writer: Writer, beat: Beat, each_second: impl Fn(&State, Millis)) -> Result<(), LogAnew> {
    let Writer { live, pending, status, clock, identity, health, tick } = writer;
    let mut timer = tokio::time::interval(tick);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let (mut batch, mut recent, mut summarised, mut ready) = (Vec::new(), Recent::default(), 0, false);
    loop {
        timer.tick().await;
        let now = clock.now();
        // Asked before the batch is taken: what was read before the marks is then in this batch or an earlier one, and a
        // cursor that is made of them passes nothing over.
        let log = *identity.borrow();
        let caught_up = !ready && log.is_some() && status.caught_up();
        if pending.is_anew() {
            return Err(LogAnew);
        }
        let begun = if caught_up { status.next_offsets(reader::DELIVERIES_INDEX) } else { Vec::new() };
        batch = pending.swap(batch);
        let samples = {
            let mut state = live.state.write();
            let samples = fold(&mut state, &mut batch, now, &live.figures);
            log.into_iter().for_each(|log| state.ring.name(log));
            begun.iter().enumerate().for_each(|(partition, next)| state.ring.begin(partition as i32, *next));
            samples
        };
        if let Some(samples) = samples {
            *live.append_samples.lock() = samples;
        }
        live.connected.store(status.connected(), Ordering::Relaxed);
        live.behind_ms.store(status.behind_ms(), Ordering::Relaxed);
        live.lost.store(status.lost(), Ordering::Relaxed);
        if caught_up {
            ready = true;
            live.caught_up.store(true, Ordering::Release);
            health.set_ready();
            let state = live.state.read();
            let (couriers, deliveries) = (state.fleet.couriers().len(), state.fleet.deliveries().len());
            tracing::info!(couriers, deliveries, "live state has reached the end of the log");
        }
        if now - summarised >= 1_000 {
            summarised = now;
            summary::refresh(&live, &mut recent);
            each_second(&live.state.read(), now);
        }
        live.tick.send_modify(|tick| *tick += 1);
        beat.turn();
    }
}

/// Folds a batch in. Returns some of its append times.
fn fold(state: &mut State, batch: &mut Vec<Record>, now: Millis, figures: &Figures) -> Option<AppendSamples> {
    let State { fleet, ring } = state;
    fleet.begin(now);
    let samples = sample(batch);
    let (mut applied, mut skipped) = (0, 0);
    let mut count = |changed: bool| *if changed { &mut applied } else { &mut skipped } += 1;
    for record in batch.drain(..) {
        match record {
            Record::Position { position, time, offset } => {
                count(fleet.apply_position(position, time, offset));
            }
            // Its span ends here.
            Record::Delivery { delivery, time, partition, offset, span: _span } => {
                ring.passed(partition, offset);
                let document = delivery.clone();
                let changed = fleet.apply_delivery(*delivery, offset);
                count(changed);
                if changed {
                    ring.push(partition, offset, time, &document);
                }
            }
            Record::Skipped { partition, offset } => ring.passed(partition, offset),
            Record::Nothing => {}
        }
    }
    figures.applied.increment(applied);
    figures.skipped.increment(skipped);
    ring.trim(now);
    fleet.finish();
    samples
}

fn sample(batch: &[Record]) -> Option<AppendSamples> {
    let positions = batch.iter().filter_map(|record| match record {
        Record::Position { time, .. } => Some(*time),
        _ => None,
    });
    let every = (batch.len() / SAMPLES).max(1);
    let mut times = positions.step_by(every);
    let first = times.next()?;
    let mut samples = [first; SAMPLES];
    samples[1..].iter_mut().zip(times).for_each(|(sample, time)| *sample = time);
    Some(samples)
}
