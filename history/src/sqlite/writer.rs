//! The writing connection: one, for all callers of this process, one job at a time.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use contract::{CourierId, Millis};
use rusqlite::Connection;
use tokio::sync::Mutex;

use super::{connect, expire, store};
use crate::{Expired, HistoryWriter, Item, OpenError, PartitionMark, Unavailable, Verdict};

/// Writes to one SQLite file. Cheap to share by `Arc`.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    /// `None` after a failure: the next job opens it again, so that no half-known state of a connection survives a full
    /// disk or an I/O error.
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Writer {
    /// Opens or makes the file at `path`, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`]: newer or foreign file, directory not writable.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = connect::for_writing(path)?;
        Ok(Self { path: path.into(), connection: Arc::new(Mutex::new(Some(connection))) })
    }

    /// Runs `job` on a blocking thread. It either commits or leaves nothing behind.
    pub(super) async fn run<T, F>(&self, job: F) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let mut slot = Arc::clone(&self.connection).lock_owned().await;
        let path = self.path.clone();
        // The lock goes along: a caller that is dropped while it waits must not let the next job in too early.
        let work = move || {
            let mut connection = match slot.take() {
                Some(connection) => connection,
                None => connect::for_writing(&path).map_err(Unavailable::new)?,
            };
            let done = job(&mut connection).map_err(connect::unavailable);
            if done.is_ok() {
                *slot = Some(connection);
            }
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(Unavailable::new)?
    }
}

#[async_trait]
impl HistoryWriter for Writer {
    async fn store(&self, batch: Arc<[Item]>) -> Result<Vec<Verdict>, Unavailable> {
        self.run(move |connection| store::batch(connection, &batch)).await
    }

    async fn checkpoint(&self, marks: &[PartitionMark]) -> Result<(), Unavailable> {
        let marks = marks.to_vec();
        self.run(move |connection| store::marks(connection, &marks)).await
    }

    async fn expire(&self, positions_before: Millis, deliveries_before: Millis) -> Result<Expired, Unavailable> {
        let positions = expire::positions(self, positions_before).await?;
        let deliveries = expire::deliveries(self, deliveries_before).await?;
        Ok(Expired { positions, deliveries })
    }

    async fn forget(&self, courier: &CourierId) -> Result<Expired, Unavailable> {
        let courier = courier.clone();
        self.run(move |connection| expire::forget(connection, &courier)).await
    }
}
