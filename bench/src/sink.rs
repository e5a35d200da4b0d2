//! The sink's own workload: a backlog of fixes in Kafka, stored as fast as it goes. Beside it a client that sends bulks which
//! were made before and does nothing else: who stores in Elasticsearch cannot be faster, or cheaper, than that.

mod bare;
mod stub;

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{
    backlog, broker, http,
    server::{cpu_s, metric, on_server_core, peak_mib, stay_aside},
};

/// Share of the records behind which measuring begins, and ends: the group forms, tables are made; at the end batches are
/// no longer full.
const WINDOW: (f64, f64) = (0.1, 0.95);
/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Who stores, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Who {
    /// The sink, into SQLite.
    Sqlite,
    /// The sink, into Elasticsearch.
    Elasticsearch,
    /// The sink, into a server that answers at once.
    Stub,
    /// The bare client, into Elasticsearch.
    BareElasticsearch,
    /// The bare client, into a server that answers at once.
    BareStub,
}

/// One run of storing a backlog
#[derive(Debug, clap::Args)]
pub struct Sink {
    /// Who stores, and where
    #[arg(long, value_enum)]
    server: Who,
    /// Directory of the release binaries
    #[arg(long, default_value = "target/release", value_name = "DIR")]
    bin: PathBuf,
    /// A real Elasticsearch, http://HOST:PORT
    #[arg(long, default_value = "", value_name = "URL")]
    elasticsearch: String,
    /// Fixes in the backlog
    #[arg(long, default_value_t = 400_000)]
    records: u64,
    /// Couriers who sent them, one a second
    #[arg(long, default_value_t = 2_000)]
    couriers: u64,
    /// Port of the sink's admin pages
    #[arg(long, default_value_t = 18_093)]
    port: u16,
    /// How long the stub refuses everything first, s: how much memory a sink holds while the backlog waits
    #[arg(long, default_value_t = 0)]
    refuse_s: u64,
    /// Unused here: the length of a run follows from the number of fixes
    #[arg(long, default_value_t = 0, hide = true)]
    seconds: u32,
}

/// Runs it; returns the figures.
pub fn run(sink: &Sink) -> Result<Value> {
    stay_aside()?;
    let refuses = Arc::new(AtomicBool::new(sink.refuse_s > 0));
    let stub = stub::start(refuses.clone())?;
    let prefix = format!("bench{}.", std::process::id());
    let real = || {
        ensure!(!sink.elasticsearch.is_empty(), "--elasticsearch is the address of a real one");
        Ok(sink.elasticsearch.clone())
    };
    match sink.server {
        Who::BareStub => bare::run(&stub, &prefix, sink.records, sink.couriers),
        Who::BareElasticsearch => {
            let figures = bare::run(&real()?, &prefix, sink.records, sink.couriers);
            http::clean(&real()?, &prefix)?;
            figures
        }
        Who::Sqlite => {
            let dir = tempfile::tempdir()?;
            store(sink, &format!("sqlite:{}", dir.path().join("history.sqlite").display()), None, &refuses)
        }
        Who::Stub => store(sink, &stub, Some(&prefix), &refuses),
        Who::Elasticsearch => {
            let figures = store(sink, &real()?, Some(&prefix), &refuses);
            http::clean(&real()?, &prefix)?;
            figures
        }
    }
}

/// A backlog, and the sink that stores it.
fn store(sink: &Sink, url: &str, prefix: Option<&str>, refuses: &AtomicBool) -> Result<Value> {
    let broker = broker::start()?;
    let brokers = broker.bootstrap_servers();
    backlog::fill(&brokers, contract::topics::POSITIONS, sink.records, sink.couriers)?;
    let mut command = Command::new(sink.bin.join("sink"));
    command.env("CD_KAFKA_BROKERS", &brokers).env("CD_HISTORY_URL", url).env("CD_LOG", "error");
    command.env("CD_ADMIN_ADDR", format!("127.0.0.1:{}", sink.port));
    if let Some(prefix) = prefix {
        command.env("CD_HISTORY_PREFIX", prefix);
    }
    let child = on_server_core(|| command.stdin(Stdio::null()).stdout(Stdio::null()).spawn())?;
    let mut running = Running(child.with_context(|| format!("cannot start {}", sink.bin.join("sink").display()))?);
    let waited = (sink.refuse_s > 0).then(|| running.peak_while_waiting(sink)).transpose()?;
    refuses.store(false, Ordering::Relaxed);
    let goal = |share: f64| (sink.records as f64 * share) as u64;
    let first = running.when_stored(sink.port, goal(WINDOW.0))?;
    let last = running.when_stored(sink.port, goal(WINDOW.1))?;
    let stored = (last.stored - first.stored) as f64;
    let took = last.at.duration_since(first.at).as_secs_f64();
    let mut figures = json!({
        "documents_per_s": stored / took,
        "cpu_s_per_million": (last.cpu_s - first.cpu_s) / stored * 1e6,
        "cpu_share": (last.cpu_s - first.cpu_s) / took,
        "rss_mib": peak_mib(running.0.id()),
    });
    if let Some(mib) = waited {
        figures["rss_waiting_mib"] = mib.into();
    }
    Ok(figures)
}

/// A sink that is killed when this is dropped.
struct Running(Child);

/// How far it was at a moment.
struct Reached {
    at: Instant,
    stored: u64,
    cpu_s: f64,
}

impl Running {
    fn when_stored(&mut self, port: u16, goal: u64) -> Result<Reached> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                bail!("the sink has ended: {status}");
            }
            let (at, cpu_s) = (Instant::now(), cpu_s(&self.0.id().to_string()));
            let stored = metric(port, "cd_stored_total").unwrap_or(0);
            if stored >= goal {
                return Ok(Reached { at, stored, cpu_s });
            }
            ensure!(began.elapsed() < PATIENCE, "{stored} of {goal} were stored in {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The most memory it held while nothing was taken, MiB.
    fn peak_while_waiting(&mut self, sink: &Sink) -> Result<f64> {
        let end = Instant::now() + Duration::from_secs(sink.refuse_s);
        while Instant::now() < end {
            std::thread::sleep(Duration::from_millis(200));
        }
        let stored = metric(sink.port, "cd_stored_total").unwrap_or(0);
        ensure!(stored == 0, "{stored} were stored although nothing was taken");
        Ok(peak_mib(self.0.id()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
