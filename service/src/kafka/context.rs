//! librdkafka's own log lines and errors, routed into ours. It repeats itself while a broker is away: lines of a kind are
//! written once in 30 s, with the number of those left out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
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
    refused: Mutex<Option<String>>,
    told: Mutex<BTreeMap<String, Told>>,
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
            refused: Mutex::new(None),
            told: Mutex::new(BTreeMap::new()),
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

    /// The error after which this client can do nothing more, but a new one perhaps can, once an operator has given a
    /// right.
    pub(super) fn refused(&self) -> Option<String> {
        self.refused.lock().clone()
    }

    /// A new client begins with the same state.
    pub(super) fn begin_anew(&self) {
        *self.fatal.lock() = None;
        *self.refused.lock() = None;
    }

    /// Kafka has refused what was asked of it: told once in 30 s for all clients of the process together.
    pub(super) fn refuse(&self, advice: &str, reason: &str) {
        tell(&REFUSALS, &self.name, Level::WARN, advice, &format!("{advice}: {reason}"));
    }

    /// Writes a line unless one of its kind was written in the last 30 s.
    fn tell(&self, level: Level, kind: &str, line: &str) {
        tell(&self.told, &self.name, level, kind, line);
    }
}

/// What was told about refusals. One for all clients: a wrong password is the same for each of them.
static REFUSALS: Mutex<BTreeMap<String, Told>> = Mutex::new(BTreeMap::new());

fn tell(told: &Mutex<BTreeMap<String, Told>>, client: &str, level: Level, kind: &str, line: &str) {
    let now = Instant::now();
    let left_out = {
        let mut told = told.lock();
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
        Level::ERROR => tracing::error!(target: "kafka", client = %client, "{line}{more}"),
        Level::WARN => tracing::warn!(target: "kafka", client = %client, "{line}{more}"),
        Level::INFO => tracing::info!(target: "kafka", client = %client, "{line}{more}"),
        _ => tracing::debug!(target: "kafka", client = %client, "{line}{more}"),
    }
}

const HANGS_UP: &str =
    "Kafka hangs up, as it does on who speaks another protocol (security.protocol in CD_KAFKA_OPTIONS)";

/// What an operator should look at, where Kafka or the way to it refuses us. `reason` is librdkafka's.
pub(super) fn advice(code: Option<RDKafkaErrorCode>, reason: &str) -> Option<&'static str> {
    use RDKafkaErrorCode::{
        Authentication, ClusterAuthorizationFailed, GroupAuthorizationFailed, TopicAuthorizationFailed,
    };
    match code {
        Some(Authentication) => Some(
            "Kafka refuses the user or the password (sasl.mechanism, sasl.username, sasl.password in CD_KAFKA_OPTIONS)",
        ),
        Some(TopicAuthorizationFailed | GroupAuthorizationFailed | ClusterAuthorizationFailed) => {
            Some("Kafka lets this user not do it (an ACL is missing)")
        }
        _ if reason.contains("certificate verify failed") => {
            Some("Kafka's certificate is not trusted (ssl.ca.location in CD_KAFKA_OPTIONS, and the certificate's time)")
        }
        // The other side tells us by TLS's own alert, after which it hangs up.
        _ if reason.contains("SSL alert number") => {
            Some("Kafka refuses our certificate (ssl.certificate.location in CD_KAFKA_OPTIONS, and its time)")
        }
        _ if reason.contains("security.protocol") => Some(HANGS_UP),
        _ => None,
    }
}

impl ClientContext for ClientState {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        use RDKafkaLogLevel::{Alert, Critical, Emerg, Error, Warning};
        match facility {
            // It comes before the records that this client will not send any more, the error callback between them.
            "FATAL" => *self.fatal.lock() = Some(line.to_owned()),
            // Whom Kafka hangs up on before a word was exchanged is told by no error.
            "FAIL" if line.contains("Disconnected") && line.contains("APIVERSION_QUERY") => self.refuse(HANGS_UP, line),
            _ => {}
        }
        let level = match (level, facility) {
            // An option of the other kind of client, and connections that come and go: said by the error callback. A producer
            // that gets no id from a coordinator that is starting asks again; what it cannot send is told by its sender.
            // A commit that a rebalance overtook: the next owner reads again from the last one.
            (
                _,
                "CONFWARN" | "FAIL" | "REQTMOUT" | "SESSTMOUT" | "MAXPOLL" | "GETPID" | "COMMITFAIL" | "FATAL" | "SSL",
            )
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
            Some(RDKafkaErrorCode::ClusterAuthorizationFailed) if self.fatal().is_some() => {
                *self.refused.lock() = Some(reason.to_owned());
            }
            _ => {}
        }
        if let Some(advice) = advice(code, reason) {
            return self.refuse(advice, reason);
        }
        let level = match code {
            // The readers tell these themselves, with the numbers.
            Some(RDKafkaErrorCode::AutoOffsetReset) => Level::DEBUG,
            // Topics that are missing are told by those who make them and those who wait for them.
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Level::DEBUG,
            _ => Level::WARN,
        };
        self.tell(level, &format!("{code:?}"), &format!("{error}: {reason}"));
    }
}

/// The callbacks of a client that has no others.
pub(super) struct Teller(pub(super) ClientState);

impl ClientContext for Teller {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.0.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ConsumerContext for Teller {}

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
    #[test]
    fn refusals_say_what_to_look_at() {
        use RDKafkaErrorCode::{Authentication, BrokerTransportFailure, SSL, TopicAuthorizationFailed};
        for (code, reason, option) in [
            (Authentication, "SASL authentication error", "sasl.password"),
            (SSL, "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: b", "ssl.ca.location"),
            (BrokerTransportFailure, "error:0A000416:SSL routines::x: SSL alert number 46", "ssl.certificate.location"),
            (
                BrokerTransportFailure,
                "might be caused by incorrect security.protocol configuration",
                "security.protocol",
            ),
            (TopicAuthorizationFailed, "positions", "ACL"),
        ] {
            assert!(advice(Some(code), reason).is_some_and(|advice| advice.contains(option)), "{code}");
        }
        assert_eq!(advice(Some(BrokerTransportFailure), "Connection refused"), None);
    }

    #[test]
    fn a_missing_right_is_not_the_end_of_all_clients() {
        let state = ClientState::new("test");
        state.log(RDKafkaLogLevel::Emerg, "FATAL", "Fatal error: Broker: Cluster authorization failed");
        assert!(state.fatal().is_some() && state.refused().is_none());
        state.error(KafkaError::Global(RDKafkaErrorCode::ClusterAuthorizationFailed), "no PID");
        assert_eq!(state.refused().as_deref(), Some("no PID"));
        state.begin_anew();
        assert!(state.fatal().is_none() && state.refused().is_none());
    }
}
