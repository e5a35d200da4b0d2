//! A real Elasticsearch for the sink's benchmark, where this machine can run one.

use anyhow::Result;

use crate::{process, services};

/// Heap of the server, MB.
const HEAP_MB: u32 = 1_024;

/// Where it is.
pub enum Up {
    /// Its address.
    At(String),
    /// Why there is none.
    Not(String),
}

/// Starts it, without data.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
pub fn up() -> Result<Up> {
    let options = options()?;
    if let Some(reason) = services::why_not(&options) {
        return Ok(Up::Not(reason));
    }
    let mut progress = |step: &str| eprintln!("bench: {step}");
    services::down(&options.dir, true, &mut progress)?;
    let endpoints = services::up(&options, &mut progress)?;
    Ok(endpoints.elasticsearch.map_or_else(|| Up::Not("it was not started".into()), Up::At))
}

/// Stops it and deletes its data.
pub fn down() -> Result<()> {
    services::down(&options()?.dir, true, &mut |_| ())
}

fn options() -> Result<services::Options> {
    let usual = services::Options::new(false)?;
    Ok(services::Options {
        dir: process::target_dir()?.join("services/bench"),
        // Away from the usual instances, plain and secure.
        port_base: usual.port_base + 2_000,
        brokers: 0,
        elasticsearch: true,
        elasticsearch_heap_mb: HEAP_MB,
        clean: true,
        ..usual
    })
}
