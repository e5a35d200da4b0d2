//! What an orchestrator and Prometheus ask a service: is it alive, is it ready, how is it doing.
//!
//! `/livez` speaks of this process alone (its loops turn) and never of Kafka or a store: a restart would not bring those
//! back. `/readyz` turns green once, when the service has reached its state, and red once, when drain begins.

mod admin;
mod ask;
mod metrics;

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

pub use admin::{admin_router, serve_admin};
pub use ask::{HELP, asked};

/// How long a loop may take for one turn before the process counts as stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// The health of one service. Cloning is cheap.
#[derive(Clone)]
pub struct Health(Arc<State>);

struct State {
    began: Instant,
    ready: AtomicBool,
    draining: AtomicBool,
    loops: Mutex<Vec<Weak<Loop>>>,
    metrics: metrics::Handle,
}

struct Loop {
    name: String,
    /// Time of the last turn, ms since `began`.
    turned: AtomicU64,
}

/// A loop's side of its health: it says that it turned. When it is dropped the loop has ended and is not asked for.
pub struct Beat {
    began: Instant,
    turn: Arc<Loop>,
}

impl Health {
    /// The health of a service that is alive and not ready yet. Installs the process's metrics recorder if there is none.
    pub fn new() -> Self {
        Self(Arc::new(State {
            began: Instant::now(),
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            loops: Mutex::new(Vec::new()),
            metrics: metrics::install(),
        }))
    }

    /// Registers a loop that promises to turn at least every 30 s.
    pub fn loop_beat(&self, name: impl Into<String>) -> Beat {
        let now = self.0.began.elapsed().as_millis() as u64;
        let turn = Arc::new(Loop { name: name.into(), turned: AtomicU64::new(now) });
        let mut loops = self.0.loops.lock();
        loops.retain(|known| known.strong_count() > 0);
        loops.push(Arc::downgrade(&turn));
        Beat { began: self.0.began, turn }
    }

    /// Names of the loops that have not turned in the last 30 s.
    pub fn stuck(&self) -> Vec<String> {
        self.stuck_at(self.0.began.elapsed())
    }

    fn stuck_at(&self, now: Duration) -> Vec<String> {
        let limit = now.saturating_sub(STUCK_AFTER).as_millis() as u64;
        let loops = self.0.loops.lock();
        let stuck = loops.iter().filter_map(Weak::upgrade).filter(|turn| turn.turned.load(Ordering::Relaxed) < limit);
        stuck.map(|turn| turn.name.clone()).collect()
    }

    /// The service has reached its state and may be sent requests.
    pub fn set_ready(&self) {
        self.0.ready.store(true, Ordering::SeqCst);
    }

    /// Drain has begun: no new requests, please.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Ready and not draining.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::SeqCst) && !self.0.draining.load(Ordering::SeqCst)
    }

    /// The metrics of the process in Prometheus' text format.
    pub fn metrics(&self) -> String {
        ::metrics::gauge!("cd_ready").set(f64::from(u8::from(self.is_ready())));
        self.0.metrics.render()
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Beat {
    /// The loop has turned once more. Cheap enough for every turn.
    pub fn turn(&self) {
        self.turn.turned.store(self.began.elapsed().as_millis() as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_stops_turning_is_named_and_one_that_ended_is_not() {
        let health = Health::new();
        let (reader, ended) = (health.loop_beat("reader"), health.loop_beat("ended"));
        drop(ended);
        reader.turn();
        assert!(health.stuck_at(Duration::from_secs(29)).is_empty());
        assert_eq!(health.stuck_at(Duration::from_secs(40)), ["reader"]);
    }

    #[test]
    fn ready_once_until_drain() {
        let health = Health::new();
        assert!(!health.is_ready());
        health.set_ready();
        assert!(health.is_ready());
        health.drain();
        health.set_ready();
        assert!(!health.is_ready());
    }
}
