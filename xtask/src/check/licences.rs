//! Licences of all dependencies against `deny.toml`, by cargo-deny where it is to be had.

use anyhow::Result;

use super::{Finding, cargo};
use crate::process;

/// Runs `cargo deny check licenses`.
pub fn check() -> Result<Finding> {
    if !process::is_there("cargo-deny", "--version") {
        return Ok(Finding::NotRun("no cargo-deny (cargo install --locked cargo-deny)".into()));
    }
    cargo(&["deny", "--offline", "--log-level", "error", "check", "licenses"])
}
