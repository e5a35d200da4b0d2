//! What the store holds: asked of Elasticsearch itself, and of the backend's audit.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, bail};
use futures_util::{StreamExt, stream};
use reqwest::{Client, Method};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    expect::{End, Spot},
    log::{Fix, e7},
};
use crate::rest::Rest;

/// Documents that are asked for at once.
const PAGE: usize = 10_000;
/// Audits that are asked for at once.
const TOGETHER: usize = 4;

/// Elasticsearch's own interface.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    url: String,
}

/// All documents.
#[derive(Debug, Default)]
pub struct Documents {
    /// Fixes by `_id`.
    pub fixes: HashMap<String, Fix>,
    /// `_id`s that are there twice, in two indices: none may be.
    pub doubles: Vec<String>,
    /// How each delivery that has ended did.
    pub ends: HashMap<String, End>,
    /// All deliveries.
    pub deliveries: usize,
}

#[derive(Deserialize)]
struct Page<S> {
    #[serde(rename = "_scroll_id")]
    scroll: String,
    hits: Hits<S>,
}

#[derive(Deserialize)]
struct Hits<S> {
    hits: Vec<Hit<S>>,
}

#[derive(Deserialize)]
struct Hit<S> {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_source")]
    source: S,
}

#[derive(Deserialize)]
struct PositionSource {
    courier: String,
    at: i64,
    location: Location,
    delivery: Option<String>,
    seq: Option<u32>,
}

#[derive(Deserialize)]
struct Location {
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
struct DeliverySource {
    status: String,
    finished_at: Option<i64>,
    positions: Option<u32>,
}

impl Store {
    /// The one at `http://HOST:PORT`.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(url: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        Ok(Self { client, url: url.to_owned() })
    }

    /// Asks; fails where the answer is no success.
    ///
    /// # Errors
    /// Where nobody answers, or with an error.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let request = self.client.request(method, format!("{}/{path}", self.url));
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.with_context(|| format!("Elasticsearch: {path}"))?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("Elasticsearch answers {status} to {path}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Sets or takes away the block that Elasticsearch itself sets where its disk is full (flood stage).
    ///
    /// # Errors
    /// Where Elasticsearch does not take it.
    pub async fn flood(&self, full: bool) -> Result<()> {
        let block = if full { json!(true) } else { Value::Null };
        let body = json!({ "index.blocks.read_only_allow_delete": block });
        self.ask(Method::PUT, "_all/_settings?expand_wildcards=all&allow_no_indices=true", &body).await.map(|_| ())
    }

    /// How many fixes are stored and visible.
    ///
    /// # Errors
    /// Where Elasticsearch does not answer.
    pub async fn count(&self) -> Result<u64> {
        self.ask(Method::POST, "positions-*/_refresh?ignore_unavailable=true", &Value::Null).await?;
        let answer = self.ask(Method::GET, "positions-*/_count?ignore_unavailable=true", &Value::Null).await?;
        answer["count"].as_u64().context("no count")
    }

    /// Everything that is stored.
    ///
    /// # Errors
    /// Where Elasticsearch does not answer, or with what cannot be read.
    pub async fn documents(&self) -> Result<Documents> {
        let mut all = Documents::default();
        self.ask(Method::POST, "_refresh", &Value::Null).await?;
        let fields = json!(["courier", "at", "location", "delivery", "seq"]);
        self.scroll("positions-*", fields, |id, source: PositionSource| {
            let PositionSource { courier, at, location, delivery, seq } = source;
            let spot = Spot { lat_e7: e7(location.lat), lon_e7: e7(location.lon) };
            if all.fixes.insert(id.clone(), Fix { delivery, seq, spot, at, courier }).is_some() {
                all.doubles.push(id);
            }
        })
        .await?;
        let fields = json!(["status", "finished_at", "positions"]);
        self.scroll("deliveries", fields, |id, source: DeliverySource| {
            all.deliveries += 1;
            let DeliverySource { status, finished_at, positions } = source;
            if !["requested", "in_transit"].contains(&status.as_str()) {
                all.ends.insert(id, End { status, finished_at, positions });
            }
        })
        .await?;
        Ok(all)
    }

    async fn scroll<S: DeserializeOwned>(
        &self,
        index: &str,
        fields: Value,
        mut take: impl FnMut(String, S),
    ) -> Result<()> {
        let first = json!({ "size": PAGE, "sort": ["_doc"], "_source": fields });
        let path = format!("{index}/_search?scroll=2m&ignore_unavailable=true");
        let mut answer = self.ask(Method::POST, &path, &first).await?;
        loop {
            let Page { scroll, hits } = serde_json::from_value(answer).with_context(|| format!("a page of {index}"))?;
            let last = hits.hits.is_empty();
            hits.hits.into_iter().for_each(|hit: Hit<S>| take(hit.id, hit.source));
            if last {
                self.ask(Method::DELETE, "_search/scroll", &json!({ "scroll_id": scroll })).await?;
                return Ok(());
            }
            let next = json!({ "scroll": "2m", "scroll_id": scroll });
            answer = self.ask(Method::POST, "_search/scroll", &next).await?;
        }
    }
}

/// Fixes that a backend's audit finds stored, and those of these deliveries in which it finds a fault.
///
/// # Errors
/// Where the backend does not answer.
pub async fn audit(rest: &Rest, deliveries: &[String]) -> Result<(u64, Vec<String>)> {
    let answers = stream::iter(deliveries).map(|id| async move {
        let answer = rest.ask(Method::GET, &format!("/deliveries/{id}/audit"), None).await;
        (id, answer)
    });
    let mut answers = answers.buffer_unordered(TOGETHER);
    let (mut stored, mut faulty) = (0, Vec::new());
    while let Some((id, answer)) = answers.next().await {
        match answer {
            Some((200, audit)) => {
                stored += audit["stored"].as_u64().unwrap_or(0);
                // Of what was called off before it started nothing is expected.
                let none = audit["expected"].is_null() && audit["stored"] == 0;
                let whole = (none || audit["expected"] == audit["stored"]) && audit["missing"] == json!([]);
                if !whole {
                    faulty.push(format!("{id}: {audit}"));
                }
            }
            Some((status, answer)) => faulty.push(format!("{id}: {status} {answer}")),
            None => bail!("the backend does not answer"),
        }
    }
    Ok((stored, faulty))
}
