//! Figures of deliveries, summed up by the cluster.

use contract::Millis;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

use super::{
    client::Client,
    marks,
    search::{Figure, search},
};
use crate::{By, MAX_STATS_ROWS, Stats, StatsQuery, StatsRow, Unavailable};

pub(super) async fn of(client: &Client, query: &StatsQuery) -> Result<Stats, Unavailable> {
    #[derive(Deserialize)]
    struct Aggregations {
        rows: Rows,
    }
    #[derive(Deserialize)]
    struct Rows {
        buckets: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        key: Key,
        doc_count: u64,
        delivered: Delivered,
        took: Figure,
        promised: Counted,
        on_time: Figure,
        predicted: Counted,
        eta_error: Figure,
    }
    #[derive(Deserialize)]
    struct Key {
        t: Millis,
        key: Option<String>,
    }
    #[derive(Deserialize)]
    struct Delivered {
        doc_count: u64,
    }
    #[derive(Deserialize)]
    struct Counted {
        value: u64,
    }
    let through = marks::through(client).await?;
    let interval = format!("{}ms", query.bucket.width_ms());
    let mut sources =
        vec![json!({ "t": { "date_histogram": { "field": "requested_at", "fixed_interval": interval } } })];
    let key = query.by.map(|by| match by {
        By::Route => "route",
        By::Courier => "courier",
        By::Status => "status",
    });
    // Without a route the key is empty, and empty sorts first.
    sources.extend(key.map(|field| json!({ "key": { "terms": { "field": field, "missing_bucket": true } } })));
    let body = json!({
        "query": { "range": { "requested_at": { "gte": query.from, "lte": query.to } } },
        "size": 0,
        "track_total_hits": false,
        "aggs": { "rows": {
            "composite": { "size": MAX_STATS_ROWS + 1, "sources": sources },
            "aggs": {
                "delivered": { "filter": { "term": { "status": "delivered" } } },
                // All are there of delivered ones alone.
                "took": { "avg": { "field": "took_ms" } },
                "promised": { "value_count": { "field": "on_time" } },
                "on_time": { "avg": { "field": "on_time" } },
                "predicted": { "value_count": { "field": "eta_error_ms" } },
                "eta_error": { "avg": { "field": "eta_error_ms" } },
            },
        } },
    });
    let found = search::<IgnoredAny, Aggregations>(client, &client.names.deliveries, &body).await?;
    let buckets = found.aggregations.map(|found| found.rows.buckets).unwrap_or_default();
    let more = buckets.len() > MAX_STATS_ROWS;
    let rows = buckets.into_iter().take(MAX_STATS_ROWS).map(|row| StatsRow {
        t: row.key.t,
        key: row.key.key.unwrap_or_default(),
        count: row.doc_count,
        delivered: row.delivered.doc_count,
        mean_s: row.took.value.map(|ms| ms / 1_000.0),
        promised: row.promised.value,
        on_time: row.on_time.value,
        predicted: row.predicted.value,
        mean_eta_error_s: row.eta_error.value.map(|ms| ms / 1_000.0),
    });
    Ok(Stats { rows: rows.collect(), more, through })
}
