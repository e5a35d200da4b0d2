//! The server under test as a process of its own, on a core of its own, and what it uses: CPU time and memory.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::{http, reading::Dialect};

/// Core of the server.
const SERVER_CORE: usize = 0;
/// Core of everything else.
const LOAD_CORE: usize = 1;
/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a profiler may take to end its server and write what it has.
const GRACE: Duration = Duration::from_secs(40);
/// Clock ticks in a second, as `/proc` counts CPU time: fixed on Linux for all programs.
const TICKS: f64 = 100.0;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The product's own.
    Backend,
    /// `peers/server.js` on npm `ws`.
    Node,
    /// A bare loop of sends.
    Raw,
}

/// Where servers are found and how they are told about their surroundings.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// Which server
    #[arg(long, value_enum)]
    pub server: Kind,
    /// Directory of the release binaries
    #[arg(long, default_value = "target/release", value_name = "DIR")]
    pub bin: PathBuf,
    /// Port of the server; its admin pages have the next one
    #[arg(long, default_value_t = 18_080)]
    pub port: u16,
    /// Prefix of the topics' names
    #[arg(long, default_value = "", value_name = "PREFIX")]
    pub prefix: String,
    /// A program that the server is started by, as `perf record -g --`, to see what it does
    #[arg(long, default_value = "", value_name = "COMMAND")]
    pub under: String,
}

/// A running server; it is killed when this is dropped.
pub struct Server {
    /// Its port.
    pub port: u16,
    kind: Kind,
    /// Whether a profiler is around it, which must be let end by itself.
    profiled: bool,
    child: Child,
    _dir: tempfile::TempDir,
}

/// Puts this thread, and all that it starts, on the core of helpers. To be called before anything is started.
pub fn stay_aside() -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    ensure!(cores > LOAD_CORE, "two cores are needed: one for the server, one for its load");
    pin(LOAD_CORE)
}

fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).context("cannot choose a core")
}

/// Does something that starts threads or processes which are measured: they inherit the server's core.
pub fn on_server_core<T>(start: impl FnOnce() -> T) -> Result<T> {
    pin(SERVER_CORE)?;
    let started = start();
    pin(LOAD_CORE)?;
    Ok(started)
}

impl Server {
    /// Starts the server on its core and waits until it is ready. `records` is what the bare loop sends a viewer at once.
    pub fn start(place: &Place, brokers: &str, viewers: u32, records: u32) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let port = place.port;
        ensure!(TcpStream::connect(("127.0.0.1", port)).is_err(), "port {port} is in use");
        let program = match place.server {
            Kind::Backend => place.bin.join("backend"),
            Kind::Node => "node".into(),
            Kind::Raw => std::env::current_exe()?,
        };
        let mut under = place.under.split_whitespace();
        let mut command = match under.next() {
            Some(first) => {
                let mut command = Command::new(first);
                command.args(under).arg(program);
                command
            }
            None => Command::new(program),
        };
        match place.server {
            Kind::Backend => {
                let history = format!("sqlite:{}", dir.path().join("history.db").display());
                command.env("CD_KAFKA_BROKERS", brokers).env("CD_HISTORY_URL", history).env("CD_LOG", "warn");
                if !place.prefix.is_empty() {
                    command.env("CD_KAFKA_PREFIX", &place.prefix);
                }
                command.env("CD_HTTP_ADDR", format!("127.0.0.1:{port}"));
                command.env("CD_ADMIN_ADDR", format!("127.0.0.1:{}", port + 1));
            }
            Kind::Node => {
                command.arg("bench/peers/server.js").args([brokers, &port.to_string(), &(port + 1).to_string()]);
            }
            Kind::Raw => {
                command.args(["raw-server", "--port", &port.to_string(), "--viewers", &viewers.to_string()]);
                command.args(["--records", &records.to_string()]);
            }
        }
        // The child inherits the core of the thread that starts it.
        pin(SERVER_CORE)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        pin(LOAD_CORE)?;
        let child = child.with_context(|| format!("cannot start {:?}", place.server))?;
        let mut server = Self { port, kind: place.server, profiled: !place.under.is_empty(), child, _dir: dir };
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < READY_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server has ended: {status}");
            }
            if self.is_ready() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server is not ready after {READY_WITHIN:?}")
    }

    fn is_ready(&self) -> bool {
        if self.kind == Kind::Raw {
            // It counts its connections: a knock would be taken for a viewer.
            let listens = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
            return listens.contains(&format!(":{:04X} 00000000:0000 0A", self.port));
        }
        let Ok(mut admin) = TcpStream::connect(("127.0.0.1", self.port + 1)) else { return false };
        let mut answer = String::new();
        let asked = admin.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        asked.is_ok() && admin.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    /// Where viewers connect.
    pub fn socket_url(&self) -> String {
        format!("ws://127.0.0.1:{}/api/v1/live", self.port)
    }

    /// How it writes.
    pub fn dialect(&self) -> Dialect {
        match self.kind {
            Kind::Backend => Dialect::Frames,
            Kind::Node => Dialect::Json,
            Kind::Raw => Dialect::Packed,
        }
    }

    /// CPU time that it has used, s.
    pub fn cpu_s(&self) -> f64 {
        cpu_s(&self.child.id().to_string())
    }

    /// Memory that it holds, KiB.
    pub fn rss_kib(&self) -> u64 {
        status_kib(self.child.id(), "VmRSS:")
    }

    /// The most memory that it ever held, MiB.
    pub fn peak_mib(&self) -> f64 {
        peak_mib(self.child.id())
    }

    /// One of its counters.
    pub fn metric(&self, name: &str) -> Result<u64> {
        metric(self.port + 1, name).with_context(|| format!("there is no {name}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.profiled {
            let _ = self.child.kill();
            let _ = self.child.wait();
            return;
        }
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let began = Instant::now();
        while began.elapsed() < GRACE {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A counter, summed over its labels, on the admin pages at `port`. `None` where there is none yet, or no answer.
pub fn metric(port: u16, name: &str) -> Option<u64> {
    let (_, body) = http::get(&format!("http://127.0.0.1:{port}"), "/metrics").ok()?;
    let text = String::from_utf8(body).ok()?;
    let lines = text.lines().filter_map(|line| line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{'])));
    let values: Vec<f64> = lines.filter_map(|rest| rest.rsplit(' ').next()?.parse().ok()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() as u64)
}

/// The most memory that a process ever held, MiB.
pub fn peak_mib(pid: u32) -> f64 {
    status_kib(pid, "VmHWM:") as f64 / 1_024.0
}

fn status_kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// CPU time that a process (or "self") has used, user and system, s.
pub fn cpu_s(pid: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold blanks: fields are counted behind it.
    let Some((_, rest)) = stat.rsplit_once(')') else { return 0.0 };
    let fields: Vec<f64> = rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    fields.iter().sum::<f64>() / TICKS
}

/// Time, ms UTC.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
