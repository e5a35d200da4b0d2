//! The page in a headless Chromium: what moving couriers cost the main thread beside MapLibre's own way, the first load, and
//! what an open page comes to hold. The runs themselves are JavaScript (`bench/page`), because their subject is a browser.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Bench, report};
use crate::{build, page, process};

/// How many couriers there are on the map.
const COURIERS: [u32; 3] = [1_000, 10_000, 50_000];
/// How much slower a phone's processor is taken to be.
const SLOWER: u32 = 4;
/// Couriers of the page that stays open.
const OPEN_COURIERS: u32 = 100;

/// A part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Moving couriers
    Frames,
    /// The first load
    Load,
    /// A page that stays open
    Memory,
}

/// Runs what is asked for, else all three, and prints the tables.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
pub fn run(bench: &Bench) -> Result<()> {
    page::build(true, &mut |step| eprintln!("{step}"))?;
    // The page is measured, not the server: that may be the one of the tests.
    build::services(false, false)?;
    for part in [Part::Frames, Part::Load, Part::Memory] {
        if bench.only.is_none_or(|only| only == part) {
            match part {
                Part::Frames => frames(bench),
                Part::Load => load(bench),
                Part::Memory => memory(bench),
            }?;
        }
    }
    Ok(())
}

#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
fn frames(bench: &Bench) -> Result<()> {
    let (seconds, before) = (bench.seconds.unwrap_or(10), report::load_average());
    // What a frame costs whoever is in it.
    let mut contenders: Vec<(String, &str, u32, Vec<Value>)> = vec![("our layer, 1".into(), "layer", 1, Vec::new())];
    for couriers in COURIERS {
        contenders.push((format!("our layer, {couriers}"), "layer", couriers, Vec::new()));
        contenders.push((format!("setData, {couriers}"), "setdata", couriers, Vec::new()));
    }
    for turn in 1..=bench.runs {
        for (title, kind, couriers, runs) in &mut contenders {
            eprintln!("bench: map, run {turn} of {}: {title}", bench.runs);
            runs.push(once("frames", &[kind, &couriers.to_string(), &seconds.to_string()])?);
        }
    }
    let measured: Vec<(&str, Vec<Value>)> =
        contenders.iter().map(|(title, _, _, runs)| (title.as_str(), runs.clone())).collect();
    table(&report::Report { name: "map", seconds, runs: bench.runs, before, measured: &measured })
}

#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
fn load(bench: &Bench) -> Result<()> {
    let before = report::load_average();
    let mut loads = [("this machine", 1, Vec::new()), ("a processor 4 times as slow", SLOWER, Vec::new())];
    for turn in 1..=bench.runs {
        for (title, slower, runs) in &mut loads {
            eprintln!("bench: first load, run {turn} of {}: {title}", bench.runs);
            runs.push(once("load", &[&slower.to_string()])?);
        }
    }
    let measured = loads.map(|(title, _, runs)| (title, runs));
    table(&report::Report { name: "page-load", seconds: 0, runs: bench.runs, before, measured: &measured })
}

#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
fn memory(bench: &Bench) -> Result<()> {
    let before = report::load_average();
    eprintln!("bench: a page that stays open for {} min", bench.minutes);
    let told = once("memory", &[&bench.minutes.to_string(), &OPEN_COURIERS.to_string()])?;
    let looks = told["looks"].as_array().context("the run told no looks")?;
    let titles: Vec<String> = looks.iter().map(|look| format!("minute {}", look["minute"])).collect();
    let measured: Vec<(&str, Vec<Value>)> =
        titles.iter().zip(looks).map(|(title, look)| (title.as_str(), vec![look.clone()])).collect();
    table(&report::Report { name: "page-memory", seconds: bench.minutes * 60, runs: 1, before, measured: &measured })
}

#[allow(clippy::print_stdout, reason = "this is a build tool's report")]
fn table(report: &report::Report<'_>) -> Result<()> {
    print!("{}", report.write()?);
    Ok(())
}

/// One run of a script of `bench/page`.
fn once(script: &str, arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new("node");
    command.arg(format!("bench/page/{script}.mjs")).args(arguments).current_dir(process::root()?);
    command.env("E2E_BIN", process::target_dir()?.join("debug/code-delivery")).stderr(Stdio::inherit());
    let output = command.output().context("node of Node.js 20 or newer is needed")?;
    if !output.status.success() {
        bail!("{} failed: {}", process::describe(&command), output.status);
    }
    serde_json::from_slice(&output.stdout).context("the run told no figures")
}
