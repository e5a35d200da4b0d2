//! Reading: a few read-only connections, each question a transaction of its own, so that an answer and its `through` are
//! of one state.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use contract::{
    CourierId, Delivery, DeliveryId, Millis,
    rest::{DeliveryPage, Trail},
};
use rusqlite::{Connection, InterruptHandle, Transaction};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::{connect, pages, stats, trails};
use crate::{
    DeliveryQuery, HistoryReader, OpenError, PartitionMark, Run, Slice, SliceQuery, Stats, StatsQuery, Unavailable,
};

/// Connections, and so questions at once. More would only compete for the same disk.
const CONNECTIONS: usize = 4;
/// How long a question waits for a connection, and then how long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads one SQLite file. Cheap to share by `Arc`.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    /// Looks at the file at `path`, if it is there.
    ///
    /// # Errors
    /// [`OpenError::Newer`], [`OpenError::Foreign`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let idle = match connect::for_reading(path) {
            Ok(connection) => connection.into_iter().collect(),
            Err(error @ (OpenError::Newer { .. } | OpenError::Foreign { .. })) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "history does not answer yet");
                Vec::new()
            }
        };
        Ok(Self { path: path.into(), turns: Arc::new(Semaphore::new(CONNECTIONS)), idle: Mutex::new(idle) })
    }

    /// Asks one question. Where the caller goes away, the question is interrupted.
    async fn ask<T, F>(&self, question: F) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| Unavailable::new("all connections are busy"))?
            .map_err(Unavailable::new)?;
        let mut connection = self.connection().await?;
        let interrupt = InterruptOnDrop(Some(connection.get_interrupt_handle()));
        let work = spawn_blocking(move || {
            let _turn = turn;
            let answer = connection.transaction().and_then(|transaction| question(&transaction));
            (connection, answer)
        });
        let (connection, answer) = timeout(PATIENCE, work)
            .await
            .map_err(|_| Unavailable::new(format!("no answer within {} s", PATIENCE.as_secs())))?
            .map_err(Unavailable::new)?;
        interrupt.disarm();
        // After an error it is opened anew next time: whatever was wrong with this connection ends with it.
        let answer = answer.map_err(connect::unavailable)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(answer)
    }

    async fn connection(&self) -> Result<Connection, Unavailable> {
        if let Some(connection) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(connection);
        }
        let path = self.path.clone();
        let opened = spawn_blocking(move || connect::for_reading(&path)).await.map_err(Unavailable::new)?;
        let missing = || Unavailable::new(format!("nothing has been written to {} yet", self.path.display()));
        opened.map_err(Unavailable::new)?.ok_or_else(missing)
    }
}

/// Interrupts what a connection is doing, unless it was disarmed: nobody waits for the answer any more.
struct InterruptOnDrop(Option<InterruptHandle>);

impl InterruptOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.interrupt();
        }
    }
}

#[async_trait]
impl HistoryReader for Reader {
    async fn healthy(&self) -> Result<(), Unavailable> {
        self.through().await.map(|_| ())
    }

    async fn through(&self) -> Result<Millis, Unavailable> {
        self.ask(|state| pages::through(state)).await
    }

    async fn marks(&self) -> Result<Vec<PartitionMark>, Unavailable> {
        self.ask(|state| pages::marks(state)).await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Unavailable> {
        self.ask(move |state| pages::delivery(state, id)).await
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<DeliveryPage, Unavailable> {
        self.ask(move |state| pages::page(state, &query)).await
    }

    async fn open_deliveries(&self) -> Result<Vec<Delivery>, Unavailable> {
        self.ask(|state| pages::open(state)).await
    }

    async fn trail_of_courier(
        &self,
        courier: &CourierId,
        from: Millis,
        to: Millis,
        max_points: usize,
    ) -> Result<Trail, Unavailable> {
        let courier = courier.clone();
        self.ask(move |state| trails::of_courier(state, &courier, from, to, max_points)).await
    }

    async fn trail_of_delivery(&self, id: DeliveryId, max_points: usize) -> Result<Option<Trail>, Unavailable> {
        self.ask(move |state| trails::of_delivery(state, id, max_points)).await
    }

    async fn slice(&self, query: SliceQuery) -> Result<Slice, Unavailable> {
        self.ask(move |state| trails::slice(state, &query)).await
    }

    async fn run(&self, id: DeliveryId) -> Result<Option<Run>, Unavailable> {
        self.ask(move |state| trails::run(state, id)).await
    }

    async fn stats(&self, query: StatsQuery) -> Result<Stats, Unavailable> {
        self.ask(move |state| stats::of(state, &query)).await
    }
}
