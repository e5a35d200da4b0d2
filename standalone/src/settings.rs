//! What the one process can be told.

use std::{net::SocketAddr, path::PathBuf};

use backend::settings::{AccessSettings, HttpSettings, LiveSettings};
use service::settings::{LogSettings, TraceSettings};

/// Everything that the standalone process can be told.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "code-delivery", version, about = "Real-time delivery tracking in one process")]
pub struct Settings {
    /// How the log is written.
    #[command(flatten)]
    pub log: LogSettings,
    /// Where traces go.
    #[command(flatten)]
    pub traces: TraceSettings,
    /// The public port.
    #[command(flatten)]
    pub http: HttpSettings,
    /// Who may ask for what.
    #[command(flatten)]
    pub access: AccessSettings,
    /// The live state.
    #[command(flatten)]
    pub live: LiveSettings,
    /// Address of /livez, /readyz and /metrics
    #[arg(long, env = "CD_ADMIN_ADDR", default_value = "127.0.0.1:8091", value_name = "ADDR")]
    pub admin_addr: SocketAddr,
    /// Where everything is stored
    #[arg(long, env = "CD_DATA_DIR", default_value = "target/code-delivery", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Directory of the routes
    #[arg(long, env = "CD_ROUTES_DIR", default_value = "routes-data", value_name = "DIR")]
    pub routes_dir: PathBuf,
    /// Couriers that keep delivering
    #[arg(long, env = "CD_DEMO", default_value_t = 12, value_name = "N")]
    pub demo: u32,
    /// Open the page in a browser
    #[arg(long)]
    pub open: bool,
}
