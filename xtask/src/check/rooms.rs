//! Which room may use which: the directions of ARCHITECTURE.md, held against what each Cargo.toml asks for.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
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
    let mut faults = faults(&metadata)?;
    faults.extend(untold(&std::fs::read_to_string(process::root()?.join("ARCHITECTURE.md"))?));
    Ok(Finding::Faults(faults))
}

/// What the packages of a workspace use and may not.
fn faults(metadata: &Value) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let rooms: BTreeMap<&str, Vec<&str>> =
        packages.iter().filter_map(|package| Some((package["name"].as_str()?, dependencies(package)))).collect();
    ensure!(!rooms.is_empty(), "cargo metadata names no package");
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
    Ok(faults)
}

/// Where the table of ARCHITECTURE.md tells people something else than the one above.
fn untold(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let told: BTreeMap<&str, Vec<&str>> = rows
        .filter_map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let room = cells.first()?.trim_matches('`').trim_end_matches('/').rsplit('/').next()?;
            Some((room, cells.get(2)?.split(", ").filter(|used| *used != "-").collect()))
        })
        .collect();
    let differs = |(room, allowed): &&(&str, &[&str])| told.get(room).is_none_or(|told| told != allowed);
    let line = |(room, allowed): &(&str, &[&str])| {
        format!(
            "ARCHITECTURE.md does not say that {room} may use {}",
            if allowed.is_empty() { "-".into() } else { allowed.join(", ") }
        )
    };
    ALLOWED.iter().filter(differs).map(line).collect()
}

/// Names of what a package needs to be built.
fn dependencies(package: &Value) -> Vec<&str> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter()
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of these rooms with what each uses; `?` before a name: for tests alone.
    fn workspace(rooms: &[(&str, &[&str])]) -> Value {
        let uses = |name: &&str| match name.strip_prefix('?') {
            Some(name) => json!({"name": name, "kind": "dev"}),
            None => json!({"name": name, "kind": null}),
        };
        let package = |(name, used): &(&str, &[&str])| json!({"name": name, "dependencies": used.iter().map(uses).collect::<Vec<_>>()});
        json!({"packages": rooms.iter().map(package).collect::<Vec<_>>()})
    }

    #[test]
    fn each_direction_that_is_not_allowed_is_named() {
        let contract: (&str, &[&str]) = ("contract", &["serde"]);
        let found = |room: &str, used: &[&str]| faults(&workspace(&[contract, ("sink", &[]), (room, used)])).unwrap();
        assert_eq!(found("fleet", &["contract", "serde_json", "?tokio", "?sink"]), Vec::<String>::new());
        assert_eq!(found("fleet", &["contract", "sink"]), ["fleet may not use sink"]);
        assert_eq!(found("fleet", &["tokio"]), ["fleet is pure and may not use tokio"]);
        assert_eq!(found("backend", &["rusqlite"]), ["rusqlite belongs to history alone, not to backend"]);
        assert_eq!(found("backend", &["sink"]), ["backend may not use sink"]);
        assert!(found("attic", &[])[0].starts_with("attic is a room that the table"));
        assert!(faults(&workspace(&[])).is_err() && faults(&json!({})).is_err(), "a look at nothing is no look");
    }

    #[test]
    fn the_table_for_people_is_this_one() {
        let page = std::fs::read_to_string(process::root().unwrap().join("ARCHITECTURE.md")).unwrap();
        assert_eq!(untold(&page), Vec::<String>::new());
        let broken = page.replace("| contract, service, history |", "| contract, history |");
        assert_eq!(untold(&broken), ["ARCHITECTURE.md does not say that sink may use contract, service, history"]);
    }
}
