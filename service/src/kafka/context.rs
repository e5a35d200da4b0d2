//! librdkafka's own log lines and errors, routed into ours. It repeats itself while a broker is away: lines of a kind are
//! written once in 30 s, with the number of those left out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tracing::Level;

/// Lines of a kind are written once in this time.
const QUIET: Duration = Duration::from_secs(30);

/// What a client's callbacks share with the code around it.
pub(super) struct ClientState {
    /// Name of the client in the log.
    name: String,
    connected: AtomicBool,
    fatal: Mutex<Option<String>>,
    told: Mutex<HashMap<String, Told>>,
}

struct Told {
    at: Instant,
    left_out: u32,
}

impl ClientState {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            connected: AtomicBool::new(false),
            fatal: Mutex::new(None),
            told: Mutex::new(HashMap::new()),
        }
    }

    /// Whether some broker answered last.
    pub(super) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// A broker has answered, or none does.
    pub(super) fn set_connected(&self, connected: bool) {
        // Looked at before it is written: this is called for every record.
        if self.is_connected() != connected && self.connected.swap(connected, Ordering::Relaxed) != connected {
            match connected {
                true => tracing::info!(client = %self.name, "Kafka answers"),
                false => tracing::warn!(client = %self.name, "Kafka is away"),
            }
        }
    }

    /// The error after which this client can do nothing more.
    pub(super) fn fatal(&self) -> Option<String> {
        self.fatal.lock().clone()
    }

    /// Writes a line unless one of its kind was written in the last 30 s.
    fn tell(&self, level: Level, kind: &str, line: &str) {
        let now = Instant::now();
        let left_out = {
            let mut told = self.told.lock();
            // Kinds are librdkafka's facilities and error names: some dozens. Bounded all the same.
            if told.len() > 200 {
                told.clear();
            }
            match told.get_mut(kind) {
                Some(last) if now.duration_since(last.at) < QUIET => {
                    last.left_out += 1;
                    return;
                }
                Some(last) => {
                    last.at = now;
                    std::mem::take(&mut last.left_out)
                }
                None => {
                    told.insert(kind.to_owned(), Told { at: now, left_out: 0 });
                    0
                }
            }
        };
        let more = if left_out > 0 { format!(" ({left_out} more like it in between)") } else { String::new() };
        match level {
            Level::ERROR => tracing::error!(target: "kafka", client = %self.name, "{line}{more}"),
            Level::WARN => tracing::warn!(target: "kafka", client = %self.name, "{line}{more}"),
            Level::INFO => tracing::info!(target: "kafka", client = %self.name, "{line}{more}"),
            _ => tracing::debug!(target: "kafka", client = %self.name, "{line}{more}"),
        }
    }
}

impl ClientContext for ClientState {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        use RDKafkaLogLevel::{Alert, Critical, Emerg, Error, Warning};
        let level = match (level, facility) {
            // An option of the other kind of client, and connections that come and go: said by the error callback. A producer
            // that gets no id from a coordinator that is starting asks again; what it cannot send is told by its sender.
            // A commit that a rebalance overtook: the next owner reads again from the last one.
            (_, "CONFWARN" | "FAIL" | "REQTMOUT" | "SESSTMOUT" | "MAXPOLL" | "GETPID" | "COMMITFAIL")
            | (Emerg | Alert | Critical | Error, "ERROR") => Level::DEBUG,
            (Emerg | Alert | Critical | Error | Warning, _) => Level::WARN,
            _ => Level::DEBUG,
        };
        self.tell(level, facility, &format!("librdkafka: {facility} {line}"));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        match code {
            // The end of a partition is news for the reader, not a fault.
            Some(RDKafkaErrorCode::PartitionEOF) => return,
            Some(RDKafkaErrorCode::AllBrokersDown) => return self.set_connected(false),
            Some(RDKafkaErrorCode::Fatal) => *self.fatal.lock() = Some(reason.to_owned()),
            _ => {}
        }
        let level = match code {
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => Level::WARN,
            // The readers tell these themselves, with the numbers.
            Some(RDKafkaErrorCode::AutoOffsetReset) => Level::DEBUG,
            // Topics that are missing are told by those who make them and those who wait for them.
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Level::DEBUG,
            _ => Level::WARN,
        };
        self.tell(level, &format!("{code:?}"), &format!("{error}: {reason}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_lines_are_counted_and_left_out() {
        let state = ClientState::new("test");
        for _ in 0..3 {
            state.error(KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure), "Connection refused");
        }
        let told = state.told.lock();
        assert_eq!(told.len(), 1);
        assert_eq!(told.values().next().unwrap().left_out, 2);
    }
}
