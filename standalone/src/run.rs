//! The one process: store, broker, services, in the order in which they need each other.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use backend::Surroundings;
use contract::{Delivery, Millis, topics};
use history::{DeliveryQuery, HistoryReader};
use service::{
    Clock, Durability, Health, Outcome, Shutdown, StartError, Tasks, health,
    kafka::producer::Producer,
    settings::{AdminSettings, KafkaSettings, LogSettings, TraceSettings},
};

use simulator::settings::DemoSettings;

use crate::{Settings, broker::Broker, lock};

/// How long the services may take to end.
const END_WITHIN: Duration = Duration::from_secs(40);
/// How far back requests are looked through for what ended lately, and in how many pages at most.
const REOPEN_FROM_MS: Millis = 48 * 60 * 60 * 1000;
const REOPEN_PAGES: usize = 100;
/// How long an ended delivery is shown, ms: as the live state does.
const KEEP_ENDED_MS: Millis = 15 * 60 * 1000;
/// Over what time sockets are closed: few, all of this machine.
const DRAIN_SPREAD: Duration = Duration::from_millis(500);

/// Starts everything and serves until shutdown.
///
/// # Errors
/// [`StartError`] with one clear line: a port in use, a directory that cannot be written, a database of a newer version.
pub async fn run(settings: Settings, shutdown: Shutdown) -> Result<Outcome, StartError> {
    // The public port first: what a second start on the same machine fails at should not touch the data.
    let _lock = lock::take(&settings.data_dir)?;
    let store = settings.data_dir.join("history.sqlite");
    let history = history::Options::new(format!("sqlite:{}", store.display()));
    // Opening for writing makes the database, or says why it cannot be had.
    drop(history::open_writer(&history).map_err(|error| StartError::setting(error.to_string()))?);
    let reader = history::open_reader(&history).map_err(|error| StartError::setting(error.to_string()))?;
    let broker = Broker::start()?;
    let kafka = KafkaSettings::embedded(broker.addr.clone());
    let (durability, mark) = Durability::store();
    let health = Health::new();

    let backend = backend::build(
        backend_settings(&settings, &kafka, &history),
        Surroundings {
            durability: durability.clone(),
            clock: Clock::system(),
            own_admin: false,
            drain_notice: Duration::ZERO,
            drain_spread: DRAIN_SPREAD,
        },
        health.clone(),
    )
    .await?;
    let addr = backend.addr;

    let sink = sink::build(
        sink::Settings::new(kafka.clone(), history.url),
        sink::Surroundings { mark: Some(mark), no_admin: true, ..sink::Surroundings::default() },
        // Ready is what the backend says: a health of its own, whose pages nobody asks for.
        Health::new(),
    )?;

    let simulator = simulator::build(
        simulator_settings(&settings, &kafka),
        simulator::Surroundings { durability: durability.clone(), clock: Clock::system(), no_admin: true },
        Health::new(),
    )?;

    let mut tasks = Tasks::new(&shutdown);
    let admin = health::serve_admin(settings.admin_addr, health.clone(), &mut tasks).await?;
    reopen(&kafka, &reader, Clock::system().now()).await?;
    // The sink ends last: what the others wrote in their last moments is stored too.
    let storing = Shutdown::new();
    let mut store = Tasks::new(&storing);
    store.spawn("sink", {
        let storing = storing.clone();
        async move { ended(sink.run(storing).await) }
    });
    tasks.spawn("backend", {
        let shutdown = shutdown.clone();
        async move { ended(backend.run(shutdown).await) }
    });
    tasks.spawn("simulator", {
        let shutdown = shutdown.clone();
        async move { ended(simulator.run(shutdown).await) }
    });
    tasks.spawn("store", {
        let (storing, shutdown) = (storing.clone(), shutdown.clone());
        async move {
            tokio::select! {
                () = shutdown.requested() => Ok(()),
                () = storing.requested() => Err("the sink has ended"),
            }
        }
    });
    announce(addr, admin, &settings);
    let served = tasks.join(END_WITHIN).await;
    storing.request();
    let stored = store.join(END_WITHIN).await;
    drop(broker);
    Ok(if served == Outcome::Done { stored } else { served })
}

/// A service that ends before it was asked to, or badly, is a fault of the whole.
fn ended(result: Result<Outcome, StartError>) -> Result<(), StartError> {
    match result? {
        Outcome::Done => Ok(()),
        Outcome::Failed | Outcome::Misset => Err(StartError::failure("it ended with a fault; see above")),
    }
}

/// The broker's log begins anew with every process: every open delivery is told again from the store, and so is what
/// ended a short while ago, for whoever did not hear of it before the last end of the process.
async fn reopen(kafka: &KafkaSettings, reader: &Arc<dyn HistoryReader>, now: Millis) -> Result<(), StartError> {
    let open = reader.open_deliveries().await.map_err(StartError::failure)?;
    let ended = lately_ended(reader, now).await.map_err(StartError::failure)?;
    let producer = Producer::new(kafka)?;
    let topic = kafka.topic(topics::DELIVERIES);
    for delivery in open.iter().chain(&ended) {
        let key = delivery.courier.as_str().as_bytes();
        producer.send(&topic, key, &delivery.to_json()).await.map_err(StartError::failure)?;
    }
    if !open.is_empty() {
        tracing::info!(deliveries = open.len(), "open deliveries go on");
    }
    Ok(())
}

/// Deliveries that the live state would still show: ended less than 15 min ago, and asked for in the last two days.
async fn lately_ended(reader: &Arc<dyn HistoryReader>, now: Millis) -> Result<Vec<Delivery>, history::Unavailable> {
    let mut ended = Vec::new();
    let mut query =
        DeliveryQuery { from: Some(now - REOPEN_FROM_MS), limit: history::MAX_PAGE, ..DeliveryQuery::default() };
    for _ in 0..REOPEN_PAGES {
        let page = reader.deliveries(query.clone()).await?;
        let lately = |delivery: &Delivery| delivery.finished_at.is_some_and(|end| end > now - KEEP_ENDED_MS);
        ended.extend(page.items.into_iter().filter(|delivery| !delivery.is_open() && lately(delivery)));
        let Some(after) = page.next.and_then(|next| next.parse().ok()) else { break };
        query.after = Some(after);
    }
    Ok(ended)
}

fn backend_settings(settings: &Settings, kafka: &KafkaSettings, history: &history::Options) -> backend::Settings {
    backend::Settings {
        kafka: kafka.clone(),
        log: LogSettings::default(),
        traces: TraceSettings::default(),
        admin: AdminSettings::default(),
        http: settings.http.clone(),
        access: settings.access.clone(),
        live: settings.live.clone(),
        history: history.clone(),
        routes_dir: settings.routes_dir.clone(),
    }
}

fn simulator_settings(settings: &Settings, kafka: &KafkaSettings) -> simulator::Settings {
    let none = DemoSettings::none();
    let demo = DemoSettings { demo: settings.demo, routes_dir: settings.routes_dir.clone(), ..none };
    simulator::Settings { demo, ..simulator::Settings::new(kafka.clone()) }
}

/// Tells the person at the terminal where to look.
#[allow(clippy::print_stdout, reason = "this is for the person, not for the log")]
fn announce(addr: SocketAddr, admin: SocketAddr, settings: &Settings) {
    println!("Code Delivery is up: http://{addr}/");
    println!("  health and metrics http://{admin}/readyz, /metrics");
    println!("  data in {}, {} demo couriers; Ctrl-C ends it", settings.data_dir.display(), settings.demo);
    if settings.open {
        open_browser(&format!("http://{addr}/"));
    }
}

/// Asks the desktop to open the page; a machine without one simply does not.
fn open_browser(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if let Err(error) = std::process::Command::new(program).arg(url).spawn() {
        tracing::info!(%error, "no browser could be opened with {program}; open {url} yourself");
    }
}
