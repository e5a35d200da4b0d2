//! Who names whom: Services and pods, ConfigMaps and Secrets, autoscalers, monitors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    BY_HAND, Surroundings, describe,
    select::{has_port, named, of_kind, pod_labels, selected, selects},
};
use crate::deploy::document::{list, members, scalar, text};

/// Names that lead nowhere.
pub fn faults(all: &[Value], surroundings: &Surroundings) -> Vec<String> {
    let mut faults = Vec::new();
    let secrets = secrets(all);
    for document in all {
        let found = match text(document, "/kind") {
            "Service" => service(document, all),
            "Deployment" => deployment(document, all, &secrets),
            "PodDisruptionBudget" if selected(all, &document["spec"]["selector"]).is_empty() => vec!["no pods".into()],
            "HorizontalPodAutoscaler" => autoscaler(document, all, surroundings),
            "ServiceMonitor" => service_monitor(document, all),
            "PodMonitor" => pod_monitor(document, all),
            "Elasticsearch" => {
                let parts = ["/spec/auth/roles", "/spec/auth/fileRealm"].iter().flat_map(|part| list(document, part));
                let names = parts.map(|part| text(part, "/secretName"));
                names.filter(|name| !secrets.contains(*name)).map(|name| format!("no Secret {name}")).collect()
            }
            "Kibana" if named(all, "Elasticsearch", text(document, "/spec/elasticsearchRef/name")).is_none() => {
                vec!["elasticsearchRef names no Elasticsearch".into()]
            }
            "KafkaNodePool" | "KafkaTopic" | "KafkaUser" => {
                let cluster = text(document, "/metadata/labels/strimzi.io~1cluster");
                let there = named(all, "Kafka", cluster).is_some();
                if there { Vec::new() } else { vec![format!("no Kafka {cluster}")] }
            }
            _ => Vec::new(),
        };
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", describe(document))));
    }
    faults
}

/// Secrets that are in the files, that operators make, and that people make.
fn secrets(all: &[Value]) -> BTreeSet<String> {
    let name = |document: &Value| text(document, "/metadata/name").to_owned();
    let mut secrets: BTreeSet<String> = of_kind(all, "Secret").chain(of_kind(all, "KafkaUser")).map(name).collect();
    secrets.extend(of_kind(all, "Kafka").map(|kafka| format!("{}-cluster-ca-cert", name(kafka))));
    secrets.extend(of_kind(all, "Elasticsearch").map(|es| format!("{}-es-http-certs-public", name(es))));
    secrets.extend(BY_HAND.map(str::to_owned));
    secrets
}

fn service(service: &Value, all: &[Value]) -> Vec<String> {
    let selector = json!({ "matchLabels": service["spec"]["selector"] });
    let pods = selected(all, &selector);
    if pods.is_empty() {
        return vec!["no pods".into()];
    }
    let ports = list(service, "/spec/ports").iter().map(|port| &port["targetPort"]);
    let missing = ports.filter(|port| !pods.iter().all(|pods| has_port(pods, port)));
    missing.map(|port| format!("its pods have no port {}", scalar(port))).collect()
}

fn deployment(deployment: &Value, all: &[Value], secrets: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    if !selects(&deployment["spec"]["selector"], pod_labels(deployment)) {
        faults.push("its selector takes not its own pods".into());
    }
    let spec = "/spec/template/spec";
    let account = text(deployment, &format!("{spec}/serviceAccountName"));
    if named(all, "ServiceAccount", account).is_none() {
        faults.push(format!("no ServiceAccount {account}"));
    }
    for spread in list(deployment, &format!("{spec}/topologySpreadConstraints")) {
        if !selects(&spread["labelSelector"], pod_labels(deployment)) {
            faults.push("it is spread by others' labels".into());
        }
    }
    for container in list(deployment, &format!("{spec}/containers")) {
        let maps = list(container, "/envFrom").iter().map(|from| text(from, "/configMapRef/name"));
        faults.extend(
            maps.filter(|name| named(all, "ConfigMap", name).is_none()).map(|name| format!("no ConfigMap {name}")),
        );
        for mount in list(container, "/volumeMounts") {
            let volumes = list(deployment, &format!("{spec}/volumes"));
            if !volumes.iter().any(|volume| volume["name"] == mount["name"]) {
                faults.push(format!("no volume {}", scalar(&mount["name"])));
            }
        }
    }
    let named = list(deployment, &format!("{spec}/volumes")).iter().map(|volume| text(volume, "/secret/secretName"));
    faults.extend(
        named.filter(|name| !name.is_empty() && !secrets.contains(*name)).map(|name| format!("no Secret {name}")),
    );
    faults
}

fn autoscaler(autoscaler: &Value, all: &[Value], surroundings: &Surroundings) -> Vec<String> {
    let mut faults = Vec::new();
    let target = text(autoscaler, "/spec/scaleTargetRef/name");
    if named(all, text(autoscaler, "/spec/scaleTargetRef/kind"), target).is_none() {
        faults.push(format!("no Deployment {target}"));
    }
    for metric in list(autoscaler, "/spec/metrics") {
        let names = ["/pods/metric/name", "/external/metric/name"].map(|pointer| text(metric, pointer));
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            if !surroundings.metrics.contains(name) {
                faults.push(format!("no service has a metric {name}"));
            }
            if !surroundings.adapted.contains(name) {
                faults.push(format!("the Prometheus adapter has no rule for {name}"));
            }
        }
    }
    faults
}

fn service_monitor(monitor: &Value, all: &[Value]) -> Vec<String> {
    let selector = &monitor["spec"]["selector"];
    let services: Vec<&Value> =
        of_kind(all, "Service").filter(|service| selects(selector, &service["metadata"]["labels"])).collect();
    if services.is_empty() {
        return vec!["no Service".into()];
    }
    let ports = list(monitor, "/spec/endpoints").iter().map(|endpoint| &endpoint["port"]);
    let there =
        |port: &&Value| services.iter().all(|s| list(s, "/spec/ports").iter().any(|known| known["name"] == **port));
    ports.filter(|port| !there(port)).map(|port| format!("no port {}", scalar(port))).collect()
}

/// Pods of operators: Strimzi names those of its exporter after the cluster.
fn pod_monitor(monitor: &Value, all: &[Value]) -> Vec<String> {
    let exporters = of_kind(all, "Kafka").filter(|kafka| kafka.pointer("/spec/kafkaExporter").is_some());
    let names: Vec<String> =
        exporters.map(|kafka| format!("{}-kafka-exporter", text(kafka, "/metadata/name"))).collect();
    let labels = members(monitor, "/spec/selector/matchLabels");
    let wrong = labels.filter(|(label, name)| *label != "strimzi.io/name" || !names.contains(&scalar(name)));
    wrong.map(|(label, name)| format!("no pods with {label}={name}")).collect()
}
