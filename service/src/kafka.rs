//! Kafka as the services use it: a producer whose acknowledgements are awaited, a reader of everything, and a reader that
//! shares the work in a group. No reader's place is ever moved silently: `auto.offset.reset=error` everywhere, and what
//! retention took away before it was read is counted in `cd_records_lost_total`.

pub mod broadcast;
pub mod group;
pub mod partitioner;
pub mod producer;
pub mod topics;

mod config;
mod context;
mod offsets;
mod record;

pub use producer::{Ack, Outlet, Producer, SendError};
pub use record::Record;

use rdkafka::error::KafkaError;

use crate::StartError;

/// A client that could not be made: mostly an option that librdkafka does not know.
fn start_error(error: KafkaError) -> StartError {
    match error {
        KafkaError::ClientConfig(_, reason, name, _) => {
            StartError::setting(format!("CD_KAFKA_OPTIONS or CD_KAFKA_BROKERS: {name}: {}", reason.trim()))
        }
        KafkaError::ClientCreation(reason) => StartError::setting(format!("Kafka client: {}", reason.trim())),
        other => StartError::failure(other),
    }
}
