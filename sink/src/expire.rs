//! Retention: what is older than it is kept is removed from the store, once an hour.

use std::{convert::Infallible, sync::Arc, time::Duration};

use contract::Millis;
use history::{Expired, HistoryWriter, Unavailable};
use service::{Clock, Shutdown};

use crate::settings::Retention;

const EVERY: Duration = Duration::from_secs(3_600);
/// After the start: not at once, when the backlog is read.
const FIRST_AFTER: Duration = Duration::from_secs(60);

/// Removes what is too old, now.
///
/// # Errors
/// [`Unavailable`]: some of it may have been removed.
pub(crate) async fn once(
    writer: &dyn HistoryWriter,
    retention: Retention,
    now: Millis,
) -> Result<Expired, Unavailable> {
    let before = |keep: Duration| now.saturating_sub(Millis::try_from(keep.as_millis()).unwrap_or(Millis::MAX));
    writer.expire(before(retention.positions_retention), before(retention.deliveries_retention)).await
}

/// Removes what is too old every hour until shutdown. A failure waits for the next hour.
pub(crate) async fn hourly(
    writer: Arc<dyn HistoryWriter>,
    retention: Retention,
    clock: Clock,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    let mut wait = FIRST_AFTER;
    while shutdown.sleep(wait).await {
        // A long removal ends with the process: what is left is removed next time.
        let removed = tokio::select! {
            removed = once(&*writer, retention, clock.now()) => removed,
            () = shutdown.requested() => break,
        };
        match removed {
            Ok(Expired { positions: 0, deliveries: 0 }) => {}
            Ok(Expired { positions, deliveries }) => tracing::info!(positions, deliveries, "removed as too old"),
            Err(error) => tracing::warn!("retention waits for the next hour: {error}"),
        }
        wait = EVERY;
    }
    Ok(())
}
