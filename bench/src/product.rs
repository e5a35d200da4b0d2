//! The product's own workload: 10,000 couriers at 1 Hz, 1,000 viewers who each look at a twentieth of them.

use std::{cell::RefCell, rc::Rc, time::Duration};

use anyhow::{Result, ensure};
use contract::Bounds;
use serde_json::{Value, json};

use crate::{
    broker, city,
    couriers::Couriers,
    server::{Kind, Place, Server, cpu_s, now_ms, stay_aside},
    tally::{self, Tally},
    viewer,
};

/// Share of the area that a viewer looks at.
const PART: f64 = 0.05;
/// Time between the first fix and the measured window: tables fill, buffers grow.
const WARM_UP_MS: i64 = 5_000;
/// Time after the window in which its last fixes may still come.
const DRAIN: Duration = Duration::from_millis(1_500);

/// One run of the product's workload
#[derive(Debug, clap::Args)]
pub struct Product {
    #[command(flatten)]
    place: Place,
    /// Measured time, s
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Couriers, each with a fix a second
    #[arg(long, default_value_t = 10_000)]
    couriers: u32,
    /// Viewers
    #[arg(long, default_value_t = 1_000)]
    viewers: u32,
}

/// Runs it; returns the figures.
pub fn run(product: &Product) -> Result<Value> {
    ensure!(product.couriers <= 65_536, "at most 65,536 couriers have a number here");
    stay_aside()?;
    let broker = broker::start()?;
    let brokers = broker.bootstrap_servers();
    let records = (f64::from(product.couriers) * PART / 10.0).round() as u32;
    let server = Server::start(&product.place, &brokers, product.viewers, records)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, measure(product, &brokers, server))
}

async fn measure(product: &Product, brokers: &str, server: Server) -> Result<Value> {
    let views: Vec<Bounds> =
        (0..product.viewers).map(|number| city::rectangle(number, PART)).collect::<Result<_, _>>()?;
    let mut sockets = Vec::with_capacity(views.len());
    for bounds in &views {
        sockets.push(viewer::connect(&server, *bounds).await?);
    }
    let base = now_ms() + 200;
    let window = (base + WARM_UP_MS, base + WARM_UP_MS + i64::from(product.seconds) * 1_000);
    let tally = Rc::new(RefCell::new(Tally::new(window)));
    let watching: Vec<_> = sockets
        .into_iter()
        .map(|socket| tokio::task::spawn_local(viewer::watch(socket, server.dialect(), tally.clone())))
        .collect();
    let moving = product.place.server != Kind::Raw;
    // As the product's producers do; the Node client cannot read lz4 without a native module, and is spared the work.
    let compression = if product.place.server == Kind::Node { "none" } else { "lz4" };
    let couriers =
        moving.then(|| Couriers::start(brokers, product.couriers as usize, base, compression)).transpose()?;
    until(window.0).await;
    let (began, cpu, own) = (now_ms(), server.cpu_s(), cpu_s("self"));
    until(window.1).await;
    let (ended, cpu, own) = (now_ms(), server.cpu_s() - cpu, cpu_s("self") - own);
    tokio::time::sleep(DRAIN).await;
    let rss_kib = server.rss_kib();
    let log = couriers.map(Couriers::stop).transpose()?;
    watching.iter().for_each(tokio::task::JoinHandle::abort);
    let tally = tally.borrow();
    ensure!(tally.updates > 0, "no viewer saw a fix of the window: is the machine too busy to send them?");
    let took_s = (ended - began) as f64 / 1_000.0;
    // The window's fixes are counted by their own time, the CPU by the clock: the same length, if not to the millisecond.
    let updates = tally.updates as f64 * took_s / f64::from(product.seconds);
    let wanted = log.as_ref().map_or(tally.updates, |log| tally::wanted(log, window, &views));
    Ok(json!({
        "cpu_s_per_million": cpu / updates * 1e6,
        "cpu_share": cpu / took_s,
        "load_share": own / took_s,
        "updates_per_s": updates / took_s,
        "delivered_percent": tally.updates as f64 / wanted as f64 * 100.0,
        "repeated": tally.repeated,
        "messages_per_s": tally.messages as f64 / f64::from(product.seconds),
        "bytes_per_update": tally.bytes as f64 / tally.updates as f64,
        "p50_ms": tally.percentile(0.5),
        "p99_ms": tally.percentile(0.99),
        "p999_ms": tally.percentile(0.999),
        "rss_mib": rss_kib as f64 / 1_024.0,
        "lost_connections": tally.lost,
        "refused_fixes": log.map_or(0, |log| log.refused),
    }))
}

async fn until(time: i64) {
    tokio::time::sleep(Duration::from_millis((time - now_ms()).max(0) as u64)).await;
}
