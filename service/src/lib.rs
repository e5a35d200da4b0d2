//! What every daemon is built from, a file per duty: settings, telemetry, traces, shutdown, supervision,
//! health, and Kafka.
//!
//! There are no words of deliveries here. A service is a library with `build(settings) -> App` and `run(shutdown)`, and a
//! `main` that tells its story in order:
//!
//! ```no_run
//! use service::settings::{KafkaSettings, LogSettings};
//!
//! #[derive(clap::Parser)]
//! struct Settings {
//!     #[command(flatten)]
//!     kafka: KafkaSettings,
//!     #[command(flatten)]
//!     log: LogSettings,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     let settings: Settings = service::settings::parse();
//!     service::telemetry::init(&settings.log);
//!     service::start::run(async |shutdown| {
//!         // let app = build(settings).await?;
//!         // app.run(shutdown).await
//!         shutdown.requested().await;
//!         Ok(service::Outcome::Done)
//!     })
//! }
//! ```

pub mod clock;
pub mod durability;
pub mod files;
pub mod health;
#[cfg(test)]
mod heard;
pub mod kafka;
pub mod settings;
pub mod shutdown;
pub mod start;
pub mod supervise;
pub mod telemetry;
pub mod traces;

pub use clock::Clock;
pub use durability::{Durability, StoreMark};
pub use health::{Beat, Health};
pub use shutdown::Shutdown;
pub use start::{Outcome, StartError};
pub use supervise::Tasks;

/// A moment: integer milliseconds since 1970-01-01 UTC.
pub type Millis = i64;

/// Any error, as a task ends with one.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
