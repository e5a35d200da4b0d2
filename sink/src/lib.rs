//! Kafka to history, with dead letters; verify.
