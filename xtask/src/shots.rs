//! `cargo xtask shots`: the pictures of README and docs/gallery.md, made anew from the page as it is.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{page, process};

/// Makes docs/images/*.png with a headless Chromium.
#[derive(Debug, clap::Args)]
pub struct Shots {
    /// Only the pictures of these names [default: all]
    names: Vec<String>,
}

/// Runs the subcommand.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
pub fn run(shots: &Shots) -> Result<ExitCode> {
    page::build(false, &mut |step| eprintln!("{step}"))?;
    let mut build = process::cargo()?;
    process::succeed(build.args(["build", "--package", "standalone"]))?;
    let program = process::target_dir()?.join("debug/code-delivery");
    let mut make = Command::new("node");
    make.arg("e2e/browser/shots.mjs").args(&shots.names).current_dir(process::root()?).env("E2E_BIN", program);
    process::succeed(&mut make)?;
    Ok(ExitCode::SUCCESS)
}
