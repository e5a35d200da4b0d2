//! "Not found" is a statement about the whole log: another replica may have acknowledged a delivery that this one has not
//! read yet, and while a partition has no leader nothing tells how far behind that is. So the brokers are asked.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use service::kafka::broadcast::Status;
use tokio::sync::Mutex;

use super::{Live, reader::DELIVERIES_INDEX};

/// How long the brokers may take to tell, and then the state to get there.
const WITHIN: Duration = Duration::from_secs(3);

/// Asks how far the log of deliveries goes.
#[derive(Debug, Default)]
pub struct End {
    reader: OnceLock<Status>,
    /// When the last question that was answered was asked. Who came before that need not ask again, and no more than one
    /// question is under way: a flood of unknown ids costs the brokers nothing.
    asked: Mutex<Option<Instant>>,
}

impl End {
    /// Tells whom to ask. Once.
    pub fn set_reader(&self, status: Status) {
        let _ = self.reader.set(status);
    }

    /// Waits until `live` holds all deliveries that were acknowledged before the call. False where that could not be
    /// reached within some seconds.
    pub async fn reached(&self, live: &Live) -> bool {
        let came = Instant::now();
        let mut last = self.asked.lock().await;
        if last.is_some_and(|asked| asked >= came) {
            return true;
        }
        let Some(status) = self.reader.get().cloned() else { return false };
        let asked = Instant::now();
        let ends = tokio::task::spawn_blocking(move || status.ends(DELIVERIES_INDEX));
        let Ok(Ok(Ok(ends))) = tokio::time::timeout(WITHIN, ends).await else { return false };
        let mut tick = live.tick.subscribe();
        let passed = async {
            while !live.state.read().ring.has_passed(&ends) {
                if tick.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        let passed = tokio::time::timeout(WITHIN, passed).await.unwrap_or(false);
        if passed {
            *last = Some(asked);
        }
        passed
    }
}
