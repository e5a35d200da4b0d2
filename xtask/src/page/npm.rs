//! What comes from npm by lock file: MapLibre, the font, the coastlines.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

const NEEDED: &str = "Node.js 20 or newer with its npm is needed to build the page (https://nodejs.org)";

/// (file of a package, its place in the page).
const VENDORED: [(&str, &str); 3] = [
    ("maplibre-gl/dist/maplibre-gl.mjs", "vendor/maplibre-gl.mjs"),
    ("maplibre-gl/dist/maplibre-gl-worker.mjs", "vendor/maplibre-gl-worker.mjs"),
    ("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", "fonts/inter-latin-wght-normal.woff2"),
];

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

/// Puts the packages' files into the page. Comments that name source maps go: the maps are not shipped, and browsers
/// would ask for them.
pub fn copy(root: &Path, stage: &Path) -> Result<()> {
    for (from, to) in VENDORED {
        let from = root.join("node_modules").join(from);
        if to.ends_with(".mjs") {
            let script = fs::read_to_string(&from).with_context(|| format!("cannot read {}", from.display()))?;
            let lines: Vec<&str> = script.lines().filter(|line| !line.starts_with("//# sourceMappingURL=")).collect();
            super::write(&stage.join(to), lines.join("\n").as_bytes())?;
        } else {
            super::copy(&from, &stage.join(to))?;
        }
    }
    Ok(())
}

fn check_node() -> Result<()> {
    let output = Command::new("node").arg("--version").output().context(NEEDED)?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(20..) => Ok(()),
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
