//! Real servers: they come up and say so, a second call changes nothing, their data outlives them, and they are alone in
//! their process groups.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use e2e::servers::Servers;
use serde_json::{Value, json};

#[tokio::test]
#[ignore = "needs real servers: Maven and Java"]
async fn servers_come_up_once_and_keep_their_data() {
    let servers = Servers::start("services", &["--elasticsearch"]);
    let broker = servers.endpoints["kafka"].as_str().expect("a broker").to_owned();
    let search = servers.endpoints["elasticsearch"].as_str().expect("an Elasticsearch").to_owned();

    let status = said(&servers.call(&["status"]));
    assert!(status.contains("answers: 1 of 1 brokers") && status.contains("answers: green"), "{status}");
    // The broker leads a group of its own: Ctrl-C in the terminal of whoever called `up` does not reach it.
    let record = std::fs::read_to_string(servers.dir().join("run/kafka-1")).expect("its number is written");
    let number = record.split(' ').next().expect("a number");
    let leads = Command::new("kill").args(["-0", "--", &format!("-{number}")]).status().expect("kill can be called");
    assert!(leads.success(), "process {number} has no group of its own");
    let again = servers.up(&[]);
    assert!(again.status.success());
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    for server in ["kafka-1 runs already", "elasticsearch runs already"] {
        assert!(told.contains(server), "{told}");
    }
    assert_eq!(serde_json::from_slice::<Value>(&again.stdout).expect("JSON"), servers.endpoints);
    let written = std::fs::read_to_string(servers.dir().join("endpoints.json")).expect("endpoints are written");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), servers.endpoints);
    let other = servers.up(&["--brokers", "3"]);
    assert_eq!(other.status.code(), Some(1), "three brokers beside one: {}", said(&other));

    topics(&broker, &["--create", "--topic", "kept", "--partitions", "2"]);
    let document = format!("{search}/kept/_doc/1?refresh=true");
    let client = reqwest::Client::new();
    let put = client.put(&document).json(&json!({"n": 7})).send().await.expect("an answer");
    assert!(put.status().is_success(), "{}", put.status());

    let down = servers.call(&["down"]);
    assert!(down.status.success(), "{}", said(&down));
    assert!(reqwest::get(&search).await.is_err(), "Elasticsearch still answers");
    let status = servers.call(&["status"]);
    assert_eq!((status.status.code(), said(&status).matches("stopped").count()), (Some(1), 2));
    assert!(!servers.dir().join("endpoints.json").exists());

    let up = servers.up(&[]);
    assert!(up.status.success(), "{}", said(&up));
    assert!(topics(&broker, &["--list"]).lines().any(|line| line == "kept"));
    let kept: Value = reqwest::get(&document).await.expect("an answer").json().await.expect("JSON");
    assert_eq!(kept["_source"]["n"], 7);

    let killed = servers.call(&["kill", "kafka-1"]);
    assert!(killed.status.success(), "{}", said(&killed));
    assert!(said(&servers.call(&["status"])).contains("died"));
    let started = servers.call(&["start", "kafka-1"]);
    assert!(started.status.success(), "{}", said(&started));
    assert!(topics(&broker, &["--list"]).lines().any(|line| line == "kept"));
}

/// What a program printed.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// Kafka's own tool for topics: nobody here speaks Kafka.
pub fn topics(broker: &str, arguments: &[&str]) -> String {
    tool("org.apache.kafka.tools.TopicCommand", &[&["--bootstrap-server", broker], arguments].concat())
}

/// One of Kafka's own tools.
pub fn tool(class: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-classpath"]).arg(jars()).arg(class);
    let output = command.args(arguments).output().expect("java runs");
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn jars() -> PathBuf {
    let target = e2e::process::binary("xtask");
    let software = target.ancestors().nth(2).expect("a target directory").join("services/software");
    let entries = std::fs::read_dir(software).expect("what was fetched").map(|entry| entry.expect("an entry").path());
    let is_kafka = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kafka-"));
    entries.into_iter().find(is_kafka).expect("Kafka's jars").join("*")
}
