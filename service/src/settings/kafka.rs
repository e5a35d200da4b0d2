//! How Kafka is reached.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

/// How Kafka is reached.
#[derive(Debug, Clone, clap::Args)]
pub struct KafkaSettings {
    /// Brokers to ask first, as host:port,host:port
    #[arg(long = "kafka-brokers", env = "CD_KAFKA_BROKERS", value_name = "HOST:PORT,..")]
    pub brokers: String,
    /// What every topic's and group's name begins with
    #[arg(long = "kafka-prefix", env = "CD_KAFKA_PREFIX", default_value = "", value_name = "PREFIX")]
    pub prefix: String,
    /// Options for librdkafka, as k=v;k=v; k_FILE=path takes a value from a file
    #[arg(long = "kafka-options", env = "CD_KAFKA_OPTIONS", hide_env_values = true, default_value = "", value_name = "K=V;..", value_parser = Reader)]
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
///
/// As text they read `name=value;name=value`. `name_FILE=path` takes the value from a file, without the newline at its end:
/// for passwords, which then stand in no environment and no list of processes, and may hold a `;`.
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
            // The part itself is not repeated: without its "=" it may be half of a password.
            let (name, value) = pair.filter(|(name, _)| !name.is_empty()).ok_or("each option must be name=value")?;
            let (name, value) = match name.strip_suffix("_FILE") {
                Some(option) => (option, secret(Path::new(value)).map_err(|why| format!("{name}: {why}"))?),
                None => (name, value.to_owned()),
            };
            if !cfg!(feature = "tls") && needs_tls(name, &value) {
                return Err(format!(
                    "{name} needs TLS, which this program is built without: build it with --features tls (and libssl-dev)"
                ));
            }
            Ok((name.to_owned(), value))
        });
        Ok(Self(options.collect::<Result<_, String>>()?))
    }
}

/// What a file holds, without the newline that editors put behind them.
fn secret(path: &Path) -> Result<String, String> {
    let failed = |why: &dyn fmt::Display| format!("cannot read {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(failed(&"it is empty")),
        secret => Ok(secret.to_owned()),
    }
}

/// Whether librdkafka can do this only with OpenSSL. Without it some of these are errors of its own, which name no remedy.
fn needs_tls(name: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    match name {
        "security.protocol" => value.ends_with("ssl"),
        "sasl.mechanism" | "sasl.mechanisms" => value != "plain" && value != "gssapi",
        _ => name.starts_with("ssl."),
    }
}

/// Reads the options for clap, whose own message would repeat the whole text, passwords included.
#[derive(Clone)]
struct Reader;

impl TypedValueParser for Reader {
    type Value = KafkaOptions;
    fn parse_ref(&self, command: &Command, _: Option<&Arg>, text: &OsStr) -> Result<KafkaOptions, clap::Error> {
        let options = text.to_str().ok_or("must be UTF-8".to_owned()).and_then(str::parse);
        options.map_err(|reason| {
            let line = format!("invalid value for '--kafka-options <K=V;..>': {reason}\n");
            clap::Error::raw(ErrorKind::ValueValidation, line).with_cmd(command)
        })
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

    #[test]
    fn a_value_may_stand_in_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = format!("sasl.password_FILE={}", file.path().display());
        assert!(text.parse::<KafkaOptions>().unwrap_err().ends_with("it is empty"));
        std::fs::write(file.path(), "a;b =c \n").unwrap();
        let options: KafkaOptions = text.parse().unwrap();
        assert_eq!(options.iter().collect::<Vec<_>>(), [("sasl.password", "a;b =c ")]);
        let gone = "sasl.password_FILE=/not/there".parse::<KafkaOptions>().unwrap_err();
        assert!(gone.starts_with("sasl.password_FILE: cannot read /not/there: "), "{gone}");
    }

    #[test]
    fn what_needs_tls_is_known() {
        for (name, value) in [
            ("security.protocol", "SASL_SSL"),
            ("security.protocol", "ssl"),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.mechanisms", "OAUTHBEARER"),
            ("ssl.ca.location", "ca.pem"),
        ] {
            assert!(needs_tls(name, value), "{name}={value}");
            let read = format!("{name}={value}").parse::<KafkaOptions>();
            match cfg!(feature = "tls") {
                true => assert!(read.is_ok()),
                false => assert!(read.unwrap_err().contains("--features tls"), "{name}={value}"),
            }
        }
        for (name, value) in [("security.protocol", "SASL_PLAINTEXT"), ("sasl.mechanism", "PLAIN"), ("linger.ms", "5")]
        {
            assert!(!needs_tls(name, value), "{name}={value}");
        }
    }
}
