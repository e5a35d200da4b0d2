//! The words of the protocol: ids, coordinates, Kafka records, REST bodies and socket frames.
//!
//! Everything that crosses a process boundary is defined here and nowhere else, so that producer and consumer cannot
//! drift apart. The crate is pure: no I/O, no clock, and it compiles to wasm for the page. `docs/protocol.md` says the
//! same in prose for people who do not read Rust; the golden files under `contract/tests/golden` hold both to it.

pub mod access;
pub mod close;
pub mod delivery;
pub mod frame;
pub mod ids;
pub mod live;
pub mod place;
pub mod polyline;
pub mod position;
pub mod problem;
pub mod rest;
pub mod topics;

pub use access::{Role, You};
pub use delivery::{Delivery, DeliveryStatus, Driver};
pub use ids::{CourierId, DeliveryId, RouteId, SourceId};
pub use place::{Bounds, Place};
pub use position::Position;
pub use problem::{Problem, ProblemKind};

/// A moment: integer milliseconds since 1970-01-01 UTC, as every time on the wire.
pub type Millis = i64;

/// The largest record value and dead-letter-free message the protocol allows, in bytes.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// Why a record, a body or a message was not taken. The text names the field and the limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The bytes are no JSON, or a field has another type than the protocol says.
    #[error("not readable as JSON: {0}")]
    Json(String),
    /// A field's value breaks a rule; the first part is the field's name.
    #[error("{field} {rule}")]
    Field {
        /// Name of the field as it stands on the wire.
        field: &'static str,
        /// The rule that was broken, as a predicate: "must be -90 to 90".
        rule: String,
    },
    /// A delivery in a state that this version does not know: a later one wrote it.
    #[error("status {0} is not known to this version")]
    UnknownStatus(String),
    /// The value is larger than [`MAX_RECORD_BYTES`].
    #[error("{0} bytes are more than the limit of {MAX_RECORD_BYTES}")]
    TooLarge(usize),
}

impl Invalid {
    pub(crate) fn field(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Field { field, rule: rule.into() }
    }

    /// A short class name, as dead letters carry it in `__connect.errors.exception.class.name`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Json(_) => "MalformedJson",
            Self::Field { .. } => "InvalidField",
            Self::UnknownStatus(_) => "UnknownStatus",
            Self::TooLarge(_) => "RecordTooLarge",
        }
    }
}

impl From<serde_json::Error> for Invalid {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.to_string())
    }
}
