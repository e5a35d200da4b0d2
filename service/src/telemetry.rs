//! The log of a process, on stderr: text for people or one JSON object a line.

use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::settings::{LogFormat, LogSettings};

/// Target of the lines that say who did what: they are written whatever level is asked for, unless the filter names them.
pub const AUDIT: &str = "audit";
/// A library that writes at `trace` what is said on sockets, tokens included: its level is not for anybody to choose.
const TELLTALE: &str = "tungstenite";

/// Starts the log. A filter that cannot be read is named and replaced by `info`: the log must not stop a service. A second
/// call changes nothing, so that several services can live in one process.
pub fn init(settings: &LogSettings) {
    let (filter, complaint) = match filter(&settings.log) {
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

fn filter(asked: &str) -> Result<EnvFilter, ParseError> {
    let kept = asked.split(',').filter(|directive| !directive.trim().starts_with(TELLTALE));
    let mut directives: Vec<String> = kept.map(str::to_owned).collect();
    directives.push(format!("{TELLTALE}=info"));
    if !asked.contains(AUDIT) {
        directives.push(format!("{AUDIT}=info"));
    }
    EnvFilter::try_new(directives.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sockets_say_is_never_written_and_who_did_what_always() {
        for asked in ["info", "trace", "warn,tungstenite=trace", "tungstenite::protocol=trace, tungstenite", "off"] {
            let directives = filter(asked).unwrap().to_string();
            assert!(directives.contains("tungstenite=info") && !directives.contains("tungstenite::"), "{directives}");
            assert!(!directives.contains("tungstenite=trace"), "{directives}");
            assert!(directives.contains("audit=info"), "{directives}");
        }
        assert!(filter("info,audit=off").unwrap().to_string().contains("audit=off"));
        assert!(filter("what=ever=this").is_err());
        assert!(filter("").is_ok());
    }
}
