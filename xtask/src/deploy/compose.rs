//! docker-compose.yml: every file, variable, service, volume and port that it names is there, whoever is waited for says when
//! it is ready, nothing is published beyond this machine, and the memory limits fit it.

mod places;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    containerfile,
    document::{self, list, members, scalar, text, texts},
    settings,
};
use crate::check::Finding;

const FILE: &str = "docker-compose.yml";
const VARIABLES: &str = ".env.example";
/// What the limits of all services without a profile may add up to, and those of everything, MiB.
const FIRST_SIGHT_MIB: u64 = 5 * 1024;
const EVERYTHING_MIB: u64 = 8 * 1024;

/// Holds the file against the repository.
pub fn check(root: &Path) -> Result<Finding> {
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"));
    let (compose, variables) = (read(FILE)?, read(VARIABLES)?);
    let known = settings::known(root)?;
    Ok(Finding::Faults(faults(&compose, &variables, root, &known)?))
}

fn faults(compose: &str, variables: &str, root: &Path, known: &BTreeSet<String>) -> Result<Vec<String>> {
    let file = document::parse(compose)?.into_iter().next().context("it is empty")?;
    let mut faults = interpolations(compose, variables);
    let all: BTreeMap<&str, &Value> = members(&file, "/services").collect();
    for (name, service) in &all {
        let own = [
            starts(service),
            waits(service, &all),
            builds(service, root),
            places::faults(service, &file, root),
            names(service, known),
            hosts(service, &all),
        ];
        faults.extend(own.into_iter().flatten().map(|fault| format!("{name}: {fault}")));
    }
    for (volume, _) in members(&file, "/volumes") {
        let used =
            |service: &&Value| list(service, "/volumes").iter().any(|v| scalar(v).starts_with(&format!("{volume}:")));
        if !all.values().any(used) {
            faults.push(format!("volume {volume} is used by no service"));
        }
    }
    faults.extend(published(&all));
    faults.extend(memory(&all));
    if compose.contains("host.docker.internal") {
        faults.push("host.docker.internal is not there on every engine".into());
    }
    Ok(faults)
}

/// Each variable has a default, which `.env.example` repeats; and there is nothing else in it.
fn interpolations(compose: &str, variables: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut used: BTreeMap<&str, &str> = BTreeMap::new();
    for part in compose.split("${").skip(1) {
        let inner = part.split('}').next().unwrap_or_default();
        match inner.split_once(":-") {
            None => faults.push(format!("${{{inner}}} has no default, so a first start asks for it")),
            Some((name, default)) => {
                if used.insert(name, default).is_some_and(|other| other != default) {
                    faults.push(format!("{name} has two defaults"));
                }
            }
        }
    }
    let mut told = BTreeSet::new();
    for line in variables.lines() {
        let (line, default) = line.strip_prefix('#').map_or((line, true), |rest| (rest, false));
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains(' '))
        else {
            continue;
        };
        told.insert(name);
        match used.get(name) {
            _ if name == "COMPOSE_PROFILES" => {}
            None => faults.push(format!("{VARIABLES}: {name} is used nowhere")),
            Some(known) if default && *known != value => {
                faults.push(format!("{VARIABLES}: {name}={value}, but {FILE} has {known}"));
            }
            Some(_) => {}
        }
    }
    faults.extend(used.keys().filter(|name| !told.contains(*name)).map(|name| format!("{VARIABLES} has no {name}")));
    faults
}

/// What it is made from, whether it starts again, and how much memory it may have.
fn starts(service: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let image = text(service, "/image");
    let version = image.rsplit('/').next().unwrap_or_default().split_once(':').map_or("", |(_, version)| version);
    if version.is_empty() || version == "latest" {
        faults.push(format!("image {image:?} has no version"));
    }
    if text(service, "/restart").is_empty() {
        faults.push("restart is not set".into());
    }
    if mib(service).is_none() {
        faults.push("mem_limit is not set, as 256m".into());
    }
    faults
}

fn mib(service: &Value) -> Option<u64> {
    text(service, "/mem_limit").strip_suffix('m')?.parse().ok()
}

fn profiles(service: &Value) -> BTreeSet<&str> {
    list(service, "/profiles").iter().filter_map(Value::as_str).collect()
}

/// Whom it waits for: somebody who is there whenever it is, and who can say what is waited for.
fn waits(service: &Value, all: &BTreeMap<&str, &Value>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, how) in members(service, "/depends_on") {
        let Some(other) = all.get(name) else {
            faults.push(format!("depends on {name}, which is no service"));
            continue;
        };
        let theirs = profiles(other);
        if !theirs.is_empty() && theirs.is_disjoint(&profiles(service)) {
            faults.push(format!("depends on {name}, which does not start with it"));
        }
        match text(how, "/condition") {
            "service_healthy" if other.pointer("/healthcheck/test").is_none() => {
                faults.push(format!("waits until {name} is healthy, which has no health check"));
            }
            "service_completed_successfully" if text(other, "/restart") != "on-failure" => {
                faults.push(format!("waits until {name} has ended, which starts again"));
            }
            "service_healthy" | "service_completed_successfully" => {}
            other => faults.push(format!("waits for {name} by {other:?}")),
        }
    }
    faults
}

/// What it is built from, and what of ours must be so: only reading its root, saying its health, and time to drain.
fn builds(service: &Value, root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    if service.get("build").is_none() {
        return faults;
    }
    let file = root.join(text(service, "/build/context")).join(text(service, "/build/dockerfile"));
    let stages = fs::read_to_string(&file).map(|text| containerfile::stages(&text)).unwrap_or_default();
    let target = text(service, "/build/target");
    let last = stages.last().map(|stage| stage.name.as_str());
    let Some(stage) =
        stages.iter().find(|stage| if target.is_empty() { Some(&*stage.name) == last } else { stage.name == target })
    else {
        return vec![format!("build: no stage {target:?} in {}", file.display())];
    };
    if !containerfile::TARGETS.contains(&target) {
        return faults;
    }
    let health: Vec<String> = list(service, "/healthcheck/test").iter().map(scalar).collect();
    if health != ["CMD", &format!("/usr/local/bin/{target}"), "health"] {
        faults.push("its health check is not the program's own".into());
    }
    if service.pointer("/read_only") != Some(&Value::Bool(true)) || !list(service, "/cap_drop").contains(&"ALL".into())
    {
        faults.push("read_only and cap_drop: [ALL] are not set".into());
    }
    if text(service, "/stop_grace_period") != "45s" {
        faults.push("stop_grace_period is not the 45s that draining may take".into());
    }
    let exposed: Vec<&str> =
        stage.lines.iter().filter(|(name, _)| name == "EXPOSE").flat_map(|(_, ports)| ports.split(' ')).collect();
    let admin = text(service, "/environment/CD_ADMIN_ADDR");
    let inside =
        list(service, "/ports").iter().map(scalar).filter_map(|port| Some(port.rsplit_once(':')?.1.to_owned()));
    for port in inside.chain(admin.rsplit_once(':').map(|(_, port)| port.to_owned())) {
        if !exposed.contains(&&*port) {
            faults.push(format!("port {port} is not one that the image exposes"));
        }
    }
    faults
}

/// Names that begin with `CD_` are settings of ours.
fn names(service: &Value, known: &BTreeSet<String>) -> Vec<String> {
    let wrong = |(name, _): &(&str, &Value)| name.starts_with("CD_") && !known.contains(*name);
    members(service, "/environment")
        .filter(wrong)
        .map(|(name, _)| format!("{name} is no setting of any service"))
        .collect()
}

/// `host:port` in environment and command names a service that listens there.
fn hosts(service: &Value, all: &BTreeMap<&str, &Value>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut each = |text: &str| {
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':' || c == '.')) {
            let Some((host, port)) = word.trim_start_matches("0.0.0.0").split_once(':') else { continue };
            let port = port.trim_end_matches('.');
            let Ok(port) = port.parse::<u16>() else { continue };
            if host.is_empty() || host.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            match all.get(host) {
                None => faults.push(format!("{word}: {host} is no service")),
                Some(other) if !listens(other, port) => {
                    faults.push(format!("{word}: {host} does not listen on {port}"))
                }
                Some(_) => {}
            }
        }
    };
    for part in ["environment", "command"] {
        service.get(part).into_iter().for_each(|value| texts(value, &mut each));
    }
    faults
}

/// Whether a service says anywhere that it listens on this port.
fn listens(service: &Value, port: u16) -> bool {
    let mut found = list(service, "/ports").iter().any(|text| scalar(text).ends_with(&format!(":{port}")));
    for part in ["environment", "healthcheck", "command"] {
        let mut each =
            |text: &str| found |= text.contains(&format!("://:{port}")) || text.ends_with(&format!("0.0.0.0:{port}"));
        service.get(part).into_iter().for_each(|value| texts(value, &mut each));
    }
    found
}

/// Ports on this machine alone, and each once.
fn published(all: &BTreeMap<&str, &Value>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (name, service) in all {
        for port in list(service, "/ports").iter().map(scalar) {
            let outside = port.strip_prefix("127.0.0.1:${").and_then(|rest| rest.split_once(":-")?.1.split_once('}'));
            match outside {
                None => faults.push(format!("{name}: port {port} is not 127.0.0.1:${{NAME:-PORT}}:PORT")),
                Some((outside, _)) => {
                    if let Some(other) = taken.insert(outside.to_owned(), name) {
                        faults.push(format!("{name}: port {outside} is {other}'s"));
                    }
                }
            }
        }
    }
    faults
}

fn memory(all: &BTreeMap<&str, &Value>) -> Vec<String> {
    // What ends before the others are at work takes nothing from them.
    let lasting = all.values().filter(|service| text(service, "/restart") != "on-failure");
    let sum = |services: Vec<&&Value>| services.into_iter().filter_map(|service| mib(service)).sum::<u64>();
    let first = sum(lasting.clone().filter(|service| profiles(service).is_empty()).collect());
    let everything = sum(lasting.collect());
    let mut faults = Vec::new();
    for (what, sum, limit) in
        [("without a profile", first, FIRST_SIGHT_MIB), ("of everything", everything, EVERYTHING_MIB)]
    {
        if sum > limit {
            faults.push(format!("the memory limits {what} add up to {sum} MiB, more than {limit}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: &str, to: &str) -> Vec<String> {
        let root = crate::process::root().unwrap();
        let good = fs::read_to_string(root.join(FILE)).unwrap();
        assert!(good.contains(from), "{from}");
        let variables = fs::read_to_string(root.join(VARIABLES)).unwrap();
        faults(&good.replacen(from, to, 1), &variables, &root, &settings::known(&root).unwrap()).unwrap()
    }

    #[test]
    fn each_fault_is_found_in_a_broken_copy() {
        assert_eq!(of("name:", "name:"), Vec::<String>::new());
        for (from, to, fault) in [
            ("127.0.0.1:${BACKEND_PORT:-8080}", "${BACKEND_PORT:-8080}", "backend: port"),
            ("${KIBANA_PORT:-5601}:5601", "${KIBANA_PORT:-9200}:5601", "KIBANA_PORT=5601, but"),
            ("${CD_DEMO:-12}", "${CD_DEMO}", "has no default"),
            ("${CD_DEMO:-12}", "${CD_DEMOS:-12}", ".env.example: CD_DEMO is used nowhere"),
            ("CD_DEMO: ", "CD_DEMOS: ", "simulator: CD_DEMOS is no setting"),
            ("http://elasticsearch:9200", "http://elastic:9200", "elastic is no service"),
            ("http://elasticsearch:9200", "http://elasticsearch:9201", "does not listen on 9201"),
            ("target: sink }", "target: zink }", "no stage \"zink\""),
            ("./kibana/code-delivery.ndjson", "./kibana/other.ndjson", "no such file"),
            ("kafka-1:/var/lib", "kafka-9:/var/lib", "kafka-9 is no volume"),
            ("kafka-1:/var/lib", "kafka-2:/var/lib", "volume kafka-1 is used by no service"),
            ("\"CMD\", \"nc\", \"-z\", \"127.0.0.1\", \"9092\"", "\"NONE\"", "kafka: its health check is switched off"),
            (
                "elasticsearch: { condition: service_healthy }",
                "elastic: { condition: service_healthy }",
                "elastic, which is no",
            ),
            (
                "kafka: { condition: service_healthy }",
                "orders: { condition: service_healthy }",
                "does not start with it",
            ),
            ("condition: service_completed_successfully", "condition: service_started", "by \"service_started\""),
            ("mem_limit: 1536m", "mem_limit: 4096m", "add up to"),
            ("mem_limit: 512m", "cpus: 1", "backend: mem_limit is not set"),
            ("kibana:9.1.0", "kibana", "has no version"),
            ("\"/usr/local/bin/sink\", \"health\"", "\"/bin/true\"", "sink: its health check"),
            ("CD_ADMIN_ADDR: \"0.0.0.0:8092\"", "CD_ADMIN_ADDR: \"0.0.0.0:8099\"", "port 8099"),
            ("read_only: true", "read_only: false", "read_only"),
            ("stop_grace_period: 45s", "stop_grace_period: 5s", "stop_grace_period"),
            ("127.0.0.1:${KAFKA_PORT:-19092}\"", "host.docker.internal:9094\"", "host.docker.internal"),
        ] {
            let found = of(from, to);
            assert!(found.iter().any(|line| line.contains(fault)), "{to}: {found:#?}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_no_document() {
        assert!(document::parse("a: 1\na: 2\n").is_err());
    }
}
