//! Which room may use which: the directions of ARCHITECTURE.md, held against what cargo resolves.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use crate::process;

/// Each room and the rooms that it may depend on (for building; tests may use more).
const ALLOWED: [(&str, &[&str]); 13] = [
    ("contract", &[]),
    ("fleet", &["contract"]),
    ("service", &[]),
    ("history", &["contract"]),
    ("simulator", &["contract", "fleet", "service"]),
    ("backend", &["contract", "fleet", "service", "history"]),
    ("sink", &["contract", "service", "history"]),
    ("model", &["contract", "fleet"]),
    ("frontend", &["contract", "fleet", "model"]),
    ("standalone", &["contract", "service", "history", "simulator", "backend", "sink"]),
    ("xtask", &["contract", "fleet", "model"]),
    ("e2e", &["contract", "fleet"]),
    ("bench", &["contract"]),
];

/// Rooms that are pure, and what they may therefore never use.
const PURE: [&str; 3] = ["contract", "fleet", "model"];
const IMPURE: [&str; 6] = ["tokio", "rdkafka", "axum", "rusqlite", "reqwest", "web-sys"];

/// The one room that speaks to a library: (library, rooms).
const ONLY: [(&str, &[&str]); 3] =
    [("elasticsearch", &["history"]), ("rusqlite", &["history"]), ("leptos", &["frontend"])];

/// Holds the rooms against the table.
pub fn check() -> Result<Finding> {
    let output = process::cargo()?.args(["metadata", "--format-version=1", "--no-deps"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let rooms: BTreeMap<&str, Vec<&str>> =
        packages.iter().filter_map(|package| Some((package["name"].as_str()?, dependencies(package)))).collect();
    let mut faults = Vec::new();
    for (room, uses) in &rooms {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == room) else {
            faults.push(format!("{room} is a room that the table in xtask/src/check/rooms.rs does not know"));
            continue;
        };
        for used in uses {
            if rooms.contains_key(used) && !allowed.contains(used) {
                faults.push(format!("{room} may not use {used}"));
            }
            if PURE.contains(room) && IMPURE.contains(used) {
                faults.push(format!("{room} is pure and may not use {used}"));
            }
            if let Some((_, only)) = ONLY.iter().find(|(library, _)| library == used)
                && !only.contains(room)
            {
                faults.push(format!("{used} belongs to {} alone, not to {room}", only.join(", ")));
            }
        }
    }
    Ok(Finding::Faults(faults))
}

/// Names of what a package needs to be built.
fn dependencies(package: &Value) -> Vec<&str> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter()
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str())
        .collect()
}
