//! Figures about deliveries.

use std::sync::Arc;

use axum::{Json, extract::State};
use contract::{
    Millis,
    rest::{Figures, FiguresRow},
};
use history::{Bucket, By, MAX_STATS_ROWS, StatsQuery};

use super::{problem::Result, query::Parameters};
use crate::App;

/// How far back figures reach where nothing else is asked for, ms.
const DEFAULT_FROM_MS: Millis = 24 * 60 * 60 * 1000;

/// GET /analytics/deliveries?from&to&bucket=5m,hour,day&by=route,courier,status: the last day by the hour where nothing else
/// is asked for.
#[utoipa::path(get, path = "/api/v1/analytics/deliveries",
    params(("from" = Option<i64>, Query), ("to" = Option<i64>, Query), ("bucket" = Option<String>, Query), ("by" = Option<String>, Query)),
    responses((status = 200, body = Figures), (status = 422, body = contract::Problem), (status = 503, body = contract::Problem)))]
pub async fn deliveries(State(app): State<Arc<App>>, mut query: Parameters) -> Result<Json<Figures>> {
    let to = query.time("to").unwrap_or_else(|| app.clock.now());
    let from = query.time("from").unwrap_or(to - DEFAULT_FROM_MS);
    if from > to {
        query.wrong("from", "must not be after to");
    }
    let bucket = query.take("bucket", |name| Bucket::from_name(name).ok_or_else(|| "must be 5m, hour or day".into()));
    let bucket = bucket.unwrap_or(Bucket::Hour);
    let most = MAX_STATS_ROWS as Millis * bucket.width_ms();
    if to.saturating_sub(from) > most {
        query.wrong("bucket", format!("is too short for this time: at most {} days", most / 86_400_000));
    }
    let by = query.take("by", |name| By::from_name(name).ok_or_else(|| "must be route, courier or status".into()));
    query.finish()?;
    let stats = app.history.stats(StatsQuery { from, to, bucket, by }).await?;
    let row = |row: history::StatsRow| FiguresRow {
        t: row.t,
        key: row.key,
        count: row.count,
        delivered: row.delivered,
        mean_s: row.mean_s,
        promised: row.promised,
        on_time: row.on_time,
        predicted: row.predicted,
        mean_eta_error_s: row.mean_eta_error_s,
    };
    Ok(Json(Figures { rows: stats.rows.into_iter().map(row).collect(), more: stats.more, through: stats.through }))
}
