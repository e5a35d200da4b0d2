//! Licences of all dependencies against `deny.toml`: by cargo-deny where it is to be had, which reads their texts, too; else
//! by what the packages say of themselves.

use std::{iter::Peekable, path::Path, str::SplitWhitespace};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Finding, cargo};
use crate::process;

/// Runs `cargo deny check licenses`, or reads the packages' own words.
pub fn check() -> Result<Finding> {
    if process::is_there("cargo-deny", "--version") {
        return cargo(&["deny", "--offline", "--log-level", "error", "check", "licenses"]);
    }
    let output = process::cargo()?.args(["metadata", "--format-version=1", "--locked"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    Ok(Finding::Faults(faults(&metadata, &allowed(&process::root()?.join("deny.toml"))?)?))
}

/// Packages whose licence is not among those that `deny.toml` allows.
fn faults(metadata: &Value, allowed: &[String]) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let mut faults = Vec::new();
    for package in packages {
        let name =
            format!("{} {}", package["name"].as_str().unwrap_or("?"), package["version"].as_str().unwrap_or("?"));
        match package["license"].as_str() {
            None => faults.push(format!("{name} does not say its licence in words of SPDX")),
            Some(licence) => match is_met(licence, allowed) {
                Ok(true) => {}
                Ok(false) => faults.push(format!("{name} is under {licence}, which deny.toml does not allow")),
                Err(error) => faults.push(format!("{name}: {licence}: {error}")),
            },
        }
    }
    Ok(faults)
}

/// The list `allow` of a `deny.toml`.
fn allowed(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let list = text.split_once("\nallow = [").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.with_context(|| format!("{}: there is no list of what is allowed", file.display()))?;
    let allowed: Vec<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    if allowed.is_empty() {
        bail!("{}: nothing is allowed", file.display());
    }
    Ok(allowed)
}

/// What is left of an expression.
type Words<'a> = Peekable<SplitWhitespace<'a>>;

/// Whether an SPDX expression leaves a choice that is allowed. `/` is how older packages write OR.
fn is_met(expression: &str, allowed: &[String]) -> Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed)?;
    match words.next() {
        None => Ok(met),
        Some(word) => bail!("{word} is one too many"),
    }
}

/// Terms with OR between them, which binds less than AND.
fn any(words: &mut Words<'_>, allowed: &[String]) -> Result<bool> {
    let mut met = all(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed)?;
    }
    Ok(met)
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> Result<bool> {
    let mut met = one(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed)?;
    }
    Ok(met)
}

/// One licence, with its exception, or an expression in brackets.
fn one(words: &mut Words<'_>, allowed: &[String]) -> Result<bool> {
    match words.next() {
        Some("(") => {
            let met = any(words, allowed)?;
            if words.next() != Some(")") {
                bail!("a bracket is not closed");
            }
            Ok(met)
        }
        None | Some(")" | "OR" | "AND" | "WITH") => bail!("a licence is missing"),
        Some(licence) => {
            let licence = match words.next_if_eq(&"WITH") {
                Some(_) => format!("{licence} WITH {}", words.next().context("an exception is missing")?),
                None => licence.to_owned(),
            };
            Ok(allowed.contains(&licence))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list() -> Vec<String> {
        allowed(&process::root().unwrap().join("deny.toml")).unwrap()
    }

    #[test]
    fn expressions_are_read_as_spdx_says() {
        let list = list();
        for met in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "GPL-3.0-only/MIT",
            "GPL-3.0-only AND Zlib OR ISC",
            "(MIT OR GPL-3.0-only) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(is_met(met, &list).unwrap(), "{met}");
        }
        for refused in [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "MIT AND (GPL-3.0-only OR AGPL-3.0-only)",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "ISC AND GPL-3.0-only OR LGPL-3.0-only",
        ] {
            assert!(!is_met(refused, &list).unwrap(), "{refused}");
        }
        for nonsense in ["", "MIT OR", "(MIT", "MIT ISC", "MIT WITH", "AND MIT"] {
            assert!(is_met(nonsense, &list).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_package_of_another_licence_is_named() {
        let metadata = json!({"packages": [
            {"name": "good", "version": "1.0.0", "license": "MIT OR Apache-2.0"},
            {"name": "bad", "version": "2.0.0", "license": "AGPL-3.0-only"},
            {"name": "mute", "version": "3.0.0", "license": null},
        ]});
        let found = faults(&metadata, &list()).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("bad 2.0.0 is under AGPL-3.0-only") && found[1].starts_with("mute 3.0.0"));
        assert!(faults(&json!({}), &list()).is_err(), "a look at nothing is no look");
    }
}
