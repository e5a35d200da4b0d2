//! `cargo xtask test`: every test that needs nothing but the machine. What cannot run here is named, never counted.

mod secrets;

use std::{
    path::Path,
    process::{Command, ExitCode},
    time::{Instant, SystemTime},
};

use anyhow::Result;

#[cfg(unix)]
use crate::services;
use crate::{build, page, process};

/// Tests of a crate that run at once: they wait for brokers and stores far more than they compute. On two cores six take less
/// than half the time of two.
const AT_ONCE: &str = "6";

/// Runs all tests.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Only the tests of crates: no page, no browser, no whole journeys
    #[arg(long)]
    quick: bool,
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// What a run has to tell at its end.
#[derive(Default)]
struct Report {
    failed: Vec<String>,
    missing: Vec<String>,
    took: Vec<String>,
}

impl Report {
    /// Runs a stage.
    fn stage(&mut self, name: &str, run: impl FnOnce(&mut Vec<String>) -> Result<Ran>) -> Result<()> {
        tell(&format!("\n== {name}"));
        let began = Instant::now();
        match run(&mut self.missing)? {
            Ran::Passed => {}
            Ran::Failed => self.failed.push(name.to_owned()),
            Ran::Not(reason) => self.missing.push(format!("{name}: {reason}")),
        }
        self.took.push(format!("{name} {} s", began.elapsed().as_secs()));
        Ok(())
    }

    /// Tells all, and whether it is good.
    fn end(self, began: Instant) -> ExitCode {
        tell("");
        self.missing.iter().for_each(|reason| tell(&format!("NOT RUN: {reason}")));
        tell(&self.took.join(", "));
        let took = began.elapsed().as_secs();
        if self.failed.is_empty() {
            tell(&format!("all tests passed in {took} s"));
            return ExitCode::SUCCESS;
        }
        tell(&format!("failed after {took} s: {}", self.failed.join(", ")));
        ExitCode::FAILURE
    }
}

/// Runs all tests.
pub fn run(test: &Test) -> Result<ExitCode> {
    let (began, since) = (Instant::now(), SystemTime::now());
    let kept = process::target_dir()?.join("tests");
    let filter = test.filter.as_deref();
    let mut report = Report::default();
    secrets::prepare(&kept)?;
    report.stage("crates", |_| {
        let mut crates = process::cargo()?;
        crates
            .args(["test", "--workspace", "--exclude", "frontend", "--exclude", "e2e", "--no-fail-fast"])
            .args(filter);
        crates.env("RUST_TEST_THREADS", AT_ONCE);
        passed(&mut crates)
    })?;
    report.stage("small disks", |_| small_disks(filter))?;
    report.stage("deployment: the tools of others refuse broken copies", |missing| broken_copies(filter, missing))?;
    if test.quick {
        report.missing.push("page, journeys and browser, real servers: --quick was asked for".to_owned());
        return Ok(report.end(began));
    }
    // Before the services are built with TLS: these tests build the sink without.
    report.stage("crates, with a real Elasticsearch", |_| with_elasticsearch(filter))?;
    report.stage("page", |_| {
        page::build(false, &mut |step| tell(step))?;
        build::services(false, build::has_openssl())?;
        // Nothing is compiled any more while tests have deadlines.
        process::succeed(process::cargo()?.args(["build", "--package", "e2e", "--bin", "chaos"]))?;
        passed(process::cargo()?.args(["test", "--package", "e2e", "--no-run"]))
    })?;
    // One after the other: beside each other, on two cores, no time is won, and a test missed its deadline.
    report.stage("journeys and browser", |missing| journeys(filter, &kept, missing))?;
    report.stage("chaos: eight kills on real servers", |missing| eight_kills(filter, missing))?;
    report.stage("secrets in logs", |_| no_secrets(filter, &kept, since))?;
    Ok(report.end(began))
}

/// The journeys through real processes, and the page in a browser.
fn journeys(filter: Option<&str>, kept: &Path, missing: &mut Vec<String>) -> Result<Ran> {
    let mut journeys = process::cargo()?;
    journeys.args(["test", "--package", "e2e", "--no-fail-fast"]).args(filter).env("E2E_KEPT", kept);
    // Two at a time: the page's tests, which are more than half of all, and beside them one of whole services after the
    // other. More would take from each other what each has a deadline for, on as little as two cores.
    journeys.args(["--", "--include-ignored", "--test-threads=2"]);
    for (tests, reason) in lacking(build::has_openssl())? {
        missing.push(reason);
        journeys.args(tests.iter().flat_map(|tests| ["--skip", *tests]));
    }
    passed(&mut journeys)
}

fn passed(tests: &mut Command) -> Result<Ran> {
    Ok(if process::status(tests)?.success() { Ran::Passed } else { Ran::Failed })
}

/// What became of a stage that not every machine can run.
enum Ran {
    Passed,
    Failed,
    Not(String),
}

/// The tests of crates that are marked as ignored because they need a server: with one of their own, which is stopped at
/// the end and keeps no data.
#[cfg(unix)]
fn with_elasticsearch(filter: Option<&str>) -> Result<Ran> {
    let dir = process::target_dir()?.join("services/tests");
    let ports = services::Options::new(false)?.port_base + 500;
    let options = services::Options {
        dir: dir.clone(),
        port_base: ports,
        brokers: 0,
        elasticsearch: true,
        clean: true,
        ..services::Options::new(false)?
    };
    if let Some(reason) = services::why_not(&options) {
        return Ok(Ran::Not(reason));
    }
    let mut progress = |step: &str| tell(step);
    services::down(&dir, true, &mut progress)?;
    let (home, java) = services::elasticsearch_software(&options, &mut progress)?;
    let endpoints = services::up(&options, &mut progress)?;
    let mut tests = process::cargo()?;
    tests.args(["test", "--package", "history", "--package", "sink", "--test", "it", "--no-fail-fast"]).args(filter);
    tests
        .args(["--", "--ignored", "--skip", FULL_DISK])
        .env("E2E_ELASTICSEARCH", endpoints.elasticsearch.unwrap_or_default());
    tests.env("E2E_ELASTICSEARCH_HOME", home).env("E2E_JAVA_HOME", java);
    let status = process::status(&mut tests);
    services::down(&dir, true, &mut progress)?;
    Ok(if status?.success() { Ran::Passed } else { Ran::Failed })
}

#[cfg(not(unix))]
fn with_elasticsearch(_: Option<&str>) -> Result<Ran> {
    Ok(Ran::Not("it needs a Unix".into()))
}

#[allow(clippy::print_stdout, reason = "this is a test runner's report")]
fn tell(text: &str) {
    println!("{text}");
}

/// Servers and services are killed under load, and nothing may be lost. Beside it a Prometheus looks on; in the end every
/// expression, and every panel for Kibana, must have something to show.
#[cfg(unix)]
fn eight_kills(filter: Option<&str>, missing: &mut Vec<String>) -> Result<Ran> {
    if filter.is_some_and(|filter| !"chaos".contains(filter)) {
        return Ok(Ran::Not("the filter asks for others".into()));
    }
    if let Some(reason) = crate::chaos::why_not()? {
        return Ok(Ran::Not(reason));
    }
    let blind = crate::observe::why_not()?;
    let run = crate::chaos::short(blind.is_none());
    missing.extend(blind.map(|reason| format!("rules, dashboards and Kibana on the run of chaos: {reason}")));
    Ok(if crate::chaos::holds(&run, build::has_openssl())? { Ran::Passed } else { Ran::Failed })
}

#[cfg(not(unix))]
fn eight_kills(_: Option<&str>, _: &mut Vec<String>) -> Result<Ran> {
    Ok(Ran::Not("it needs a Unix".into()))
}

/// No log of a process that these tests started holds a secret that it was given.
fn no_secrets(filter: Option<&str>, kept: &Path, since: SystemTime) -> Result<Ran> {
    let looked = secrets::look(kept, &[process::target_dir()?.join("chaos")], since)?;
    tell(&format!("{} secrets, looked for in {} lines of {} logs", looked.secrets, looked.lines, looked.files));
    looked.hits.iter().for_each(|hit| tell(hit));
    if looked.is_clean() {
        return Ok(Ran::Passed);
    }
    if looked.hits.is_empty() && filter.is_some() {
        return Ok(Ran::Not("the filter left no secrets, or no logs".into()));
    }
    Ok(Ran::Failed)
}

/// Each tool that `cargo xtask check` calls, on files that it must refuse.
fn broken_copies(filter: Option<&str>, missing: &mut Vec<String>) -> Result<Ran> {
    use crate::deploy::tools;
    if filter.is_some_and(|filter| !tools::TESTS.contains(filter)) {
        return Ok(Ran::Not("the filter asks for others".into()));
    }
    let mut tests = process::cargo()?;
    tests.args(["test", "--package", "xtask", tools::TESTS, "--", "--ignored"]);
    for (test, reason) in tools::lacking()? {
        missing.push(format!("deployment's tools on broken copies: {test}: {reason}"));
        tests.args(["--skip", test]);
    }
    passed(&mut tests)
}

/// How the tests that fill a disk are named.
const FULL_DISK: &str = "a_full_disk";

/// The tests of crates that fill a small file system of their own.
fn small_disks(filter: Option<&str>) -> Result<Ran> {
    if filter.is_some_and(|filter| !FULL_DISK.contains(filter) && !filter.contains(FULL_DISK)) {
        return Ok(Ran::Not("the filter asks for others".into()));
    }
    if !may_mount()? {
        return Ok(Ran::Not("this user may not mount a small file system".into()));
    }
    let mut tests = process::cargo()?;
    tests.args(["test", "--package", "history", "--package", "sink", "--test", "it", "--no-fail-fast"]);
    tests.args([filter.unwrap_or(FULL_DISK), "--", "--ignored"]);
    passed(&mut tests)
}

/// Whether a test can have a small file system of its own.
fn may_mount() -> Result<bool> {
    let place = process::target_dir()?.join("tmp/mount");
    std::fs::create_dir_all(&place)?;
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&place).output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        return Ok(false);
    }
    process::succeed(Command::new("umount").arg(&place))?;
    Ok(true)
}

/// The tests of `e2e` that cannot run on this machine, by the beginning of their names, and why.
fn lacking(tls: bool) -> Result<Vec<(&'static [&'static str], String)>> {
    let mut lacking: Vec<(&[&str], String)> = Vec::new();
    let chromium = ["chromium", "chromium-browser", "google-chrome"];
    if !chromium.iter().any(|name| process::is_there(name, "--version")) {
        lacking.push((&["browser::"], "browser: no Chromium (Debian: apt-get install chromium)".into()));
    } else if !process::is_there("node", "--version") {
        lacking.push((&["browser::"], "browser: no Node.js".into()));
    }
    if !process::is_there("node", "--version") {
        lacking.push((&["document::"], "the client of docs/protocol.md: no Node.js".into()));
    }
    if let Some(reason) = why_no_servers()? {
        lacking.push((&["services::", "apart::", "security::"], format!("real servers: {reason}")));
    } else if !tls {
        let reason = "TLS to Kafka: no OpenSSL headers (Debian: apt-get install libssl-dev pkg-config)";
        lacking.push((&["security::"], reason.into()));
    }
    if !may_mount()? {
        lacking.push((&["disk::"], "journey on a full disk: this user may not mount a small file system".into()));
    }
    Ok(lacking)
}

#[cfg(unix)]
fn why_no_servers() -> Result<Option<String>> {
    Ok(services::why_not(&services::Options { elasticsearch: true, ..services::Options::new(false)? }))
}

#[cfg(not(unix))]
fn why_no_servers() -> Result<Option<String>> {
    Ok(Some("they need a Unix".into()))
}
