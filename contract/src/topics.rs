//! The Kafka topics and their settings: one table for the code, the deployment and the documents.

/// Positions of couriers, key = courier.
pub const POSITIONS: &str = "positions";
/// Delivery documents, key = courier.
pub const DELIVERIES: &str = "deliveries";
/// Records that can never be stored, as they came.
pub const DLQ: &str = "dlq";

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a topic is created with and compared against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// Name without the prefix of `CD_KAFKA_PREFIX`.
    pub name: &'static str,
    /// Number of partitions at creation.
    pub partitions: i32,
    /// Whether the number of partitions may be raised later (never lowered).
    pub may_grow: bool,
    /// `retention.ms`.
    pub retention_ms: i64,
}

/// All topics of the protocol.
pub const ALL: [Topic; 3] = [
    Topic { name: POSITIONS, partitions: 24, may_grow: true, retention_ms: 3 * DAY_MS },
    Topic { name: DELIVERIES, partitions: 12, may_grow: false, retention_ms: 14 * DAY_MS },
    Topic { name: DLQ, partitions: 3, may_grow: true, retention_ms: 30 * DAY_MS },
];

/// A position whose `at` is further than this ahead of the record's broker time is a dead letter for every reader, ms.
pub const MAX_AHEAD_MS: i64 = 60_000;
/// Retention of `positions`: a position older than this, by its record's broker time, is a dead letter too, ms.
pub const POSITIONS_RETENTION_MS: i64 = 3 * DAY_MS;

/// Headers of a dead letter, the names that Kafka Connect uses.
pub mod dlq_headers {
    /// Topic of the record.
    pub const TOPIC: &str = "__connect.errors.topic";
    /// Its partition, decimal.
    pub const PARTITION: &str = "__connect.errors.partition";
    /// Its offset, decimal.
    pub const OFFSET: &str = "__connect.errors.offset";
    /// Class of the error.
    pub const EXCEPTION_CLASS: &str = "__connect.errors.exception.class.name";
    /// Text of the error.
    pub const EXCEPTION_MESSAGE: &str = "__connect.errors.exception.message";
}
