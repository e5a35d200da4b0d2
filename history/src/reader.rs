//! The reading half of the store, for the backend, `sink verify` and the start of `standalone`.

use async_trait::async_trait;
use contract::{
    CourierId, Delivery, DeliveryId, Millis,
    rest::{Audit, DeliveryPage, Trail},
};

use crate::{DeliveryQuery, PartitionMark, Run, Slice, SliceQuery, Stats, StatsQuery, Unavailable};

/// The reading half. Each answer is one consistent state of the store, and its `through` is of the same state.
///
/// Every method fails with [`Unavailable`] while the engine does not answer (for SQLite also: while the writer has not
/// made the file yet); "there is no such thing" is `None`, never an error.
#[async_trait]
pub trait HistoryReader: Send + Sync {
    /// Whether the engine answers.
    async fn healthy(&self) -> Result<(), Unavailable>;

    /// All that was appended to Kafka before this time (ms UTC, the broker's clock) is included; 0 where nothing was
    /// ever marked.
    async fn through(&self) -> Result<Millis, Unavailable>;

    /// How far each partition is stored, in the order of (topic, partition).
    async fn marks(&self) -> Result<Vec<PartitionMark>, Unavailable>;

    /// One delivery.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Unavailable>;

    /// A page of deliveries, newest first by (requested_at, id).
    async fn deliveries(&self, query: DeliveryQuery) -> Result<DeliveryPage, Unavailable>;

    /// All deliveries that can still change, oldest first: what live state has to hold anyway.
    async fn open_deliveries(&self) -> Result<Vec<Delivery>, Unavailable>;

    /// The fixes of a courier with `from <= at <= to` (ms UTC), all sources, thinned as [`crate::Thinner`] does.
    async fn trail_of_courier(
        &self,
        courier: &CourierId,
        from: Millis,
        to: Millis,
        max_points: usize,
    ) -> Result<Trail, Unavailable>;

    /// The fixes that a delivery owns (`started_at <= at <= finished_at`, without an end all from the start on),
    /// thinned likewise. No points before it has started.
    async fn trail_of_delivery(&self, id: DeliveryId, max_points: usize) -> Result<Option<Trail>, Unavailable>;

    /// The fleet at a moment.
    async fn slice(&self, query: SliceQuery) -> Result<Slice, Unavailable>;

    /// A delivery with the tally of its run's fixes.
    async fn run(&self, id: DeliveryId) -> Result<Option<Run>, Unavailable>;

    /// Figures of deliveries.
    async fn stats(&self, query: StatsQuery) -> Result<Stats, Unavailable>;

    /// Whether all fixes of a run are stored.
    async fn audit(&self, id: DeliveryId) -> Result<Option<Audit>, Unavailable> {
        Ok(self.run(id).await?.map(|run| run.audit()))
    }
}
