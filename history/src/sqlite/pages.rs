//! Questions about deliveries and marks.

use contract::{Delivery, DeliveryId, Millis, rest::DeliveryPage};
use rusqlite::{Connection, OptionalExtension, ToSql, params_from_iter};

use super::row;
use crate::{After, Along, DeliveryQuery, PartitionMark};

/// The smallest `through` of all partitions, 0 where none was marked.
pub(super) fn through(state: &Connection) -> rusqlite::Result<Millis> {
    state.prepare_cached("SELECT coalesce(min(through), 0) FROM mark")?.query_row([], |row| row.get(0))
}

pub(super) fn marks(state: &Connection) -> rusqlite::Result<Vec<PartitionMark>> {
    state
        .prepare_cached("SELECT topic, partition, next_offset, through FROM mark ORDER BY topic, partition")?
        .query_map([], |row| {
            Ok(PartitionMark {
                topic: row.get(0)?,
                partition: row.get(1)?,
                next_offset: row.get(2)?,
                through: row.get(3)?,
            })
        })?
        .collect()
}

pub(super) fn delivery(state: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Delivery>> {
    state
        .prepare_cached("SELECT document FROM delivery WHERE delivery = ?1")?
        .query_row([id.uuid().into_bytes()], row::delivery)
        .optional()
}

pub(super) fn open(state: &Connection) -> rusqlite::Result<Vec<Delivery>> {
    state
        .prepare_cached(
            "SELECT document FROM delivery WHERE status IN ('requested', 'in_transit') ORDER BY requested_at, delivery",
        )?
        .query_map([], row::delivery)?
        .collect()
}

/// A page, newest first.
pub(super) fn page(state: &Connection, query: &DeliveryQuery) -> rusqlite::Result<DeliveryPage> {
    let through = through(state)?;
    let size = query.page_size();
    let (text, values) = statement(query);
    // One more than the page tells whether there is a next one.
    let mut items: Vec<Delivery> = state
        .prepare_cached(&format!("{text} ORDER BY requested_at DESC, delivery DESC LIMIT {}", size + 1))?
        .query_map(params_from_iter(values), row::delivery)?
        .collect::<rusqlite::Result<_>>()?;
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|last| After::of(last).to_string());
    Ok(DeliveryPage { items, next, through })
}

/// The statement for the filters that are set. Only names of columns go into the text; values are bound.
fn statement(query: &DeliveryQuery) -> (String, Vec<Box<dyn ToSql>>) {
    let mut conditions = vec!["1"];
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    if let Some(status) = query.status {
        conditions.push("status = ?");
        values.push(Box::new(status.as_str()));
    }
    if let Some(courier) = &query.courier {
        conditions.push("courier = ?");
        values.push(Box::new(courier.as_str().to_owned()));
    }
    if let Some(reference) = &query.reference {
        conditions.push("reference = ?");
        values.push(Box::new(reference.clone()));
    }
    match &query.along {
        Some(Along::Route(route)) => {
            conditions.push("route = ?");
            values.push(Box::new(route.as_str().to_owned()));
        }
        Some(Along::OwnPath) => conditions.push("route IS NULL"),
        None => {}
    }
    match query.on_time {
        Some(true) => conditions.push("status = 'delivered' AND finished_at <= promised_at"),
        Some(false) => conditions.push("status = 'delivered' AND finished_at > promised_at"),
        None => {}
    }
    match query.predicted {
        Some(true) => {
            conditions.push("status = 'delivered' AND json_extract(document, '$.eta_half_way') IS NOT NULL");
        }
        Some(false) => conditions.push("status = 'delivered' AND json_extract(document, '$.eta_half_way') IS NULL"),
        None => {}
    }
    if let Some(from) = query.from {
        conditions.push("requested_at >= ?");
        values.push(Box::new(from));
    }
    if let Some(to) = query.to {
        conditions.push("requested_at <= ?");
        values.push(Box::new(to));
    }
    if let Some(after) = query.after {
        conditions.push("(requested_at, delivery) < (?, ?)");
        values.push(Box::new(after.requested_at));
        values.push(Box::new(after.delivery.uuid().into_bytes()));
    }
    (format!("SELECT document FROM delivery WHERE {}", conditions.join(" AND ")), values)
}
