//! Questions about the fixes of one courier: trails, and the tally of a run.

use contract::{CourierId, DeliveryId, Millis, Position, rest::Trail};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json};

use super::{
    client::Client,
    document::StoredPosition,
    marks, pages,
    search::{Figure, Found, Pages, broken, search},
};
use crate::{GAP_MS, MAX_POINTS, Run, RunTally, Thinner, Unavailable};

/// Buckets of one page of gaps: a week of a courier who never rests.
const BUCKETS: usize = 10_000;

/// A fix is told apart from the others of its courier by these.
fn in_order() -> Value {
    json!([{ "at": "asc" }, { "source": "asc" }])
}

fn of(courier: &CourierId, from: Millis, to: Millis) -> Value {
    json!({ "bool": { "filter": [
        { "term": { "courier": courier } },
        { "range": { "at": { "gte": from, "lte": to } } },
    ] } })
}

pub(super) async fn of_courier(
    client: &Client,
    courier: &CourierId,
    from: Millis,
    to: Millis,
    max_points: usize,
) -> Result<Trail, Unavailable> {
    #[derive(Deserialize)]
    struct Ends {
        first: Figure,
        last: Figure,
    }
    let through = marks::through(client).await?;
    if from > to {
        return Ok(Thinner::new(0, 0, 0, max_points).finish(through));
    }
    let max_points = max_points.clamp(1, MAX_POINTS);
    let body = json!({
        "query": of(courier, from, to),
        "sort": in_order(),
        "size": max_points,
        "track_total_hits": true,
        "aggs": { "first": { "min": { "field": "at" } }, "last": { "max": { "field": "at" } } },
    });
    let Found { hits, aggregations, .. } =
        search::<StoredPosition, Ends>(client, &client.names.positions, &body).await?;
    let ends = aggregations.and_then(|ends| Some((ends.first.millis()?, ends.last.millis()?)));
    let (first, last) = ends.unwrap_or_default();
    let count = hits.total.value;
    let mut thinner = Thinner::new(count, first, last, max_points);
    if count <= max_points as u64 {
        for hit in hits.hits {
            let position = hit.source.into_position().map_err(broken)?;
            if thinner.visit(position.at) {
                thinner.keep(position);
            }
        }
        return Ok(thinner.finish(through));
    }
    for position in first_of_each_step(client, courier, first, last, thinner.step()).await? {
        thinner.keep(position);
    }
    visit_all(client, courier, first, last, &mut thinner).await?;
    Ok(thinner.finish(through))
}

/// The first fix of each step of `step` ms from `first` on.
async fn first_of_each_step(
    client: &Client,
    courier: &CourierId,
    first: Millis,
    last: Millis,
    step: Millis,
) -> Result<Vec<Position>, Unavailable> {
    #[derive(Deserialize)]
    struct Steps {
        steps: Buckets<Step>,
    }
    #[derive(Deserialize)]
    struct Step {
        fix: TopHits,
    }
    #[derive(Deserialize)]
    struct TopHits {
        hits: super::search::Hits<StoredPosition>,
    }
    let histogram = json!({
        "field": "at",
        "fixed_interval": format!("{step}ms"),
        // Steps are counted from the first fix on, not from 1970.
        "offset": format!("{}ms", first.rem_euclid(step)),
        "min_doc_count": 1,
    });
    let body = json!({
        "query": of(courier, first, last),
        "size": 0,
        "track_total_hits": false,
        "aggs": { "steps": {
            "date_histogram": histogram,
            "aggs": { "fix": { "top_hits": { "size": 1, "sort": in_order() } } },
        } },
    });
    let steps: Option<Steps> = aggregate(client, &body).await?;
    let fixes = steps.into_iter().flat_map(|found| found.steps.buckets).flat_map(|bucket| bucket.fix.hits.hits);
    fixes.map(|hit| hit.source.into_position().map_err(broken)).collect()
}

/// Shows the thinner the first and the last fix of every minute: a gap is longer than that, so it lies between two of them.
async fn visit_all(
    client: &Client,
    courier: &CourierId,
    first: Millis,
    last: Millis,
    thinner: &mut Thinner,
) -> Result<(), Unavailable> {
    #[derive(Deserialize)]
    struct Minutes {
        minutes: Composite,
    }
    #[derive(Deserialize)]
    struct Composite {
        after_key: Option<Value>,
        buckets: Vec<Minute>,
    }
    #[derive(Deserialize)]
    struct Minute {
        first: Figure,
        last: Figure,
    }
    let minute = json!({ "date_histogram": { "field": "at", "fixed_interval": format!("{GAP_MS}ms") } });
    let mut composite = json!({ "size": BUCKETS, "sources": [{ "minute": minute }] });
    loop {
        let body = json!({
            "query": of(courier, first, last),
            "size": 0,
            "track_total_hits": false,
            "aggs": { "minutes": {
                "composite": &composite,
                "aggs": { "first": { "min": { "field": "at" } }, "last": { "max": { "field": "at" } } },
            } },
        });
        let found: Option<Minutes> = aggregate(client, &body).await?;
        let Some(Composite { after_key, buckets }) = found.map(|found| found.minutes) else { return Ok(()) };
        for time in buckets.iter().flat_map(|minute| [minute.first, minute.last]).filter_map(Figure::millis) {
            thinner.visit(time);
        }
        match after_key {
            Some(after) if buckets.len() == BUCKETS => composite["after"] = after,
            _ => return Ok(()),
        }
    }
}

pub(super) async fn of_delivery(
    client: &Client,
    id: DeliveryId,
    max_points: usize,
) -> Result<Option<Trail>, Unavailable> {
    let Some(delivery) = pages::delivery(client, id).await? else { return Ok(None) };
    // A delivery that has not started owns nothing: the empty range.
    let (from, to) = delivery
        .started_at
        .map_or((Millis::MAX, Millis::MIN), |start| (start, delivery.finished_at.unwrap_or(Millis::MAX)));
    of_courier(client, &delivery.courier, from, to, max_points).await.map(Some)
}

/// A delivery with the tally of all fixes of its run.
pub(super) async fn run(client: &Client, id: DeliveryId) -> Result<Option<Run>, Unavailable> {
    #[derive(Deserialize)]
    struct Fix {
        at: Millis,
        delivery: Option<DeliveryId>,
        seq: Option<u32>,
    }
    let through = marks::through(client).await?;
    let Some(delivery) = pages::delivery(client, id).await? else { return Ok(None) };
    let (from, to) = RunTally::window(&delivery);
    let query = of(&delivery.courier, from, to);
    let mut fixes = Pages::new(client, &client.names.positions, &query, &in_order(), &json!(["at", "delivery", "seq"]));
    let mut tally = RunTally::default();
    loop {
        let page = fixes.next::<Fix>().await?;
        if page.is_empty() {
            return Ok(Some(Run { delivery, tally, through }));
        }
        for fix in page {
            tally.push(&delivery, fix.source.at, fix.source.delivery, fix.source.seq);
        }
    }
}

#[derive(Deserialize)]
struct Buckets<T> {
    buckets: Vec<T>,
}

/// Sums up fixes; `None` where there is not one day of them.
async fn aggregate<A: DeserializeOwned>(client: &Client, body: &Value) -> Result<Option<A>, Unavailable> {
    Ok(search::<IgnoredAny, A>(client, &client.names.positions, body).await?.aggregations)
}
