//! Reading: a bounded number of questions at once. Each one reads the marks first and searches after that, so that its
//! answer holds all that its `through` promises.

use std::time::Duration;

use async_trait::async_trait;
use contract::{
    CourierId, Delivery, DeliveryId, Millis,
    rest::{DeliveryPage, Trail},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{client::Client, marks, pages, slices, stats, trails};
use crate::{
    DeliveryQuery, HistoryReader, OpenError, Options, PartitionMark, Run, Slice, SliceQuery, Stats, StatsQuery,
    Unavailable,
};

/// Questions at once.
const QUESTIONS: usize = 16;
/// How long a question waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads from one cluster. Cheap to share by `Arc`.
pub struct Reader {
    client: Client,
    turns: Semaphore,
}

impl Reader {
    /// Prepares the connection; the cluster may be away.
    ///
    /// # Errors
    /// [`OpenError`]: the options are wrong, a file that they name cannot be read.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        Ok(Self { client: Client::new(options)?, turns: Semaphore::new(QUESTIONS) })
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Unavailable> {
        let turn = timeout(PATIENCE, self.turns.acquire()).await;
        turn.map_err(|_| Unavailable::new("too many questions at once"))?.map_err(Unavailable::new)
    }
}

#[async_trait]
impl HistoryReader for Reader {
    async fn healthy(&self) -> Result<(), Unavailable> {
        self.through().await.map(|_| ())
    }

    async fn through(&self) -> Result<Millis, Unavailable> {
        let _turn = self.turn().await?;
        marks::through(&self.client).await
    }

    async fn marks(&self) -> Result<Vec<PartitionMark>, Unavailable> {
        let _turn = self.turn().await?;
        marks::list(&self.client).await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Unavailable> {
        let _turn = self.turn().await?;
        pages::delivery(&self.client, id).await
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<DeliveryPage, Unavailable> {
        let _turn = self.turn().await?;
        pages::page(&self.client, &query).await
    }

    async fn open_deliveries(&self) -> Result<Vec<Delivery>, Unavailable> {
        let _turn = self.turn().await?;
        pages::open(&self.client).await
    }

    async fn trail_of_courier(
        &self,
        courier: &CourierId,
        from: Millis,
        to: Millis,
        max_points: usize,
    ) -> Result<Trail, Unavailable> {
        let _turn = self.turn().await?;
        trails::of_courier(&self.client, courier, from, to, max_points).await
    }

    async fn trail_of_delivery(&self, id: DeliveryId, max_points: usize) -> Result<Option<Trail>, Unavailable> {
        let _turn = self.turn().await?;
        trails::of_delivery(&self.client, id, max_points).await
    }

    async fn slice(&self, query: SliceQuery) -> Result<Slice, Unavailable> {
        let _turn = self.turn().await?;
        slices::of(&self.client, &query).await
    }

    async fn run(&self, id: DeliveryId) -> Result<Option<Run>, Unavailable> {
        let _turn = self.turn().await?;
        trails::run(&self.client, id).await
    }

    async fn stats(&self, query: StatsQuery) -> Result<Stats, Unavailable> {
        let _turn = self.turn().await?;
        stats::of(&self.client, &query).await
    }
}
