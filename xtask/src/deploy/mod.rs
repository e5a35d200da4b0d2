//! Deployment as files, and what can refuse them: the Containerfile, docker-compose.yml, and what stands beside them.
//!
//! Every rule is a pure function of documents, so its tests break a good document and see it refused. What tools of others say
//! (`tools`) comes on top, and is `NOT RUN` where a tool is not to be had.

mod compose;
mod containerfile;
pub mod document;
mod k8s;
pub mod kibana;
pub mod metrics;
mod render;
mod schemas;
mod settings;
pub mod tools;

use anyhow::Result;

use crate::{check::Finding, process};

/// A rule's name and what it found.
pub type Report = (&'static str, Finding);

/// Holds all files of the deployment against each other and against the code.
pub fn check() -> Result<Vec<Report>> {
    let root = process::root()?;
    let mut reports = vec![
        ("Containerfile: stages, lock files, users, health", containerfile::check(&root)?),
        ("Containerfile: hadolint", tools::hadolint(&["Containerfile", "connect/Containerfile"])?),
        ("docker-compose.yml: references, variables, ports, health, memory", compose::check(&root)?),
        ("docker-compose.yml: the schema and loader of docker compose", tools::compose("docker-compose.yml")?),
        ("k8s/: references, pods, topics, addresses, mesh", k8s::check(&root)?),
        ("k8s/: the rendering of kubectl or kustomize is ours", tools::kustomize(&root)?),
        ("k8s/: Kubernetes' own kinds against their schemas, strictly", tools::kubernetes(&root)?),
        ("observability/: rules, tests, dashboards and the runbook name what is there", metrics::check(&root)?),
        ("kibana/: references, fields, panels", kibana::check(&root)?),
        ("observability/: promtool check and promtool test", tools::promtool()?),
    ];
    reports.extend(k8s::custom(&root)?);
    Ok(reports)
}
