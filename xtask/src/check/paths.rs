//! A path of somebody's machine works nowhere else.

use anyhow::Result;

use super::Finding;
use crate::process;

/// Where home directories and scratch places of one machine begin. Written in parts, so that this file does not accuse
/// itself.
const FOREIGN: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

/// Names lines with such a path.
pub fn check(files: &[String]) -> Result<Finding> {
    let root = process::root()?;
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with(".geojson")) {
        // Pictures and fonts are no text.
        let Ok(text) = std::fs::read_to_string(root.join(file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if FOREIGN.iter().any(|path| line.contains(path)) {
                faults.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    Ok(Finding::Faults(faults))
}
