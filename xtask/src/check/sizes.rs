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
        faults.extend(fault(file, std::fs::read_to_string(root.join(file))?.lines().count()));
    }
    Ok(Finding::Faults(faults))
}

/// What is wrong with a file of so many lines.
fn fault(file: &str, lines: usize) -> Option<String> {
    match (lines > MAX_LINES, REASONS.iter().any(|(known, _)| *known == file)) {
        (true, false) => Some(format!("{file}: {lines} lines, more than {MAX_LINES}")),
        (false, true) => {
            Some(format!("{file}: {lines} lines, its excuse in xtask/src/check/sizes.rs is no longer needed"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grew_is_named_and_so_is_an_excuse_that_is_no_longer_needed() {
        let (excused, _) = REASONS[0];
        assert_eq!(fault("fleet/src/state.rs", MAX_LINES), None);
        assert_eq!(fault(excused, MAX_LINES + 1), None);
        assert_eq!(fault("fleet/src/state.rs", 451).unwrap(), "fleet/src/state.rs: 451 lines, more than 450");
        assert!(fault(excused, MAX_LINES).unwrap().contains("no longer needed"));
    }
}
