//! Files that grow have two subjects: beyond a limit a file needs a reason.

use anyhow::Result;

use super::Finding;
use crate::process;

/// Most lines of a Rust file.
const MAX_LINES: usize = 450;

/// Files that are larger, and why they may be.
const REASONS: [(&str, &str); 1] = [(
    "backend/src/socket/session.rs",
    "one loop from hello to close: its inputs and what each leads to are read together",
)];

/// Names files that are too long.
pub fn check(files: &[String]) -> Result<Finding> {
    let root = process::root()?;
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(".rs")) {
        let lines = std::fs::read_to_string(root.join(file))?.lines().count();
        let excused = REASONS.iter().any(|(known, _)| known == file);
        if lines > MAX_LINES && !excused {
            faults.push(format!("{file}: {lines} lines, more than {MAX_LINES}"));
        }
        if lines <= MAX_LINES && excused {
            faults.push(format!("{file}: {lines} lines, its excuse in xtask/src/check/sizes.rs is no longer needed"));
        }
    }
    Ok(Finding::Faults(faults))
}
