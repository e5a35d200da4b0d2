//! The servers and the services of a run: started, killed, frozen, and started again on the same ports.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Fault, Options, proxy::Proxy};
use crate::process::{free_port, root};

/// A port that is free.
const ANY_PORT: &str = "127.0.0.1:0";
/// How long a service may take until it is ready: it reads its state first, and a sink waits for a store that may have been
/// killed, too.
const READY: Duration = Duration::from_secs(300);

/// A service's duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Drives.
    Simulator,
    /// Live state, REST, sockets.
    Backend,
    /// Stores.
    Sink,
}

impl Kind {
    /// The name of its binary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simulator => "simulator",
            Self::Backend => "backend",
            Self::Sink => "sink",
        }
    }
}

/// One process of a service.
pub struct Replica {
    /// What it does.
    pub kind: Kind,
    /// `backend-1`
    pub name: String,
    /// `http://127.0.0.1:PORT` of a backend.
    pub url: String,
    admin: u16,
    program: PathBuf,
    environment: Vec<(String, String)>,
    log: PathBuf,
    child: Mutex<Option<Child>>,
}

/// Everything that runs.
pub struct World {
    /// The processes.
    pub replicas: Vec<Replica>,
    /// All brokers themselves, not through a proxy: for those who count.
    pub brokers: String,
    /// Elasticsearch itself, not through the proxy.
    pub elasticsearch: String,
    /// Between the services and the servers.
    pub to_servers: Vec<Proxy>,
    /// Between the viewers and each backend.
    pub to_backends: Vec<Proxy>,
    servers: Servers,
}

/// Beyond this many positions a second servers get more memory, and producers larger batches.
const BUSY: u32 = 1_000;

/// Real servers, by `cargo xtask services`.
#[derive(Debug, Clone)]
pub struct Servers {
    xtask: PathBuf,
    dir: PathBuf,
}

impl Servers {
    /// Calls `services`; fails with its words where it fails.
    ///
    /// # Errors
    /// Where it fails.
    pub fn call(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.xtask);
        command.arg("services").args(arguments).arg("--dir").arg(&self.dir).current_dir(root()).stdin(Stdio::null());
        let output = command.output().context("xtask can be called")?;
        if !output.status.success() {
            bail!("services {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl World {
    /// Starts servers and services, and waits until all are ready.
    ///
    /// # Errors
    /// Where something does not come up; what did is taken down.
    pub async fn start(options: &Options, dir: &Path) -> Result<Self> {
        let servers = Servers { xtask: options.xtask.clone(), dir: dir.join("servers") };
        let brokers = options.brokers.to_string();
        let base = crate::servers::free_ports().to_string();
        let heap = if options.rate > BUSY { "1024" } else { "512" };
        let up = ["up", "--clean", "--elasticsearch", "--elasticsearch-heap-mb", heap];
        let mut world = Self {
            replicas: Vec::new(),
            brokers: String::new(),
            elasticsearch: String::new(),
            to_servers: Vec::new(),
            to_backends: Vec::new(),
            servers: servers.clone(),
        };
        let told = servers.call(&[&up[..], &["--brokers", &brokers, "--port-base", &base]].concat())?;
        let endpoints: Value = serde_json::from_str(&told).context("services up prints the endpoints")?;
        let endpoint = |name: &str| endpoints[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        (world.brokers, world.elasticsearch) = (endpoint("kafka")?, endpoint("elasticsearch")?);
        let store = world.elasticsearch.strip_prefix("http://").context("not http")?;
        world.to_servers.push(Proxy::start("elasticsearch", ANY_PORT, store).await?);
        let detours = endpoints["kafka_detours"].as_object().context("no kafka_detours")?;
        for (number, (named, behind)) in (1..).zip(detours) {
            let behind = behind.as_str().context("an address")?;
            world.to_servers.push(Proxy::start(&format!("kafka-{number}"), named, behind).await?);
        }
        for number in 1..=2 {
            for kind in [Kind::Backend, Kind::Simulator, Kind::Sink] {
                let replica = world.replica(options, dir, kind, number);
                if kind == Kind::Backend {
                    let address = replica.url.strip_prefix("http://").context("not http")?;
                    world.to_backends.push(Proxy::start(&replica.name, ANY_PORT, address).await?);
                }
                replica.launch()?;
                world.replicas.push(replica);
            }
        }
        for replica in &world.replicas {
            replica.ready().await?;
        }
        Ok(world)
    }

    fn replica(&self, options: &Options, dir: &Path, kind: Kind, number: u32) -> Replica {
        let (port, admin) = (free_port(), free_port());
        let url = format!("http://127.0.0.1:{port}");
        let brokers: Vec<&str> = self.to_servers[1..].iter().map(|proxy| proxy.address.as_str()).collect();
        let mut environment = vec![
            ("CD_KAFKA_BROKERS", brokers.join(",")),
            ("CD_ADMIN_ADDR", format!("127.0.0.1:{admin}")),
            ("CD_LOG", "info".to_owned()),
        ];
        if kind != Kind::Simulator {
            environment.push(("CD_HISTORY_URL", self.to_servers[0].url()));
        }
        if kind == Kind::Backend {
            environment.push(("CD_HTTP_ADDR", format!("127.0.0.1:{port}")));
            // A run may be longer than couriers are shown by default, and their last places are compared.
            environment.push(("CD_LIVE_WINDOW", "2h".to_owned()));
        }
        if kind == Kind::Simulator && options.brokers == 3 && options.rate > BUSY {
            // Each append is fetched by two followers: with a batch every 5 ms three brokers alone fill two cores.
            environment.push(("CD_KAFKA_OPTIONS", "linger.ms=100".to_owned()));
        }
        if options.fault == Some(Fault::Acks) {
            environment.push(("CD_KAFKA_OPTIONS", "acks=1;enable.idempotence=false".to_owned()));
        }
        let mut program = options.bin.join(kind.name());
        if let (Kind::Sink, Some(fault)) = (kind, options.fault.and_then(Fault::of_the_sink)) {
            program = options.bin.join("examples/faulty-sink");
            environment.push(("SINK_FAULT", fault.to_owned()));
        }
        let name = format!("{}-{number}", kind.name());
        Replica {
            kind,
            url,
            admin,
            program,
            environment: environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            log: dir.join(format!("{name}.log")),
            name,
            child: Mutex::new(None),
        }
    }

    /// All ways that can be cut.
    pub fn ways(&self) -> Vec<&Proxy> {
        self.to_servers.iter().chain(&self.to_backends).collect()
    }

    /// The replicas of a service.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Replica> {
        self.replicas.iter().filter(move |replica| replica.kind == kind)
    }

    /// Where REST is reached, directly.
    pub fn backends(&self) -> Vec<String> {
        self.of(Kind::Backend).map(|replica| replica.url.clone()).collect()
    }

    /// Calls `services` with `action server`, beside everything else.
    ///
    /// # Errors
    /// Where it fails.
    pub async fn server(&self, action: &str, server: &str) -> Result<()> {
        let (servers, action, server) = (self.servers.clone(), action.to_owned(), server.to_owned());
        tokio::task::spawn_blocking(move || servers.call(&[&action, &server])).await?.map(|_| ())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.replicas.iter().for_each(Replica::kill);
        for broker in 1..=3 {
            let _ = self.servers.call(&["thaw", &format!("kafka-{broker}")]);
        }
        let _ = self.servers.call(&["thaw", "elasticsearch"]);
        let _ = self.servers.call(&["down"]);
        // The logs stay; what was in the servers was counted.
        for data in ["kafka", "elasticsearch"] {
            let _ = fs::remove_dir_all(self.servers.dir.join(data));
        }
    }
}

impl Replica {
    /// Where health and metrics are had.
    pub fn admin(&self) -> String {
        format!("127.0.0.1:{}", self.admin)
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the process; it has been ended before. Its log goes on where the one before ended.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn launch(&self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).context("cannot write a log")?;
        let mut command = Command::new(&self.program);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("CD_") {
                command.env_remove(variable);
            }
        }
        command.envs(self.environment.clone()).current_dir(root()).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        *self.child() = Some(child);
        Ok(())
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends it a signal by name: STOP, CONT, TERM.
    ///
    /// # Errors
    /// Where it is not there any more.
    pub fn signal(&self, name: &str) -> Result<()> {
        let child = self.child();
        let number = child.as_ref().with_context(|| format!("{} does not run", self.name))?.id();
        let sent = Command::new("kill").args(["-s", name, &number.to_string()]).status()?;
        if sent.success() { Ok(()) } else { bail!("cannot send {name} to {}", self.name) }
    }

    /// Waits for its end after a TERM; what takes longer than 45 s is killed, which is an error.
    ///
    /// # Errors
    /// Where it had to be killed, or ended with another code than 0.
    pub async fn ended(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(45);
        loop {
            let status = self.child().as_mut().map(Child::try_wait).transpose()?.flatten();
            if let Some(status) = status {
                self.child().take();
                return if status.success() { Ok(()) } else { bail!("{} ended with {status}", self.name) };
            }
            if Instant::now() > deadline {
                self.kill();
                bail!("{} did not end within 45 s of a TERM", self.name);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether it has ended by itself.
    pub fn has_died(&self) -> bool {
        self.child().as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))))
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// Where it ends, or takes too long: with the end of its log.
    pub async fn ready(&self) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.admin);
        let deadline = Instant::now() + READY;
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        loop {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if self.has_died() || Instant::now() > deadline {
                bail!("{} is not ready:\n{}", self.name, self.tail());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The last lines of its log.
    pub fn tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}
