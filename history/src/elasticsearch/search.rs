//! Searches. One whose answer may be long is read page by page, by a key that no two documents share: what was there at the
//! first page is all found, and what comes meanwhile may be.

use elasticsearch::http::Method;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json};

use super::client::Client;
use crate::Unavailable;

/// Documents of one page.
const PAGE: usize = 5_000;

/// What a search found.
#[derive(Debug, Deserialize)]
pub(super) struct Found<T, A = IgnoredAny> {
    pub(super) hits: Hits<T>,
    /// Missing where no index was there.
    pub(super) aggregations: Option<A>,
    timed_out: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hits<T> {
    #[serde(default)]
    pub(super) total: Total,
    pub(super) hits: Vec<Hit<T>>,
}

/// How many there are, where that was asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Total {
    pub(super) value: u64,
}

/// A document that was found.
#[derive(Debug, Deserialize)]
pub(super) struct Hit<T> {
    #[serde(rename = "_index")]
    pub(super) index: String,
    #[serde(rename = "_id")]
    pub(super) id: String,
    /// Absent where no field was asked for.
    #[serde(rename = "_source")]
    pub(super) source: T,
    #[serde(default)]
    sort: Vec<Value>,
}

/// A figure of an aggregation; absent where there was nothing to sum up.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Figure {
    pub(super) value: Option<f64>,
}

impl Figure {
    /// A time in ms: below 2^53 in any calendar, so exact.
    pub(super) fn millis(self) -> Option<i64> {
        self.value.map(|value| value as i64)
    }
}

/// Searches once. All shards must answer: a part of the truth is an error here.
pub(super) async fn search<T: DeserializeOwned, A: DeserializeOwned>(
    client: &Client,
    index: &str,
    body: &Value,
) -> Result<Found<T, A>, Unavailable> {
    let path = format!("{index}/_search?allow_partial_search_results=false");
    let found: Found<T, A> = client.ask(Method::Post, &path, Some(body)).await?;
    if found.timed_out {
        return Err(Unavailable::new(format!("{index}: the search was cut off")));
    }
    Ok(found)
}

/// Everything that a query finds, page by page.
pub(super) struct Pages<'a> {
    client: &'a Client,
    index: &'a str,
    body: Value,
    ended: bool,
}

impl<'a> Pages<'a> {
    /// In the order of `sort`, whose keys together no two documents share. `source` names the fields that are wanted.
    pub(super) fn new(client: &'a Client, index: &'a str, query: &Value, sort: &Value, source: &Value) -> Self {
        let body = json!({ "query": query, "sort": sort, "size": PAGE, "_source": source, "track_total_hits": false });
        Self { client, index, body, ended: false }
    }

    /// The next page; empty behind the last one.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<Vec<Hit<T>>, Unavailable> {
        if self.ended {
            return Ok(Vec::new());
        }
        let mut page = search::<T, IgnoredAny>(self.client, self.index, &self.body).await?.hits.hits;
        self.ended = page.len() < PAGE;
        if let Some(last) = page.last_mut() {
            self.body["search_after"] = Value::Array(std::mem::take(&mut last.sort));
        }
        Ok(page)
    }
}

/// A document that another program has changed so that it can no longer be read.
pub(super) fn broken(error: impl std::fmt::Display) -> Unavailable {
    Unavailable::new(format!("a stored document cannot be read: {error}"))
}
