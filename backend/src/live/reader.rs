//! From Kafka into the pending batch: decode, judge, hand on. Runs on the reader's own thread.

use std::sync::Arc;

use contract::{Delivery, Invalid, Position, topics};
use service::{
    StartError, Tasks,
    kafka::{
        Record as Raw,
        broadcast::{self, Event, Start, Status, Subscription},
    },
    settings::KafkaSettings,
    traces::Span,
};

use super::pending::{Pending, Record};

/// How far back deliveries are read, ms.
const DELIVERIES_BACK_MS: i64 = 48 * 60 * 60 * 1000;
/// A position may be this much older by the broker's time than by its own: its source's clock may be ahead, ms.
const POSITIONS_SLACK_MS: i64 = topics::MAX_AHEAD_MS + 30_000;

const POSITIONS: usize = 0;
const DELIVERIES: usize = 1;

/// Starts reading both topics. `now` in ms UTC; `window_ms` is how long a courier lives without a fix.
pub fn spawn(
    kafka: &KafkaSettings,
    pending: Arc<Pending>,
    now: i64,
    window_ms: i64,
    tasks: &mut Tasks,
) -> Result<Status, StartError> {
    let topic = |name, back| Subscription { topic: kafka.topic(name), start: Start::Since(now - back) };
    let subscriptions =
        vec![topic(topics::POSITIONS, window_ms + POSITIONS_SLACK_MS), topic(topics::DELIVERIES, DELIVERIES_BACK_MS)];
    let deliveries = kafka.topic(topics::DELIVERIES);
    // What was written before this process began belongs to no trace that goes on.
    let mut traced = false;
    let consumed = metrics::counter!("cd_consumed_total", "service" => "backend");
    broadcast::spawn(kafka, "positions", subscriptions, tasks, move |event| match event {
        Event::Record(raw) => {
            consumed.increment(1);
            let span = if traced && raw.topic == DELIVERIES {
                Span::processing(&raw, &deliveries, None)
            } else {
                Span::none()
            };
            pending.push(decode(&raw, span));
        }
        // The writer asks the status: what counts is when the batch is folded in, not when it was read.
        Event::Lost { records: 0, .. } => pending.begun_anew(),
        Event::CaughtUp => traced = true,
        Event::Lost { .. } | Event::Idle => {}
    })
}

/// A record that is no position or delivery is a dead letter for every reader; the sink is the one that files it.
fn decode(raw: &Raw<'_>, span: Span) -> Record {
    let Raw { partition, offset, time, key, .. } = *raw;
    let value = raw.value.unwrap_or_default();
    let bad = |kind: &'static str| {
        metrics::counter!("cd_bad_records_total", "service" => "backend", "topic" => kind).increment(1);
    };
    match raw.topic {
        POSITIONS => match Position::from_record(key, value, time) {
            Ok(position) => Record::Position { position, time, offset },
            Err(error) => {
                bad(topics::POSITIONS);
                tracing::debug!(partition, offset, %error, "a position cannot be read");
                Record::Nothing
            }
        },
        topic => {
            debug_assert_eq!(topic, DELIVERIES);
            match Delivery::from_record(key, value) {
                Ok(delivery) => Record::Delivery { delivery: Box::new(delivery), time, partition, offset, span },
                // A replica of a later version wrote it, and replicas of that version show it.
                Err(Invalid::UnknownStatus(status)) => {
                    metrics::counter!("cd_unknown_status_total", "service" => "backend").increment(1);
                    tracing::debug!(partition, offset, status, "a delivery in a state of a later version");
                    Record::Skipped { partition, offset }
                }
                Err(error) => {
                    bad(topics::DELIVERIES);
                    tracing::debug!(partition, offset, %error, "a delivery cannot be read");
                    Record::Skipped { partition, offset }
                }
            }
        }
    }
}

/// Index of topic `deliveries` in the reader's status.
pub const DELIVERIES_INDEX: usize = DELIVERIES;
