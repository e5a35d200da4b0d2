//! Figures of deliveries, summed up by SQLite.

use rusqlite::{Connection, params};

use super::pages;
use crate::{By, MAX_STATS_ROWS, Stats, StatsQuery, StatsRow};

pub(super) fn of(state: &Connection, query: &StatsQuery) -> rusqlite::Result<Stats> {
    let through = pages::through(state)?;
    let key = match query.by {
        None => "''",
        Some(By::Route) => "coalesce(route, '')",
        Some(By::Courier) => "courier",
        Some(By::Status) => "status",
    };
    // avg() and count() leave nulls out: a delivery without times or without a promise does not count there.
    let mut statement = state.prepare_cached(&format!(
        "SELECT requested_at / ?3 * ?3 AS t, {key} AS key, count(*),
             count(*) FILTER (WHERE status = 'delivered'),
             avg((finished_at - started_at) / 1000.0) FILTER (WHERE status = 'delivered'),
             count(finished_at <= promised_at) FILTER (WHERE status = 'delivered'),
             avg(finished_at <= promised_at) FILTER (WHERE status = 'delivered'),
             count(finished_at - json_extract(document, '$.eta_half_way')) FILTER (WHERE status = 'delivered'),
             avg(abs(finished_at - json_extract(document, '$.eta_half_way')) / 1000.0) FILTER (WHERE status = 'delivered')
         FROM delivery WHERE requested_at BETWEEN ?1 AND ?2
         GROUP BY t, key ORDER BY t, key LIMIT ?4"
    ))?;
    let limit = MAX_STATS_ROWS as i64 + 1;
    let mut rows: Vec<StatsRow> = statement
        .query_map(params![query.from, query.to, query.bucket.width_ms(), limit], |row| {
            Ok(StatsRow {
                t: row.get(0)?,
                key: row.get(1)?,
                count: row.get::<_, i64>(2)?.unsigned_abs(),
                delivered: row.get::<_, i64>(3)?.unsigned_abs(),
                mean_s: row.get(4)?,
                promised: row.get::<_, i64>(5)?.unsigned_abs(),
                on_time: row.get(6)?,
                predicted: row.get::<_, i64>(7)?.unsigned_abs(),
                mean_eta_error_s: row.get(8)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let more = rows.len() > MAX_STATS_ROWS;
    rows.truncate(MAX_STATS_ROWS);
    Ok(Stats { rows, more, through })
}
