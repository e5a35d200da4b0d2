//! The backend's settings: read whole and checked before any port opens.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use service::{
    StartError,
    settings::{AdminSettings, KafkaSettings, LogSettings, parse_duration},
};

use crate::basemap::Basemap;

/// Everything that the backend can be told.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "backend", version, about = "Live state, REST, WebSocket, and the page", after_help = service::health::HELP)]
pub struct Settings {
    /// How Kafka is reached.
    #[command(flatten)]
    pub kafka: KafkaSettings,
    /// How the log is written.
    #[command(flatten)]
    pub log: LogSettings,
    /// Where health and metrics are served.
    #[command(flatten)]
    pub admin: AdminSettings,
    /// The public port.
    #[command(flatten)]
    pub http: HttpSettings,
    /// Who may ask for what.
    #[command(flatten)]
    pub access: AccessSettings,
    /// The live state.
    #[command(flatten)]
    pub live: LiveSettings,
    /// The store, for reading.
    #[command(flatten)]
    pub history: history::Options,
    /// Directory of the routes
    #[arg(long, env = "CD_ROUTES_DIR", default_value = "routes-data", value_name = "DIR")]
    pub routes_dir: PathBuf,
}

/// The public port.
#[derive(Debug, Clone, clap::Args)]
pub struct HttpSettings {
    /// Address of the page, REST and the socket
    #[arg(long, env = "CD_HTTP_ADDR", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub http_addr: SocketAddr,
    /// Other pages that may open sockets, as https://host,https://host
    #[arg(long, env = "CD_ALLOWED_ORIGINS", value_delimiter = ',', value_name = "ORIGINS")]
    pub allowed_origins: Vec<String>,
    /// Most sockets that may be open
    #[arg(long, env = "CD_MAX_SOCKETS", default_value_t = 20_000, value_name = "N")]
    pub max_sockets: u32,
    /// The ground of the map: a style, tiles with {z}/{x}/{y}, or a .pmtiles file (https:, http: or file:) [default: the
    /// page's own]
    #[arg(long, env = "CD_BASEMAP_URL", value_name = "URL")]
    pub basemap_url: Option<String>,
    /// Whose the ground is, where it does not say so itself
    #[arg(long, env = "CD_BASEMAP_ATTRIBUTION", value_name = "TEXT")]
    pub basemap_attribution: Option<String>,
}

/// Who may ask for what.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AccessSettings {
    /// File with the keys that sign customers' links, one a line: the first signs, all verify
    #[arg(long, env = "CD_AUTH_SECRET_FILE", value_name = "FILE")]
    pub auth_secret_file: Option<PathBuf>,
    /// Where customers reach the page, as https://host
    #[arg(long, env = "CD_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// The live state.
#[derive(Debug, Clone, clap::Args)]
pub struct LiveSettings {
    /// Time between two frames
    #[arg(long, env = "CD_TICK", default_value = "100ms", value_parser = parse_duration, value_name = "TIME")]
    pub tick: Duration,
    /// How long a courier is shown without a fix
    #[arg(long, env = "CD_LIVE_WINDOW", default_value = "15m", value_parser = parse_duration, value_name = "TIME")]
    pub live_window: Duration,
    /// Most couriers in the live state
    #[arg(long, env = "CD_MAX_COURIERS", default_value_t = 200_000, value_name = "N")]
    pub max_couriers: usize,
}

impl HttpSettings {
    /// The ground of the map, where it is not the page's own.
    ///
    /// # Errors
    /// As [`Basemap::new`].
    pub fn basemap(&self) -> Result<Option<Basemap>, StartError> {
        Basemap::new(self.basemap_url.as_deref(), self.basemap_attribution.as_deref())
    }
}

impl Settings {
    /// What single values cannot show.
    ///
    /// # Errors
    /// [`StartError::Setting`] with one clear line.
    pub fn check(&self) -> Result<(), StartError> {
        if !self.http.http_addr.ip().is_loopback() {
            let addr = self.http.http_addr;
            return Err(StartError::setting(format!(
                "CD_HTTP_ADDR: {addr} is not loopback, and this version has no access control yet: use 127.0.0.1 or [::1]"
            )));
        }
        if !(Duration::from_millis(20)..=Duration::from_secs(5)).contains(&self.live.tick) {
            return Err(StartError::setting("CD_TICK: must be 20ms to 5s"));
        }
        if !(Duration::from_secs(60)..=Duration::from_secs(24 * 3600)).contains(&self.live.live_window) {
            return Err(StartError::setting("CD_LIVE_WINDOW: must be 1m to 24h"));
        }
        Ok(())
    }
}
