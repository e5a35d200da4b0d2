//! The backend's settings: read whole and checked before any port opens.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use service::{
    StartError,
    settings::{AdminSettings, KafkaSettings, LogSettings, TraceSettings, parse_duration},
};

use crate::{access::parse_net, basemap::Basemap};

/// Everything that the backend can be told.
#[derive(Debug, Clone, clap::Parser)]
pub struct Settings {
    /// How Kafka is reached.
    #[command(flatten)]
    pub kafka: KafkaSettings,
    /// How the log is written.
    #[command(flatten)]
    pub log: LogSettings,
    /// Where traces go.
    #[command(flatten)]
    pub traces: TraceSettings,
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
    /// File with the keys that sign tokens and customers' links, one a line: the first signs, all verify
    #[arg(long, env = "CD_AUTH_SECRET_FILE", value_name = "FILE")]
    pub auth_secret_file: Option<PathBuf>,
    /// Where customers reach the page, as https://host
    #[arg(long, env = "CD_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Whether whoever brings no token may do everything, although others reach the port or there is a secret
    #[arg(long, env = "CD_AUTH_OPEN", default_value = "no", value_name = "YES|NO", value_parser = yes_or_no,
        action = clap::ArgAction::Set)]
    pub auth_open: bool,
    /// Proxies whose X-Forwarded-For is believed, as 10.0.0.0/8,192.0.2.7; those on this machine always are
    #[arg(long, env = "CD_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_net, value_name = "NETS")]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Most requests of one address a second, over ten seconds; 0 for no limit
    #[arg(long, env = "CD_RATE_PER_ADDRESS", default_value_t = 200, value_name = "N")]
    pub rate_per_address: u32,
    /// Most requests with one token a second, over ten seconds; 0 for no limit
    #[arg(long, env = "CD_RATE_PER_TOKEN", default_value_t = 100, value_name = "N")]
    pub rate_per_token: u32,
    /// Most open sockets of one address; 0 for no limit
    #[arg(long, env = "CD_MAX_SOCKETS_PER_ADDRESS", default_value_t = 1_000, value_name = "N")]
    pub max_sockets_per_address: u32,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("must be yes or no".into()),
    }
}

impl AccessSettings {
    /// The file with the keys, where there is to be one.
    pub fn secret_file(&self) -> Option<&Path> {
        self.auth_secret_file.as_deref().filter(|path| !path.as_os_str().is_empty())
    }
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
    /// How long a delivery may be in transit before it counts as abandoned and its courier as free
    #[arg(long, env = "CD_DELIVERY_MAX", default_value = "24h", value_parser = parse_duration, value_name = "TIME")]
    pub delivery_max: Duration,
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
    /// Whether nobody but this machine reaches the public port.
    pub fn is_loopback(&self) -> bool {
        self.http.http_addr.ip().is_loopback()
    }

    /// What single values cannot show.
    ///
    /// # Errors
    /// [`StartError::Setting`] with one clear line.
    pub fn check(&self) -> Result<(), StartError> {
        if !self.is_loopback() && self.access.secret_file().is_none() && !self.access.auth_open {
            let addr = self.http.http_addr;
            return Err(StartError::setting(format!(
                "CD_HTTP_ADDR: {addr} is not loopback: set CD_AUTH_SECRET_FILE, or CD_AUTH_OPEN=yes where everybody who \
                 reaches it may start and cancel deliveries"
            )));
        }
        if !(Duration::from_millis(20)..=Duration::from_secs(5)).contains(&self.live.tick) {
            return Err(StartError::setting("CD_TICK: must be 20ms to 5s"));
        }
        if !(Duration::from_secs(60)..=Duration::from_secs(24 * 3600)).contains(&self.live.live_window) {
            return Err(StartError::setting("CD_LIVE_WINDOW: must be 1m to 24h"));
        }
        // No replica reads further back: it would not know of a delivery that another one still counts.
        if !(Duration::from_secs(60)..=Duration::from_secs(48 * 3600)).contains(&self.live.delivery_max) {
            return Err(StartError::setting("CD_DELIVERY_MAX: must be 1m to 48h"));
        }
        Ok(())
    }
}
