//! The Elasticsearch server: its configuration, the user it runs as, its process.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};

use super::{
    daemon::Daemon, fetch::Software, identities, instance, instance::Instance, instance::Server, probe, report,
    template::render,
};

const COMMON: &str = include_str!("../../services/elasticsearch.yml");
const PLAIN: &str = include_str!("../../services/elasticsearch-plain.yml");
const SECURE: &str = include_str!("../../services/elasticsearch-secure.yml");
const ROLES: &str = include_str!("../../services/elasticsearch-roles.yml");
const JVM: &str = include_str!("../../services/elasticsearch-jvm.options");
const LOGGING: &str = include_str!("../../services/elasticsearch-log4j2.properties");

/// How long it may take: up to 40 s were seen on two busy cores, and reading its data comes after that.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Starts it, unless an `up` that was interrupted has; does not wait for it.
pub fn start(instance: &Instance, software: &Software, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let home = instance.home(Server::Elasticsearch);
    let script = script(instance);
    if script.running()?.is_some() {
        progress("elasticsearch is starting already");
        return Ok(());
    }
    for part in ["config/certificates", "data", "logs", "tmp"] {
        fs::create_dir_all(home.join(part)).with_context(|| format!("cannot create {}", home.join(part).display()))?;
    }
    configure(instance, &home)?;
    let mut command = Command::new("bash");
    command.arg(software.elasticsearch.join("bin/elasticsearch")).arg("-d").arg("-p").arg(home.join("pid"));
    command.env("ES_JAVA_HOME", &software.java).env("ES_PATH_CONF", home.join("config"));
    command.env("ES_TMPDIR", home.join("tmp")).env_remove("ES_JAVA_OPTS").current_dir(&home);
    if rustix::process::geteuid().is_root() {
        let (user, group) = nobody()?;
        for path in [&home, &software.elasticsearch, &software.java] {
            refuse_closed_ways(path)?;
        }
        give(&home, user, group)?;
        give_all(&home.join("config"), user, group)?;
        for part in ["data", "logs", "tmp"] {
            give(&home.join(part), user, group)?;
        }
        command.uid(user).gid(group);
    }
    progress(&format!("elasticsearch starts on port {}", instance.port(Server::Elasticsearch)));
    script.spawn(&mut command, &instance.output(Server::Elasticsearch))?;
    Ok(())
}

/// The start script, which ends when the server has started or failed.
fn script(instance: &Instance) -> Daemon {
    let home = instance.home(Server::Elasticsearch);
    Daemon::new(instance.dir.join("run/elasticsearch-start"), None, home)
}

/// Waits for the end of the start script, where one runs: from then on the server is there or is not.
pub fn settle(instance: &Instance) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while script(instance).running()?.is_some() {
        if Instant::now() >= deadline {
            return Err(late(instance, "its start script has not ended"));
        }
        sleep(LOOK);
    }
    Ok(())
}

fn late(instance: &Instance, why: &str) -> anyhow::Error {
    let tail = report::tail_of(instance, Server::Elasticsearch, 20);
    anyhow!("elasticsearch is not ready after {PATIENCE:?}: {why}\n{tail}")
}

/// Waits until the server has started and can read all its data.
pub fn wait(instance: &Instance) -> Result<()> {
    settle(instance)?;
    let server = Server::Elasticsearch;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if instance.daemon(server).running()?.is_none() {
            bail!("elasticsearch has ended:\n{}", report::tail_of(instance, server, 20));
        }
        let why = match answer(instance) {
            Ok(status) if status != "red" => return Ok(()),
            Ok(status) => format!("its health is {status}"),
            Err(error) => format!("{error:#}"),
        };
        if Instant::now() >= deadline {
            return Err(late(instance, &why));
        }
        sleep(LOOK);
    }
}

/// `green`, `yellow` or `red`.
pub fn answer(instance: &Instance) -> Result<String> {
    let port = instance.port(Server::Elasticsearch);
    match instance.shape.secure {
        false => probe::health(&probe::Way { port, tls: None }, None),
        true => {
            let way = probe::Way { port, tls: Some(identities::administrator(instance)?) };
            probe::health(&way, Some(&identities::basic(instance, identities::ADMIN)?))
        }
    }
}

fn configure(instance: &Instance, home: &Path) -> Result<()> {
    let (config, logs) = (home.join("config"), home.join("logs"));
    let logs = logs.to_string_lossy();
    let common = render(
        COMMON,
        &[
            ("PORT", &instance.port(Server::Elasticsearch).to_string()),
            ("TRANSPORT_PORT", &instance.inner_port(Server::Elasticsearch).to_string()),
            ("DATA", &home.join("data").to_string_lossy()),
            ("LOGS", &logs),
        ],
    )?;
    let security = if instance.shape.secure { SECURE } else { PLAIN };
    instance::put(&config.join("elasticsearch.yml"), &(common + security))?;
    instance::put(&config.join("log4j2.properties"), &render(LOGGING, &[("LOGS", &logs)])?)?;
    let heap = instance.shape.elasticsearch_heap_mb.to_string();
    let tmp = home.join("tmp");
    let jvm = render(JVM, &[("HEAP_MB", &heap), ("TMP", &tmp.to_string_lossy()), ("LOGS", &logs)])?;
    instance::put(&config.join("jvm.options"), &jvm)?;
    if instance.shape.secure {
        instance::put(&config.join("roles.yml"), ROLES)?;
        let (users, roles) = identities::elasticsearch_users(instance)?;
        instance::put(&config.join("users"), &users)?;
        instance::put(&config.join("users_roles"), &roles)?;
        for name in ["server.pem", "server.key"] {
            let from = identities::dir(instance).join(name);
            let text = fs::read_to_string(&from).with_context(|| format!("cannot read {}", from.display()))?;
            instance::put(&config.join("certificates").join(name), &text)?;
        }
    }
    Ok(())
}

/// Number and group of the user without rights: Elasticsearch refuses to run as root.
fn nobody() -> Result<(u32, u32)> {
    let ask = |what: &str| -> Result<u32> {
        let output = Command::new("id").args([what, "nobody"]).output().context("cannot run id")?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().context("Elasticsearch does not run as root, and there is no user nobody")
    };
    Ok((ask("-u")?, ask("-g")?))
}

/// Fails where a directory on the way to `path` lets other users not pass.
fn refuse_closed_ways(path: &Path) -> Result<()> {
    for dir in path.ancestors().skip(1).filter(|dir| dir.is_dir()) {
        if fs::metadata(dir)?.mode() & 0o001 == 0 {
            bail!(
                "Elasticsearch does not run as root, and the user nobody may not enter {}, on the way to {}",
                dir.display(),
                path.display()
            );
        }
    }
    Ok(())
}

fn give(path: &Path, user: u32, group: u32) -> Result<()> {
    chown(path, Some(user), Some(group)).with_context(|| format!("cannot give {} away", path.display()))
}

fn give_all(path: &Path, user: u32, group: u32) -> Result<()> {
    give(path, user, group)?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give_all(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::services::instance::Shape;

    #[test]
    fn the_configuration_has_its_ports_and_no_holes() {
        let dir = tempfile::tempdir().unwrap();
        let shape =
            Shape { brokers: 0, elasticsearch: true, elasticsearch_heap_mb: 768, secure: false, port_base: 19_000 };
        let instance = Instance { dir: dir.path().into(), shape };
        configure(&instance, &instance.home(Server::Elasticsearch)).unwrap();
        let read = |name: &str| fs::read_to_string(dir.path().join("elasticsearch/config").join(name)).unwrap();
        assert!(read("elasticsearch.yml").contains("http.port: 19200\ntransport.port: 19300\n"));
        assert!(read("elasticsearch.yml").contains("xpack.security.enabled: false"));
        assert!(read("jvm.options").starts_with("-Xms768m\n-Xmx768m\n"));
    }

    #[test]
    fn a_closed_directory_on_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("closed");
        fs::create_dir_all(closed.join("in")).unwrap();
        // tempfile's own directory is closed to others, too.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let said = refuse_closed_ways(&closed.join("in")).unwrap_err().to_string();
        assert!(said.contains(&*closed.to_string_lossy()), "{said}");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o711)).unwrap();
        refuse_closed_ways(&closed.join("in")).unwrap();
    }
}
