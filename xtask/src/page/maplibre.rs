//! MapLibre GL JS from the sources in its npm package: only what the page uses, and what the map and its worker share as
//! one file of its own.
//!
//! The package's two built files each hold everything; together they are 40 % larger. `frontend/vendor` says what is built;
//! the bundler is rolldown, with which MapLibre builds itself.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const CONFIG: &str = "frontend/vendor/rolldown.config.mjs";
/// What the bundler makes: the map, its worker, what both need, and grounds of an operator's choice.
pub const FILES: [&str; 4] = ["maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl-shared.mjs", "basemap.mjs"];
/// Who wrote what is bundled, and under which licences.
const LICENCES: &str = "LICENSES.txt";

/// Writes the entries, their shared part and the licences of all that is in them into `vendor/`.
pub fn bundle(root: &Path, stage: &Path) -> Result<()> {
    let vendor = stage.join("vendor");
    super::npm::bundle(root, CONFIG, &vendor)?;
    for name in FILES {
        ensure!(vendor.join(name).is_file(), "the bundler has not made {name}");
    }
    super::write(&vendor.join(LICENCES), licences(root)?.as_bytes())
}

/// The licences of MapLibre, of PMTiles and of all packages that they bring, as they lie in the packages.
fn licences(root: &Path) -> Result<String> {
    let lock = root.join("package-lock.json");
    let text = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let lock: Value = serde_json::from_str(&text).context("package-lock.json")?;
    let packages = lock["packages"].as_object().context("the lock file lists no packages")?;
    let mut all = String::new();
    for (place, package) in needed_by(&["node_modules/maplibre-gl", "node_modules/pmtiles"], packages) {
        let name = place.trim_start_matches("node_modules/");
        // A package without a file of its own names its licence in the lock file only.
        let text = licence_of(&root.join(&place))?;
        let text = text.or_else(|| package["license"].as_str().map(str::to_owned));
        let text = text.with_context(|| format!("{name} names no licence"))?;
        let version = package["version"].as_str().unwrap_or_default();
        all.push_str(&format!("== {name} {version}\n\n{}\n\n", text.trim()));
    }
    Ok(all)
}

/// Packages and all that they depend on, by name.
fn needed_by<'a>(first: &[&str], packages: &'a serde_json::Map<String, Value>) -> Vec<(String, &'a Value)> {
    let mut found: Vec<String> = first.iter().map(|&place| place.to_owned()).collect();
    let mut next = 0;
    while let Some(place) = found.get(next).cloned() {
        next += 1;
        for name in packages.get(&place).and_then(|package| package["dependencies"].as_object()).into_iter().flatten() {
            let place = format!("node_modules/{}", name.0);
            // Types are for compilers only.
            if !name.0.starts_with("@types/") && packages.contains_key(&place) && !found.contains(&place) {
                found.push(place);
            }
        }
    }
    found.sort();
    found.into_iter().filter_map(|place| packages.get(&place).map(|package| (place, package))).collect()
}

fn licence_of(package: &Path) -> Result<Option<String>> {
    for entry in fs::read_dir(package).with_context(|| format!("cannot read {}", package.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().to_uppercase().starts_with("LICEN") {
            return fs::read_to_string(entry.path()).map(Some).context("a licence cannot be read");
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_brings_what_it_needs_however_deep() {
        let lock = serde_json::json!({
            "node_modules/a": { "dependencies": { "b": "1", "@types/x": "1" } },
            "node_modules/@types/x": {},
            "node_modules/b": { "dependencies": { "c": "1", "a": "1" } },
            "node_modules/c": {},
            "node_modules/other": {},
        });
        let packages = lock.as_object().unwrap();
        let names: Vec<String> = needed_by(&["node_modules/a"], packages).into_iter().map(|(place, _)| place).collect();
        assert_eq!(names, ["node_modules/a", "node_modules/b", "node_modules/c"]);
    }
}
