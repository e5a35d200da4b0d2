//! The log of a process, on stderr: text for people or one JSON object a line. A line that is written while a request is answered
//! names the request; one that is written within a trace ends with its trace's and its span's id.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    filter::ParseError,
    fmt::{
        FmtContext,
        format::{FormatEvent, FormatFields, Writer},
    },
    registry::LookupSpan,
};

use crate::settings::{LogFormat, LogSettings};
use crate::traces;

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
        LogFormat::Text => {
            let log = log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
            log.map_event_format(|inner| WithTrace { inner, ids: traces::current_ids }).try_init()
        }
        LogFormat::Json => {
            let log = log.json().flatten_event(true).with_span_list(false);
            log.map_event_format(|inner| WithTrace { inner, ids: traces::current_ids }).try_init()
        }
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

/// A format of lines that adds where in which trace they were written. `ids` tells it, trace first.
struct WithTrace<F> {
    inner: F,
    ids: fn() -> Option<(String, String)>,
}

impl<S, N, F> FormatEvent<S, N> for WithTrace<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some((trace, span)) = (self.ids)() else { return self.inner.format_event(context, writer, event) };
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end_matches('\n');
        match line.strip_suffix('}').filter(|line| line.starts_with('{')) {
            Some(object) => writeln!(writer, r#"{object},"trace_id":"{trace}","span_id":"{span}"}}"#),
            None => writeln!(writer, "{line} trace_id={trace} span_id={span}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heard::Lines;

    fn written(ids: fn() -> Option<(String, String)>, json: bool) -> String {
        let lines = Lines::default();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(lines.clone());
        let say =
            || tracing::info_span!("http", request = "r-1").in_scope(|| tracing::info!(courier = "c-1", "taken up"));
        if json {
            let log = log.json().flatten_event(true).with_span_list(false);
            tracing::subscriber::with_default(log.map_event_format(|inner| WithTrace { inner, ids }).finish(), say);
        } else {
            tracing::subscriber::with_default(log.map_event_format(|inner| WithTrace { inner, ids }).finish(), say);
        }
        lines.text()
    }

    #[test]
    fn a_line_within_a_trace_names_it_and_another_does_not() {
        let ids = || Some(("11".to_owned(), "22".to_owned()));
        assert!(
            written(ids, false).ends_with("taken up courier=\"c-1\" trace_id=11 span_id=22\n"),
            "{}",
            written(ids, false)
        );
        assert!(written(|| None, false).ends_with("taken up courier=\"c-1\"\n"));
        let line: serde_json::Value = serde_json::from_str(&written(ids, true)).unwrap();
        assert_eq!(
            (&line["trace_id"], &line["span_id"], &line["courier"]),
            (&"11".into(), &"22".into(), &"c-1".into())
        );
        assert!(serde_json::from_str::<serde_json::Value>(&written(|| None, true)).unwrap()["trace_id"].is_null());
    }

    #[test]
    fn a_line_within_a_request_names_it() {
        assert!(written(|| None, false).contains("http{request=\"r-1\"}: "), "{}", written(|| None, false));
        let line: serde_json::Value = serde_json::from_str(&written(|| None, true)).unwrap();
        assert_eq!((&line["span"]["name"], &line["span"]["request"]), (&"http".into(), &"r-1".into()), "{line}");
        assert!(line["spans"].is_null(), "once is enough: {line}");
    }

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
