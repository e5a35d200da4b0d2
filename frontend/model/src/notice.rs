//! What is worth a quiet line on the screen.

use contract::{CourierId, Delivery, Millis};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Grows with every notice; the key of a list.
    pub id: u64,
    /// When, ms UTC.
    pub at: Millis,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A delivery was delivered, failed, cancelled by another, or rejected: the document says which.
    Ended(Box<Delivery>),
    /// A courier on a delivery fell silent. Stays until it is closed.
    Silent {
        /// Who.
        courier: CourierId,
        /// Its last position's time, ms UTC.
        last_at: Millis,
    },
    /// A courier is late now.
    Late {
        /// Who.
        courier: CourierId,
        /// When it will arrive, ms UTC.
        eta: Option<Millis>,
        /// When it was due, ms UTC.
        due: Option<Millis>,
    },
    /// The connection is back, and what was missed is on the screen.
    CaughtUp {
        /// How many positions and events are newer than what was shown.
        updates: u32,
        /// How long the connection was away, ms.
        away_ms: i64,
    },
    /// The server has a newer page. Stays until it is closed.
    NewPage,
}
