//! One Kafka server: its configuration, its storage, its process.

use std::{
    fs,
    path::Path,
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    daemon, fetch::Software, identities, instance, instance::Instance, instance::Server, machine, probe, report,
    template::render,
};

const COMMON: &str = include_str!("../../services/kafka.properties");
const PLAIN: &str = include_str!("../../services/kafka-plain.properties");
const SECURE: &str = include_str!("../../services/kafka-secure.properties");
const LOGGING: &str = include_str!("../../services/kafka-log4j2.properties");

/// How long brokers may take: three on two busy cores were seen to take 21 s.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a broker is asked.
const ASK: Duration = Duration::from_millis(200);

/// Starts these brokers; their storage is formatted where it is new. Does not wait for them.
pub fn start(instance: &Instance, software: &Software, ids: &[u8], progress: &mut dyn FnMut(&str)) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    instance::put(&instance.dir.join("kafka/log4j2.properties"), LOGGING)?;
    let cluster = cluster_id(&instance.dir.join("kafka/cluster-id"))?;
    let mut formatting = Vec::new();
    for id in ids {
        let home = instance.home(Server::Kafka(*id));
        instance::put(&home.join("server.properties"), &configuration(instance, *id)?)?;
        if !home.join("data/meta.properties").exists() {
            formatting.push((*id, format(instance, software, *id, &cluster)?));
        }
    }
    for (id, child) in formatting {
        formatted(instance, id, child)?;
    }
    // A quorum of one needs no neighbour's memory.
    let heap_mb = if instance.shape.brokers == 1 { 512 } else { 384 };
    for id in ids {
        let server = Server::Kafka(*id);
        let mut command = java(instance, software, &instance.log(server));
        command.args(["-Xms128m", &format!("-Xmx{heap_mb}m"), "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]);
        command.arg("-XX:+ExitOnOutOfMemoryError").arg("kafka.Kafka");
        command.arg(instance.home(server).join("server.properties"));
        let child = instance.daemon(server).spawn(&mut command, &instance.output(server))?;
        progress(&format!("{server} starts on port {} (process {})", instance.port(server), child.id()));
    }
    Ok(())
}

/// Waits until every broker of the instance answers and knows all the others.
pub fn wait(instance: &Instance) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    for id in 1..=instance.shape.brokers {
        let server = Server::Kafka(id);
        loop {
            let answer = answer(instance, id);
            if matches!(answer, Ok(known) if known == usize::from(instance.shape.brokers)) {
                break;
            }
            if instance.daemon(server).running()?.is_none() {
                bail!("{server} has ended:\n{}", report::tail_of(instance, server, 20));
            }
            if Instant::now() >= deadline {
                let why = match answer {
                    Ok(known) => format!("it knows {known} of {} brokers", instance.shape.brokers),
                    Err(error) => format!("{error:#}"),
                };
                bail!("{server} is not ready after {PATIENCE:?}: {why}\n{}", report::tail_of(instance, server, 20));
            }
            sleep(ASK);
        }
    }
    Ok(())
}

/// How many brokers a broker knows of.
pub fn answer(instance: &Instance, id: u8) -> Result<usize> {
    probe::brokers(&way(instance, id)?)
}

/// The way to a broker that we use ourselves: where it is secure, with the administrator's certificate.
pub fn way(instance: &Instance, id: u8) -> Result<probe::Way> {
    Ok(match instance.shape.secure {
        true => probe::Way { port: instance.mutual_port(id), tls: Some(identities::administrator(instance)?) },
        false => probe::Way { port: instance.port(Server::Kafka(id)), tls: None },
    })
}

fn configuration(instance: &Instance, id: u8) -> Result<String> {
    let server = Server::Kafka(id);
    let brokers = instance.shape.brokers;
    let voters: Vec<String> =
        (1..=brokers).map(|id| format!("{id}@127.0.0.1:{}", instance.inner_port(Server::Kafka(id)))).collect();
    let data = instance.home(server).join("data");
    let common = render(
        COMMON,
        &[
            ("ID", &id.to_string()),
            ("BROKERS", &brokers.to_string()),
            ("IN_SYNC", if brokers == 1 { "1" } else { "2" }),
            ("VOTERS", &voters.join(",")),
            ("DATA", &data.to_string_lossy()),
        ],
    )?;
    let (port, controller) = (instance.port(server).to_string(), instance.inner_port(server).to_string());
    let (mutual, certificates) = (instance.mutual_port(id).to_string(), identities::dir(instance));
    let certificates = certificates.to_string_lossy();
    let ports = [("PORT", port.as_str()), ("CONTROLLER_PORT", &controller)];
    let listeners = match instance.shape.secure {
        false => {
            let (named, behind) = instance.detour(id);
            let (named, behind) = (named.to_string(), behind.to_string());
            render(PLAIN, &[ports[0], ports[1], ("DETOUR_PORT", &named), ("BEHIND_PORT", &behind)])?
        }
        true => render(SECURE, &[ports[0], ports[1], ("MUTUAL_PORT", &mutual), ("CERTIFICATES", &certificates)])?,
    };
    Ok(common + &listeners)
}

/// A JVM with Kafka's jars that starts fast and writes its log into `log`.
fn java(instance: &Instance, software: &Software, log: &Path) -> Command {
    let mut command = Command::new(machine::java());
    // Without the second compiler it starts with half the work; it is no slower for what one machine asks.
    command.args(["-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true", "-classpath"]);
    // The star is for the JVM itself: there is no shell.
    command.arg(software.kafka.join("*"));
    let logging = instance.dir.join("kafka/log4j2.properties");
    command.arg(format!("-Dlog4j2.configurationFile={}", logging.display()));
    command.arg(format!("-Dlog.file={}", log.display()));
    command
}

fn format(instance: &Instance, software: &Software, id: u8, cluster: &str) -> Result<Child> {
    let server = Server::Kafka(id);
    let mut command = java(instance, software, &instance.log(server));
    command.args(["-Xmx128m", "-XX:+UseSerialGC", "kafka.tools.StorageTool", "format", "--ignore-formatted"]);
    command.args(["--cluster-id", cluster, "--config"]).arg(instance.home(server).join("server.properties"));
    if instance.shape.secure {
        // Passwords of throw-away users on a loopback server: the tool takes them in no other way.
        for (user, password) in identities::passwords(instance)? {
            command.arg("--add-scram").arg(format!("SCRAM-SHA-512=[name={user},password={password}]"));
        }
    }
    daemon::detached(&mut command, &instance.output(server))
}

fn formatted(instance: &Instance, id: u8, mut child: Child) -> Result<()> {
    let server = Server::Kafka(id);
    let status = child.wait()?;
    if !status.success() {
        bail!("{server}: formatting its storage failed: {status}\n{}", report::tail_of(instance, server, 20));
    }
    Ok(())
}

/// The cluster's name for itself, made once.
fn cluster_id(path: &Path) -> Result<String> {
    if let Ok(known) = fs::read_to_string(path) {
        return Ok(known.trim().to_owned());
    }
    let id = loop {
        let id = URL_SAFE_NO_PAD.encode(identities::random::<16>()?);
        // Kafka's own tool would take it for an option.
        if !id.starts_with('-') {
            break id;
        }
    };
    instance::put(path, &id).context("the cluster's id")?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::instance::Shape;

    fn configured(brokers: u8, secure: bool, id: u8) -> Vec<String> {
        let shape = Shape { brokers, elasticsearch: false, elasticsearch_heap_mb: 512, secure, port_base: 19_000 };
        let instance = Instance { dir: "/x".into(), shape };
        configuration(&instance, id).unwrap().lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn assert_has(lines: &[String], wanted: &str) {
        assert!(lines.iter().any(|line| line == wanted), "no {wanted} in {lines:#?}");
    }

    #[test]
    fn one_broker_copies_nothing() {
        let lines = configured(1, false, 1);
        assert_has(&lines, "listeners=CLIENTS://127.0.0.1:19092,DETOUR://127.0.0.1:19152,CONTROLLER://127.0.0.1:19093");
        assert_has(&lines, "controller.quorum.voters=1@127.0.0.1:19093");
        assert_has(&lines, "log.dirs=/x/kafka/1-of-1/data");
        for topic in ["offsets.topic", "transaction.state.log", "share.coordinator.state.topic"] {
            assert_has(&lines, &format!("{topic}.replication.factor=1"));
        }
    }

    #[test]
    fn of_three_brokers_one_may_die() {
        let lines = configured(3, false, 2);
        assert_has(&lines, "node.id=2");
        assert_has(&lines, "advertised.listeners=CLIENTS://127.0.0.1:19094,DETOUR://127.0.0.1:19174");
        assert_has(&lines, "controller.quorum.voters=1@127.0.0.1:19093,2@127.0.0.1:19095,3@127.0.0.1:19097");
        assert_has(&lines, "default.replication.factor=3");
        assert_has(&lines, "min.insync.replicas=2");
    }

    #[test]
    fn a_secure_broker_has_no_open_listener() {
        let lines = configured(1, true, 1);
        assert_has(&lines, "listener.security.protocol.map=CLIENTS:SASL_SSL,MUTUAL:SSL,CONTROLLER:SSL");
        assert_has(&lines, "ssl.truststore.location=/x/identities/ca.pem");
        assert!(!lines.iter().any(|line| line.contains("PLAINTEXT")));
    }

    #[test]
    fn a_cluster_keeps_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cluster-id");
        let id = cluster_id(&path).unwrap();
        assert_eq!(id.len(), 22);
        assert_eq!(cluster_id(&path).unwrap(), id);
    }
}
