//! All services in one process, on an embedded broker and store: nothing to install, nothing else to start.
//!
//! No logic of its own: it builds the same services with other surroundings. The broker (`broker`) is memory only, so
//! what is durable is what SQLite holds: API answers and simulated starts wait for that, and at a start every open
//! delivery is produced again from the store.

pub mod broker;
mod lock;
mod run;
pub mod settings;

pub use run::run;
pub use settings::Settings;
