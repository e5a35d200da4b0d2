//! The sink's settings, a struct for each concern. Read from CD_ names or flags by `service::settings`.

use std::{sync::Arc, time::Duration};

use contract::{Millis, topics};
use history::{HistoryReader, HistoryWriter};
use service::{
    StartError,
    settings::{AdminSettings, KafkaSettings, LogSettings, parse_duration},
};

/// Everything that the running sink needs.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// How Kafka is reached.
    #[command(flatten)]
    pub kafka: KafkaSettings,
    /// The store.
    #[command(flatten)]
    pub history: history::Options,
    /// How records are gathered.
    #[command(flatten)]
    pub batching: Batching,
    /// How long the store keeps what.
    #[command(flatten)]
    pub retention: Retention,
    /// Where health and metrics are served.
    #[command(flatten)]
    pub admin: AdminSettings,
    /// The log.
    #[command(flatten)]
    pub log: LogSettings,
}

/// How records are gathered before they are stored together.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Batching {
    /// Most records that are stored together
    #[arg(long = "sink-batch", env = "CD_SINK_BATCH", default_value_t = 5_000, value_name = "N")]
    pub batch: usize,
    /// How long a record waits for others, at most
    #[arg(long = "sink-linger", env = "CD_SINK_LINGER", default_value = "200ms", value_name = "TIME",
        value_parser = parse_duration)]
    pub linger: Duration,
}

/// How long the store keeps what.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Retention {
    /// How long positions are kept
    #[arg(long, env = "CD_POSITIONS_RETENTION", default_value = "31d", value_name = "TIME",
        value_parser = parse_duration)]
    pub positions_retention: Duration,
    /// How long deliveries are kept after their end
    #[arg(long, env = "CD_DELIVERIES_RETENTION", default_value = "400d", value_name = "TIME",
        value_parser = parse_duration)]
    pub deliveries_retention: Duration,
}

impl Settings {
    /// Settings for a Kafka and a store, all else as by default.
    pub fn new(kafka: KafkaSettings, history_url: impl Into<String>) -> Self {
        Self {
            kafka,
            history: history::Options::new(history_url),
            batching: Batching::default(),
            retention: Retention::default(),
            admin: AdminSettings::default(),
            log: LogSettings::default(),
        }
    }

    /// Holds the settings against each other.
    ///
    /// # Errors
    /// [`StartError::Setting`] that names the setting and says what would be right.
    pub fn check(&self) -> Result<(), StartError> {
        let wrong = |line: &str| Err(StartError::setting(line));
        if !(1..=100_000).contains(&self.batching.batch) {
            return wrong("CD_SINK_BATCH must be 1 to 100000");
        }
        if self.batching.linger > Duration::from_secs(60) {
            return wrong("CD_SINK_LINGER must be at most 60s");
        }
        self.retention.check()
    }
}

/// Opens the store for writing.
pub(crate) fn open_writer(options: &history::Options) -> Result<Arc<dyn HistoryWriter>, StartError> {
    history::open_writer(options).map_err(start_error)
}

/// Opens the store for reading.
pub(crate) fn open_reader(options: &history::Options) -> Result<Arc<dyn HistoryReader>, StartError> {
    history::open_reader(options).map_err(start_error)
}

fn start_error(error: history::OpenError) -> StartError {
    match error {
        history::OpenError::Engine { .. } => StartError::failure(error),
        // These name the setting themselves.
        history::OpenError::Options(line) => StartError::setting(line),
        _ => StartError::setting(format!("CD_HISTORY_URL: {error}")),
    }
}

impl Default for Batching {
    fn default() -> Self {
        Self { batch: 5_000, linger: Duration::from_millis(200) }
    }
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        Self { positions_retention: 31 * DAY, deliveries_retention: 400 * DAY }
    }
}

impl Retention {
    /// What is older than Kafka's own retention can come again when the sink reads from its beginning: the store must
    /// not keep less than Kafka does.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let least = |name: &str, retention: Duration, topic: topics::Topic| {
            let days = topic.retention_ms / 86_400_000;
            if retention.as_millis() as Millis >= topic.retention_ms {
                return Ok(());
            }
            Err(StartError::setting(format!("{name} must be at least {days}d, which Kafka keeps `{}`", topic.name)))
        };
        least("CD_POSITIONS_RETENTION", self.positions_retention, topics::ALL[0])?;
        least("CD_DELIVERIES_RETENTION", self.deliveries_retention, topics::ALL[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::new(KafkaSettings::new("a:1"), "sqlite:x");
        change(&mut settings);
        settings.check().map_or_else(|error| error.to_string(), |()| "ok".into())
    }

    #[test]
    fn each_wrong_setting_is_named_with_what_would_be_right() {
        assert_eq!(line(|_| {}), "ok");
        assert_eq!(line(|s| s.batching.batch = 0), "CD_SINK_BATCH must be 1 to 100000");
        assert_eq!(line(|s| s.batching.linger = Duration::from_secs(61)), "CD_SINK_LINGER must be at most 60s");
        assert_eq!(
            line(|s| s.retention.positions_retention = Duration::from_secs(1)),
            "CD_POSITIONS_RETENTION must be at least 3d, which Kafka keeps `positions`"
        );
        assert_eq!(
            line(|s| s.retention.deliveries_retention = Duration::from_secs(13 * 86_400)),
            "CD_DELIVERIES_RETENTION must be at least 14d, which Kafka keeps `deliveries`"
        );
    }
}
