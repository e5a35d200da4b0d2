//! A directory with servers: which there are, where their files lie, which ports they take.

use std::{
    fmt,
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::daemon::Daemon;

/// A server of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// A Kafka broker, which is a controller, too: 1, 2 or 3.
    Kafka(u8),
    /// Elasticsearch.
    Elasticsearch,
}

impl Server {
    /// The broker's number.
    pub fn broker(&self) -> Option<u8> {
        match self {
            Self::Kafka(id) => Some(*id),
            Self::Elasticsearch => None,
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Padded by whoever makes a table.
            Self::Kafka(id) => f.pad(&format!("kafka-{id}")),
            Self::Elasticsearch => f.pad("elasticsearch"),
        }
    }
}

impl FromStr for Server {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "elasticsearch" => Ok(Self::Elasticsearch),
            "kafka-1" => Ok(Self::Kafka(1)),
            "kafka-2" => Ok(Self::Kafka(2)),
            "kafka-3" => Ok(Self::Kafka(3)),
            _ => Err("must be kafka-1, kafka-2, kafka-3 or elasticsearch".into()),
        }
    }
}

/// Which servers an instance has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Kafka brokers: 0, 1 or 3.
    pub brokers: u8,
    /// Whether there is an Elasticsearch.
    pub elasticsearch: bool,
    /// Its heap, MB.
    pub elasticsearch_heap_mb: u32,
    /// Passwords, TLS and access rules.
    pub secure: bool,
    /// Where the ports begin.
    pub port_base: u16,
}

/// Servers in a directory.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Absolute.
    pub dir: PathBuf,
    /// Which servers.
    pub shape: Shape,
}

impl Instance {
    /// What `shape` asks for, and those of its servers that run already.
    pub fn new(dir: &Path, running: &[Server], known: Option<&Self>, mut shape: Shape) -> Self {
        if let Some(known) = known {
            if running.iter().any(|server| server.broker().is_some()) {
                shape.brokers = known.shape.brokers;
            }
            shape.elasticsearch |= running.contains(&Server::Elasticsearch);
        }
        Self { dir: dir.to_path_buf(), shape }
    }

    /// Those of its servers that run.
    pub fn running(&self) -> Result<Vec<Server>> {
        let mut running = Vec::new();
        for server in self.servers() {
            if self.daemon(server).running()?.is_some() {
                running.push(server);
            }
        }
        Ok(running)
    }

    /// The instance that was started in `dir`; `None` where none ever was.
    pub fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join("instance.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let shape = shape(&text).with_context(|| format!("{} is not as we wrote it: delete it", path.display()))?;
        Ok(Some(Self { dir: dir.to_path_buf(), shape }))
    }

    /// Remembers the shape, for `down`, `status` and the next `up`.
    pub fn write(&self) -> Result<()> {
        let shape = &self.shape;
        let text = json!({
            "brokers": shape.brokers,
            "elasticsearch": shape.elasticsearch,
            "elasticsearch_heap_mb": shape.elasticsearch_heap_mb,
            "secure": shape.secure,
            "port_base": shape.port_base,
        });
        put(&self.dir.join("instance.json"), &format!("{text:#}\n"))
    }

    /// All servers, in the order of their start.
    pub fn servers(&self) -> Vec<Server> {
        let mut servers: Vec<Server> = (1..=self.shape.brokers).map(Server::Kafka).collect();
        if self.shape.elasticsearch {
            servers.push(Server::Elasticsearch);
        }
        servers
    }

    /// Where a server's configuration and data lie. One broker's data and three brokers' are not the same.
    pub fn home(&self, server: Server) -> PathBuf {
        match server {
            Server::Kafka(id) => self.dir.join(format!("kafka/{id}-of-{}", self.shape.brokers)),
            Server::Elasticsearch => self.dir.join("elasticsearch"),
        }
    }

    /// Where a server writes what it does.
    pub fn log(&self, server: Server) -> PathBuf {
        match server {
            Server::Kafka(_) => self.dir.join(format!("logs/{server}.log")),
            // Elasticsearch runs as another user, whose directory this is.
            Server::Elasticsearch => self.home(server).join("logs/elasticsearch.log"),
        }
    }

    /// What a server says before it has a log.
    pub fn output(&self, server: Server) -> PathBuf {
        self.dir.join(format!("logs/{server}.out"))
    }

    /// The process of a server.
    pub fn daemon(&self, server: Server) -> Daemon {
        let own = match server {
            Server::Kafka(_) => None,
            Server::Elasticsearch => Some(self.home(server).join("pid")),
        };
        Daemon::new(self.dir.join(format!("run/{server}")), own, self.home(server))
    }

    /// The port that clients use.
    pub fn port(&self, server: Server) -> u16 {
        let base = self.shape.port_base;
        match server {
            Server::Kafka(id) => base + 90 + 2 * u16::from(id),
            Server::Elasticsearch => base + 200,
        }
    }

    /// The port that the server's neighbours use.
    pub fn inner_port(&self, server: Server) -> u16 {
        match server {
            Server::Kafka(_) => self.port(server) + 1,
            Server::Elasticsearch => self.shape.port_base + 300,
        }
    }

    /// The port of a secure broker for clients with a certificate.
    pub fn mutual_port(&self, id: u8) -> u16 {
        self.second_port(id)
    }

    /// The way to a plain broker that can be cut: where its clients come to, and where the broker listens for them. A
    /// broker names its own address to clients, so a proxy is of use only at the address that is named; we start none.
    pub fn detour(&self, id: u8) -> (u16, u16) {
        (self.second_port(id) + 20, self.second_port(id))
    }

    fn second_port(&self, id: u8) -> u16 {
        self.port(Server::Kafka(id)) + 60
    }

    /// Looks at what a server needs before its start. Fails where somebody else has a port of it: it would come up and be
    /// unreachable. The log of its last run is put aside, so that what stands in the new one is of this run.
    pub fn prepare(&self, server: Server) -> Result<()> {
        let second = server.broker().map(|id| self.second_port(id));
        for port in [self.port(server), self.inner_port(server)].into_iter().chain(second) {
            if TcpListener::bind(("127.0.0.1", port)).is_err() {
                bail!("{server}: port {port} is taken by another program: give another --port-base");
            }
        }
        let log = self.log(server);
        // The name that the server itself gives to a log that has grown large.
        match fs::rename(&log, log.with_extension("log.1")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot rename {}", log.display()))
            }
            _ => Ok(()),
        }
    }
}

fn shape(text: &str) -> Result<Shape> {
    let value: Value = serde_json::from_str(text)?;
    let number = |name: &str| value[name].as_u64().with_context(|| format!("no {name}"));
    let flag = |name: &str| value[name].as_bool().with_context(|| format!("no {name}"));
    Ok(Shape {
        brokers: u8::try_from(number("brokers")?)?,
        elasticsearch: flag("elasticsearch")?,
        elasticsearch_heap_mb: u32::try_from(number("elasticsearch_heap_mb")?)?,
        secure: flag("secure")?,
        port_base: u16::try_from(number("port_base")?)?,
    })
}

/// Waits until nobody else changes the instance; it is ours until the file is dropped.
pub fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Deletes data, configurations and logs. Nothing may run.
pub fn clean(dir: &Path) -> Result<()> {
    for part in ["kafka", "elasticsearch", "identities", "logs", "run"] {
        match fs::remove_dir_all(dir.join(part)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot delete {}", dir.join(part).display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes a file whole or not at all, and the directories to it.
pub fn put(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(failed)?;
    }
    let beside = path.with_extension("new");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).with_context(failed)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn instance(brokers: u8, elasticsearch: bool, secure: bool) -> Instance {
        let shape = Shape { brokers, elasticsearch, elasticsearch_heap_mb: 512, secure, port_base: 19_000 };
        Instance { dir: "/x".into(), shape }
    }

    #[test]
    fn no_two_servers_share_a_port() {
        let instance = instance(3, true, true);
        let mut ports: Vec<u16> = (1..=3).flat_map(|id| <[u16; 2]>::from(instance.detour(id))).collect();
        assert_eq!(instance.mutual_port(2), instance.detour(2).1, "a broker is secure or not");
        for server in instance.servers() {
            ports.extend([instance.port(server), instance.inner_port(server)]);
        }
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), ports.len(), "{ports:?}");
        assert_eq!((instance.port(Server::Kafka(1)), instance.port(Server::Elasticsearch)), (19_092, 19_200));
    }

    #[test]
    fn an_instance_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Instance::read(dir.path()).unwrap().is_none());
        let written = Instance { dir: dir.path().into(), ..instance(3, true, true) };
        written.write().unwrap();
        assert_eq!(Instance::read(dir.path()).unwrap().unwrap().shape, written.shape);
        fs::write(dir.path().join("instance.json"), "{}").unwrap();
        assert!(Instance::read(dir.path()).unwrap_err().to_string().contains("delete it"));
    }

    #[test]
    fn what_runs_is_kept_beside_what_is_asked_for() {
        let all = instance(3, true, false);
        let new = |running: &[Server], brokers, elasticsearch| {
            let asked = instance(brokers, elasticsearch, false).shape;
            let made = Instance::new(Path::new("/x"), running, Some(&all), asked).shape;
            (made.brokers, made.elasticsearch)
        };
        assert_eq!(new(&[Server::Kafka(2)], 0, true), (3, true));
        assert_eq!(new(&[Server::Elasticsearch], 1, false), (1, true));
        assert_eq!(new(&[], 1, false), (1, false));
    }

    #[test]
    fn names_of_servers_go_both_ways() {
        for server in [Server::Kafka(1), Server::Kafka(3), Server::Elasticsearch] {
            assert_eq!(server.to_string().parse(), Ok(server));
        }
        assert!("kafka-4".parse::<Server>().is_err());
    }
}
