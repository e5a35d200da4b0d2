//! Topics as the code has them, users with rights on what is there, and addresses that are those of the clusters.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result};
use contract::topics;
use serde_json::Value;

use super::{
    describe,
    select::{named, of_kind},
};
use crate::deploy::document::{list, members, scalar, text};

/// Where the names of consumer groups stand.
const SOURCES: [&str; 3] = ["simulator/src/lib.rs", "sink/src/lib.rs", "sink/src/redrive.rs"];

/// Beginnings of options that Strimzi sets itself: it passes over what a resource says of them.
const STRIMZI: [&str; 12] = [
    "listeners",
    "advertised.",
    "broker.",
    "listener.",
    "inter.broker.listener.name",
    "sasl.",
    "ssl.",
    "security.",
    "log.dir",
    "node.id",
    "process.roles",
    "controller.",
];

/// The consumer groups of the services, as their source has them.
pub fn groups(root: &Path) -> Result<BTreeSet<String>> {
    let mut groups = BTreeSet::new();
    for source in SOURCES {
        let text = fs::read_to_string(root.join(source)).context(source)?;
        for mark in ["GROUP: &str = \"", "group: \""] {
            let found = text.split(mark).skip(1).filter_map(|rest| rest.split_once('"'));
            groups.extend(found.map(|(group, _)| group.to_owned()));
        }
    }
    Ok(groups)
}

/// What differs from the code.
pub fn faults(all: &[Value], groups: &BTreeSet<String>) -> Vec<String> {
    let mut faults: Vec<String> = topics::ALL.iter().flat_map(|topic| of_topic(topic, all)).collect();
    for user in of_kind(all, "KafkaUser") {
        for acl in list(user, "/spec/authorization/acls") {
            let (kind, name) = (text(acl, "/resource/type"), text(acl, "/resource/name"));
            let there = match kind {
                "topic" => topics::ALL.iter().any(|topic| topic.name == name),
                "group" => groups.contains(name),
                _ => false,
            };
            if !there {
                faults.push(format!("{}: rights on {name}, and there is no {kind} {name}", describe(user)));
            }
        }
    }
    faults.extend(addresses(all));
    faults
}

fn brokers(all: &[Value]) -> i64 {
    let pools = of_kind(all, "KafkaNodePool").filter(|pool| list(pool, "/spec/roles").contains(&"broker".into()));
    pools.filter_map(|pool| pool["spec"]["replicas"].as_i64()).sum()
}

fn of_topic(topic: &topics::Topic, all: &[Value]) -> Vec<String> {
    let Some(found) = named(all, "KafkaTopic", topic.name) else {
        return vec![format!("no KafkaTopic {}", topic.name)];
    };
    let (spec, config) = (&found["spec"], &found["spec"]["config"]);
    let mut faults = Vec::new();
    let mut need = |right: bool, what: String| {
        if !right {
            faults.push(format!("{}: {what}", describe(found)));
        }
    };
    need(spec["partitions"] == topic.partitions, format!("the protocol has {} partitions", topic.partitions));
    need(config["retention.ms"] == topic.retention_ms, format!("retention.ms must be {}", topic.retention_ms));
    need(config["message.timestamp.type"] == "LogAppendTime", "message.timestamp.type must be LogAppendTime".into());
    need(config["cleanup.policy"] == "delete", "cleanup.policy must be delete".into());
    let (replicas, brokers) = (spec["replicas"].as_i64().unwrap_or(0), brokers(all));
    need(replicas == brokers.min(3), format!("{replicas} replicas on {brokers} brokers"));
    let wanted = if replicas >= 3 { 2 } else { 1 };
    need(config["min.insync.replicas"] == wanted, format!("min.insync.replicas must be {wanted}"));
    faults
}

/// The addresses that the services are told.
fn addresses(all: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    let told = |map: &str, name: &str| {
        named(all, "ConfigMap", map).and_then(|map| map["data"].get(name)).map(scalar).unwrap_or_default()
    };
    for kafka in of_kind(all, "Kafka") {
        let options = members(kafka, "/spec/kafka/config").map(|(option, _)| option);
        let passed_over = options.filter(|option| STRIMZI.iter().any(|mark| option.starts_with(mark)));
        faults.extend(passed_over.map(|option| format!("{}: Strimzi passes over {option}", describe(kafka))));
        let listeners = list(kafka, "/spec/kafka/listeners").iter();
        let name = text(kafka, "/metadata/name");
        let right: Vec<String> = listeners
            .filter(|listener| listener["tls"] == true && text(listener, "/authentication/type") == "tls")
            .map(|listener| format!("{name}-kafka-bootstrap:{}", listener["port"]))
            .collect();
        let told = told("settings", "CD_KAFKA_BROKERS");
        if !right.contains(&told) {
            faults.push(format!("CD_KAFKA_BROKERS is {told}; Kafka {name} listens with TLS on {right:?}"));
        }
    }
    for elasticsearch in of_kind(all, "Elasticsearch") {
        let right = format!("https://{}-es-http:9200", text(elasticsearch, "/metadata/name"));
        let told = told("history", "CD_HISTORY_URL");
        if told != right {
            faults.push(format!("CD_HISTORY_URL is {told}, not {right}"));
        }
    }
    faults
}
