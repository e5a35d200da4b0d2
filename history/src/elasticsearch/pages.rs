//! Questions about deliveries.

use contract::{Delivery, DeliveryId, rest::DeliveryPage};
use elasticsearch::http::Method;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{
    client::Client,
    marks,
    search::{Pages, search},
};
use crate::{After, Along, DeliveryQuery, Unavailable};

/// One delivery, by its id: the server finds it even before a search would.
pub(super) async fn delivery(client: &Client, id: DeliveryId) -> Result<Option<Delivery>, Unavailable> {
    #[derive(Deserialize)]
    struct Known {
        #[serde(rename = "_source")]
        source: Option<Delivery>,
    }
    let path = format!("{}/_doc/{id}", client.names.deliveries);
    let answer = client.send(Method::Get, &path, None).await?;
    // Without an error it is the document that is missing; with one the index is, and nothing was ever written.
    if answer.status == 404 && answer.fault().is_none() {
        return Ok(None);
    }
    Ok(answer.read::<Known>(&path)?.source)
}

/// All that can still change, oldest first.
pub(super) async fn open(client: &Client) -> Result<Vec<Delivery>, Unavailable> {
    let query = json!({ "terms": { "status": ["requested", "in_transit"] } });
    let sort = json!([{ "requested_at": "asc" }, { "delivery": "asc" }]);
    let mut pages = Pages::new(client, &client.names.deliveries, &query, &sort, &json!(true));
    let mut deliveries = Vec::new();
    loop {
        let page = pages.next::<Delivery>().await?;
        if page.is_empty() {
            return Ok(deliveries);
        }
        deliveries.extend(page.into_iter().map(|hit| hit.source));
    }
}

/// A page, newest first.
pub(super) async fn page(client: &Client, query: &DeliveryQuery) -> Result<DeliveryPage, Unavailable> {
    let through = marks::through(client).await?;
    let size = query.page_size();
    let mut body = json!({
        "query": { "bool": { "filter": conditions(query) } },
        "sort": [{ "requested_at": "desc" }, { "delivery": "desc" }],
        // One more than the page tells whether there is a next one.
        "size": size + 1,
        "track_total_hits": false,
    });
    if let Some(After { requested_at, delivery }) = query.after {
        body["search_after"] = json!([requested_at, delivery]);
    }
    let found = search::<Delivery, IgnoredAny>(client, &client.names.deliveries, &body).await?;
    let mut items: Vec<Delivery> = found.hits.hits.into_iter().map(|hit| hit.source).collect();
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|last| After::of(last).to_string());
    Ok(DeliveryPage { items, next, through })
}

/// The filters that are set.
fn conditions(query: &DeliveryQuery) -> Vec<Value> {
    let mut conditions = Vec::new();
    let mut term = |field: &str, value: Option<Value>| {
        conditions.extend(value.map(|value| json!({ "term": { field: value } })));
    };
    term("status", query.status.map(|status| json!(status)));
    term("courier", query.courier.as_ref().map(|courier| json!(courier)));
    term("reference", query.reference.as_ref().map(|reference| json!(reference)));
    // Stored of delivered ones alone.
    term("on_time", query.on_time.map(|on_time| json!(on_time)));
    let absent = |field: &str| json!({ "bool": { "must_not": { "exists": { "field": field } } } });
    match &query.along {
        Some(Along::Route(route)) => conditions.push(json!({ "term": { "route": route } })),
        Some(Along::OwnPath) => conditions.push(absent("route")),
        None => {}
    }
    match query.predicted {
        Some(true) => conditions.push(json!({ "exists": { "field": "eta_error_ms" } })),
        Some(false) => {
            conditions.push(json!({ "term": { "status": "delivered" } }));
            conditions.push(absent("eta_error_ms"));
        }
        None => {}
    }
    if query.from.is_some() || query.to.is_some() {
        // An end that is null is none.
        conditions.push(json!({ "range": { "requested_at": { "gte": query.from, "lte": query.to } } }));
    }
    conditions
}
