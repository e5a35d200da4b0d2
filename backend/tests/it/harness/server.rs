//! A backend that runs: `build`, `run`, and its surroundings.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};

use backend::{
    Settings, Surroundings,
    settings::{AccessSettings, HttpSettings, LiveSettings},
};
use history::HistoryWriter;
use service::{
    Durability, Health, Outcome, Shutdown, StartError,
    settings::{AdminSettings, KafkaSettings, LogSettings, TraceSettings},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{Api, Broker, Feed, until};

/// What a backend is started with. Everything but the broker has a default.
pub struct Setup {
    pub settings: Settings,
    pub surroundings: Surroundings,
    pub dir: TempDir,
}

impl Setup {
    pub fn new(kafka: KafkaSettings) -> Self {
        let dir = TempDir::new().unwrap();
        let settings = Settings {
            kafka,
            log: LogSettings::default(),
            traces: TraceSettings::default(),
            admin: AdminSettings::default(),
            http: HttpSettings {
                http_addr: SocketAddr::from(([127, 0, 0, 1], 0)),
                allowed_origins: vec!["https://dispatch.example".into()],
                max_sockets: 500,
                basemap_url: None,
                basemap_attribution: None,
            },
            access: AccessSettings::default(),
            live: LiveSettings {
                tick: Duration::from_millis(50),
                live_window: Duration::from_secs(900),
                delivery_max: Duration::from_secs(24 * 3600),
                max_couriers: 20_000,
            },
            history: history::Options::new(format!("sqlite:{}", dir.path().join("history.sqlite").display())),
            routes_dir: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../routes-data")),
        };
        let surroundings = Surroundings {
            durability: Durability::broker(),
            own_admin: false,
            drain_notice: Duration::ZERO,
            drain_spread: Duration::from_millis(300),
            ..Surroundings::default()
        };
        Self { settings, surroundings, dir }
    }

    /// Starts the backend; with a history file unless there is to be none.
    pub async fn start(self, with_history: bool) -> Backend {
        let Self { settings, surroundings, dir } = self;
        let history = with_history.then(|| history::open_writer(&settings.history).unwrap());
        let feed = Feed::new(&settings.kafka.brokers);
        let health = Health::new();
        let server = backend::build(settings, surroundings, health.clone()).await.unwrap();
        let (addr, shutdown) = (server.addr, Shutdown::new());
        let running = tokio::spawn(server.run(shutdown.clone()));
        Backend { addr, health, shutdown, feed, history, dir, running, broker: None }
    }
}

pub struct Backend {
    pub addr: SocketAddr,
    pub health: Health,
    pub shutdown: Shutdown,
    pub feed: Feed,
    pub history: Option<Arc<dyn HistoryWriter>>,
    pub dir: TempDir,
    pub running: JoinHandle<Result<Outcome, StartError>>,
    pub broker: Option<Broker>,
}

impl Backend {
    /// A backend with everything, ready.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Setup)) -> Self {
        let broker = Broker::start();
        let mut setup = Setup::new(broker.settings());
        change(&mut setup);
        let mut backend = setup.start(true).await;
        backend.broker = Some(broker);
        backend.ready().await;
        backend
    }

    pub async fn ready(&self) {
        until("ready", async || self.health.is_ready(), |ready| *ready).await;
    }

    pub fn api(&self) -> Api {
        Api::new(self.addr)
    }

    pub fn broker(&self) -> &Broker {
        self.broker.as_ref().unwrap()
    }

    /// Asks for shutdown and waits for the end.
    pub async fn stop(self) -> Outcome {
        self.shutdown.request();
        self.running.await.unwrap().unwrap()
    }
}

/// One backend for all tests that only need one, on a runtime of its own. They share its couriers: each test names its
/// own.
pub fn shared() -> &'static Backend {
    static SHARED: OnceLock<Backend> = OnceLock::new();
    SHARED.get_or_init(|| {
        let (started, wait) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                started.send(Backend::start().await).unwrap();
                std::future::pending::<()>().await;
            });
        });
        wait.recv().unwrap()
    })
}
