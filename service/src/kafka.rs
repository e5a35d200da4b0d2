//! Kafka as the services use it: a producer whose acknowledgements are awaited, a reader of everything, and a reader that
//! shares the work in a group. No reader's place is ever moved silently: `auto.offset.reset=error` everywhere, and what
//! retention took away before it was read is counted in `cd_records_lost_total`.

pub mod broadcast;
pub mod ends;
pub mod group;
pub mod partitioner;
pub mod producer;
pub mod record;
pub mod topics;

mod config;
mod context;
mod offsets;

pub use producer::{Ack, Outlet, Producer, SendError};
pub use record::Record;

use rdkafka::error::KafkaError;

use crate::StartError;

/// A client that could not be made: mostly an option that librdkafka does not know. The option's value is left out, for
/// it may be a password under a mistyped name.
pub fn start_error(error: KafkaError) -> StartError {
    match error {
        KafkaError::ClientConfig(_, reason, name, _) => {
            StartError::setting(format!("CD_KAFKA_OPTIONS or CD_KAFKA_BROKERS: {name}: {}", reason.trim()))
        }
        KafkaError::ClientCreation(reason) => StartError::setting(format!("Kafka client: {}", reason.trim())),
        other => StartError::failure(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::KafkaSettings;

    #[test]
    fn a_mistyped_option_is_named_and_its_value_is_not() {
        let mut settings = KafkaSettings::new("127.0.0.1:1");
        settings.options.set("sasl.passwrd", "hunter2");
        let Err(error) = Producer::new(&settings) else { panic!("librdkafka took it") };
        let line = error.to_string();
        assert!(line.contains("sasl.passwrd") && !line.contains("hunter2"), "{line}");
        assert_eq!(error.exit_code(), 2);
    }
}
