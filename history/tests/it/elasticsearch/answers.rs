//! Each answer that a server, or what stands before it, may give to a batch: nothing is lost, nothing is sent again without
//! need, and what is sent again are the same bytes.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use history::{HistoryReader, HistoryWriter, Item, Unavailable, Verdict, open_reader, open_writer};
use serde_json::json;

use crate::{
    contract::samples::*,
    stub::{Asked, Stub, healthy, items, stored},
};

fn writer(stub: &Stub) -> Arc<dyn HistoryWriter> {
    open_writer(&stub.options()).unwrap()
}

/// Many fixes of many couriers.
fn batch(couriers: usize) -> Arc<[Item]> {
    (0..couriers).flat_map(|n| fixes(n, 0..10)).collect()
}

fn all_new(verdicts: Result<Vec<Verdict>, Unavailable>) {
    let verdicts = verdicts.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::New), "{verdicts:?}");
}

/// The ids of fixes in some bulks, each as often as it came.
fn fix_ids(bulks: &[Asked]) -> Vec<String> {
    let mut ids: Vec<String> = bulks.iter().flat_map(Asked::ids).filter(|id| id.contains(':')).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn only_what_was_not_judged_is_sent_again_and_in_the_same_bytes() {
    let tries = AtomicUsize::new(0);
    let stub = Stub::new(move |asked| {
        let first = tries.fetch_add(1, Ordering::SeqCst) < 2;
        items(asked, |id| match id {
            id if first && id.ends_with("3000") => (429, "es_rejected_execution_exception"),
            id if first && id.ends_with("4000") => (503, "unavailable_shards_exception"),
            id if id.ends_with("5000") => (409, "version_conflict_engine_exception"),
            id if id.ends_with("6000") => (400, "document_parsing_exception"),
            _ => (201, ""),
        })
    })
    .await;
    let (writer, batch) = (writer(&stub), batch(20));
    let error = writer.store(batch.clone()).await.unwrap_err();
    assert!(error.to_string().contains("_exception: because"), "{error}");
    let first = stub.bulks();
    assert_eq!(fix_ids(&first).len(), 200);
    let verdicts = writer.store(batch.clone()).await.unwrap();
    for (index, verdict) in verdicts.iter().enumerate() {
        match (index % 10, verdict) {
            (5, Verdict::Known) => {}
            (6, Verdict::Refused(refusal)) => assert_eq!(refusal.class, "document_parsing_exception"),
            (5 | 6, _) => panic!("{index}: {verdict:?}"),
            (_, verdict) => assert_eq!(*verdict, Verdict::New, "{index}"),
        }
    }
    let second = &stub.bulks()[first.len()..];
    let again = fix_ids(second);
    assert_eq!(again.len(), 40);
    assert!(again.iter().all(|id| id.ends_with("3000") || id.ends_with("4000")), "{again:?}");
    let lines = |bulks: &[Asked]| -> BTreeSet<String> {
        bulks
            .iter()
            .flat_map(|b| String::from_utf8(b.body.clone()).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    assert!(lines(second).is_subset(&lines(&first)));
    // Another batch is another matter.
    all_new(writer.store(fixes(77, [0]).into()).await);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved_until_it_fits() {
    let stub =
        Stub::new(|asked| if asked.body.len() > 5_000 { Some((413, String::new())) } else { stored(asked) }).await;
    let (writer, batch) = (writer(&stub), batch(30));
    all_new(writer.store(batch.clone()).await);
    let taken: Vec<Asked> = stub.bulks().into_iter().filter(|asked| asked.body.len() <= 5_000).collect();
    let ids = fix_ids(&taken);
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (300, 300));
}

#[tokio::test]
async fn a_limit_that_was_met_once_is_kept_to() {
    const LIMIT: usize = 300_000;
    let stub =
        Stub::new(|asked| if asked.body.len() > LIMIT { Some((413, String::new())) } else { stored(asked) }).await;
    let writer = writer(&stub);
    let large = |from: i64| -> Arc<[Item]> { (0..400).flat_map(|n| fixes(n, from..from + 10)).collect() };
    let too_large = |stub: &Stub| stub.bulks().iter().filter(|asked| asked.body.len() > LIMIT).count();
    all_new(writer.store(large(0)).await);
    let before = too_large(&stub);
    assert!(before > 0);
    all_new(writer.store(large(10)).await);
    assert_eq!(too_large(&stub), before);
}

#[tokio::test]
async fn a_document_that_no_request_can_hold_is_waited_for_and_no_dead_letter() {
    let stub = Stub::new(|_| Some((413, String::new()))).await;
    let error = writer(&stub).store(fixes(1, [0]).into()).await.unwrap_err();
    assert!(error.to_string().contains("413: the server takes no document of"), "{error}");
}

#[tokio::test]
async fn a_server_that_turns_whole_requests_away_gets_smaller_ones() {
    // As indexing pressure does: what is above the limit is turned away for ever, also on an idle server.
    let busy = json!({ "error": { "type": "es_rejected_execution_exception", "reason": "full" }, "status": 429 });
    let stub =
        Stub::new(move |asked| if asked.body.len() > 10_000 { Some((429, busy.to_string())) } else { stored(asked) })
            .await;
    let (writer, batch) = (writer(&stub), batch(100));
    let mut tries = 0;
    let verdicts = loop {
        tries += 1;
        match writer.store(batch.clone()).await {
            Ok(verdicts) => break Ok(verdicts),
            Err(error) => assert!(error.to_string().contains("429 es_rejected_execution_exception"), "{error}"),
        }
        assert!(tries < 200, "it never became small enough");
    };
    all_new(verdicts);
    let taken: Vec<Asked> = stub.bulks().into_iter().filter(|asked| asked.body.len() <= 10_000).collect();
    assert_eq!(fix_ids(&taken).len(), 1_000);
}

#[tokio::test]
async fn whatever_answers_a_whole_request_badly_the_batch_waits() {
    for (said, expected) in [
        (None, "error sending request"),
        (Some((502, "<html>bad gateway".to_owned())), "_bulk: 502 <html>bad gateway"),
        (
            Some((401, r#"{"error":{"type":"security_exception","reason":"who?"}}"#.to_owned())),
            "_bulk: 401 security_exception: who?",
        ),
        (
            Some((400, r#"{"error":{"type":"illegal_argument_exception","reason":"?"}}"#.to_owned())),
            "illegal_argument_exception",
        ),
        (Some((200, "ok".to_owned())), "the answer cannot be read"),
        (Some((200, r#"{"items":[]}"#.to_owned())), "0 answers to"),
    ] {
        let tries = AtomicUsize::new(0);
        let stub =
            Stub::new(move |asked| if tries.fetch_add(1, Ordering::SeqCst) < 2 { said.clone() } else { stored(asked) })
                .await;
        let (writer, batch) = (writer(&stub), batch(20));
        let error = writer.store(batch.clone()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        all_new(writer.store(batch.clone()).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_not_waited_for_for_ever() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = history::Options::new(format!("http://{}", silent.local_addr().unwrap()));
    let error = open_writer(&options).unwrap().store(fixes(1, [0]).into()).await.unwrap_err();
    assert!(error.to_string().contains("timed out"), "{error}");
    let error = open_reader(&options).unwrap().healthy().await.unwrap_err();
    assert!(error.to_string().contains("timed out"), "{error}");
}

#[tokio::test]
async fn nothing_is_written_into_what_others_have_made() {
    let foreign = |what: &'static str, body: &'static str| {
        Stub::with(move |asked| match asked.path.contains(what) {
            true => Some((200, body.to_owned())),
            false => healthy(asked).filter(|_| !asked.path.starts_with("/_bulk")),
        })
    };
    for (what, body, expected) in [
        (
            "_index_template/",
            r#"{"index_templates":[{"index_template":{"version":1}}]}"#,
            "index template positions is another program's",
        ),
        (
            "_index_template/",
            r#"{"index_templates":[{"index_template":{"version":7,"_meta":{"owner":"code-delivery"}}}]}"#,
            "index template positions is of a newer version",
        ),
        ("deliveries/_mapping", "{}", "index deliveries was not made by this program"),
        (
            "positions-2025.11.21/_mapping",
            r#"{"x":{"mappings":{"_meta":{"owner":"code-delivery","version":7}}}}"#,
            "index positions-2025.11.21 has version 7, this program knows up to 2",
        ),
    ] {
        let stub = foreign(what, body).await;
        let error = writer(&stub).store(fixes(1, [0]).into()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(stub.all().iter().all(|asked| asked.method == "GET"), "something was written");
    }
}

#[tokio::test]
async fn deliveries_of_an_older_version_get_the_fields_that_came_later() {
    let old = |body: &'static str| Some((200, body.to_owned()));
    let stub = Stub::with(move |asked| match (asked.method.as_str(), asked.path.contains("deliveries/_mapping")) {
        ("GET", true) => old(r#"{"x":{"mappings":{"_meta":{"owner":"code-delivery","version":1}}}}"#),
        _ if asked.path.starts_with("/_bulk") => stored(asked),
        _ => healthy(asked),
    })
    .await;
    all_new(writer(&stub).store(fixes(1, [0]).into()).await);
    let asked = stub.all();
    let grown: Vec<_> =
        asked.iter().filter(|asked| asked.method == "PUT" && asked.path.contains("/_mapping")).collect();
    assert_eq!(grown.len(), 1, "the other indices have all they need");
    assert!(grown[0].path.starts_with("/deliveries/_mapping"), "{}", grown[0].path);
    let body: serde_json::Value = serde_json::from_slice(&grown[0].body).unwrap();
    assert_eq!(body["_meta"]["version"], 2);
    assert_eq!(body["properties"]["eta_half_way"]["type"], "date");
}

#[tokio::test]
async fn a_checkpoint_is_not_recorded_where_stored_documents_stay_invisible() {
    let stub = Stub::with(|asked| match asked.path.contains("_refresh") {
        true => Some((200, r#"{"_shards":{"failed":1}}"#.to_owned())),
        false => healthy(asked),
    })
    .await;
    let mark = history::PartitionMark { topic: "positions".into(), partition: 0, next_offset: 1, through: 1 };
    let error = writer(&stub).checkpoint(&[mark]).await.unwrap_err();
    assert!(error.to_string().contains("_refresh: 1 shards failed"), "{error}");
    assert!(stub.bulks().is_empty());
}

#[tokio::test]
async fn a_part_of_the_truth_is_no_answer() {
    for body in [
        r#"{"timed_out":true,"hits":{"hits":[]},"aggregations":{"through":{"value":5.0}}}"#,
        r#"{"error":{"type":"search_phase_execution_exception","reason":"Partial shards failure"},"status":503}"#,
    ] {
        let status = if body.contains("503") { 503 } else { 200 };
        let stub = Stub::with(move |_| Some((status, body.to_owned()))).await;
        let reader: Arc<dyn HistoryReader> = open_reader(&stub.options()).unwrap();
        assert!(reader.through().await.is_err());
        assert!(stub.all().iter().all(|asked| asked.path.contains("allow_partial_search_results=false")));
    }
}
