//! `cargo xtask bench NAME`: builds what is measured, runs it in turns with its peers, and writes the table.
//!
//! A run is a process of its own (crate `bench`), which starts one server on one core and does everything else on another.
//! Absolute figures on a shared machine mean little: the ceiling and the peer run in the same turns, and the medians count.

mod map;
mod peers;
mod report;
#[cfg(unix)]
mod stores;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// Which benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// 10,000 couriers at 1 Hz, 1,000 viewers who each see 5 %
    Product,
    /// Memory of connections on which nothing happens
    Idle,
    /// A backlog of fixes stored by the sink, and by a client that only sends bulks
    Sink,
    /// A backend that starts with a million fixes in its window
    Start,
    /// The page in a browser: moving couriers, the first load, memory. Needs Chromium and Node.js
    Map,
}

/// Measures, and writes the figures under target/bench.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Which benchmark
    #[arg(value_enum)]
    name: Name,
    /// Measured time of a run, s [default: 20; idle 5; map 10]
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    /// Runs of each server, in turns
    #[arg(long, default_value_t = 5, value_name = "N")]
    runs: u32,
    /// How long the page of `map` stays open
    #[arg(long, default_value_t = 10, value_name = "N")]
    minutes: u32,
    /// Only this part of `map`
    #[arg(long, value_enum, value_name = "PART")]
    only: Option<map::Part>,
    /// Only our own server and the ceiling: needs no Node.js
    #[arg(long)]
    no_peers: bool,
}

/// A server that is measured.
struct Contender {
    /// Its name on the command line of `bench`.
    name: &'static str,
    /// What the table calls it.
    title: &'static str,
}

const SQLITE: Contender = Contender { name: "sqlite", title: "sink, SQLite" };
const STUB: Contender = Contender { name: "stub", title: "sink, server that answers at once" };
const BARE_STUB: Contender = Contender { name: "bare-stub", title: "bare client, server that answers at once" };
#[cfg(unix)]
const ELASTICSEARCH: Contender = Contender { name: "elasticsearch", title: "sink, Elasticsearch" };
#[cfg(unix)]
const BARE_ELASTICSEARCH: Contender = Contender { name: "bare-elasticsearch", title: "bare client, Elasticsearch" };
#[cfg(unix)]
const KAFKA: Contender = Contender { name: "kafka", title: "from Kafka" };
const BACKEND: Contender = Contender { name: "backend", title: "backend" };
const NODE: Contender = Contender { name: "node", title: "Node, npm ws" };
const RAW: Contender = Contender { name: "raw", title: "bare send() loop" };

/// Runs the subcommand.
#[allow(clippy::print_stderr, clippy::print_stdout, reason = "this is a build tool's progress and report")]
pub fn run(bench: &Bench) -> Result<ExitCode> {
    if bench.name == Name::Map {
        return map::run(bench).map(|()| ExitCode::SUCCESS);
    }
    eprintln!("bench: compiling");
    let measured = if bench.name == Name::Sink { "sink" } else { "backend" };
    process::succeed(process::cargo()?.args(["build", "--release", "--package", measured, "--package", "bench"]))?;
    match bench.name {
        Name::Sink => return sink(bench),
        Name::Start => return start(bench),
        Name::Product | Name::Idle | Name::Map => {}
    }
    let mut contenders = vec![BACKEND];
    if !bench.no_peers {
        peers::ensure()?;
        contenders.push(NODE);
    }
    let (name, seconds) = match bench.name == Name::Product {
        true => ("product", bench.seconds.unwrap_or(20)),
        false => ("idle", bench.seconds.unwrap_or(5)),
    };
    if bench.name == Name::Product {
        contenders.push(RAW);
    }
    turns(bench, name, seconds, &contenders, &[])
}

/// The sink and the bare client, on every store that this machine can run.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
fn sink(bench: &Bench) -> Result<ExitCode> {
    let without = |reason: &str| {
        eprintln!("NOT RUN: on Elasticsearch: {reason}");
        turns(bench, "sink", 0, &[SQLITE, STUB, BARE_STUB], &[])
    };
    #[cfg(unix)]
    match stores::up(stores::Real::Elasticsearch)? {
        stores::Up::Not(reason) => without(&reason),
        stores::Up::At(elasticsearch) => {
            let more = ["--elasticsearch", elasticsearch.as_str()];
            // A server's first hundred thousands of documents are an order of magnitude slower: it is still compiling.
            for contender in [&BARE_ELASTICSEARCH, &ELASTICSEARCH] {
                eprintln!("bench: sink, warming up: {}", contender.title);
                once("sink", contender, 0, &more)?;
            }
            let all = [SQLITE, STUB, BARE_STUB, ELASTICSEARCH, BARE_ELASTICSEARCH];
            let measured = turns(bench, "sink", 0, &all, &more);
            stores::down(stores::Real::Elasticsearch)?;
            measured
        }
    }
    #[cfg(not(unix))]
    without("it needs a Unix")
}

/// A backend that starts with a full window.
#[cfg(unix)]
fn start(bench: &Bench) -> Result<ExitCode> {
    match stores::up(stores::Real::Kafka)? {
        stores::Up::Not(reason) => anyhow::bail!("NOT RUN: {reason}"),
        stores::Up::At(brokers) => {
            let measured = turns(bench, "start", 0, &[KAFKA], &["--kafka", brokers.as_str()]);
            stores::down(stores::Real::Kafka)?;
            measured
        }
    }
}

#[cfg(not(unix))]
fn start(_: &Bench) -> Result<ExitCode> {
    anyhow::bail!("NOT RUN: it needs a Unix")
}

/// Runs all contenders in turns, and reports. `more` goes to each run's command line.
#[allow(clippy::print_stderr, clippy::print_stdout, reason = "this is a build tool's progress and report")]
fn turns(bench: &Bench, name: &str, seconds: u32, contenders: &[Contender], more: &[&str]) -> Result<ExitCode> {
    let before = report::load_average();
    let mut results: Vec<Vec<Value>> = contenders.iter().map(|_| Vec::new()).collect();
    for turn in 1..=bench.runs {
        for (contender, results) in contenders.iter().zip(&mut results) {
            eprintln!("bench: {name}, run {turn} of {}: {}", bench.runs, contender.title);
            results.push(once(name, contender, seconds, more)?);
        }
    }
    let titles = contenders.iter().map(|contender| contender.title);
    let measured: Vec<(&str, Vec<Value>)> = titles.zip(results).collect();
    let report = report::Report { name, seconds, runs: bench.runs, before, measured: &measured };
    print!("{}", report.write()?);
    Ok(ExitCode::SUCCESS)
}

/// One run of one server.
fn once(name: &str, contender: &Contender, seconds: u32, more: &[&str]) -> Result<Value> {
    let bin = process::target_dir()?.join("release");
    let mut command = Command::new(bin.join("bench"));
    command.current_dir(process::root()?).args([name, "--server", contender.name, "--seconds", &seconds.to_string()]);
    let output = command.arg("--bin").arg(&bin).args(more).stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{} failed: {}", process::describe(&command), output.status);
    }
    serde_json::from_slice(&output.stdout).context("the run told no figures")
}
