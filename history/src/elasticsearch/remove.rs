//! Retention and forgetting. Old days go as whole indices; single documents are looked for and deleted by their ids, which
//! every cluster can do.

use contract::{CourierId, Millis};
use elasticsearch::http::Method;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{
    client::Client,
    judge::{Judgement, Outcome, judge},
    marks,
    names::end_of_day,
    search::Pages,
    writer::FILTER,
};
use crate::{Expired, Unavailable, Verdict};

/// Removes the days that ended before `before` (ms UTC); says how many documents they held.
pub(super) async fn days_before(client: &Client, before: Millis) -> Result<u64, Unavailable> {
    #[derive(Deserialize)]
    struct Day {
        index: String,
        /// Unknown of a closed index.
        #[serde(rename = "docs.count")]
        documents: Option<String>,
    }
    let path =
        format!("_cat/indices/{}?format=json&h=index,docs.count&expand_wildcards=open,closed", client.names.positions);
    let days: Vec<Day> = client.ask(Method::Get, &path, None).await?;
    let mut removed = 0;
    for Day { index, documents } in days {
        if client.names.day_of(&index).is_none_or(|day| end_of_day(day) > before) {
            continue;
        }
        let answer = client.send(Method::Delete, &index, None).await?;
        // Another sink may have been faster.
        if answer.status != 404 {
            answer.read::<Value>(&index)?;
            removed += documents.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(removed)
}

/// Removes deliveries that ended, or were requested and never ended, before `before` (ms UTC); says how many.
pub(super) async fn deliveries_before(client: &Client, before: Millis) -> Result<u64, Unavailable> {
    marks::refresh(client).await?;
    let ended = json!({ "range": { "finished_at": { "lt": before } } });
    let never_ended = json!({ "bool": {
        "filter": { "range": { "requested_at": { "lt": before } } },
        "must_not": { "exists": { "field": "finished_at" } },
    } });
    let query = json!({ "bool": { "should": [ended, never_ended], "minimum_should_match": 1 } });
    let removed = all(client, &client.names.deliveries, &query, &json!(["requested_at", "delivery"])).await?;
    marks::refresh(client).await?;
    Ok(removed)
}

/// Removes everything about a courier.
pub(super) async fn courier(client: &Client, courier: &CourierId) -> Result<Expired, Unavailable> {
    marks::refresh(client).await?;
    let query = json!({ "term": { "courier": courier } });
    let positions = all(client, &client.names.positions, &query, &json!(["at", "source"])).await?;
    let deliveries = all(client, &client.names.deliveries, &query, &json!(["requested_at", "delivery"])).await?;
    delete(client, &[(client.names.couriers.clone(), courier.to_string())]).await?;
    // Visible at once; and it lets the versions of what was deleted be forgotten too.
    marks::refresh(client).await?;
    Ok(Expired { positions, deliveries })
}

/// Deletes all documents that a query finds.
async fn all(client: &Client, index: &str, query: &Value, sort: &Value) -> Result<u64, Unavailable> {
    let mut pages = Pages::new(client, index, query, sort, &json!(false));
    let mut removed = 0;
    loop {
        let page = pages.next::<Option<IgnoredAny>>().await?;
        if page.is_empty() {
            return Ok(removed);
        }
        let documents: Vec<(String, String)> = page.into_iter().map(|hit| (hit.index, hit.id)).collect();
        removed += delete(client, &documents).await?;
    }
}

/// Deletes documents (index, id); says how many were there.
async fn delete(client: &Client, documents: &[(String, String)]) -> Result<u64, Unavailable> {
    let line = |(index, id): &(String, String)| format!("{}\n", json!({ "delete": { "_index": index, "_id": id } }));
    let lines: String = documents.iter().map(line).collect();
    let answer = client.bulk(lines.into(), FILTER, false).await?;
    let Outcome::Judged(judged) = judge(&answer, documents.len()) else { return Err(answer.refused("_bulk")) };
    let mut removed = 0;
    for judgement in judged {
        match judgement {
            Judgement::Final(Verdict::New) => removed += 1,
            // It was not there any more.
            Judgement::Again(fault) if fault.kind == "404" || fault.kind == "index_not_found_exception" => {}
            Judgement::Again(fault) => return Err(Unavailable::new(format!("_bulk: {fault}"))),
            Judgement::Final(Verdict::Known) => return Err(Unavailable::new("_bulk: changed by others meanwhile")),
            Judgement::Final(Verdict::Refused(refusal)) => {
                return Err(Unavailable::new(format!("_bulk: {}: {}", refusal.class, refusal.message)));
            }
        }
    }
    Ok(removed)
}
