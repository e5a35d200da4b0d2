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

/// Runs all three and prints their tables.
#[allow(clippy::print_stderr, clippy::print_stdout, reason = "this is a build tool's progress and report")]
pub fn run(bench: &Bench) -> Result<()> {
    page::build(true, &mut |step| eprintln!("{step}"))?;
    // The page is measured, not the server: that may be the one of the tests.
    build::services(false, false)?;
    let seconds = bench.seconds.unwrap_or(10);
    let before = report::load_average();
    let print = |name: &str, seconds: u32, runs: u32, measured: &[(&str, Vec<Value>)]| -> Result<()> {
        let report = report::Report { name, seconds, runs, before: before.clone(), measured };
        print!("{}", report.write()?);
        Ok(())
    };

    // One courier costs nothing beside the ground that every frame draws too.
    let mut frames: Vec<(String, &str, u32, Vec<Value>)> = vec![("the ground alone".into(), "layer", 1, Vec::new())];
    for couriers in COURIERS {
        frames.push((format!("our layer, {couriers}"), "layer", couriers, Vec::new()));
        frames.push((format!("setData, {couriers}"), "setdata", couriers, Vec::new()));
    }
    for turn in 1..=bench.runs {
        for (title, kind, couriers, runs) in &mut frames {
            eprintln!("bench: map, run {turn} of {}: {title}", bench.runs);
            runs.push(once("frames", &[kind, &couriers.to_string(), &seconds.to_string()])?);
        }
    }
    let frames: Vec<(&str, Vec<Value>)> =
        frames.iter().map(|(title, _, _, runs)| (title.as_str(), runs.clone())).collect();
    print("map", seconds, bench.runs, &frames)?;

    let mut loads = [("this machine", 1, Vec::new()), ("a processor 4 times as slow", SLOWER, Vec::new())];
    for turn in 1..=bench.runs {
        for (title, slower, runs) in &mut loads {
            eprintln!("bench: first load, run {turn} of {}: {title}", bench.runs);
            runs.push(once("load", &[&slower.to_string()])?);
        }
    }
    print("page-load", 0, bench.runs, &loads.map(|(title, _, runs)| (title, runs)))?;

    eprintln!("bench: a page that stays open for {} min", bench.minutes);
    let told = once("memory", &[&bench.minutes.to_string(), &OPEN_COURIERS.to_string()])?;
    let looks = told["looks"].as_array().context("the run told no looks")?;
    let titles: Vec<String> = looks.iter().map(|look| format!("minute {}", look["minute"])).collect();
    let measured: Vec<(&str, Vec<Value>)> =
        titles.iter().zip(looks).map(|(title, look)| (title.as_str(), vec![look.clone()])).collect();
    print("page-memory", bench.minutes * 60, 1, &measured)
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
