//! How Kafka is reached.

use std::fmt;
use std::str::FromStr;

/// How Kafka is reached.
#[derive(Debug, Clone, clap::Args)]
pub struct KafkaSettings {
    /// Brokers to ask first, as host:port,host:port
    #[arg(long = "kafka-brokers", env = "CD_KAFKA_BROKERS", value_name = "HOST:PORT,..")]
    pub brokers: String,
    /// What every topic's and group's name begins with
    #[arg(long = "kafka-prefix", env = "CD_KAFKA_PREFIX", default_value = "", value_name = "PREFIX")]
    pub prefix: String,
    /// Options for librdkafka, as k=v;k=v
    #[arg(long = "kafka-options", env = "CD_KAFKA_OPTIONS", default_value = "", value_name = "K=V;..")]
    pub options: KafkaOptions,
    /// The broker is the one in this process: it keeps its log in memory and cannot find offsets by time, so readers
    /// begin at the beginning, and there are no groups.
    #[arg(skip)]
    pub embedded: bool,
}

impl KafkaSettings {
    /// Settings for a broker at `brokers`, nothing else set.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), prefix: String::new(), options: KafkaOptions::default(), embedded: false }
    }

    /// Settings for the broker in this process.
    pub fn embedded(brokers: impl Into<String>) -> Self {
        Self { embedded: true, ..Self::new(brokers) }
    }

    /// The Kafka name of a topic or group: with the prefix.
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// Options for librdkafka. Values do not print: they may hold passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KafkaOptions(Vec<(String, String)>);

impl KafkaOptions {
    /// Name and value of each, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds an option; for tests and `standalone`.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }
}

impl FromStr for KafkaOptions {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let options = parts.map(|part| {
            let pair = part.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
            let pair = pair.filter(|(name, _)| !name.is_empty());
            // The part itself is not repeated: without its "=" it may be half of a password.
            pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("each option must be name=value")
        });
        Ok(Self(options.collect::<Result<_, _>>()?))
    }
}

impl fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_pairs_and_their_values_stay_hidden() {
        let options: KafkaOptions = "a.b=1; sasl.password=x=y;;".parse().unwrap();
        assert_eq!(options.iter().collect::<Vec<_>>(), [("a.b", "1"), ("sasl.password", "x=y")]);
        assert_eq!(format!("{options:?}"), r#"["a.b", "sasl.password"]"#);
        assert!("a.b".parse::<KafkaOptions>().is_err() && "=1".parse::<KafkaOptions>().is_err());
    }
}
