//! What comes from npm by lock file: MapLibre and its bundler, the font, the coastlines.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

const NEEDED: &str = "Node.js 20.19 or newer with its npm is needed to build the page (https://nodejs.org)";

/// (file of a package, its place in the page).
const FONT: (&str, &str) =
    ("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", "fonts/inter-latin-wght-normal.woff2");

/// Runs `npm ci` where the packages on the disk are not those of the lock file.
pub fn ensure(root: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let wanted = versions(&root.join("package-lock.json"))?;
    let known = versions(&root.join("node_modules/.package-lock.json")).unwrap_or_default();
    if wanted == known {
        return Ok(());
    }
    check_node()?;
    progress("page: npm ci");
    let done = Command::new("npm").arg("ci").current_dir(root).status().context(NEEDED)?;
    ensure!(done.success(), "npm ci failed: its message is above");
    Ok(())
}

/// Puts the font into the page.
pub fn copy_font(root: &Path, stage: &Path) -> Result<()> {
    super::copy(&root.join("node_modules").join(FONT.0), &stage.join(FONT.1))
}

/// Runs the bundler with a configuration of ours, and puts what it makes into a folder.
pub fn bundle(root: &Path, config: &str, into: &Path) -> Result<()> {
    let mut rolldown = Command::new("node");
    rolldown.current_dir(root).args(["node_modules/rolldown/bin/cli.mjs", "--config", config, "--dir"]).arg(into);
    let done = rolldown.output().context(NEEDED)?;
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    ensure!(done.status.success(), "rolldown with {config} failed:\n{said}");
    Ok(())
}

fn check_node() -> Result<()> {
    let output = Command::new("node").arg("--version").output().context(NEEDED)?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(20), Some(19..)) | (Some(21..), _) => Ok(()),
        _ => bail!("{NEEDED}; this one is {version:?}"),
    }
}

/// (package, version), as a lock file lists them. Optional packages of other systems are left out.
fn versions(lock: &Path) -> Result<Vec<(String, String)>> {
    let text = fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let lock: Value = serde_json::from_str(&text).with_context(|| lock.display().to_string())?;
    let packages = lock["packages"].as_object().context("the lock file lists no packages")?;
    let mut versions: Vec<_> = packages
        .iter()
        .filter(|(name, package)| !name.is_empty() && package["optional"] != true)
        .map(|(name, package)| (name.clone(), package["version"].as_str().unwrap_or_default().to_owned()))
        .collect();
    versions.sort();
    Ok(versions)
}
