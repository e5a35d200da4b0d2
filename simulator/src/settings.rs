//! The simulator's settings: read whole and checked before anything starts.

use std::{path::PathBuf, time::Duration};

use contract::Delivery;
use service::{
    StartError,
    settings::{AdminSettings, KafkaSettings, LogSettings, TraceSettings, parse_duration},
};

/// Everything that the simulator can be told.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "simulator", version, about = "Takes up deliveries and drives them along their paths",
    after_help = service::health::HELP)]
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
    /// How fixes differ from the truth.
    #[command(flatten)]
    pub fixes: FixSettings,
    /// Couriers that keep delivering.
    #[command(flatten)]
    pub demo: DemoSettings,
}

/// How fixes differ from the truth.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct FixSettings {
    /// GPS noise: standard deviation of a fix from the truth, metres
    #[arg(long, env = "CD_NOISE", default_value_t = 0.0, value_name = "METRES")]
    pub noise: f64,
    /// Fixes are published up to this much after they were taken
    #[arg(long, env = "CD_DELAY", default_value = "0ms", value_parser = parse_duration, value_name = "TIME")]
    pub delay: Duration,
}

/// Couriers that keep delivering.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoSettings {
    /// Demo couriers that keep delivering, over all replicas
    #[arg(long, env = "CD_DEMO", default_value_t = 0, value_name = "N")]
    pub demo: u32,
    /// Directory of the routes that they drive
    #[arg(long, env = "CD_ROUTES_DIR", default_value = "routes-data", value_name = "DIR")]
    pub routes_dir: PathBuf,
    /// How many times faster than natural they drive, 0.1 to 100
    #[arg(long, env = "CD_SPEED", default_value_t = 1.0, value_name = "TIMES")]
    pub speed: f64,
    /// Time between two of their fixes
    #[arg(long, env = "CD_INTERVAL", default_value = "1s", value_parser = parse_duration, value_name = "TIME")]
    pub interval: Duration,
}

impl DemoSettings {
    /// No demo couriers.
    pub fn none() -> Self {
        Self { demo: 0, routes_dir: PathBuf::new(), speed: 1.0, interval: Duration::from_secs(1) }
    }
}

impl Settings {
    /// Settings for a Kafka, all else as by default.
    pub fn new(kafka: KafkaSettings) -> Self {
        Self {
            kafka,
            log: LogSettings::default(),
            traces: TraceSettings::default(),
            admin: AdminSettings::default(),
            fixes: FixSettings::default(),
            demo: DemoSettings::none(),
        }
    }

    /// What single values cannot show.
    ///
    /// # Errors
    /// [`StartError::Setting`] that names the setting and says what would be right.
    pub fn check(&self) -> Result<(), StartError> {
        if !(0.0..=1_000.0).contains(&self.fixes.noise) {
            return Err(StartError::setting("CD_NOISE: must be 0 to 1000"));
        }
        if self.fixes.delay > Duration::from_secs(3600) {
            return Err(StartError::setting("CD_DELAY: must be at most 1h"));
        }
        if !Delivery::SPEED.contains(&self.demo.speed) {
            return Err(StartError::setting("CD_SPEED: must be 0.1 to 100"));
        }
        let interval = u32::try_from(self.demo.interval.as_millis()).ok();
        if !interval.is_some_and(|ms| Delivery::INTERVAL_MS.contains(&ms)) {
            return Err(StartError::setting("CD_INTERVAL: must be 50ms to 1m"));
        }
        Ok(())
    }
}
