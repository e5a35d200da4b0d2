//! What each pod of ours must be: restricted, asked for its health, bounded, given time to drain, and told settings that the
//! services know, with files that are mounted.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    describe,
    select::{has_port, named, of_kind},
};
use crate::deploy::document::{list, members, scalar, text};

/// How long draining may take at most, s.
const DRAIN_S: i64 = 45;
/// Where Secrets are mounted.
const FILES: &str = "/etc/code-delivery/";

/// What is wrong with pods.
pub fn faults(all: &[Value], known: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for deployment in of_kind(all, "Deployment") {
        let of = describe(deployment);
        let mut need = |right: bool, what: &str| {
            if !right {
                faults.push(format!("{of}: {what}"));
            }
        };
        let spec = &deployment["spec"]["template"]["spec"];
        need(spec["enableServiceLinks"] == false, "enableServiceLinks must be false");
        need(spec["automountServiceAccountToken"] == false, "automountServiceAccountToken must be false");
        need(spec["securityContext"]["runAsNonRoot"] == true, "runAsNonRoot must be true");
        need(
            text(spec, "/securityContext/seccompProfile/type") == "RuntimeDefault",
            "seccompProfile must be RuntimeDefault",
        );
        let grace = spec["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
        need(grace >= DRAIN_S, "terminationGracePeriodSeconds must be 45 or more: draining takes that long");
        need(!list(spec, "/topologySpreadConstraints").is_empty(), "its pods are not spread");
        for container in list(spec, "/containers") {
            let context = &container["securityContext"];
            need(context["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation must be false");
            need(context["readOnlyRootFilesystem"] == true, "readOnlyRootFilesystem must be true");
            need(list(context, "/capabilities/drop").contains(&"ALL".into()), "capabilities must drop ALL");
            let image = text(container, "/image").rsplit('/').next().unwrap_or_default();
            let version = image.split_once(':').map_or("", |(_, version)| version);
            need(!version.is_empty() && version != "latest", &format!("image {image} has no version"));
            for (pointer, what) in
                [("/requests/cpu", "cpu"), ("/requests/memory", "memory"), ("/limits/memory", "memory")]
            {
                need(!text(&container["resources"], pointer).is_empty(), &format!("resources{pointer}: no {what}"));
            }
            for (probe, path) in
                [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")]
            {
                let get = &container[probe]["httpGet"];
                need(
                    get["path"] == path && has_port(deployment, &get["port"]),
                    &format!("{probe} must ask {path} at its port"),
                );
            }
        }
        faults.extend(settings(deployment, all, known).into_iter().map(|fault| format!("{of}: {fault}")));
    }
    for namespace in of_kind(all, "Namespace") {
        if text(namespace, "/metadata/labels/pod-security.kubernetes.io~1enforce") != "restricted" {
            faults.push(format!("{}: pod security must be restricted", describe(namespace)));
        }
    }
    faults
}

/// What a Deployment's pods are told.
fn settings(deployment: &Value, all: &[Value], known: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let mounted = mounted(deployment);
    for container in list(deployment, "/spec/template/spec/containers") {
        let maps = list(container, "/envFrom")
            .iter()
            .filter_map(|from| named(all, "ConfigMap", text(from, "/configMapRef/name")));
        let shared = maps.flat_map(|map| members(map, "/data")).map(|(name, value)| (name.to_owned(), scalar(value)));
        let own = list(container, "/env").iter().map(|entry| (scalar(&entry["name"]), scalar(&entry["value"])));
        for (name, value) in shared.chain(own) {
            if !known.contains(&name) {
                faults.push(format!("{name} is no setting of any service"));
            }
            if let Some((_, port)) = value.rsplit_once(':').filter(|_| name.ends_with("_ADDR"))
                && !has_port(deployment, &Value::from(port))
            {
                faults.push(format!("{name}={value}: the container has no such port"));
            }
            let files = value.split([';', '=']).filter(|part| part.starts_with(FILES));
            faults.extend(
                files.filter(|file| !mounted.contains(*file)).map(|file| format!("{name}: {file} is not mounted")),
            );
        }
    }
    faults
}

/// Every file of a Secret that the pods see.
fn mounted(deployment: &Value) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for container in list(deployment, "/spec/template/spec/containers") {
        for mount in list(container, "/volumeMounts") {
            let volumes = list(deployment, "/spec/template/spec/volumes").iter();
            for volume in volumes.filter(|volume| volume["name"] == mount["name"]) {
                let items = list(volume, "/secret/items").iter().map(|item| text(item, "/path"));
                files.extend(items.map(|item| format!("{}/{item}", text(mount, "/mountPath"))));
            }
        }
    }
    files
}
