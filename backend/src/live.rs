//! The live state of this replica: the fleet, the ring of delivery events, and the tick that announces both.
//!
//! Records come from `reader` (Kafka, a thread of its own) into a pending batch; once a tick the one writer folds the
//! batch in under the write lock and announces the tick. Sockets and REST only read.

pub mod cursor;
pub mod end;
pub mod figures;
pub mod latency;
pub mod pending;
pub mod reader;
pub mod ring;
pub mod summary;
pub mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, AtomicU64},
};

use contract::Millis;
use fleet::Fleet;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use end::End;
use figures::Figures;
use latency::LatencyMeter;
use ring::Ring;
use summary::SummaryText;
use writer::AppendSamples;

/// Fleet and events: one lock, so that a cursor and the state that it belongs to are read together.
#[derive(Debug)]
pub struct State {
    /// Couriers and deliveries.
    pub fleet: Fleet,
    /// What happened to deliveries.
    pub ring: Ring,
}

/// What sockets and REST read.
#[derive(Debug)]
pub struct Live {
    /// How long a delivery may be in transit before it counts as abandoned, ms.
    pub delivery_max_ms: Millis,
    /// The state; held for reading while a frame is made, for writing once a tick.
    pub state: RwLock<State>,
    /// Number of the last tick.
    pub tick: watch::Sender<u64>,
    /// The last summary, made once for all.
    pub summary: RwLock<SummaryText>,
    /// Append to send.
    pub latency: LatencyMeter,
    /// Append times of some records of the last tick.
    pub append_samples: Mutex<AppendSamples>,
    /// True from when the state first reached the watermarks taken at start.
    pub caught_up: AtomicBool,
    /// How far the log of deliveries goes.
    pub end: End,
    /// Whether the broker answers.
    pub connected: AtomicBool,
    /// How far the state is behind the broker, ms.
    pub behind_ms: AtomicI64,
    /// Records that were deleted before they could be read.
    pub lost: AtomicU64,
    /// Metrics that are counted for every record or frame.
    pub figures: Figures,
    /// Sockets that are open.
    pub sockets: watch::Sender<u32>,
}

impl Live {
    /// An empty state. Which log it is of is told when that is known.
    pub fn new(limits: fleet::Limits) -> Arc<Self> {
        Arc::new(Self {
            delivery_max_ms: limits.delivery_max_ms,
            state: RwLock::new(State { fleet: Fleet::new(limits), ring: Ring::default() }),
            tick: watch::Sender::new(0),
            summary: RwLock::default(),
            latency: LatencyMeter::default(),
            append_samples: Mutex::default(),
            caught_up: AtomicBool::new(false),
            end: End::default(),
            connected: AtomicBool::new(false),
            behind_ms: AtomicI64::new(0),
            lost: AtomicU64::new(0),
            figures: Figures::new(),
            sockets: watch::Sender::new(0),
        })
    }
}
