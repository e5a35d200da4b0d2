//! How long a backend takes to be ready when its window is full of positions, and what that costs it.

use std::{path::PathBuf, time::Instant};

use anyhow::{Context as _, Result, ensure};
use contract::topics;
use serde_json::{Value, json};

use crate::{
    backlog,
    server::{Kind, Place, Server, stay_aside},
};

/// A backend that starts with a full window
#[derive(Debug, clap::Args)]
pub struct Start {
    /// What the backend reads: the embedded broker has nothing older than its process
    #[arg(long, value_parser = ["kafka"])]
    server: String,
    /// Directory of the release binaries
    #[arg(long, default_value = "target/release", value_name = "DIR")]
    bin: PathBuf,
    /// A real Kafka, HOST:PORT
    #[arg(long, value_name = "LIST")]
    kafka: String,
    /// Fixes in the window
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Couriers who sent them, one a second
    #[arg(long, default_value_t = 2_000)]
    couriers: u64,
    /// Port of the backend; its admin pages have the next one
    #[arg(long, default_value_t = 18_080)]
    port: u16,
    /// Unused here: the length of a run follows from the number of fixes
    #[arg(long, default_value_t = 0, hide = true)]
    seconds: u32,
}

/// Runs it; returns the figures.
pub fn run(start: &Start) -> Result<Value> {
    stay_aside()?;
    // Topics of this run's own, made by the product itself.
    let place = Place {
        server: Kind::Backend,
        bin: start.bin.clone(),
        port: start.port,
        prefix: format!("bench{}.", std::process::id()),
        under: String::new(),
    };
    drop(Server::start(&place, &start.kafka, 0, 0).context("the backend that makes the topics")?);
    measure(start, &place, &start.kafka)
}

fn measure(start: &Start, place: &Place, brokers: &str) -> Result<Value> {
    backlog::fill(brokers, &format!("{}{}", place.prefix, topics::POSITIONS), start.records, start.couriers)?;
    let began = Instant::now();
    let server = Server::start(place, brokers, 0, 0)?;
    let took = began.elapsed().as_secs_f64();
    let consumed = server.metric("cd_consumed_total")?;
    ensure!(consumed >= start.records, "ready with {consumed} of {} fixes", start.records);
    Ok(json!({
        "ready_s": took,
        "cpu_s": server.cpu_s(),
        "documents_per_s": start.records as f64 / took,
        "rss_mib": server.peak_mib(),
    }))
}
