//! `cargo xtask bench NAME`: builds what is measured, runs it in turns with its peers, and writes the table.
//!
//! A run is a process of its own (crate `bench`), which starts one server on one core and does everything else on another.
//! Absolute figures on a shared machine mean little: the ceiling and the peer run in the same turns, and the medians count.

mod peers;
mod report;

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
}

/// Measures, and writes the figures under target/bench.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Which benchmark
    #[arg(value_enum)]
    name: Name,
    /// Measured time of a run, s [default: 20; idle 5]
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    /// Runs of each server, in turns
    #[arg(long, default_value_t = 5, value_name = "N")]
    runs: u32,
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

const BACKEND: Contender = Contender { name: "backend", title: "backend" };
const NODE: Contender = Contender { name: "node", title: "Node, npm ws" };
const RAW: Contender = Contender { name: "raw", title: "bare send() loop" };

/// Runs the subcommand.
#[allow(clippy::print_stderr, clippy::print_stdout, reason = "this is a build tool's progress and report")]
pub fn run(bench: &Bench) -> Result<ExitCode> {
    eprintln!("bench: compiling");
    process::succeed(process::cargo()?.args(["build", "--release", "--package", "backend", "--package", "bench"]))?;
    let mut contenders = vec![BACKEND];
    if !bench.no_peers {
        peers::ensure()?;
        contenders.push(NODE);
    }
    let (name, seconds) = match bench.name {
        Name::Product => ("product", bench.seconds.unwrap_or(20)),
        Name::Idle => ("idle", bench.seconds.unwrap_or(5)),
    };
    if bench.name == Name::Product {
        contenders.push(RAW);
    }
    let before = report::load_average();
    let mut results: Vec<Vec<Value>> = contenders.iter().map(|_| Vec::new()).collect();
    for turn in 1..=bench.runs {
        for (contender, results) in contenders.iter().zip(&mut results) {
            eprintln!("bench: {name}, run {turn} of {}: {}", bench.runs, contender.title);
            results.push(once(name, contender, seconds)?);
        }
    }
    let titles = contenders.iter().map(|contender| contender.title);
    let measured: Vec<(&str, Vec<Value>)> = titles.zip(results).collect();
    let report = report::Report { name, seconds, runs: bench.runs, before, measured: &measured };
    print!("{}", report.write()?);
    Ok(ExitCode::SUCCESS)
}

/// One run of one server.
fn once(name: &str, contender: &Contender, seconds: u32) -> Result<Value> {
    let bin = process::target_dir()?.join("release");
    let mut command = Command::new(bin.join("bench"));
    command.current_dir(process::root()?).args([name, "--server", contender.name, "--seconds", &seconds.to_string()]);
    let output = command.arg("--bin").arg(&bin).stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{} failed: {}", process::describe(&command), output.status);
    }
    serde_json::from_slice(&output.stdout).context("the run told no figures")
}
