//! Opening connections: settings, and which error of SQLite means what.

use std::{fs, io, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{self, Found};
use crate::{OpenError, Unavailable};

/// How long a connection waits for a lock of another process before it answers "database is locked". Writers hold the
/// lock for one batch or one step of the retention, tens of milliseconds.
const BUSY: Duration = Duration::from_secs(5);

/// Opens the file for writing; makes it, its directory and its tables where they are missing.
pub(super) fn for_writing(path: &Path) -> Result<Connection, OpenError> {
    let unwritable = |path: &Path, source: io::Error| OpenError::Unwritable { path: path.into(), source };
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(|source| unwritable(directory, source))?;
    }
    // SQLite says only "unable to open database file": the system's own reason is for the person who reads it.
    fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|source| unwritable(path, source))?;
    let engine = |error: rusqlite::Error| engine_error(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(engine)?;
    settle(&connection).map_err(engine)?;
    match schema::look(&connection).map_err(engine)? {
        Found::Foreign => return Err(foreign(path)),
        Found::Version(found) => check_version(path, found)?,
        Found::Empty => {}
    }
    // synchronous=FULL: what was answered New must outlive a power cut, not only a kill -9, because Kafka's offset is
    // committed right after and nobody would send the records again. The price is one fsync a batch,
    // which could not be told from NORMAL in the measured rate (examples/store_rate).
    // A checkpoint only every 64 MB: a page that several batches touched is then copied once, a sixth less CPU.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000;
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536; PRAGMA foreign_keys = ON;",
        )
        .map_err(engine)?;
    schema::migrate(&mut connection).map_err(engine)?;
    Ok(connection)
}

/// Opens the file for reading. `None` where no writer has made it yet.
pub(super) fn for_reading(path: &Path) -> Result<Option<Connection>, OpenError> {
    let engine = |error: rusqlite::Error| engine_error(path, error);
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(engine)?;
    settle(&connection).map_err(engine)?;
    match schema::look(&connection).map_err(engine)? {
        Found::Foreign => Err(foreign(path)),
        Found::Empty => Ok(None),
        // An older file is one that a writer has not brought up to date yet.
        Found::Version(found) if found < schema::VERSION => Ok(None),
        Found::Version(found) => check_version(path, found).map(|()| Some(connection)),
    }
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn check_version(path: &Path, found: i64) -> Result<(), OpenError> {
    if found <= schema::VERSION {
        return Ok(());
    }
    Err(OpenError::Newer { path: path.into(), found, known: schema::VERSION })
}

fn foreign(path: &Path) -> OpenError {
    OpenError::Foreign { path: path.into(), reason: "a database of another program".into() }
}

fn engine_error(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            OpenError::Foreign { path: path.into(), reason: "not a SQLite database".into() }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => OpenError::Unwritable {
            path: path.into(),
            source: io::Error::new(io::ErrorKind::PermissionDenied, error.to_string()),
        },
        _ => OpenError::Engine { path: path.into(), source: unavailable(error) },
    }
}

/// Any failure of a statement: full disk, lock, I/O. None of them is about one item, so none refuses an item.
pub(super) fn unavailable(error: rusqlite::Error) -> Unavailable {
    Unavailable::new(error)
}
