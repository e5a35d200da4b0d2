//! A real Elasticsearch or Kafka for a benchmark, where this machine can run one.

use anyhow::Result;

use crate::{process, services};

/// Heap of the server, MB.
const HEAP_MB: u32 = 1_024;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Real {
    /// Elasticsearch.
    Elasticsearch,
    /// Kafka, one broker.
    Kafka,
}

/// Where it is.
pub enum Up {
    /// Its address.
    At(String),
    /// Why there is none.
    Not(String),
}

/// Starts it, without data.
#[allow(clippy::print_stderr, reason = "this is a build tool's progress")]
pub fn up(real: Real) -> Result<Up> {
    let options = options(real)?;
    if let Some(reason) = services::why_not(&options) {
        return Ok(Up::Not(reason));
    }
    let mut progress = |step: &str| eprintln!("bench: {step}");
    services::down(&options.dir, true, &mut progress)?;
    let endpoints = services::up(&options, &mut progress)?;
    let address = match real {
        Real::Elasticsearch => endpoints.elasticsearch,
        Real::Kafka => endpoints.kafka,
    };
    Ok(address.map_or_else(|| Up::Not("it was not started".into()), Up::At))
}

/// Stops it and deletes its data.
pub fn down(real: Real) -> Result<()> {
    services::down(&options(real)?.dir, true, &mut |_| ())
}

fn options(real: Real) -> Result<services::Options> {
    let usual = services::Options::new(false)?;
    Ok(services::Options {
        dir: process::target_dir()?.join("services/bench"),
        // Away from the usual instances, plain and secure.
        port_base: usual.port_base + 2_000,
        brokers: u8::from(real == Real::Kafka),
        elasticsearch: real == Real::Elasticsearch,
        elasticsearch_heap_mb: HEAP_MB,
        clean: true,
        ..usual
    })
}
