//! The Containerfile: every stage and file that it names is there, builds follow the lock files, and each image of ours runs
//! as nobody in particular, without a shell, and says how it is.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result};

use crate::check::Finding;

/// The file.
pub const FILE: &str = "Containerfile";
/// The images that are made from it.
pub const TARGETS: [&str; 3] = ["backend", "simulator", "sink"];
const LABELS: [&str; 4] = ["title", "description", "source", "licenses"];

/// Holds the file against the repository.
pub fn check(root: &Path) -> Result<Finding> {
    let text = fs::read_to_string(root.join(FILE)).context(FILE)?;
    let ignored = fs::read_to_string(root.join(".dockerignore")).context(".dockerignore")?;
    let there = |path: &str| root.join(path).exists() && !ignored.lines().any(|line| line == path);
    Ok(Finding::Faults(faults(&text, &there)))
}

/// A stage: its name, what it is made from, and its instructions as (name, rest).
#[derive(Debug, Default)]
pub struct Stage {
    /// What `AS` calls it.
    pub name: String,
    from: String,
    /// Instruction and what stands behind it.
    pub lines: Vec<(String, String)>,
}

/// The stages of a file, with continued lines joined and comments left out.
pub fn stages(text: &str) -> Vec<Stage> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let mut stages: Vec<Stage> = Vec::new();
    for line in lines.replace("\\\n", " ").lines() {
        let Some((instruction, rest)) = line.trim().split_once(' ') else { continue };
        let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        if instruction == "FROM" {
            let (from, name) = rest.split_once(" AS ").unwrap_or((&rest, ""));
            stages.push(Stage { name: name.into(), from: from.into(), lines: Vec::new() });
        } else if let Some(stage) = stages.last_mut() {
            stage.lines.push((instruction.into(), rest));
        }
    }
    stages
}

fn faults(text: &str, there: &dyn Fn(&str) -> bool) -> Vec<String> {
    let stages = stages(text);
    let mut faults = Vec::new();
    let mut known = BTreeSet::new();
    for stage in &stages {
        for (instruction, rest) in &stage.lines {
            faults.extend(copied(instruction, rest, &known, there));
            for call in rest.split("cargo ").skip(1) {
                let command = call.split([' ', '-']).next().unwrap_or_default();
                if ["build", "run"].contains(&command) && !call.contains("--locked") {
                    faults.push(format!("stage {}: cargo {command} without --locked", stage.name));
                }
            }
        }
        if stage.from.ends_with(":latest") || (stage.from.contains('/') && !stage.from.contains(':')) {
            faults.push(format!("stage {}: {} has no version", stage.name, stage.from));
        }
        known.insert(stage.name.clone());
    }
    for target in TARGETS {
        match stages.iter().find(|stage| stage.name == target) {
            None => faults.push(format!("there is no stage {target}")),
            Some(stage) => faults.extend(of_image(stage, &stages)),
        }
    }
    faults
}

/// What is wrong with a COPY.
fn copied(instruction: &str, rest: &str, known: &BTreeSet<String>, there: &dyn Fn(&str) -> bool) -> Option<String> {
    if instruction != "COPY" {
        return None;
    }
    let mut words: Vec<&str> = rest.split(' ').filter(|word| !word.starts_with("--")).collect();
    words.pop();
    if let Some(from) = rest.split(' ').find_map(|word| word.strip_prefix("--from=")) {
        if !known.contains(from) {
            return Some(format!("COPY --from={from}: there is no such stage before it"));
        }
        // Paths of the source itself can be looked up; what a stage has made cannot.
        words =
            words.into_iter().filter_map(|word| word.strip_prefix("/source/")).filter(|word| *word != "dist").collect();
    }
    let missing = words.into_iter().find(|word| *word != "." && !there(word));
    missing.map(|missing| format!("COPY {missing}: no such file, or .dockerignore leaves it out"))
}

/// What is wrong with an image of ours; what it is made from counts as its own.
fn of_image(stage: &Stage, stages: &[Stage]) -> Vec<String> {
    let mut chain = vec![stage];
    while let Some(below) = chain.last().and_then(|last| stages.iter().find(|stage| stage.name == last.from)) {
        chain.push(below);
    }
    let lines: Vec<&(String, String)> = chain.iter().rev().flat_map(|stage| &stage.lines).collect();
    let last =
        |name: &str| lines.iter().rev().find(|(instruction, _)| instruction == name).map(|(_, rest)| rest.as_str());
    let mut faults = Vec::new();
    let mut need = |right: bool, what: &str| {
        if !right {
            faults.push(format!("stage {}: {what}", stage.name));
        }
    };
    let program = format!("/usr/local/bin/{}", stage.name);
    let user = last("USER").unwrap_or("0").split(':').next().unwrap_or_default();
    need(user.parse().is_ok_and(|id: u32| id > 0), "USER must be a number above 0, which Kubernetes can check");
    need(last("ENTRYPOINT") == Some(&format!("[\"{program}\"]")), "ENTRYPOINT must be the program alone, as a list");
    let health = last("HEALTHCHECK").unwrap_or_default();
    need(
        health.ends_with(&format!("CMD [\"{program}\", \"health\"]")),
        "HEALTHCHECK must be the program's own `health`",
    );
    need(last("EXPOSE").is_some(), "EXPOSE says no port");
    let labels: String = lines.iter().filter(|(name, _)| name == "LABEL").map(|(_, rest)| rest.as_str()).collect();
    for label in LABELS {
        need(labels.contains(&format!("org.opencontainers.image.{label}=")), &format!("no label {label}"));
    }
    need(chain.last().is_some_and(|stage| stage.from.contains("distroless")), "its base has a shell");
    let shells = lines.iter().any(|(name, rest)| name == "RUN" && !rest.starts_with('['));
    need(!shells, "RUN needs a shell, which the image has not");
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(change: impl Fn(String) -> String) -> Vec<String> {
        let root = crate::process::root().unwrap();
        let good = fs::read_to_string(root.join(FILE)).unwrap();
        let broken = change(good.clone());
        faults(&broken, &|path| root.join(path).exists())
    }

    #[test]
    fn each_fault_is_found_in_a_broken_copy() {
        assert_eq!(of(|good| good), Vec::<String>::new());
        for (from, to, fault) in [
            ("cargo build --locked", "cargo build", "without --locked"),
            ("AS sink", "AS zink", "no stage sink"),
            ("--from=page", "--from=pages", "no such stage"),
            ("/source/routes-data", "/source/routes", "no such file"),
            ("USER 65532:65532", "USER root", "USER must be"),
            ("\"/usr/local/bin/sink\", \"health\"", "\"/usr/local/bin/sink\"", "stage sink: HEALTHCHECK"),
            (
                "ENTRYPOINT [\"/usr/local/bin/backend\"]",
                "ENTRYPOINT /usr/local/bin/backend",
                "stage backend: ENTRYPOINT",
            ),
            ("image.licenses", "image.licence", "no label licenses"),
            ("gcr.io/distroless/cc-debian${DEBIAN}:nonroot", "docker.io/library/debian:12", "has a shell"),
            ("RUN [\"/usr/local/bin/sink\", \"--version\"]", "RUN sink --version", "stage sink: RUN needs a shell"),
            ("distroless/cc-debian${DEBIAN}:nonroot", "distroless/cc-debian${DEBIAN}:latest", "has no version"),
        ] {
            let found = of(|good| {
                assert!(good.contains(from), "{from}");
                good.replace(from, to)
            });
            assert!(found.iter().any(|line| line.contains(fault)), "{to}: {found:?}");
        }
    }
}
