//! What librdkafka's clients are configured with: one table for all services, overridable by `CD_KAFKA_OPTIONS`.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use crate::settings::KafkaSettings;

/// Most records that wait in the producer for their broker: at 20,000 a second they bridge a failover of 5 s, and a
/// sender waits beyond that.
const PRODUCER_QUEUE: &str = "100000";

/// A producer that loses, doubles and reorders nothing, and puts keys where Java's does.
pub(super) fn producer(settings: &KafkaSettings) -> ClientConfig {
    let mut config = common(settings);
    config
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("compression.codec", "lz4")
        .set("linger.ms", "5")
        .set("queue.buffering.max.messages", PRODUCER_QUEUE);
    overridden(config, settings)
}

/// A reader that never moves its place by itself. `group` is needed even by a reader without a group: librdkafka assigns
/// partitions only to clients that name one, and nothing joins it.
pub(super) fn consumer(settings: &KafkaSettings, group: &str) -> ClientConfig {
    let mut config = common(settings);
    config
        .set("group.id", settings.topic(group))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "true")
        // A member that was killed is given up after this; brokers allow 6 s and more.
        .set("session.timeout.ms", "10000")
        .set("heartbeat.interval.ms", "3000")
        // What is moved in a rebalance is only what must move.
        .set("partition.assignment.strategy", "cooperative-sticky")
        // Some 25 ms of records in a batch: at 10,000 positions a second a tenth of the backend's CPU goes into asking for
        // batches of 10 ms, and the tick of 100 ms hides the difference.
        .set("fetch.min.bytes", "32768")
        .set("fetch.wait.max.ms", if settings.embedded { "10" } else { "25" })
        .set("fetch.error.backoff.ms", "100")
        .set("fetch.queue.backoff.ms", "20")
        .set("queued.min.messages", "20000")
        .set("queued.max.messages.kbytes", "16384");
    overridden(config, settings)
}

/// A client that asks for topics and their settings.
pub(super) fn admin(settings: &KafkaSettings) -> ClientConfig {
    overridden(common(settings), settings)
}

fn common(settings: &KafkaSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", "code-delivery")
        // New partitions are seen within this.
        .set("topic.metadata.refresh.interval.ms", "30000")
        // A connection that fails in TLS's handshake is tried again after the first of these, for ever.
        .set("reconnect.backoff.ms", "250")
        .set("reconnect.backoff.max.ms", "2000")
        .set("socket.keepalive.enable", "true");
    config.set_log_level(RDKafkaLogLevel::Info);
    config
}

fn overridden(mut config: ClientConfig, settings: &KafkaSettings) -> ClientConfig {
    for (name, value) in settings.options.iter() {
        config.set(name, value);
    }
    config
}
