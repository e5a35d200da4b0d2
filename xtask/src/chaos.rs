//! `cargo xtask chaos`: builds what is tested, and lets crate `e2e` kill it. See docs/reliability.md.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{build, process, services};

/// Kills, freezes and cuts off servers and services under load, then counts: exit 1 where anything is lost or wrong.
#[derive(Debug, Clone, clap::Args)]
pub struct Chaos {
    /// Kills with -9; for two of them there is one freeze, flood, restart or cut
    #[arg(long, default_value_t = 8, value_name = "N")]
    kills: u32,
    /// Positions a second, roughly: so many couriers send one each second
    #[arg(long, default_value_t = 200, value_name = "N")]
    rate: u32,
    /// Decides order, targets and times [default: the clock]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Kafka brokers: 1 or 3
    #[arg(long, default_value_t = 1, value_name = "N")]
    brokers: u8,
    /// Only kills of: simulator, backend, sink, broker, leader, elasticsearch; or flood
    #[arg(long, value_name = "WHAT")]
    only: Option<String>,
    /// A deliberate fault: acks, commit or dlq; the run succeeds if it is found
    #[arg(long, value_name = "WHICH", conflicts_with = "only")]
    fault: Option<String>,
    /// Optimised services: for rates above some hundred
    #[arg(long)]
    release: bool,
    /// A Prometheus beside it; at the end every rule, panel and search must give something (see `observe`)
    #[arg(long)]
    observe: bool,
}

impl Chaos {
    /// A run in which nothing is killed, looked at by Prometheus.
    pub fn calm() -> Self {
        Self { kills: 0, rate: 50, ..short(true) }
    }
}

/// Runs the subcommand. Where the machine lacks what real servers need, it says so and the exit code is 2.
#[allow(clippy::print_stderr, reason = "this is a test runner's report")]
pub fn run(chaos: &Chaos) -> Result<ExitCode> {
    if let Some(reason) = why_not()? {
        eprintln!("NOT RUN: chaos: {reason}");
        return Ok(ExitCode::from(2));
    }
    Ok(if holds(chaos, false)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The short run that is part of the tests: eight kills, each server and each service once at least; `observe`d where there
/// is a Prometheus.
pub fn short(observe: bool) -> Chaos {
    Chaos { kills: 8, rate: 200, seed: None, brokers: 1, only: None, fault: None, release: false, observe }
}

/// Why it cannot run here; `None` where nothing is known against it.
pub fn why_not() -> Result<Option<String>> {
    let options = services::Options { elasticsearch: true, ..services::Options::new(false)? };
    Ok(services::why_not(&options))
}

/// Builds and runs; `true` where nothing differs. `tls` is how the services are built: as they were before, they are ready.
pub fn holds(chaos: &Chaos, tls: bool) -> Result<bool> {
    build::services(chaos.release, tls)?;
    let build = |arguments: &[&str]| -> Result<()> {
        let mut command = process::cargo()?;
        command.arg("build").args(chaos.release.then_some("--release")).args(arguments);
        process::succeed(&mut command)
    };
    build(&["--package", "e2e", "--bin", "chaos"])?;
    if chaos.fault.is_some() {
        build(&["--package", "sink", "--example", "faulty-sink"])?;
    }
    let target = process::target_dir()?;
    let bin = target.join(if chaos.release { "release" } else { "debug" });
    let mut command = Command::new(bin.join("chaos"));
    command.current_dir(process::root()?).arg("--bin").arg(&bin).arg("--out").arg(target.join("chaos"));
    command.arg("--xtask").arg(std::env::current_exe()?);
    for (name, number) in [("--kills", chaos.kills), ("--rate", chaos.rate), ("--brokers", chaos.brokers.into())] {
        command.arg(name).arg(number.to_string());
    }
    if chaos.observe {
        command.arg("--observe");
    }
    let seed = chaos.seed.map(|seed| seed.to_string());
    for (name, value) in [("--seed", &seed), ("--only", &chaos.only), ("--fault", &chaos.fault)] {
        if let Some(value) = value {
            command.arg(name).arg(value);
        }
    }
    Ok(process::status(&mut command)?.success())
}
