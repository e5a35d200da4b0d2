//! The backend: live state, REST, WebSocket and the page, in one process that can be had many times.
//!
//! `build` checks everything and opens the port, `run` serves until shutdown. All replicas are equal: each reads all
//! partitions of both topics, in no group, and commits nothing.

pub mod access;
pub mod basemap;
pub mod commandline;
pub mod commands;
pub mod live;
mod page;
pub mod rest;
pub mod settings;
pub mod socket;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::serve::ListenerExt;
use contract::{Delivery, DeliveryId, ProblemKind, topics};
use fleet::{Limits, routes::RouteSet};
use history::HistoryReader;
use service::{
    Clock, Durability, Health, Outcome, Shutdown, StartError, Tasks, health,
    kafka::{
        producer::Producer,
        topics::{Identity, TopicSpec},
    },
    start,
};
use tokio::net::TcpListener;

use access::Access;
use commands::Commands;
use live::{Live, pending::Pending, reader, writer};
use rest::problem::Answer;
use socket::SessionContext;

pub use settings::Settings;

/// Port of the admin pages where none is set.
pub const ADMIN_PORT: u16 = 8091;
/// How long requests still come after the drain was announced.
const DRAIN_NOTICE: Duration = Duration::from_secs(5);
/// Over what time sockets are closed after that.
const DRAIN_SPREAD: Duration = Duration::from_secs(10);
/// How long sockets and requests may take to end after that.
const DRAIN_WITHIN: Duration = Duration::from_secs(15);
/// How long the reader and the writer of the live state may take to end, when the last socket is closed.
const FED_WITHIN: Duration = Duration::from_secs(5);
/// How much of a socket's data the kernel keeps: a viewer that does not read should skip states soon, not minutes later.
const SEND_BUFFER: usize = 64 * 1024;

/// What handlers share.
pub struct App {
    /// The live state.
    pub live: Arc<Live>,
    /// Routes that couriers can be sent along.
    pub routes: RouteSet,
    /// The store, for reading.
    pub history: Arc<dyn HistoryReader>,
    /// The way into Kafka.
    pub commands: Commands,
    /// Time.
    pub clock: Clock,
    /// What tokens are held against.
    pub access: Arc<Access>,
    /// Where the public port listens.
    pub addr: SocketAddr,
    /// Pages of other hosts that may open sockets.
    pub allowed_origins: Vec<String>,
    /// Most sockets that may be open.
    pub max_sockets: u32,
    /// The ground of the map, where it is not the page's own.
    pub basemap: Option<basemap::Basemap>,
    server: Arc<str>,
    tick: Duration,
    drain: Shutdown,
    drain_spread: Duration,
    sockets_seen: AtomicU64,
}

impl App {
    /// What the session of a new socket from an address needs. `open`: whether it may do without a token.
    pub fn session_context(&self, from: IpAddr, open: bool) -> SessionContext {
        SessionContext {
            live: self.live.clone(),
            access: self.access.clone(),
            from,
            open,
            clock: self.clock.clone(),
            server: self.server.clone(),
            tick_ms: self.tick.as_millis() as u32,
            drain: self.drain.clone(),
            drain_spread: self.drain_spread,
            number: self.sockets_seen.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// A delivery as this replica knows it: folded, or written a moment ago.
    pub fn known(&self, id: &DeliveryId) -> Option<Arc<Delivery>> {
        self.commands.known(&self.live.state.read().fleet, id)
    }

    /// Fails with kind `starting` while the live state is being read: an answer from half a state would be wrong.
    pub fn caught_up(&self) -> rest::problem::Result<()> {
        if self.live.caught_up.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(Answer::new(ProblemKind::Starting, "the live state is still being read"))
        }
    }
}

/// What `standalone` hands in beside the settings.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// When a record counts as durable.
    pub durability: Durability,
    /// Time.
    pub clock: Clock,
    /// Whether this service serves the admin pages itself.
    pub own_admin: bool,
    /// How long requests still come after the drain was announced: as long as a load balancer takes to notice.
    pub drain_notice: Duration,
    /// Over what time sockets are closed after that: all clients at once would come back at once.
    pub drain_spread: Duration,
}

impl Default for Surroundings {
    fn default() -> Self {
        let (durability, clock) = (Durability::broker(), Clock::system());
        Self { durability, clock, own_admin: true, drain_notice: DRAIN_NOTICE, drain_spread: DRAIN_SPREAD }
    }
}

/// A backend that is ready to serve.
pub struct Server {
    /// Address of the public port.
    pub addr: SocketAddr,
    /// Its health, for whoever serves the admin pages.
    pub health: Health,
    app: Arc<App>,
    listener: TcpListener,
    settings: Settings,
    surroundings: Surroundings,
}

/// Checks the settings, loads the routes and opens the public port.
///
/// # Errors
/// [`StartError`] with one clear line: a bad setting, no valid route, a store of another version, a port in use.
pub async fn build(settings: Settings, surroundings: Surroundings, health: Health) -> Result<Server, StartError> {
    settings.check()?;
    let routes = load_routes(&settings)?;
    let history = history::open_reader(&settings.history).map_err(|error| StartError::setting(error.to_string()))?;
    let access = Arc::new(Access::new(&settings.access, settings.is_loopback())?);
    let producer = Producer::new(&settings.kafka)?;
    let topic = settings.kafka.topic(commands::TOPIC);
    let limits = Limits {
        live_window_ms: settings.live.live_window.as_millis() as i64,
        max_couriers: settings.live.max_couriers,
        delivery_max_ms: settings.live.delivery_max.as_millis() as i64,
    };
    let live = Live::new(limits);
    let listener = start::bind("CD_HTTP_ADDR", settings.http.http_addr).await?;
    let addr = listener.local_addr().map_err(StartError::failure)?;
    let app = Arc::new(App {
        live,
        routes,
        history,
        commands: Commands::new(producer, topic, surroundings.durability.clone()),
        clock: surroundings.clock.clone(),
        access,
        addr,
        allowed_origins: settings.http.allowed_origins.clone(),
        max_sockets: settings.http.max_sockets,
        basemap: settings.http.basemap()?,
        server: server_name().into(),
        tick: settings.live.tick,
        drain: Shutdown::new(),
        drain_spread: surroundings.drain_spread,
        sockets_seen: AtomicU64::new(0),
    });
    Ok(Server { addr, health, app, listener, settings, surroundings })
}

impl Server {
    /// Serves until shutdown, then drains: not ready at once, some seconds later no new connections, sockets closed over
    /// ten seconds, the producer flushed.
    pub async fn run(self, shutdown: Shutdown) -> Result<Outcome, StartError> {
        let Self { addr, health, app, listener, settings, surroundings } = self;
        let mut tasks = Tasks::new(&shutdown);
        if surroundings.own_admin {
            health::serve_admin(settings.admin.addr(ADMIN_PORT), health.clone(), &mut tasks).await?;
        }
        // What feeds the live state outlives the request for shutdown: who still watches during the drain still sees what
        // moves. It stops when the last socket is closed.
        let stop = Shutdown::new();
        let specs = topics::ALL.map(|t| TopicSpec::new(t.name, t.partitions, t.may_grow, t.retention_ms));
        let identity = service::kafka::topics::keep(&settings.kafka, specs, &mut tasks)?;
        let feeders = feed(&app, &health, &settings, identity, &stop)?;
        tasks.spawn("live", async move {
            match feeders.join(FED_WITHIN).await {
                Outcome::Done => Ok(()),
                Outcome::Failed | Outcome::Misset => Err("the reader or the writer of the live state has failed"),
            }
        });
        tasks.spawn("producer", app.commands.producer().clone().watch(shutdown.clone()));
        let (router, drain) = (rest::router(app.clone()), app.drain.clone());
        let (notice, asked) = (surroundings.drain_notice, shutdown.clone());
        let listener = listener.tap_io(|stream| {
            // Both only make things better: a socket that refuses them still works.
            let _ = stream.set_nodelay(true);
            let _ = socket2::SockRef::from(&*stream).set_send_buffer_size(SEND_BUFFER);
        });
        let (drained, mut sockets) = (health.clone(), app.live.sockets.subscribe());
        tasks.spawn("http", async move {
            // However this ends, the feeders end after it.
            let _stop = stop.token().drop_guard();
            let announced = async move {
                asked.requested().await;
                drained.drain();
                tokio::time::sleep(notice).await;
                drain.request();
            };
            let served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(announced)
                .await;
            // A connection that became a socket is none of the server's any more: it is waited for here.
            let _ = sockets.wait_for(|open| *open == 0).await;
            served
        });
        tracing::info!(%addr, routes = app.routes.len(), "backend serves");
        let outcome = tasks.join(notice + surroundings.drain_spread + DRAIN_WITHIN).await;
        // Where a task has failed the sockets may still be open: they learn of it.
        app.drain.request();
        let unsent = app.commands.producer().flush(Duration::from_secs(5)).await;
        if unsent > 0 {
            tracing::error!(
                unsent,
                "commands were not acknowledged before the end; none of them was answered with 202"
            );
        }
        Ok(outcome)
    }
}

/// Starts what feeds the live state: the reader, and the writer that folds what it brings.
fn feed(
    app: &Arc<App>,
    health: &Health,
    settings: &Settings,
    identity: Identity,
    stop: &Shutdown,
) -> Result<Tasks, StartError> {
    let mut feeders = Tasks::new(stop);
    let pending = Arc::new(Pending::default());
    let (now, window) = (app.clock.now(), settings.live.live_window.as_millis() as i64);
    let status = reader::spawn(&settings.kafka, pending.clone(), now, window, &mut feeders)?;
    app.live.end.set_reader(status.clone());
    let writer = writer::Writer {
        live: app.live.clone(),
        pending,
        status,
        clock: app.clock.clone(),
        identity,
        health: health.clone(),
        tick: settings.live.tick,
    };
    let (beat, stopped, tidied) = (health.loop_beat("live-writer"), stop.clone(), app.clone());
    feeders.spawn("live-writer", async move {
        let each_second = |state: &live::State, now| {
            tidied.commands.tidy(&state.fleet, now);
            metrics::gauge!("cd_sockets").set(*tidied.live.sockets.borrow());
            metrics::gauge!("cd_behind_seconds").set(tidied.live.behind_ms.load(Ordering::Relaxed) as f64 / 1e3);
            metrics::gauge!("cd_positions_not_shown").set(state.fleet.not_shown() as f64);
        };
        tokio::select! {
            ended = writer::run(writer, beat, each_second) => ended,
            () = stopped.requested() => Ok(()),
        }
    });
    Ok(feeders)
}

fn load_routes(settings: &Settings) -> Result<RouteSet, StartError> {
    let dir = &settings.routes_dir;
    let listing = service::files::read_dir_sorted(dir)
        .map_err(|error| StartError::setting(format!("CD_ROUTES_DIR: cannot read {}: {error}", dir.display())))?;
    let (routes, faults) = RouteSet::from_files(listing.files);
    let unread = listing.faults.into_iter().map(|(file, reason)| format!("{file}: {reason}"));
    for fault in unread.chain(faults.iter().map(ToString::to_string)) {
        tracing::warn!(dir = %dir.display(), "route left out: {fault}");
    }
    if routes.is_empty() {
        return Err(StartError::setting(format!("CD_ROUTES_DIR: no valid route in {}", dir.display())));
    }
    Ok(routes)
}

/// Name of this replica, as sockets are told: the host's (a pod's) name and the process.
fn server_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty());
    format!("{}-{}", host.as_deref().unwrap_or("backend"), std::process::id())
}
