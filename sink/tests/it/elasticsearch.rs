//! The sink and its subcommands on a real Elasticsearch, at the address in E2E_ELASTICSEARCH. Ignored where there is none:
//! `cargo xtask test` runs them, and says so where it cannot.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use contract::{DeliveryStatus, topics};
use history::Options;
use reqwest::Method;
use serde_json::{Value, json};
use service::Outcome;

use crate::{program::ended, samples::*, world::World};

/// A store of the test's own, on the cluster of all.
struct Cluster {
    address: String,
    prefix: String,
}

impl Cluster {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let address = env::var("E2E_ELASTICSEARCH").expect("E2E_ELASTICSEARCH is the address of an Elasticsearch");
        Self { address, prefix: format!("s{}-{number}.", process::id()) }
    }

    fn world(&self) -> World {
        let options = Options { prefix: self.prefix.clone(), ..Options::new(&self.address) };
        World::with(tempfile::tempdir().unwrap(), options)
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/{path}", self.address);
        let mut request = reqwest::Client::new().request(method, url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, answer) = (response.status(), response.json::<Value>().await.unwrap());
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// Removes what the test has made.
    async fn clean(self) {
        let listed =
            self.ask(Method::GET, &format!("_cat/indices/{}*?format=json&h=index", self.prefix), Value::Null).await;
        for index in listed.as_array().unwrap() {
            self.ask(Method::DELETE, index["index"].as_str().unwrap(), Value::Null).await;
        }
        self.ask(Method::DELETE, &format!("_index_template/{}*", self.prefix), Value::Null).await;
    }
}

fn verify(world: &World) -> (Option<i32>, String, String) {
    ended(&["verify", "--history-url", &world.options.url, "--history-prefix", &world.options.prefix])
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Elasticsearch: E2E_ELASTICSEARCH"]
async fn everything_is_stored_once_whatever_the_repetition() {
    let cluster = Cluster::new();
    let world = cluster.world();
    let records: Vec<Record> = (0..5).flat_map(|n| run(n, 200)).collect();
    world.send(records.iter().chain(&records[100..700]).chain(&records).cloned()).await;
    let sink = world.sink();
    let sent = (2 * 5 * 203 + 600) as i64;
    let committed = || [topics::POSITIONS, topics::DELIVERIES].map(|topic| world.committed(topic).unwrap_or(0));
    world.until("all is committed", async || committed().iter().sum::<i64>() == sent).await;
    let marked = async || world.reader.marks().await.unwrap().iter().map(|mark| mark.next_offset).sum::<i64>() == sent;
    world.until("all is marked, and therefore found", marked).await;
    for n in 0..5 {
        assert_eq!(world.stored(n).await, 200);
        let expected = delivery(n, DeliveryStatus::Delivered, 200);
        assert_eq!(world.reader.delivery(id(n)).await.unwrap(), Some(expected));
    }
    assert_eq!(sink.stop().await, Outcome::Done);
    assert!(world.letters(0).await.is_empty());

    // The subcommands, too.
    let (code, out, err) = verify(&world);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains("runs delivered              5\n") && out.contains("fixes                    1000\n"),
        "{out}"
    );
    let store = ["--history-url", &world.options.url, "--history-prefix", &world.options.prefix];
    let (code, out, err) = ended(&[&["forget", "--courier", "c-1"], &store[..]].concat());
    assert_eq!((code, out.as_str()), (Some(0), "removed 200 positions and 1 deliveries\n"), "{err}");
    assert_eq!((world.stored(1).await, world.stored(2).await), (0, 200));
    let (code, out, err) = ended(&[&["expire"], &store[..]].concat());
    assert_eq!((code, out.as_str()), (Some(0), "removed 0 positions and 0 deliveries\n"), "{err}");
    assert_eq!(verify(&world).0, Some(0));
    cluster.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Elasticsearch: E2E_ELASTICSEARCH"]
async fn a_poison_record_becomes_a_dead_letter_alone() {
    let cluster = Cluster::new();
    let world = cluster.world();
    // Indices whose mapping takes no battery, made beside the template.
    world.writer().checkpoint(&[]).await.unwrap();
    let template = format!("_index_template/{}positions", cluster.prefix);
    let found = cluster.ask(Method::GET, &template, Value::Null).await;
    let found = &found["index_templates"][0]["index_template"];
    let mut mappings = found["template"]["mappings"].clone();
    mappings["properties"]["battery"] = json!({ "type": "boolean" });
    cluster
        .ask(
            Method::PUT,
            &template,
            json!({
                // Of the same version: the sink leaves it as it is.
                "index_patterns": found["index_patterns"], "priority": found["priority"], "version": found["version"],
                "_meta": found["_meta"], "template": { "mappings": mappings },
            }),
        )
        .await;
    let mut poison = fix(1, 7);
    poison.battery = Some(0.5);
    let records = fixes(1, 0..7).chain([fix_record(&poison)]).chain(fixes(1, 8..20));
    world.send(records).await;
    let sink = world.sink();
    let letters = world.letters(1).await;
    assert_eq!(letters[0].value, Some(poison.to_json()));
    assert_eq!(letters[0].headers[3].1, "document_parsing_exception");
    world.until_stored(1, 19).await;
    world.until_committed(topics::POSITIONS, 20).await;
    assert_eq!(sink.stop().await, Outcome::Done);
    cluster.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Elasticsearch: E2E_ELASTICSEARCH"]
async fn a_store_that_takes_nothing_is_waited_for() {
    let cluster = Cluster::new();
    let world = cluster.world();
    let sink = world.sink_with(|settings, _| settings.batching.batch = 100);
    world.send(fixes(1, 0..100)).await;
    world.until_committed(topics::POSITIONS, 100).await;
    let settings = format!("{}positions-*/_settings", cluster.prefix);
    // As a disk does that is above its flood stage.
    cluster.ask(Method::PUT, &settings, json!({ "index.blocks.read_only_allow_delete": true })).await;
    let retries = || {
        let metrics = service::Health::new().metrics();
        let line = metrics.lines().find(|line| line.starts_with("cd_sink_retries_total{what=\"store\"}"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = retries();
    world.send(fixes(1, 100..1_000)).await;
    world.until("it has tried", async || retries() >= before + 3).await;
    assert_eq!(world.committed(topics::POSITIONS), Some(100));
    cluster.ask(Method::PUT, &settings, json!({ "index.blocks.read_only_allow_delete": null })).await;
    world.until_committed(topics::POSITIONS, 1_000).await;
    world.until_stored(1, 1_000).await;
    assert!(world.letters(0).await.is_empty());
    assert_eq!(sink.stop().await, Outcome::Done);
    cluster.clean().await;
}
