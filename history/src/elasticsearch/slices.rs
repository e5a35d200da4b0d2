//! The fleet at a moment.

use contract::Position;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{
    client::Client,
    document::StoredPosition,
    marks,
    search::{Hits, broken, search},
};
use crate::{Slice, SliceQuery, Unavailable};

/// Couriers of one page.
const COURIERS: usize = 2_000;

/// Goes through all couriers by name and takes the newest fix of each; only then looks whether that one lies inside.
pub(super) async fn of(client: &Client, query: &SliceQuery) -> Result<Slice, Unavailable> {
    let through = marks::through(client).await?;
    let mut positions = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = couriers(client, query, after).await?;
        for position in page {
            if !query.bounds.contains(position.place) {
                continue;
            }
            if positions.len() == query.limit {
                return Ok(Slice { positions, more: true, through });
            }
            positions.push(position);
        }
        after = match next {
            Some(next) => Some(next),
            None => return Ok(Slice { positions, more: false, through }),
        };
    }
}

/// The newest fixes of the couriers behind `after`, and where to go on.
async fn couriers(
    client: &Client,
    query: &SliceQuery,
    after: Option<Value>,
) -> Result<(Vec<Position>, Option<Value>), Unavailable> {
    #[derive(Deserialize)]
    struct Aggregations {
        couriers: Composite,
    }
    #[derive(Deserialize)]
    struct Composite {
        after_key: Option<Value>,
        buckets: Vec<Courier>,
    }
    #[derive(Deserialize)]
    struct Courier {
        newest: Newest,
    }
    #[derive(Deserialize)]
    struct Newest {
        hits: Hits<StoredPosition>,
    }
    let mut composite = json!({ "size": COURIERS, "sources": [{ "courier": { "terms": { "field": "courier" } } }] });
    if let Some(after) = after {
        composite["after"] = after;
    }
    let newest_first = json!([{ "at": "desc" }, { "source": "desc" }]);
    let body = json!({
        "query": { "range": { "at": { "gt": query.since, "lte": query.at } } },
        "size": 0,
        "track_total_hits": false,
        "aggs": { "couriers": {
            "composite": composite,
            "aggs": { "newest": { "top_hits": { "size": 1, "sort": newest_first } } },
        } },
    });
    let found = search::<IgnoredAny, Aggregations>(client, &client.names.positions, &body).await?;
    let Some(Aggregations { couriers: Composite { after_key, buckets } }) = found.aggregations else {
        return Ok((Vec::new(), None));
    };
    let next = after_key.filter(|_| buckets.len() == COURIERS);
    let newest = buckets.into_iter().flat_map(|courier| courier.newest.hits.hits);
    let positions = newest.map(|hit| hit.source.into_position().map_err(broken)).collect::<Result<_, _>>()?;
    Ok((positions, next))
}
