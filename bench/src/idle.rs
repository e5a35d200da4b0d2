//! What a connection costs while nothing happens on it: memory of the server before and with thousands of them.

use std::{cell::RefCell, rc::Rc, time::Duration};

use anyhow::Result;
use contract::Bounds;
use serde_json::{Value, json};

use crate::{
    broker,
    server::{Place, Server, cpu_s, stay_aside},
    tally::Tally,
    viewer,
};

/// Connections that are made in one go while the server rests, so that it has allocated what it allocates once.
const FIRST: u32 = 50;

/// Memory of idle connections
#[derive(Debug, clap::Args)]
pub struct Idle {
    #[command(flatten)]
    place: Place,
    /// Connections
    #[arg(long, default_value_t = 8_000)]
    connections: u32,
    /// How long they are held before memory is looked at, s
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

/// Runs it; returns the figures.
pub fn run(idle: &Idle) -> Result<Value> {
    stay_aside()?;
    let broker = broker::start()?;
    let server = Server::start(&idle.place, &broker.bootstrap_servers(), 0, 0)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, measure(idle, server))
}

async fn measure(idle: &Idle, server: Server) -> Result<Value> {
    let tally = Rc::new(RefCell::new(Tally::new((0, i64::MAX))));
    let mut watching = Vec::with_capacity(idle.connections as usize);
    let mut before = 0;
    for number in 0..FIRST + idle.connections {
        if number == FIRST {
            tokio::time::sleep(Duration::from_secs(2)).await;
            before = server.rss_kib();
        }
        // A rectangle without couriers: the connection has had its first frame, and waits.
        let bounds = Bounds::new(1.0, 1.0, 1.1, 1.1)?;
        let socket = viewer::connect(&server, bounds).await?;
        watching.push(tokio::task::spawn_local(viewer::watch(socket, server.dialect(), tally.clone())));
    }
    let connected = server.rss_kib();
    let cpu = server.cpu_s();
    tokio::time::sleep(Duration::from_secs(idle.seconds.into())).await;
    let cpu = server.cpu_s() - cpu;
    let after = server.rss_kib();
    let lost = tally.borrow().lost;
    watching.iter().for_each(tokio::task::JoinHandle::abort);
    let each = |kib: u64| kib.saturating_sub(before) as f64 / f64::from(idle.connections);
    Ok(json!({
        "kib_per_connection": each(after),
        "kib_right_after_connecting": each(connected),
        "rss_before_mib": before as f64 / 1_024.0,
        "rss_after_mib": after as f64 / 1_024.0,
        "cpu_share": cpu / f64::from(idle.seconds),
        "load_cpu_s": cpu_s("self"),
        "lost_connections": lost,
    }))
}
