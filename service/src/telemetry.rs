//! The log of a process, on stderr: text for people or one JSON object a line.

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogSettings};

/// Starts the log. A filter that cannot be read is named and replaced by `info`: the log must not stop a service. A second
/// call changes nothing, so that several services can live in one process.
pub fn init(settings: &LogSettings) {
    let (filter, complaint) = match EnvFilter::try_new(&settings.log) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(format!("CD_LOG {:?} is not readable: {error}", settings.log))),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log_format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).try_init(),
    };
    if let (Ok(()), Some(complaint)) = (started, complaint) {
        tracing::warn!("{complaint}; logging at info");
    }
}
