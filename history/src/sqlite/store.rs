//! Storing a batch and marks: one transaction each, all or nothing.

use contract::{Delivery, Millis, Position};
use rusqlite::{CachedStatement, Connection, TransactionBehavior, named_params, params};

use crate::{Item, PartitionMark, Verdict};

/// Stores a batch. SQLite takes every item that `contract` has let through, so none is ever refused.
pub(super) fn batch(connection: &mut Connection, items: &[Item]) -> rusqlite::Result<Vec<Verdict>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // "ON CONFLICT (key)" rather than "OR IGNORE", which would swallow any other broken rule too.
    let mut positions = transaction.prepare_cached(
        "INSERT INTO position (courier, at, source, lat, lon, accuracy_m, speed_mps, heading_deg, delivery, seq,
             altitude_m, battery, delay_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (courier, at, source) DO NOTHING",
    )?;
    let mut deliveries = transaction.prepare_cached(
        "INSERT INTO delivery (delivery, rank, status, courier, reference, route, promised_at, requested_at, started_at,
             finished_at, document)
         VALUES (:delivery, :rank, :status, :courier, :reference, :route, :promised_at, :requested_at, :started_at,
             :finished_at, :document)
         ON CONFLICT (delivery) DO UPDATE SET
             rank = excluded.rank, status = excluded.status, courier = excluded.courier,
             reference = excluded.reference, route = excluded.route, promised_at = excluded.promised_at,
             requested_at = excluded.requested_at, started_at = excluded.started_at,
             finished_at = excluded.finished_at, document = excluded.document
         WHERE excluded.rank > rank",
    )?;
    let changes = items
        .iter()
        .map(|item| match item {
            Item::Position { position, broker_time } => insert_position(&mut positions, position, *broker_time),
            Item::Delivery { delivery, .. } => upsert_delivery(&mut deliveries, delivery),
        })
        .collect::<rusqlite::Result<Vec<usize>>>()?;
    drop((positions, deliveries));
    transaction.commit()?;
    Ok(changes.into_iter().map(|changed| if changed > 0 { Verdict::New } else { Verdict::Known }).collect())
}

fn insert_position(
    statement: &mut CachedStatement<'_>,
    position: &Position,
    broker_time: Millis,
) -> rusqlite::Result<usize> {
    statement.execute(params![
        position.courier.as_str(),
        position.at,
        position.source.as_str(),
        position.place.lat(),
        position.place.lon(),
        position.accuracy_m,
        position.speed_mps,
        position.heading_deg,
        position.delivery.map(|delivery| delivery.uuid().into_bytes()),
        position.seq,
        position.altitude_m,
        position.battery,
        broker_time.saturating_sub(position.at),
    ])
}

fn upsert_delivery(statement: &mut CachedStatement<'_>, delivery: &Delivery) -> rusqlite::Result<usize> {
    let document =
        serde_json::to_string(delivery).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    statement.execute(named_params! {
        ":delivery": delivery.delivery.uuid().into_bytes(),
        ":rank": delivery.status.rank(),
        ":status": delivery.status.as_str(),
        ":courier": delivery.courier.as_str(),
        ":reference": delivery.reference,
        ":route": delivery.route.as_ref().map(contract::RouteId::as_str),
        ":promised_at": delivery.promised_at,
        ":requested_at": delivery.requested_at,
        ":started_at": delivery.started_at,
        ":finished_at": delivery.finished_at,
        ":document": document,
    })
}

/// Records how far partitions are stored. `next_offset` is replaced, because an embedded broker counts from 0 again;
/// `through` never goes back, because what was stored stays stored.
pub(super) fn marks(connection: &mut Connection, marks: &[PartitionMark]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO mark (topic, partition, next_offset, through) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (topic, partition) DO UPDATE SET
             next_offset = excluded.next_offset, through = max(through, excluded.through)",
    )?;
    for mark in marks {
        statement.execute(params![mark.topic, mark.partition, mark.next_offset, mark.through])?;
    }
    drop(statement);
    transaction.commit()
}
