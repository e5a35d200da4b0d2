//! The wall clock as a value, so that time is injected and tests do not sleep.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Millis;

/// Tells the time, ms UTC. Cloning is cheap; clones of a manual clock move together.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `now` until it is moved.
    pub fn manual(now: Millis) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now))))
    }

    /// The time, ms UTC.
    pub fn now(&self) -> Millis {
        match &self.0 {
            Some(manual) => manual.load(Ordering::SeqCst),
            // A clock before 1970 reads as 1970: nothing can be done about it here.
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis),
        }
    }

    /// Moves a manual clock on by `ms`. The system's clock does not listen.
    pub fn advance(&self, ms: Millis) {
        if let Some(manual) = &self.0 {
            manual.fetch_add(ms, Ordering::SeqCst);
        }
    }
}
