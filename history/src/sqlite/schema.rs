//! Tables and their versions. `user_version` counts the migrations that were applied, `application_id` says whose file
//! it is.

use rusqlite::{Connection, TransactionBehavior};

/// "CDhi" in `application_id`: a file of another program is never written to.
pub(super) const APPLICATION_ID: i64 = 0x4344_6869;

/// Each entry takes the schema one version further and never changes once released.
const MIGRATIONS: [&str; 1] = ["
-- One fix. The key is its identity; a courier's fixes lie together in the order of time, so that a trail is one range
-- and a courier's newest fix one seek. There is no index on time alone: every question and the retention go by courier,
-- and it would cost an eighth more CPU and 23 bytes a fix.
CREATE TABLE position (
    courier     TEXT    NOT NULL,
    at          INTEGER NOT NULL, -- ms UTC
    source      TEXT    NOT NULL,
    lat         REAL    NOT NULL,
    lon         REAL    NOT NULL,
    accuracy_m  REAL,
    speed_mps   REAL,
    heading_deg REAL,
    delivery    BLOB,             -- the UUID's 16 bytes
    seq         INTEGER,
    altitude_m  REAL,
    battery     REAL,
    delay_ms    INTEGER NOT NULL, -- the broker's append time minus at
    PRIMARY KEY (courier, at, source)
) WITHOUT ROWID;

-- One delivery: the document as it was written, and the columns that questions go by.
CREATE TABLE delivery (
    delivery     BLOB    NOT NULL PRIMARY KEY,
    rank         INTEGER NOT NULL,
    status       TEXT    NOT NULL,
    courier      TEXT    NOT NULL,
    reference    TEXT,
    route        TEXT,
    promised_at  INTEGER,
    requested_at INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER,
    document     TEXT    NOT NULL
);
CREATE INDEX delivery_time      ON delivery (requested_at, delivery);
CREATE INDEX delivery_courier   ON delivery (courier, requested_at, delivery);
CREATE INDEX delivery_status    ON delivery (status, requested_at, delivery);
CREATE INDEX delivery_reference ON delivery (reference, requested_at, delivery) WHERE reference IS NOT NULL;

-- How far each partition of Kafka is stored.
CREATE TABLE mark (
    topic       TEXT    NOT NULL,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    through     INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
"];

/// The newest version that this program knows.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Whose file it is, and which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing in it yet.
    Empty,
    /// Another program's.
    Foreign,
    /// Ours.
    Version(i64),
}

/// Looks at a file.
pub(super) fn look(connection: &Connection) -> rusqlite::Result<Found> {
    let number = |pragma| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let version = number("PRAGMA user_version")?;
    if number("PRAGMA application_id")? == APPLICATION_ID {
        return Ok(Found::Version(version));
    }
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    Ok(if version == 0 && tables == 0 { Found::Empty } else { Found::Foreign })
}

/// Applies what is missing to a file that is [`Found::Empty`] or older. Two processes may do so at once: whoever comes
/// second finds nothing left to do.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(usize::try_from(known).unwrap_or(usize::MAX)) {
        transaction.execute_batch(migration)?;
        tracing::info!(version = index + 1, "history schema made");
    }
    if known < VERSION {
        transaction
            .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"))?;
    }
    transaction.commit()
}
