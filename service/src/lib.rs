//! What every daemon is built from: settings, telemetry, shutdown, supervision, Kafka.
