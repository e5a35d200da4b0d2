//! Templates: how indices are set up and what a document may hold. Strict: a field that is not here is refused rather than
//! guessed at, because a guessed mapping cannot be changed later.

use std::collections::{BTreeMap, BTreeSet};

use elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use crate::Unavailable;

/// Version of the templates, and of the indices that are made from them.
pub(super) const VERSION: i64 = 2;
/// Whose templates and indices these are.
const OWNER: &str = "code-delivery";

/// Makes what is missing of templates and lasting indices. May be called again, and by several processes at once.
pub(super) async fn ensure(client: &Client) -> Result<(), Unavailable> {
    for (name, template) in templates(client) {
        ensure_template(client, &name, &template).await?;
    }
    for index in [&client.names.couriers, &client.names.marks] {
        ensure_index(client, index).await?;
    }
    let deliveries = &client.names.deliveries;
    if ensure_index(client, deliveries).await? < VERSION {
        // What a later version of this program has added to the documents; fields that are there stay as they are.
        let mapping = json!({ "_meta": meta(), "properties": delivery() });
        client.send(Method::Put, &format!("{deliveries}/_mapping"), Some(&mapping)).await?.read::<Value>(deliveries)?;
        tracing::info!(index = %deliveries, version = VERSION, "history mapping extended");
    }
    Ok(())
}

/// Makes an index from its template where it is not there, and looks whose it is: one that came about without the template
/// has a guessed mapping. Returns the version that it was made by.
pub(super) async fn ensure_index(client: &Client, index: &str) -> Result<i64, Unavailable> {
    #[derive(Deserialize)]
    struct Index {
        #[serde(default)]
        mappings: Value,
    }
    let path = format!("{index}/_mapping?filter_path=*.mappings._meta");
    let mut known = client.send(Method::Get, &path, None).await?;
    if known.status == 404 {
        let made = client.send(Method::Put, index, Some(&json!({}))).await?;
        let taken = made.fault().is_some_and(|fault| fault.kind == "resource_already_exists_exception");
        if !made.is_success() && !taken {
            return Err(made.refused(index));
        }
        known = client.send(Method::Get, &path, None).await?;
    }
    let indices: BTreeMap<String, Index> = known.read(index)?;
    let meta = indices.into_values().next().map(|index| index.mappings["_meta"].clone()).unwrap_or_default();
    let version = meta["version"].as_i64().filter(|_| meta["owner"] == OWNER);
    let wrong = |line: String| Err(Unavailable::new(format!("index {index} {line}")));
    match version {
        Some(version) if version <= VERSION => Ok(version),
        Some(version) => wrong(format!("has version {version}, this program knows up to {VERSION}: use the newer one")),
        None => wrong("was not made by this program: remove it, or set another CD_HISTORY_PREFIX".into()),
    }
}

async fn ensure_template(client: &Client, name: &str, template: &Value) -> Result<(), Unavailable> {
    #[derive(Deserialize)]
    struct Found {
        index_templates: Vec<Known>,
    }
    #[derive(Deserialize)]
    struct Known {
        index_template: Template,
    }
    #[derive(Deserialize)]
    struct Template {
        version: Option<i64>,
        #[serde(rename = "_meta", default)]
        meta: Value,
    }
    let path = format!("_index_template/{name}");
    let answer = client.send(Method::Get, &path, None).await?;
    if answer.status != 404 {
        let found: Found = answer.read(&path)?;
        if let Some(Known { index_template: known }) = found.index_templates.into_iter().next() {
            let wrong = |line: &str| Err(Unavailable::new(format!("index template {name} {line}")));
            match known.version.filter(|_| known.meta["owner"] == OWNER) {
                None => return wrong("is another program's: set another CD_HISTORY_PREFIX"),
                Some(version) if version > VERSION => return wrong("is of a newer version of this program: use that"),
                Some(VERSION) => return Ok(()),
                Some(_) => {}
            }
        }
    }
    client.send(Method::Put, &path, Some(template)).await?.read::<Value>(&path)?;
    tracing::info!(template = name, version = VERSION, "history template made");
    Ok(())
}

/// Days whose index is known to be there and ours.
#[derive(Debug, Default)]
pub(super) struct Days(BTreeSet<i64>);

impl Days {
    /// Most days that are remembered; more than that are asked for again.
    const MOST: usize = 1_000;

    /// Makes the indices of these days where they are not known.
    pub(super) async fn ensure(&mut self, client: &Client, days: &BTreeSet<i64>) -> Result<(), Unavailable> {
        for day in days {
            if !self.0.contains(day) {
                ensure_index(client, &client.names.day(*day)).await?;
                if self.0.len() >= Self::MOST {
                    self.0.clear();
                }
                self.0.insert(*day);
            }
        }
        Ok(())
    }

    /// Forgets what was removed.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Whose an index or a template is, and of which version.
fn meta() -> Value {
    json!({ "owner": OWNER, "version": VERSION })
}

/// (name, body) of every template.
fn templates(client: &Client) -> Vec<(String, Value)> {
    let names = &client.names;
    let template = |of: &str, pattern: &str, settings: Value, properties: Value| {
        let meta = meta();
        let body = json!({
            "index_patterns": [pattern],
            "priority": 500,
            "version": VERSION,
            "_meta": meta,
            "template": {
                "settings": { "index": settings },
                "mappings": { "_meta": meta, "dynamic": "strict", "date_detection": false, "properties": properties },
            },
        });
        (names.template(of), body)
    };
    vec![
        template("positions", &names.positions, settings(json!({ "codec": "best_compression" })), position()),
        template("couriers", &names.couriers, settings(json!({ "gc_deletes": "0s" })), position()),
        // A delivery that was removed may be stored again at once, whatever its rank.
        template("deliveries", &names.deliveries, settings(json!({ "gc_deletes": "0s" })), delivery()),
        template("marks", &names.marks, settings(json!({})), mark()),
    ]
}

/// What every index is set to; nothing is left to a cluster's defaults that the answers depend on.
fn settings(more: Value) -> Value {
    let mut settings = json!({
        "number_of_shards": 1,
        // One copy wherever there is a second node.
        "auto_expand_replicas": "0-1",
        // A set interval also keeps an index that nobody searches from falling asleep. Checkpoints refresh by themselves.
        "refresh_interval": "5s",
        // What was answered is on the disk.
        "translog": { "durability": "request" },
        "mapping": { "total_fields": { "limit": 100 } },
    });
    if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
        settings.extend(more);
    }
    settings
}

fn time() -> Value {
    json!({ "type": "date", "format": "epoch_millis" })
}

fn keyword() -> Value {
    json!({ "type": "keyword" })
}

/// A figure that is shown and summed up, and never searched for.
fn figure(kind: &str) -> Value {
    json!({ "type": kind, "index": false })
}

fn position() -> Value {
    json!({
        "at": time(),
        "courier": keyword(),
        "source": keyword(),
        "location": { "type": "geo_point" },
        "accuracy_m": figure("float"),
        "speed_mps": figure("float"),
        "heading_deg": figure("float"),
        "delivery": keyword(),
        "seq": figure("long"),
        "altitude_m": figure("float"),
        "battery": figure("float"),
        "delay_ms": figure("long"),
    })
}

fn delivery() -> Value {
    json!({
        "delivery": keyword(),
        "courier": keyword(),
        "status": keyword(),
        "driver": keyword(),
        "reference": keyword(),
        "route": keyword(),
        // Up to 64 KiB: kept in the source alone.
        "path": { "type": "keyword", "index": false, "doc_values": false },
        "distance_m": figure("long"),
        "planned_s": figure("long"),
        "speed": figure("double"),
        "interval_ms": figure("long"),
        "promised_at": time(),
        "requested_at": time(),
        "requested_by": keyword(),
        "started_at": time(),
        "finished_at": time(),
        "reason": keyword(),
        "positions": figure("long"),
        "eta_half_way": time(),
        "took_ms": figure("long"),
        "on_time": { "type": "boolean" },
        "eta_error_ms": figure("long"),
    })
}

fn mark() -> Value {
    json!({
        "topic": keyword(),
        "partition": { "type": "integer" },
        "next_offset": figure("long"),
        "through": time(),
    })
}
