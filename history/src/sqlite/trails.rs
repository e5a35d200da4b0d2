//! Questions about positions: trails, the fleet at a moment, the fixes of a run.

use contract::{CourierId, DeliveryId, Millis, rest::Trail};
use rusqlite::{Connection, OptionalExtension, params};

use super::{pages, row};
use crate::{Run, RunTally, Slice, SliceQuery, Thinner};

pub(super) fn of_courier(
    state: &Connection,
    courier: &CourierId,
    from: Millis,
    to: Millis,
    max_points: usize,
) -> rusqlite::Result<Trail> {
    let through = pages::through(state)?;
    let range = "FROM position WHERE courier = ?1 AND at BETWEEN ?2 AND ?3";
    let bounds = params![courier.as_str(), from, to];
    let (count, first, last) = state
        .prepare_cached(&format!("SELECT count(*), coalesce(min(at), 0), coalesce(max(at), 0) {range}"))?
        .query_row(bounds, |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?, row.get(2)?)))?;
    let mut thinner = Thinner::new(count, first, last, max_points);
    let mut statement = state.prepare_cached(&format!("SELECT {} {range} ORDER BY at, source", row::POSITION))?;
    let mut rows = statement.query(bounds)?;
    while let Some(row) = rows.next()? {
        if thinner.visit(row.get(0)?) {
            thinner.keep(row::position(courier, row)?);
        }
    }
    Ok(thinner.finish(through))
}

pub(super) fn of_delivery(state: &Connection, id: DeliveryId, max_points: usize) -> rusqlite::Result<Option<Trail>> {
    let Some(delivery) = pages::delivery(state, id)? else { return Ok(None) };
    // A delivery that has not started owns nothing: the empty range.
    let (from, to) = delivery
        .started_at
        .map_or((Millis::MAX, Millis::MIN), |start| (start, delivery.finished_at.unwrap_or(Millis::MAX)));
    of_courier(state, &delivery.courier, from, to, max_points).map(Some)
}

/// Goes from courier to courier and looks up the newest fix of each: two seeks a courier, however many fixes there are.
pub(super) fn slice(state: &Connection, query: &SliceQuery) -> rusqlite::Result<Slice> {
    let through = pages::through(state)?;
    let mut next_courier = state.prepare_cached("SELECT min(courier) FROM position WHERE courier > ?1")?;
    let mut newest = state.prepare_cached(&format!(
        "SELECT {} FROM position WHERE courier = ?1 AND at > ?2 AND at <= ?3 ORDER BY at DESC, source DESC LIMIT 1",
        row::POSITION
    ))?;
    let mut positions = Vec::new();
    let mut name = String::new();
    while let Some(next) = next_courier.query_row([&name], |row| row.get::<_, Option<String>>(0))? {
        let courier = row::courier(&next)?;
        name = next;
        let found = newest
            .query_row(params![name, query.since, query.at], |row| row::position(&courier, row))
            .optional()?
            .filter(|position| query.bounds.contains(position.place));
        let Some(position) = found else { continue };
        if positions.len() == query.limit {
            return Ok(Slice { positions, more: true, through });
        }
        positions.push(position);
    }
    Ok(Slice { positions, more: false, through })
}

pub(super) fn run(state: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Run>> {
    let through = pages::through(state)?;
    let Some(delivery) = pages::delivery(state, id)? else { return Ok(None) };
    let (from, to) = RunTally::window(&delivery);
    let mut tally = RunTally::default();
    let mut statement =
        state.prepare_cached("SELECT at, delivery, seq FROM position WHERE courier = ?1 AND at BETWEEN ?2 AND ?3")?;
    let mut rows = statement.query(params![delivery.courier.as_str(), from, to])?;
    while let Some(row) = rows.next()? {
        tally.push(&delivery, row.get(0)?, row::delivery_id(row, 1)?, row.get(2)?);
    }
    drop(rows);
    drop(statement);
    Ok(Some(Run { delivery, tally, through }))
}
