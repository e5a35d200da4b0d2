//! `cargo xtask check`: everything that must hold of the source itself. House rules live here, with their reasons.

mod languages;
mod licences;
mod paths;
mod rooms;
mod sizes;

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{deploy, process};

/// Checks format, lints, documents and house rules.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Only the house rules, which take no compiling
    #[arg(long)]
    rules: bool,
}

/// What a rule found: nothing, complaints, or a reason why it could not look.
pub enum Finding {
    /// Each line is a fault with its place.
    Faults(Vec<String>),
    /// The rule was not applied.
    NotRun(String),
}

/// Runs the subcommand.
#[allow(clippy::print_stdout, reason = "this is a checker's report")]
pub fn run(check: &Check) -> Result<ExitCode> {
    let mut faults = 0;
    let mut report = |name: &str, finding: Finding| match finding {
        Finding::Faults(lines) if lines.is_empty() => println!("ok: {name}"),
        Finding::Faults(lines) => {
            faults += lines.len();
            println!("FAULT: {name}");
            lines.iter().for_each(|line| println!("  {line}"));
        }
        Finding::NotRun(reason) => println!("NOT RUN: {name}: {reason}"),
    };
    let files = tracked_files()?;
    report("rooms depend only on what they may", rooms::check()?);
    report("files are small, or say why not", sizes::check(&files)?);
    report("no paths of one machine", paths::check(&files)?);
    report("every text in every language", languages::check(&files)?);
    for (name, finding) in deploy::check()? {
        report(name, finding);
    }
    if !check.rules {
        report("format", cargo(&["fmt", "--all", "--check"])?);
        report(
            "clippy",
            cargo(&[
                "clippy",
                "--workspace",
                "--exclude",
                "frontend",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ])?,
        );
        report(
            "clippy of the page",
            page(&[
                "clippy",
                "--package",
                "frontend",
                "--target",
                "wasm32-unknown-unknown",
                "--profile",
                "wasm-dev",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ])?,
        );
        report("documents", documents()?);
        report("documents of the page", documents_of_page()?);
        report("licences", licences::check()?);
    }
    if faults == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    println!("{faults} faults");
    Ok(ExitCode::FAILURE)
}

fn outcome(command: &mut Command) -> Result<Finding> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(Finding::Faults(Vec::new()));
    }
    let text = [output.stdout, output.stderr].concat();
    Ok(Finding::Faults(String::from_utf8_lossy(&text).lines().take(200).map(str::to_owned).collect()))
}

fn cargo(arguments: &[&str]) -> Result<Finding> {
    outcome(process::cargo()?.args(arguments))
}

/// The page has a target directory of its own, so that it and the services do not wait for each other.
fn page(arguments: &[&str]) -> Result<Finding> {
    let target = process::target_dir()?.join("page");
    outcome(process::cargo()?.args(arguments).env("CARGO_TARGET_DIR", target))
}

/// Private items are documented too, so a link to one resolves: that is no fault here.
const DOC_FLAGS: &str = "-D warnings -A rustdoc::private-intra-doc-links";

fn documents() -> Result<Finding> {
    let arguments = ["doc", "--workspace", "--exclude", "frontend", "--no-deps", "--document-private-items", "--quiet"];
    outcome(process::cargo()?.args(arguments).env("RUSTDOCFLAGS", DOC_FLAGS))
}

/// Built as the page's clippy builds it, so that little is built again.
fn documents_of_page() -> Result<Finding> {
    let arguments = ["doc", "--package", "frontend", "--no-deps", "--document-private-items", "--quiet"];
    let target = ["--target", "wasm32-unknown-unknown", "--profile", "wasm-dev"];
    let mut doc = process::cargo()?;
    doc.args(arguments).args(target).env("RUSTDOCFLAGS", DOC_FLAGS);
    outcome(doc.env("CARGO_TARGET_DIR", process::target_dir()?.join("page")))
}

/// What git tracks, relative to the root.
fn tracked_files() -> Result<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(process::root()?).output()?;
    let text = String::from_utf8(output.stdout)?;
    let there = |name: &&str| !name.is_empty() && process::root().is_ok_and(|root| root.join(name).is_file());
    Ok(text.split('\0').filter(there).map(str::to_owned).collect())
}
