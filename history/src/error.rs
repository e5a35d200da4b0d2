//! Why a store cannot be opened at all (a person must act), or does not answer now (it may later).

use std::{io, path::PathBuf};

/// The store did not do what was asked, or not all of it; the same call may work later.
///
/// Never a verdict on an item: an item that can never be stored is [`crate::Verdict::Refused`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("history does not answer: {reason}")]
pub struct Unavailable {
    reason: String,
}

impl Unavailable {
    /// With the engine's own words.
    pub fn new(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string() }
    }

    /// The engine's own words: "database or disk is full".
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Why a store cannot be opened. Each text is one clear line for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no engine that is built in.
    #[error("history URL {url:?}: {reason}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The other options are wrong, or do not fit together.
    #[error("{0}")]
    Options(String),
    /// A file that an option names cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database was written by a later version of this program.
    #[error("{} has schema version {found}, this program knows up to {known}: use the newer program", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is there and is something else.
    #[error("{} is no history of ours: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How that shows.
        reason: String,
    },
    /// The file or its directory cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The engine failed otherwise; it may work later.
    #[error("cannot open {}: {source}", path.display())]
    Engine {
        /// The file.
        path: PathBuf,
        /// What the engine said.
        source: Unavailable,
    },
}
