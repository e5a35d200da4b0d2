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
        faults.extend(of_text(file, &text));
    }
    Ok(Finding::Faults(faults))
}

/// The lines of a file that name such a path.
fn of_text(file: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate().filter(|(_, line)| FOREIGN.iter().any(|path| line.contains(path)));
    lines.map(|(number, line)| format!("{file}:{}: {}", number + 1, line.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_named_with_its_line() {
        for path in FOREIGN {
            let text = format!("# Somewhere\n\n    cd {path}me/code\n");
            assert_eq!(of_text("README.md", &text), [format!("README.md:3: cd {path}me/code")]);
        }
        assert!(of_text("README.md", "cd target/home, /usr/bin/node, https://host/work\n").is_empty());
    }
}
