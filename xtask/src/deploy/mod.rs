//! Deployment as files, and what can refuse them: the Containerfile, docker-compose.yml, and what stands beside them.
//!
//! Every rule is a pure function of documents, so its tests break a good document and see it refused. What tools of others say
//! (`tools`) comes on top, and is `NOT RUN` where a tool is not to be had.

mod compose;
mod containerfile;
mod document;
mod settings;
mod tools;

use anyhow::Result;

use crate::{check::Finding, process};

/// A rule's name and what it found.
pub type Report = (&'static str, Finding);

/// Holds all files of the deployment against each other and against the code.
pub fn check() -> Result<Vec<Report>> {
    let root = process::root()?;
    Ok(vec![
        ("Containerfile: stages, lock files, users, health", containerfile::check(&root)?),
        ("Containerfile: hadolint", tools::hadolint(&["Containerfile", "connect/Containerfile"])?),
        ("docker-compose.yml: references, variables, ports, health, memory", compose::check(&root)?),
        ("docker-compose.yml: the schema and loader of docker compose", tools::compose("docker-compose.yml")?),
    ])
}
