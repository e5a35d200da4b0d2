//! k8s/: every overlay, rendered and held against itself, against the code and against schemas.

mod kafka;
mod mesh;
mod pods;
mod references;
mod select;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{document, metrics, render, schemas, settings};
use crate::check::Finding;

/// The overlays.
pub const OVERLAYS: [&str; 2] = ["local", "production"];
/// Components that no overlay takes by itself.
const OPTIONAL: [&str; 1] = ["tracing"];
/// Secrets that hold passwords and keys: an operator makes them by hand, as k8s/README.md says.
const BY_HAND: [&str; 2] = ["history-user", "access-keys"];
const ADAPTER: &str = "k8s/components/autoscaling/adapter-values.yaml";
const README: &str = "k8s/README.md";

/// What documents are held against.
struct Surroundings {
    /// Names of settings.
    settings: BTreeSet<String>,
    /// Names of metrics that the services have.
    metrics: BTreeSet<String>,
    /// Metrics that the Prometheus adapter makes.
    adapted: BTreeSet<String>,
    /// Names of consumer groups.
    groups: BTreeSet<String>,
}

/// Renders an overlay.
pub fn overlay(root: &Path, name: &str) -> Result<Vec<Value>> {
    render::render(&root.join("k8s/overlays").join(name))
}

/// Holds every overlay against itself and the code.
pub fn check(root: &Path) -> Result<Finding> {
    let surroundings = surroundings(root)?;
    let mut all = Vec::new();
    for name in OVERLAYS {
        let documents = overlay(root, name)?;
        all.extend(faults(&documents, &surroundings).into_iter().map(|fault| format!("{name}: {fault}")));
        for component in OPTIONAL {
            let documents = render::with(&root.join("k8s/components").join(component), documents.clone())?;
            let found = faults(&documents, &surroundings).into_iter();
            all.extend(found.map(|fault| format!("{name} with {component}: {fault}")));
        }
    }
    let readme = fs::read_to_string(root.join(README)).context(README)?;
    all.extend(
        BY_HAND
            .iter()
            .filter(|name| !readme.contains(**name))
            .map(|name| format!("{README} does not say how to make Secret {name}")),
    );
    Ok(Finding::Faults(all))
}

/// Holds custom resources against the definitions in the folder that `DEPLOY_CRDS` names.
pub fn custom(root: &Path) -> Result<Vec<super::Report>> {
    const NAME: &str = "k8s/: custom resources against their definitions, strictly";
    let Some(dir) = std::env::var_os("DEPLOY_CRDS") else {
        let reason = "DEPLOY_CRDS names no folder with the CustomResourceDefinitions (docs/operations.md)";
        return Ok(vec![(NAME, Finding::NotRun(reason.into()))]);
    };
    let schemas = schemas::read(Path::new(&dir))?;
    let (mut faults, mut without) = (Vec::new(), BTreeSet::new());
    for name in OVERLAYS {
        for document in overlay(root, name)? {
            let found = schemas::faults(&document, &schemas);
            let group = document::text(&document, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
            if found.is_none() && group.contains('.') && !group.ends_with(".k8s.io") {
                without.insert(format!("{group} {}", document::text(&document, "/kind")));
            }
            let of = describe(&document);
            faults.extend(found.into_iter().flatten().map(|fault| format!("{name}: {of}: {fault}")));
        }
    }
    let mut reports = vec![(NAME, Finding::Faults(faults))];
    if !without.is_empty() {
        let kinds = without.into_iter().collect::<Vec<_>>().join(", ");
        reports.push(("k8s/: custom resources of further kinds", Finding::NotRun(format!("no definition of {kinds}"))));
    }
    Ok(reports)
}

/// Kind and name of a document.
fn describe(document: &Value) -> String {
    format!("{} {}", document::text(document, "/kind"), document::text(document, "/metadata/name"))
}

fn surroundings(root: &Path) -> Result<Surroundings> {
    let adapter = document::read(&root.join(ADAPTER))?;
    let rules = |of: &str| {
        let rules = adapter.iter().flat_map(|file| document::list(file, of).iter());
        rules.map(|rule| document::text(rule, "/name/as").to_owned()).collect::<Vec<_>>()
    };
    Ok(Surroundings {
        settings: settings::known(root)?,
        metrics: metrics::known(root)?,
        adapted: [rules("/rules/custom"), rules("/rules/external")].concat().into_iter().collect(),
        groups: kafka::groups(root)?,
    })
}

fn faults(all: &[Value], surroundings: &Surroundings) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for document in all {
        if !seen.insert((describe(document), document::text(document, "/metadata/namespace"))) {
            faults.push(format!("{} stands twice", describe(document)));
        }
    }
    faults.extend(pods::faults(all, &surroundings.settings));
    faults.extend(references::faults(all, surroundings));
    faults.extend(mesh::faults(all));
    faults.extend(kafka::faults(all, &surroundings.groups));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The faults of the production overlay after a change of one place.
    fn broken(kind: &str, name: &str, pointer: &str, value: Value) -> Vec<String> {
        let root = crate::process::root().unwrap();
        let mut all = overlay(&root, "production").unwrap();
        let meant =
            all.iter_mut().find(|d| document::text(d, "/kind") == kind && document::text(d, "/metadata/name") == name);
        let place = meant.and_then(|document| document.pointer_mut(pointer));
        *place.unwrap_or_else(|| panic!("{kind} {name} has no {pointer}")) = value;
        faults(&all, &surroundings(&root).unwrap())
    }

    #[test]
    fn the_overlays_are_without_fault() {
        let root = crate::process::root().unwrap();
        let surroundings = surroundings(&root).unwrap();
        for name in OVERLAYS {
            let all = overlay(&root, name).unwrap();
            assert!(all.len() > 30, "{name}: {}", all.len());
            assert_eq!(faults(&all, &surroundings), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn each_fault_is_found_in_a_broken_copy() {
        let pod = "/spec/template/spec";
        let container = format!("{pod}/containers/0");
        let at = |rest: &str| format!("{container}{rest}");
        for (kind, name, pointer, value, fault) in [
            (
                "Service",
                "backend",
                "/spec/selector/app.kubernetes.io~1name".to_owned(),
                json!("other"),
                "Service backend: no pods",
            ),
            ("Service", "backend", "/spec/ports/0/targetPort".into(), json!("web"), "no port web"),
            (
                "Deployment",
                "sink",
                "/spec/selector/matchLabels/app.kubernetes.io~1name".into(),
                json!("x"),
                "not its own pods",
            ),
            (
                "PodDisruptionBudget",
                "sink",
                "/spec/selector/matchLabels/app.kubernetes.io~1name".into(),
                json!("x"),
                "no pods",
            ),
            ("Deployment", "sink", at("/envFrom/1/configMapRef/name"), json!("x"), "no ConfigMap x"),
            ("Deployment", "sink", format!("{pod}/volumes/1/secret/secretName"), json!("x"), "no Secret x"),
            (
                "Deployment",
                "sink",
                at("/volumeMounts/2/mountPath"),
                json!("/elsewhere"),
                "/etc/code-delivery/history/password",
            ),
            ("Deployment", "sink", at("/env/0/name"), json!("CD_ADMIN"), "CD_ADMIN is no setting"),
            ("Deployment", "sink", at("/env/0/value"), json!("0.0.0.0:8099"), "CD_ADMIN_ADDR"),
            ("Deployment", "sink", at("/readinessProbe/httpGet/port"), json!("x"), "readinessProbe"),
            (
                "Deployment",
                "sink",
                at("/securityContext/readOnlyRootFilesystem"),
                json!(false),
                "readOnlyRootFilesystem",
            ),
            ("Deployment", "sink", at("/resources/limits"), json!({}), "memory"),
            ("Deployment", "sink", at("/image"), json!("code-delivery/sink"), "no version"),
            ("Deployment", "backend", format!("{pod}/enableServiceLinks"), json!(true), "enableServiceLinks"),
            (
                "Deployment",
                "backend",
                format!("{pod}/terminationGracePeriodSeconds"),
                json!(10),
                "terminationGracePeriodSeconds",
            ),
            (
                "Namespace",
                "code-delivery",
                "/metadata/labels/pod-security.kubernetes.io~1enforce".into(),
                json!("baseline"),
                "restricted",
            ),
            ("HorizontalPodAutoscaler", "sink", "/spec/scaleTargetRef/name".into(), json!("x"), "no Deployment x"),
            (
                "HorizontalPodAutoscaler",
                "sink",
                "/spec/metrics/0/external/metric/name".into(),
                json!("cd_lag"),
                "cd_lag",
            ),
            ("ServiceMonitor", "sink", "/spec/endpoints/0/port".into(), json!("admin"), "no port admin"),
            (
                "ServiceMonitor",
                "sink",
                "/spec/selector/matchLabels".into(),
                json!({ "a": "b" }),
                "ServiceMonitor sink: no Service",
            ),
            (
                "PodMonitor",
                "kafka-exporter",
                "/spec/selector/matchLabels/strimzi.io~1name".into(),
                json!("x"),
                "PodMonitor",
            ),
            ("VirtualService", "public", "/spec/hosts/0".into(), json!("other.example.com"), "not one of its gateways"),
            ("VirtualService", "public", "/spec/gateways/0".into(), json!("x"), "no Gateway x"),
            (
                "VirtualService",
                "public",
                "/spec/http/1/route/0/destination/host".into(),
                json!("front"),
                "no Service front",
            ),
            (
                "VirtualService",
                "public",
                "/spec/http/1/route/0/destination/port/number".into(),
                json!(81),
                "no port 81",
            ),
            ("VirtualService", "public", "/spec/http/0/timeout".into(), json!("15s"), "time-out"),
            ("DestinationRule", "backend", "/spec/host".into(), json!("front"), "no Service front"),
            ("Gateway", "public", "/spec/servers/0/hosts/0".into(), json!("x.example.com"), "CD_PUBLIC_URL"),
            ("PeerAuthentication", "strict", "/spec/mtls/mode".into(), json!("PERMISSIVE"), "strict"),
            (
                "PeerAuthentication",
                "metrics-sink",
                "/spec/portLevelMtls".into(),
                json!({ "9": { "mode": "PERMISSIVE" } }),
                "port 9",
            ),
            (
                "AuthorizationPolicy",
                "backend-from-gateway",
                "/spec/selector/matchLabels".into(),
                json!({ "a": "b" }),
                "selects no pods",
            ),
            (
                "AuthorizationPolicy",
                "backend-from-gateway",
                "/spec/rules/0/to/0/operation/ports/0".into(),
                json!("80"),
                "port 80",
            ),
            ("NetworkPolicy", "metrics", "/spec/ingress/0/ports/0/port".into(), json!("web"), "port web"),
            (
                "NetworkPolicy",
                "metrics",
                "/spec/podSelector/matchLabels".into(),
                json!({ "a": "b" }),
                "selects no pods",
            ),
            ("KafkaTopic", "positions", "/spec/partitions".into(), json!(12), "24 partitions"),
            ("KafkaTopic", "positions", "/spec/config/retention.ms".into(), json!(1), "retention.ms"),
            ("KafkaTopic", "dlq", "/metadata/name".into(), json!("dead"), "no KafkaTopic dlq"),
            ("KafkaTopic", "dlq", "/spec/config/message.timestamp.type".into(), json!("CreateTime"), "LogAppendTime"),
            ("KafkaTopic", "dlq", "/spec/replicas".into(), json!(5), "3 brokers"),
            ("KafkaTopic", "dlq", "/spec/config/min.insync.replicas".into(), json!(3), "min.insync.replicas"),
            (
                "KafkaUser",
                "kafka-sink",
                "/spec/authorization/acls/0/resource/name".into(),
                json!("position"),
                "no topic position",
            ),
            (
                "KafkaUser",
                "kafka-sink",
                "/spec/authorization/acls/3/resource/name".into(),
                json!("skin"),
                "no group skin",
            ),
            ("ConfigMap", "settings", "/data/CD_KAFKA_BROKERS".into(), json!("kafka:9092"), "CD_KAFKA_BROKERS"),
            ("ConfigMap", "history", "/data/CD_HISTORY_URL".into(), json!("https://es:9200"), "CD_HISTORY_URL"),
            (
                "Kafka",
                "code-delivery",
                "/spec/kafka/config".into(),
                json!({ "broker.rack": "a" }),
                "passes over broker.rack",
            ),
            ("KafkaNodePool", "brokers", "/metadata/labels/strimzi.io~1cluster".into(), json!("x"), "no Kafka x"),
        ] {
            let found = broken(kind, name, &pointer, value);
            assert!(found.iter().any(|line| line.contains(fault)), "{kind} {name} {pointer}: {found:#?}");
        }
    }
}
