//! The names of settings that the services know, as their source has them.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};

/// Where the one list of all names stands.
const SOURCE: &str = "service/src/settings/names.rs";

/// Every `CD_` name.
pub fn known(root: &Path) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(root.join(SOURCE)).context(SOURCE)?;
    let list = text.split_once("KNOWN: &[&str] = &[").and_then(|(_, rest)| rest.split_once("];"));
    let (list, _) = list.with_context(|| format!("{SOURCE} has no list KNOWN"))?;
    let names: BTreeSet<String> = list.split('"').filter(|part| part.starts_with("CD_")).map(str::to_owned).collect();
    ensure!(names.len() > 20, "{SOURCE}: only {} names were found", names.len());
    Ok(names)
}
