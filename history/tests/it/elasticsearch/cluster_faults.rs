//! What a real server says when something is wrong with it: the batch waits and is whole when the fault is mended. And what
//! it says of a document that it will never take.

use std::sync::Arc;

use history::{HistoryWriter, Item, Verdict, open_reader, open_writer};
use serde_json::json;

use crate::{
    cluster::{Cluster, needs_a_cluster, until},
    contract::samples::*,
};

const DAY_INDEX: &str = "positions-2025.11.21";

fn open(cluster: &Cluster) -> Arc<dyn HistoryWriter> {
    open_writer(&cluster.options()).unwrap()
}

fn batch(n: i64) -> Arc<[Item]> {
    (0..10).flat_map(|courier| fixes(courier, n * 10..(n + 1) * 10)).collect()
}

async fn new(writer: &Arc<dyn HistoryWriter>, batch: Arc<[Item]>) {
    let verdicts = writer.store(batch).await.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::New), "{verdicts:?}");
}

/// Something is broken, a batch waits for it, it is mended, and the batch is stored whole.
async fn waits_for(cluster: &Cluster, breaks: [&str; 3], mends: [&str; 3], expected: &str) {
    let writer = open(cluster);
    new(&writer, batch(0)).await;
    cluster.must(breaks[0], &format!("/{}{}", cluster.prefix, breaks[1]), breaks[2]);
    let waiting = batch(1);
    for _ in 0..2 {
        let error = writer.store(waiting.clone()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    cluster.must(mends[0], &format!("/{}{}", cluster.prefix, mends[1]), mends[2]);
    new(&writer, waiting.clone()).await;
    let known = writer.store(batch(1)).await.unwrap();
    assert!(known.iter().all(|verdict| *verdict == Verdict::Known));
}

needs_a_cluster! {
    async fn a_closed_index_is_waited_for() {
        let (close, open) = (format!("{DAY_INDEX}/_close"), format!("{DAY_INDEX}/_open"));
        waits_for(&Cluster::new(), ["POST", &close, ""], ["POST", &open, ""], "index_closed_exception").await;
    }

    async fn a_write_block_is_waited_for() {
        let settings = format!("{DAY_INDEX}/_settings");
        let (set, unset) = (r#"{"index.blocks.write":true}"#, r#"{"index.blocks.write":null}"#);
        let expected = "cluster_block_exception";
        waits_for(&Cluster::new(), ["PUT", &settings, set], ["PUT", &settings, unset], expected).await;
    }

    async fn a_disk_above_its_flood_stage_is_waited_for() {
        let settings = format!("{DAY_INDEX}/_settings");
        let block = |value: &str| format!(r#"{{"index.blocks.read_only_allow_delete":{value}}}"#);
        let (set, unset) = (block("true"), block("null"));
        let expected = "flood-stage watermark";
        waits_for(&Cluster::new(), ["PUT", &settings, &set], ["PUT", &settings, &unset], expected).await;
    }

    async fn a_document_that_the_index_never_takes_is_refused_alone() {
        for (field, refused) in [
            (json!({ "type": "boolean" }), "document_parsing_exception"),
            // The field is not there at all.
            (json!(null), "strict_dynamic_mapping_exception"),
        ] {
            let cluster = Cluster::new();
            let writer = open(&cluster);
            // The template, as this program makes it; then another meaning of one field.
            new(&writer, fixes(1, [-86_400]).into()).await;
            let yesterday = cluster.index("positions-2025.11.20");
            let mut mapping = cluster.must("GET", &format!("/{yesterday}/_mapping"), "")[&yesterday]["mappings"].clone();
            match field.is_null() {
                true => drop(mapping["properties"].as_object_mut().unwrap().remove("battery")),
                false => mapping["properties"]["battery"] = field,
            }
            let template = cluster.index("positions");
            cluster.must("DELETE", &format!("/_index_template/{template}"), "");
            let index = cluster.index(DAY_INDEX);
            cluster.must("PUT", &format!("/{index}"), &json!({ "mappings": mapping }).to_string());
            let mut items = fixes(1, 0..20);
            let Item::Position { position, .. } = &mut items[7] else { panic!() };
            position.battery = Some(0.5);
            let verdicts = writer.store(items.into()).await.unwrap();
            for (index, verdict) in verdicts.iter().enumerate() {
                match verdict {
                    Verdict::Refused(refusal) => assert_eq!((index, refusal.class.as_str()), (7, refused)),
                    verdict => assert!(*verdict == Verdict::New && index != 7, "{index}: {verdict:?}"),
                }
            }
        }
    }

    async fn an_index_without_our_template_is_not_written_to() {
        let cluster = Cluster::new();
        cluster.must("PUT", &format!("/{}", cluster.index(DAY_INDEX)), "{}");
        let error = open(&cluster).store(batch(0)).await.unwrap_err().to_string();
        assert!(error.contains("was not made by this program"), "{error}");
    }

    async fn what_was_removed_while_it_ran_is_made_again() {
        let cluster = Cluster::new();
        let writer = open(&cluster);
        new(&writer, batch(0)).await;
        for name in ["deliveries", "couriers", "marks", DAY_INDEX] {
            cluster.must("DELETE", &format!("/{}", cluster.index(name)), "");
        }
        // Made again by the bulk, from the template.
        new(&writer, batch(0)).await;
        let index = cluster.index(DAY_INDEX);
        let mapping = cluster.must("GET", &format!("/{index}/_mapping"), "");
        assert_eq!(mapping[&index]["mappings"]["dynamic"], "strict");
    }

    async fn settings_and_mappings_are_explicit() {
        let cluster = Cluster::new();
        let items = [batch(0).to_vec(), vec![delivery_item(delivery(1, contract::DeliveryStatus::Delivered))]].concat();
        open(&cluster).store(items.into()).await.unwrap();
        for name in ["deliveries", "couriers", "marks", DAY_INDEX] {
            let index = cluster.index(name);
            let settings = cluster.must("GET", &format!("/{index}/_settings"), "")[&index]["settings"]["index"].clone();
            let of = |name: &str| settings[name].as_str().unwrap_or_default().to_owned();
            assert_eq!([of("number_of_shards"), of("refresh_interval"), of("auto_expand_replicas")], ["1", "5s", "0-1"]);
            let mapping = cluster.must("GET", &format!("/{index}/_mapping"), "")[&index]["mappings"].clone();
            assert_eq!((&mapping["dynamic"], &mapping["_meta"]["version"]), (&json!("strict"), &json!(2)));
        }
    }

    async fn a_reader_may_come_before_the_writer() {
        let cluster = Cluster::new();
        let reader = open_reader(&cluster.options()).unwrap();
        let error = reader.healthy().await.unwrap_err().to_string();
        assert!(error.contains("index_not_found_exception"), "{error}");
        assert!(reader.delivery(id(1)).await.is_err());
        open(&cluster).checkpoint(&[]).await.unwrap();
        reader.healthy().await.unwrap();
        assert_eq!(reader.delivery(id(1)).await.unwrap(), None);
        assert!(reader.trail_of_courier(&courier(1), 0, i64::MAX, 9).await.unwrap().points.is_empty());
    }

    async fn what_a_mark_promises_is_found() {
        let cluster = Cluster::new();
        let (writer, reader) = (open(&cluster), open_reader(&cluster.options()).unwrap());
        // No refresh of the index's own comes in between: it is every five seconds.
        for n in 0..20 {
            new(&writer, batch(n)).await;
            let through = T0 + n * 1_000;
            let mark = history::PartitionMark { topic: "positions".into(), partition: 0, next_offset: n, through };
            writer.checkpoint(&[mark]).await.unwrap();
            let trail = reader.trail_of_courier(&courier(3), 0, i64::MAX, 2_000).await.unwrap();
            assert!(trail.through == through && trail.points.len() as i64 == (n + 1) * 10, "{n}");
        }
    }

    async fn two_writers_of_one_mark_never_take_it_back() {
        let cluster = Cluster::new();
        let mark = |offset: i64| history::PartitionMark {
            topic: "positions".into(),
            partition: 0,
            next_offset: offset,
            through: offset * 10,
        };
        let writers = [open(&cluster), open(&cluster)];
        let write = async |writer: &Arc<dyn HistoryWriter>, offsets: Vec<i64>| {
            for offset in offsets {
                // While the other one makes the indices, they are not there for a moment.
                until("the mark is recorded", async || writer.checkpoint(&[mark(offset)]).await.is_ok()).await;
            }
        };
        tokio::join!(write(&writers[0], (0..30).collect()), write(&writers[1], (0..30).rev().collect()));
        assert_eq!(open_reader(&cluster.options()).unwrap().through().await.unwrap(), 290);
    }

    async fn extreme_times_are_stored_and_found() {
        let cluster = Cluster::new();
        let (writer, reader) = (open(&cluster), open_reader(&cluster.options()).unwrap());
        let document = |n: u64, requested_at| contract::Delivery {
            requested_at,
            ..delivery(n, contract::DeliveryStatus::Requested)
        };
        let documents = [document(1, i64::MAX), document(2, -5), document(3, 0)];
        let item = |delivery| Item::Delivery { delivery: Box::new(delivery), broker_time: T0 };
        let verdicts = writer.store(documents.clone().map(item).into()).await.unwrap();
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::New), "{verdicts:?}");
        cluster.refresh();
        let mut query = history::DeliveryQuery { limit: 1, ..Default::default() };
        let mut found = Vec::new();
        loop {
            let page = reader.deliveries(query.clone()).await.unwrap();
            found.extend(page.items);
            let Some(next) = page.next else { break };
            query.after = Some(next.parse().unwrap());
        }
        let [latest, before, zero] = documents;
        assert_eq!(found, [latest, zero, before]);
    }
}
