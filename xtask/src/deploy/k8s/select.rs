//! Selectors of labels.

use serde_json::Value;

use crate::deploy::document::{list, members, text};

/// Documents of a kind.
pub fn of_kind<'a>(all: &'a [Value], kind: &str) -> impl Iterator<Item = &'a Value> {
    let kind = kind.to_owned();
    all.iter().filter(move |document| text(document, "/kind") == kind)
}

/// The document of a kind and name.
pub fn named<'a>(all: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    of_kind(all, kind).find(|document| text(document, "/metadata/name") == name)
}

/// Whether a selector (`matchLabels`, `matchExpressions` with In) takes these labels. An empty one takes all.
pub fn selects(selector: &Value, labels: &Value) -> bool {
    let by_label = members(selector, "/matchLabels").all(|(name, value)| labels.get(name) == Some(value));
    let by_expression = list(selector, "/matchExpressions").iter().all(|expression| {
        let value = labels.get(text(expression, "/key"));
        text(expression, "/operator") == "In" && value.is_some_and(|value| list(expression, "/values").contains(value))
    });
    by_label && by_expression
}

/// Labels of a Deployment's pods.
pub fn pod_labels(deployment: &Value) -> &Value {
    deployment.pointer("/spec/template/metadata/labels").unwrap_or(&Value::Null)
}

/// The Deployments whose pods a selector takes.
pub fn selected<'a>(all: &'a [Value], selector: &Value) -> Vec<&'a Value> {
    of_kind(all, "Deployment").filter(|deployment| selects(selector, pod_labels(deployment))).collect()
}

/// Whether a Deployment's pods have a port of this name or number.
pub fn has_port(deployment: &Value, port: &Value) -> bool {
    let containers = list(deployment, "/spec/template/spec/containers").iter();
    let number = port.as_i64().or_else(|| port.as_str()?.parse().ok());
    containers.flat_map(|container| list(container, "/ports")).any(|known| {
        known.get("name") == Some(port) || number.is_some_and(|number| known["containerPort"].as_i64() == Some(number))
    })
}
