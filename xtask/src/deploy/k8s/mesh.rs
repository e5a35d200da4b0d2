//! The mesh and the network: routes lead to Services, hosts are one host, policies take pods that are there.

use serde_json::Value;

use super::{
    describe,
    select::{has_port, named, of_kind, selected},
};
use crate::deploy::document::{list, members, scalar, text};

/// Labels by which operators name pods that are not in the files.
const OPERATORS: [&str; 3] = ["elasticsearch.k8s.elastic.co/", "kibana.k8s.elastic.co/", "strimzi.io/"];

/// What leads nowhere, or further than it should.
pub fn faults(all: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for document in all {
        let found = match text(document, "/kind") {
            "VirtualService" => routes(document, all),
            "DestinationRule" => {
                let host = text(document, "/spec/host");
                if named(all, "Service", host).is_some() { Vec::new() } else { vec![format!("no Service {host}")] }
            }
            "Gateway" => gateway(document, all),
            "AuthorizationPolicy" | "PeerAuthentication" => policy(document, all),
            "NetworkPolicy" => network(document, all),
            _ => Vec::new(),
        };
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", describe(document))));
    }
    let meshed = of_kind(all, "PeerAuthentication").next().is_some();
    let strict =
        |policy: &Value| policy["spec"].get("selector").is_none() && text(policy, "/spec/mtls/mode") == "STRICT";
    if meshed && !of_kind(all, "PeerAuthentication").any(strict) {
        faults.push("no PeerAuthentication is strict for the whole namespace".into());
    }
    if meshed
        && !of_kind(all, "AuthorizationPolicy")
            .any(|policy| policy["spec"].as_object().is_some_and(|spec| spec.is_empty()))
    {
        faults.push("no AuthorizationPolicy refuses what none allows".into());
    }
    faults
}

fn routes(service: &Value, all: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut served: Vec<&Value> = Vec::new();
    for name in list(service, "/spec/gateways").iter().map(scalar) {
        match named(all, "Gateway", &name) {
            None => faults.push(format!("no Gateway {name}")),
            Some(gateway) => {
                served.extend(list(gateway, "/spec/servers").iter().flat_map(|server| list(server, "/hosts")))
            }
        }
    }
    let hosts = list(service, "/spec/hosts").iter().filter(|host| !served.contains(host));
    faults.extend(hosts.map(|host| format!("host {} is not one of its gateways", scalar(host))));
    for http in list(service, "/spec/http") {
        for route in list(http, "/route") {
            let (host, port) = (text(route, "/destination/host"), &route["destination"]["port"]["number"]);
            match named(all, "Service", host) {
                None => faults.push(format!("no Service {host}")),
                Some(other) if !list(other, "/spec/ports").iter().any(|known| known["port"] == *port) => {
                    faults.push(format!("Service {host} has no port {port}"));
                }
                Some(_) => {}
            }
        }
        let sockets = list(http, "/match").iter().any(|rule| text(rule, "/uri/exact") == "/api/v1/live");
        if sockets && text(http, "/timeout") != "0s" {
            faults.push("sockets have a time-out".into());
        }
        if text(http, "/timeout").is_empty() {
            faults.push("a route has no time-out".into());
        }
    }
    faults
}

/// The public address is a host of the gateway.
fn gateway(gateway: &Value, all: &[Value]) -> Vec<String> {
    let url = named(all, "ConfigMap", "public").map(|map| text(map, "/data/CD_PUBLIC_URL")).unwrap_or_default();
    let mut hosts = list(gateway, "/spec/servers").iter().flat_map(|server| list(server, "/hosts"));
    match hosts.find(|host| format!("https://{}", scalar(host)) != url) {
        Some(host) => vec![format!("host {} is not that of CD_PUBLIC_URL, {url}", scalar(host))],
        None => Vec::new(),
    }
}

fn policy(policy: &Value, all: &[Value]) -> Vec<String> {
    let Some(selector) = policy["spec"].get("selector") else { return Vec::new() };
    let pods = selected(all, selector);
    if pods.is_empty() {
        return vec!["selects no pods".into()];
    }
    let rules = list(policy, "/spec/rules").iter().flat_map(|rule| list(rule, "/to"));
    let allowed = rules.flat_map(|to| list(to, "/operation/ports")).map(scalar);
    let levels = members(policy, "/spec/portLevelMtls").map(|(port, _)| port.to_owned());
    let nobody = |port: &String| !pods.iter().any(|pods| has_port(pods, &Value::from(port.as_str())));
    allowed.chain(levels).filter(nobody).map(|port| format!("none of its pods has port {port}")).collect()
}

fn network(policy: &Value, all: &[Value]) -> Vec<String> {
    let selector = &policy["spec"]["podSelector"];
    let mut labels = members(selector, "/matchLabels");
    if labels.any(|(label, _)| OPERATORS.iter().any(|operator| label.starts_with(operator))) {
        return Vec::new();
    }
    let pods = selected(all, selector);
    if pods.is_empty() {
        return vec!["selects no pods".into()];
    }
    let ports = list(policy, "/spec/ingress").iter().flat_map(|rule| list(rule, "/ports")).map(|port| &port["port"]);
    let nobody = |port: &&Value| !pods.iter().any(|pods| has_port(pods, port));
    ports.filter(nobody).map(|port| format!("none of its pods has port {}", scalar(port))).collect()
}
