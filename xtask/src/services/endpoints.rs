//! Where the servers are reached: for us as a struct, for scripts and tests as `endpoints.json`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{identities, instance, instance::Instance, instance::Server};

/// Where servers are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// All brokers, `host:port,host:port`: a value for `CD_KAFKA_BROKERS`.
    pub kafka: Option<String>,
    /// Elasticsearch's URL: a value for `CD_HISTORY_URL`.
    pub elasticsearch: Option<String>,
    /// Ways to plain brokers that can be cut: the address that a broker names there, where we start nothing, and the one
    /// where it listens for those who come that way. A test puts a proxy between the two.
    pub kafka_detours: Vec<(String, String)>,
    /// What else is needed where they are secure.
    pub security: Option<Security>,
}

/// How secure servers are spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// The authority that signed the servers' certificates.
    pub ca_file: PathBuf,
    /// Who may do what the services need, at Kafka and at Elasticsearch.
    pub user: String,
    /// The file with the user's password.
    pub password_file: PathBuf,
    /// A value for `CD_KAFKA_OPTIONS`: SCRAM over TLS as this user.
    pub kafka_options: String,
    /// All brokers' listeners for clients with a certificate.
    pub kafka_mutual: Option<String>,
    /// A value for `CD_KAFKA_OPTIONS` there: the user's certificate instead of a password.
    pub kafka_mutual_options: String,
    /// Certificates, keys and passwords of all users, and some that must be refused.
    pub identities_dir: PathBuf,
}

impl Endpoints {
    /// Those of an instance.
    pub(super) fn of(instance: &Instance) -> Self {
        let shape = &instance.shape;
        let scheme = if shape.secure { "https" } else { "http" };
        let elasticsearch = format!("{scheme}://127.0.0.1:{}", instance.port(Server::Elasticsearch));
        Self {
            kafka: list(instance, |id| instance.port(Server::Kafka(id))),
            elasticsearch: shape.elasticsearch.then_some(elasticsearch),
            kafka_detours: if shape.secure { Vec::new() } else { detours(instance) },
            security: shape.secure.then(|| Security::of(instance)),
        }
    }

    /// As scripts read them.
    pub fn json(&self) -> Value {
        let mut value = json!({});
        if let Some(kafka) = &self.kafka {
            value["kafka"] = json!(kafka);
        }
        if let Some(elasticsearch) = &self.elasticsearch {
            value["elasticsearch"] = json!(elasticsearch);
        }
        if !self.kafka_detours.is_empty() {
            value["kafka_detours"] = self.kafka_detours.iter().map(|(named, to)| (named.clone(), json!(to))).collect();
        }
        if let Some(security) = &self.security {
            value["security"] = json!({
                "ca_file": security.ca_file,
                "user": security.user,
                "password_file": security.password_file,
                "kafka_options": security.kafka_options,
                "kafka_mutual": security.kafka_mutual,
                "kafka_mutual_options": security.kafka_mutual_options,
                "identities_dir": security.identities_dir,
            });
        }
        value
    }

    /// Writes `endpoints.json` into the instance's directory.
    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        instance::put(&dir.join("endpoints.json"), &format!("{:#}\n", self.json()))
    }
}

impl Security {
    fn of(instance: &Instance) -> Self {
        let dir = identities::dir(instance);
        let user = identities::SERVICES;
        let file = |name: String| dir.join(name);
        let (ca_file, password_file) = (file("ca.pem".into()), file(format!("{user}.password")));
        let kafka_options = format!(
            "security.protocol=SASL_SSL;ssl.ca.location={};sasl.mechanism=SCRAM-SHA-512;sasl.username={user};\
             sasl.password_FILE={}",
            ca_file.display(),
            password_file.display()
        );
        let kafka_mutual_options = format!(
            "security.protocol=SSL;ssl.ca.location={};ssl.certificate.location={};ssl.key.location={}",
            ca_file.display(),
            file(format!("{user}.pem")).display(),
            file(format!("{user}.key")).display()
        );
        Self {
            ca_file,
            user: user.to_owned(),
            password_file,
            kafka_options,
            kafka_mutual: list(instance, |id| instance.mutual_port(id)),
            kafka_mutual_options,
            identities_dir: dir,
        }
    }
}

fn detours(instance: &Instance) -> Vec<(String, String)> {
    let address = |port: u16| format!("127.0.0.1:{port}");
    let detour = |id| instance.detour(id);
    (1..=instance.shape.brokers).map(detour).map(|(named, behind)| (address(named), address(behind))).collect()
}

fn list(instance: &Instance, port: impl Fn(u8) -> u16) -> Option<String> {
    let brokers: Vec<String> = (1..=instance.shape.brokers).map(|id| format!("127.0.0.1:{}", port(id))).collect();
    (!brokers.is_empty()).then(|| brokers.join(","))
}

/// Nothing is reached any more.
pub(super) fn remove(dir: &Path) -> Result<()> {
    let path = dir.join("endpoints.json");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::instance::Shape;

    fn endpoints(brokers: u8, elasticsearch: bool, secure: bool) -> Endpoints {
        let shape = Shape { brokers, elasticsearch, elasticsearch_heap_mb: 512, secure, port_base: 19_000 };
        Endpoints::of(&Instance { dir: "/x".into(), shape })
    }

    #[test]
    fn scripts_read_addresses() {
        let both = endpoints(1, true, false).json();
        let detours = json!({"127.0.0.1:19172": "127.0.0.1:19152"});
        let expected =
            json!({"kafka": "127.0.0.1:19092", "elasticsearch": "http://127.0.0.1:19200", "kafka_detours": detours});
        assert_eq!(both, expected);
        let three = endpoints(3, false, false).json();
        assert_eq!(three["kafka"], "127.0.0.1:19092,127.0.0.1:19094,127.0.0.1:19096");
        assert_eq!(three["kafka_detours"]["127.0.0.1:19176"], "127.0.0.1:19156");
        assert_eq!(endpoints(0, true, false).kafka, None);
    }

    #[test]
    fn secure_ones_say_where_the_secrets_are_and_not_what() {
        let secure = endpoints(1, true, true);
        assert_eq!(secure.elasticsearch.as_deref(), Some("https://127.0.0.1:19200"));
        let security = secure.security.unwrap();
        assert!(security.kafka_options.contains("sasl.password_FILE=/x/identities/code-delivery.password"));
        assert_eq!(security.kafka_mutual.as_deref(), Some("127.0.0.1:19152"));
    }
}
