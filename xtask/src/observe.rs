//! `cargo xtask observe`: what operators and analysts look at, on a real run. A real Prometheus scrapes real services with the
//! project's own configuration and rules; then every expression of rules and dashboards must give something, and so must the
//! search behind every panel for Kibana. What cannot is explained by name (`expressions::EXPLAINED`), or fails.
//!
//! The run is that of `cargo xtask chaos`, which calls `observe watch DIR` beside it and asks it before the servers are taken
//! down.

mod errands;
mod expressions;
mod prometheus;

use std::{
    io::BufRead,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    chaos::{self, Chaos},
    deploy::{kibana, tools},
    process,
};

use expressions::Asked;
use prometheus::Prometheus;

/// An expression that nothing can answer: where it gives something, a fault would not be seen either.
const PLANTED: &str = "cd_no_service_has_this";

/// A real run with a real Prometheus: every rule, panel and search gives something, or says why not.
#[derive(Debug, clap::Args)]
pub struct Observe {
    #[command(subcommand)]
    command: Option<Wanted>,
}

#[derive(Debug, clap::Subcommand)]
enum Wanted {
    /// Beside a run: scrapes what DIR/targets.json names until a line `ask` comes, then asks everything
    #[command(hide = true)]
    Watch {
        /// Where targets are named and Prometheus keeps its data
        dir: PathBuf,
    },
}

/// Runs the subcommand. Where the machine lacks what it needs, it says so and the exit code is 2.
#[allow(clippy::print_stderr, reason = "this is a test runner's report")]
pub fn run(observe: &Observe) -> Result<ExitCode> {
    let holds = match &observe.command {
        Some(Wanted::Watch { dir }) => watch(dir)?,
        None => match chaos::why_not()?.map_or_else(why_not, |reason| Ok(Some(reason)))? {
            Some(reason) => {
                eprintln!("NOT RUN: observe: {reason}");
                return Ok(ExitCode::from(2));
            }
            None => chaos::holds(&Chaos::calm(), false)?,
        },
    };
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Why nothing can be scraped here; `None` where it can.
pub fn why_not() -> Result<Option<String>> {
    Ok(tools::prometheus_tool("prometheus")?.err())
}

/// Scrapes until asked. `false` where something gives nothing and is not explained, or nobody asked.
fn watch(dir: &Path) -> Result<bool> {
    let file = dir.join("targets.json");
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let targets: Value = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let program = tools::prometheus_tool("prometheus")?.map_err(anyhow::Error::msg)?;
    let root = process::root()?;
    let prometheus = Prometheus::start(&program, &root, dir, &targets)?;
    let mut line = String::new();
    // Whoever called us and died closes this, too.
    std::io::stdin().lock().read_line(&mut line)?;
    if line.trim() != "ask" {
        return Ok(false);
    }
    errands::run(&targets)?;
    let asked = expressions::of(&root)?;
    let rules_hold = report(&asked, &expressions::judge(&asked, |part| prometheus.series(part))?, &prometheus)?;
    let elasticsearch = targets["elasticsearch"].as_str().context("targets name no elasticsearch")?;
    Ok(panels(elasticsearch)? && rules_hold)
}

/// Prints the table. `true` where all is well.
#[allow(clippy::print_stdout, reason = "this is a test runner's report")]
fn report(asked: &[Asked], judged: &expressions::Judged, prometheus: &Prometheus) -> Result<bool> {
    let mut faults = judged.faults.clone();
    if prometheus.series(PLANTED)? != 0 {
        faults.push(format!("{PLANTED} gives something: this run shows nothing"));
    }
    for (part, count, why) in &judged.rows {
        println!("{count:>5} series  {part}{}", why.map_or(String::new(), |why| format!("  ({why})")));
    }
    let explained = judged.rows.iter().filter(|(_, count, why)| *count == 0 && why.is_some()).count();
    println!(
        "Prometheus: {} expressions in {} parts; {} give something, {explained} are explained, {} are not; firing: {}",
        asked.len(),
        judged.rows.len(),
        judged.rows.len() - explained - judged.faults.len().min(judged.rows.len()),
        faults.len(),
        prometheus.firing()?,
    );
    faults.iter().for_each(|fault| println!("FAULT: {fault}"));
    Ok(faults.is_empty())
}

/// Asks Elasticsearch what each panel for Kibana asks. `true` where each has something to show.
#[allow(clippy::print_stdout, reason = "this is a test runner's report")]
fn panels(elasticsearch: &str) -> Result<bool> {
    let faults = kibana::import::ask(&kibana::import::Server::plain(elasticsearch), true)?;
    faults.iter().for_each(|fault| println!("FAULT: {fault}"));
    Ok(faults.is_empty())
}
