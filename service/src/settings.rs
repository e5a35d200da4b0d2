//! Settings: read whole and checked before any port opens. Each is an environment name `CD_...` and a flag of the same
//! name in lower case.

mod duration;
mod kafka;
mod names;
mod parse;
mod traces;

use std::net::SocketAddr;

pub use duration::parse_duration;
pub use kafka::{KafkaOptions, KafkaSettings};
pub use names::KNOWN;
pub use parse::{Refusal, parse, parse_command, try_parse, try_parse_command};
pub use traces::TraceSettings;

/// How the log is written.
#[derive(Debug, Clone, clap::Args)]
pub struct LogSettings {
    /// What is logged: a level, or directives such as `info,simulator=debug`.
    #[arg(long, env = "CD_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// How a line of the log looks.
    #[arg(long, env = "CD_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { log: "info".into(), log_format: LogFormat::Text }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where health and metrics are served.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AdminSettings {
    /// Address of /livez, /readyz and /metrics [default: 127.0.0.1:8091 backend and standalone, :8092 simulator, :8093 sink]
    #[arg(long, env = "CD_ADMIN_ADDR", value_name = "ADDR")]
    pub admin_addr: Option<SocketAddr>,
}

impl AdminSettings {
    /// The address; where none was given, `port` on the loopback interface.
    pub fn addr(&self, port: u16) -> SocketAddr {
        self.admin_addr.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port)))
    }
}
