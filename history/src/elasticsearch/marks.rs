//! How far each partition is stored: a document each, in `marks`.
//!
//! A mark promises what a search finds. What was stored before is therefore made visible first, by a refresh, which costs
//! nothing where nothing has changed; and of the marks of one checkpoint the earliest times are written first, so that a
//! reader who sees only some of them is promised less, and never more.

use std::collections::{BTreeMap, HashMap};

use elasticsearch::http::Method;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{
    client::Client,
    judge::{Judgement, Outcome, judge},
    search::{Figure, search},
};
use crate::{PartitionMark, Unavailable, Verdict};

/// Most partitions that are listed.
const MOST: usize = 10_000;
/// How often a mark is tried that others write too.
const TRIES: usize = 10;
const FILTER: &str = "items.*.status,items.*.error.type,items.*.error.reason,items.*._seq_no,items.*._primary_term";

/// A mark as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Document {
    topic: String,
    partition: i32,
    next_offset: i64,
    through: i64,
}

/// A document and the change that wrote it; the next change is made only if there was no other since.
#[derive(Debug, Clone, Deserialize)]
struct Known {
    #[serde(rename = "_source")]
    document: Document,
    #[serde(rename = "_seq_no")]
    seq_no: i64,
    #[serde(rename = "_primary_term")]
    primary_term: i64,
}

/// Records marks, and remembers what it wrote.
#[derive(Default)]
pub(super) struct Marks(Mutex<HashMap<String, Option<Known>>>);

impl Marks {
    /// Makes what was stored visible, then records how far partitions are.
    pub(super) async fn record(&self, client: &Client, marks: &[PartitionMark]) -> Result<(), Unavailable> {
        refresh(client).await?;
        let mut known = self.0.lock().await;
        let done = record(client, marks, &mut known).await;
        if done.is_err() {
            known.clear();
        }
        done
    }
}

/// Makes everything that was written so far visible to searches.
pub(super) async fn refresh(client: &Client) -> Result<(), Unavailable> {
    #[derive(Deserialize)]
    struct Refreshed {
        #[serde(rename = "_shards")]
        shards: Shards,
    }
    #[derive(Deserialize)]
    struct Shards {
        failed: u32,
    }
    let names = &client.names;
    let path = format!("{},{},{}/_refresh?ignore_unavailable=true", names.positions, names.deliveries, names.couriers);
    let Refreshed { shards } = client.ask(Method::Post, &path, None).await?;
    match shards.failed {
        0 => Ok(()),
        failed => Err(Unavailable::new(format!("_refresh: {failed} shards failed"))),
    }
}

async fn record(
    client: &Client,
    marks: &[PartitionMark],
    known: &mut HashMap<String, Option<Known>>,
) -> Result<(), Unavailable> {
    for _ in 0..TRIES {
        look_up(client, marks, known).await?;
        let mut changes: Vec<(String, Document, Option<Known>)> = Vec::new();
        for mark in marks {
            let (id, before) = (id(mark), known.get(&id(mark)).cloned().flatten());
            let through = before.as_ref().map_or(mark.through, |known| known.document.through.max(mark.through));
            let (topic, partition, next_offset) = (mark.topic.clone(), mark.partition, mark.next_offset);
            let document = Document { topic, partition, next_offset, through };
            if before.as_ref().is_none_or(|known| known.document != document) {
                changes.push((id, document, before));
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        changes.sort_by_key(|(_, document, _)| document.through);
        if write(client, changes, known).await? {
            return Ok(());
        }
    }
    Err(Unavailable::new("marks: somebody else writes the same ones again and again"))
}

/// Reads those marks that are not remembered.
async fn look_up(
    client: &Client,
    marks: &[PartitionMark],
    known: &mut HashMap<String, Option<Known>>,
) -> Result<(), Unavailable> {
    #[derive(Deserialize)]
    struct Answer {
        docs: Vec<Value>,
    }
    let ids: Vec<String> = marks.iter().map(id).filter(|id| !known.contains_key(id)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let path = format!("{}/_mget", client.names.marks);
    let answer: Answer = client.ask(Method::Post, &path, Some(&json!({ "ids": ids }))).await?;
    if answer.docs.len() != ids.len() {
        return Err(Unavailable::new(format!("{path}: {} answers to {} marks", answer.docs.len(), ids.len())));
    }
    for (id, document) in ids.into_iter().zip(answer.docs) {
        if let Some(fault) = document.get("error") {
            return Err(Unavailable::new(format!("{path}: {fault}")));
        }
        let found = document["found"] == true;
        let read = found.then(|| serde_json::from_value(document)).transpose();
        known.insert(id, read.map_err(super::search::broken)?);
    }
    Ok(())
}

/// Writes marks; `false` where some were changed by others meanwhile and must be looked up again.
async fn write(
    client: &Client,
    changes: Vec<(String, Document, Option<Known>)>,
    known: &mut HashMap<String, Option<Known>>,
) -> Result<bool, Unavailable> {
    #[derive(Deserialize)]
    struct Body {
        items: Vec<BTreeMap<String, Change>>,
    }
    #[derive(Deserialize)]
    struct Change {
        #[serde(rename = "_seq_no")]
        seq_no: Option<i64>,
        #[serde(rename = "_primary_term")]
        primary_term: Option<i64>,
    }
    let index = &client.names.marks;
    let mut lines = String::new();
    for (id, document, before) in &changes {
        let action = match before {
            None => json!({ "create": { "_index": index, "_id": id } }),
            Some(Known { seq_no, primary_term, .. }) => {
                json!({ "index": { "_index": index, "_id": id, "if_seq_no": seq_no, "if_primary_term": primary_term } })
            }
        };
        lines.push_str(&format!("{action}\n{}\n", json!(document)));
    }
    let answer = client.bulk(lines.into(), FILTER, true).await?;
    let judged = match judge(&answer, changes.len()) {
        Outcome::Judged(judged) => judged,
        Outcome::Failed(reason) => return Err(Unavailable::new(reason)),
        Outcome::TooLarge | Outcome::Overloaded(_) => return Err(answer.refused(index)),
    };
    let body: Body = answer.read(index)?;
    let mut all = true;
    for (((id, document, _), judgement), item) in changes.into_iter().zip(judged).zip(body.items) {
        let change = item.into_values().next().and_then(|change| Some((change.seq_no?, change.primary_term?)));
        match (judgement, change) {
            (Judgement::Final(Verdict::New), Some((seq_no, primary_term))) => {
                known.insert(id, Some(Known { document, seq_no, primary_term }));
            }
            (Judgement::Final(Verdict::New | Verdict::Known), _) => {
                all = false;
                known.remove(&id);
            }
            (Judgement::Final(Verdict::Refused(refusal)), _) => {
                return Err(Unavailable::new(format!("{index}: {}: {}", refusal.class, refusal.message)));
            }
            (Judgement::Again(fault), _) => return Err(Unavailable::new(format!("{index}: {fault}"))),
        }
    }
    Ok(all)
}

fn id(mark: &PartitionMark) -> String {
    format!("{}:{}", mark.topic, mark.partition)
}

/// The smallest `through` of all partitions, 0 where none was marked. To be asked before anything that it is promised for.
pub(super) async fn through(client: &Client) -> Result<i64, Unavailable> {
    #[derive(Deserialize)]
    struct Aggregations {
        through: Figure,
    }
    let body = json!({
        "size": 0, "track_total_hits": false, "aggs": { "through": { "min": { "field": "through" } } },
    });
    let found = search::<IgnoredAny, Aggregations>(client, &client.names.marks, &body).await?;
    Ok(found.aggregations.and_then(|found| found.through.millis()).unwrap_or(0))
}

/// All marks in the order of (topic, partition).
pub(super) async fn list(client: &Client) -> Result<Vec<PartitionMark>, Unavailable> {
    let body = json!({ "size": MOST, "sort": [{ "topic": "asc" }, { "partition": "asc" }], "track_total_hits": false });
    let found = search::<Document, IgnoredAny>(client, &client.names.marks, &body).await?;
    let marks = found.hits.hits.into_iter().map(|hit| {
        let Document { topic, partition, next_offset, through } = hit.source;
        PartitionMark { topic, partition, next_offset, through }
    });
    Ok(marks.collect())
}
