//! Retention and forgetting. Retention goes in small transactions, and lets waiting batches in between them: an hour's
//! worth of fixes must not hold up the sink.

use contract::{CourierId, Millis};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::writer::Writer;
use crate::{Expired, Unavailable};

/// Rows removed in one transaction, tens of milliseconds.
const STEP: usize = 10_000;

/// Removes fixes with `at` before `before` (ms UTC), courier by courier; says how many.
pub(super) async fn positions(writer: &Writer, before: Millis) -> Result<u64, Unavailable> {
    let mut removed = 0;
    let mut from = Some(String::new());
    while let Some(courier) = from {
        let (step, next) = writer.run(move |connection| positions_step(connection, courier, before)).await?;
        removed += step as u64;
        from = next;
    }
    Ok(removed)
}

/// Removes up to about [`STEP`] fixes of `from` and the couriers after it by name; says where to go on.
fn positions_step(
    connection: &mut Connection,
    from: String,
    before: Millis,
) -> rusqlite::Result<(usize, Option<String>)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut removed = 0;
    let mut visited = 0;
    let mut at_courier: Option<String> = transaction
        .prepare_cached("SELECT min(courier) FROM position WHERE courier >= ?1")?
        .query_row([from], |row| row.get(0))?;
    while let Some(courier) = at_courier.take() {
        if removed >= STEP || visited >= STEP {
            at_courier = Some(courier);
            break;
        }
        visited += 1;
        // A courier with more than a step's worth loses the oldest of it, and is visited again.
        let cut: Option<Millis> = transaction
            .prepare_cached("SELECT at FROM position WHERE courier = ?1 AND at < ?2 ORDER BY at LIMIT 1 OFFSET ?3")?
            .query_row(params![courier, before, STEP], |row| row.get(0))
            .optional()?;
        // "<=" so that it goes forward even where a step's worth of fixes share one time.
        removed += transaction
            .prepare_cached("DELETE FROM position WHERE courier = ?1 AND at <= ?2")?
            .execute(params![courier, cut.unwrap_or(before.saturating_sub(1))])?;
        at_courier = match cut {
            Some(_) => Some(courier),
            None => transaction
                .prepare_cached("SELECT min(courier) FROM position WHERE courier > ?1")?
                .query_row([courier], |row| row.get(0))?,
        };
    }
    transaction.commit()?;
    Ok((removed, at_courier))
}

/// Removes deliveries that ended, or were requested and never ended, before `before` (ms UTC); says how many.
pub(super) async fn deliveries(writer: &Writer, before: Millis) -> Result<u64, Unavailable> {
    let mut removed = 0;
    loop {
        let step = writer.run(move |connection| deliveries_step(connection, before)).await?;
        removed += step as u64;
        if step < STEP {
            return Ok(removed);
        }
    }
}

fn deliveries_step(connection: &mut Connection, before: Millis) -> rusqlite::Result<usize> {
    // What ended before was requested before: the second condition lets the index on requested_at find it.
    connection.execute(
        "DELETE FROM delivery WHERE rowid IN (
             SELECT rowid FROM delivery
             WHERE requested_at < ?1 AND coalesce(finished_at, requested_at) < ?1 LIMIT ?2)",
        params![before, STEP],
    )
}

/// Removes everything about a courier, and overwrites the place on disk where it stood.
pub(super) fn forget(connection: &mut Connection, courier: &CourierId) -> rusqlite::Result<Expired> {
    connection.execute_batch("PRAGMA secure_delete = ON")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let positions = transaction.execute("DELETE FROM position WHERE courier = ?1", [courier.as_str()])?;
    let deliveries = transaction.execute("DELETE FROM delivery WHERE courier = ?1", [courier.as_str()])?;
    transaction.commit()?;
    // The log beside the file still holds the old pages. A reader may keep it from being emptied now; it is then
    // overwritten by the batches that follow.
    connection.execute_batch("PRAGMA secure_delete = OFF; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(Expired { positions: positions as u64, deliveries: deliveries as u64 })
}
