//! The peers' packages, by their own lock file.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::process;

/// Runs `npm ci` where the packages are not there.
pub fn ensure() -> Result<()> {
    let dir = process::root()?.join("bench/peers");
    if is_current(&dir) {
        return Ok(());
    }
    let done = Command::new("npm").arg("ci").current_dir(&dir).status();
    let done = done.context("npm of Node.js 20 or newer is needed for the peers; --no-peers goes without")?;
    ensure!(done.success(), "npm ci failed in bench/peers: its message is above");
    Ok(())
}

/// npm writes its own copy of the lock file last, so one that is newer than ours says that all is there.
fn is_current(dir: &Path) -> bool {
    let time = |file: &str| dir.join(file).metadata().and_then(|file| file.modified()).ok();
    match (time("package-lock.json"), time("node_modules/.package-lock.json")) {
        (Some(wanted), Some(there)) => there >= wanted,
        _ => false,
    }
}
