//! Secure servers and services that come with the right and the wrong credentials: the right ones work, the wrong ones are
//! told in one clear line, tried again without haste, and end nothing.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use e2e::{
    process::{Running, binary},
    servers::Servers,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::services::tool;

/// A refusal is told within this on two busy cores.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
#[ignore = "needs real servers: Maven, Java, and services built with --features tls"]
async fn services_come_with_credentials() {
    let servers = Servers::start("security", &["--secure", "--elasticsearch"]);
    let world = World::of(&servers);
    assert!(world.is_built_with_tls(), "the services are built without --features tls");

    // First who may make the topics.
    let right = world.simulator(&world.scram("code-delivery", "code-delivery.password"), &[]);
    let mutual = world.mutual_simulator("code-delivery");
    for mut process in [right, mutual] {
        told(&process, "partitions taken on").await;
        let stopped = process.stop(Duration::from_secs(30));
        assert!(stopped.success(), "{stopped}");
    }

    let password = fs::File::create(servers.dir().join("wrong.password"));
    std::io::Write::write_all(&mut password.expect("a file"), b"hunter2\n").expect("a file can be written");
    let wrong = world.scram("code-delivery", "../wrong.password");
    let unknown = world.scram("code-delivery", "code-delivery.password").replace("/ca.pem", "/foreign-ca.pem");
    let mut refused = [
        (world.simulator(&wrong, &[]), "refuses the user or the password"),
        (world.simulator(&unknown, &[]), "certificate is not trusted"),
        (world.mutual_simulator("expired"), "refuses our certificate"),
        (world.mutual_simulator("foreign"), "refuses our certificate"),
        (world.mutual_simulator("stranger"), "an ACL is missing"),
        (world.simulator("client.id=plain", &[]), "speaks another protocol"),
    ];
    for (process, line) in &refused {
        told(process, line).await;
    }
    let mut viewer = world.simulator(&world.scram("viewer", "viewer.password"), &["--demo", "1"]);
    told(&viewer, "an ACL is missing").await;

    // A right that is given while it runs ends the refusal: the producer begins anew.
    let rights = ["--add", "--allow-principal", "User:viewer", "--operation", "Write", "--topic", "*"];
    let admin = world.identity("admin.properties");
    let given = ["--bootstrap-server", &world.mutual, "--command-config", &admin];
    tool("org.apache.kafka.tools.AclCommand", &[&given[..], &rights[..]].concat());
    answered(&viewer, "producer").await;

    // All this while the others were refused again and again: they still run, and have not said much.
    for (process, line) in &mut refused {
        assert!(process.is_running(), "{line}: it has ended");
        let log = process.log();
        let complaints = log.lines().filter(|line| line.contains(" WARN ") || line.contains(" ERROR ")).count();
        assert!((1..=4).contains(&complaints), "{line}: {complaints} complaints");
        assert!(!log.contains("hunter2"), "a password is in the log");
    }
    let stopped = viewer.stop(Duration::from_secs(30));
    assert!(stopped.success(), "{stopped}");
    drop(refused);
    the_store_is_as_strict(&servers, &world).await;
}

/// The sink and the store: as with Kafka, and with an API key.
async fn the_store_is_as_strict(servers: &Servers, world: &World) {
    let ca = fs::read(world.identity("ca.pem")).expect("an authority");
    let client = reqwest::Client::builder().add_root_certificate(reqwest::Certificate::from_pem(&ca).expect("PEM"));
    let client = client.build().expect("a client");
    let admin = fs::read_to_string(world.identity("admin.password")).expect("a password");
    let url = format!("{}/_security/api_key", servers.elasticsearch());
    let asked = client.post(&url).basic_auth("admin", Some(&admin)).json(&json!({"name": "sink"})).send().await;
    let key: Value = asked.expect("an answer").json().await.expect("JSON");
    let (good, void) = (servers.dir().join("sink.key"), servers.dir().join("void.key"));
    let encoded = key["encoded"].as_str().expect("a key");
    e2e::kept::secret("API key", key["api_key"].as_str().expect("its secret part"));
    fs::write(&good, encoded).expect("a file can be written");
    fs::write(&void, STANDARD.encode("nobody:nothing")).expect("a file can be written");

    let with_password = |user: &str, password: &str, ca: &str| {
        let (password, ca) = (world.identity(password), world.identity(ca));
        world.sink(servers.elasticsearch(), &["--history-user", user, "--history-password-file", &password], &ca)
    };
    let with_key = |key: &Path| {
        let key = key.to_string_lossy();
        world.sink(servers.elasticsearch(), &["--history-api-key-file", &key], &world.identity("ca.pem"))
    };
    for mut right in [with_password("code-delivery", "code-delivery.password", "ca.pem"), with_key(&good)] {
        told(&right, "the store answers").await;
        assert_eq!(right.log().matches(" WARN ").count(), 0, "{}", right.log());
        assert!(right.stop(Duration::from_secs(40)).success());
    }

    let expired = expired_server(world).await;
    let plain = servers.elasticsearch().replace("https://", "http://");
    let mut refused = [
        (with_password("code-delivery", "../wrong.password", "ca.pem"), "unable to authenticate user [code-delivery]"),
        (with_password("viewer", "viewer.password", "ca.pem"), "is unauthorized for user [viewer]"),
        (with_key(&void), "security_exception"),
        (with_password("code-delivery", "code-delivery.password", "foreign-ca.pem"), "certificate"),
        (world.sink(&format!("https://{expired}"), &[], &world.identity("ca.pem")), "expired"),
        (world.sink(&plain, &[], &world.identity("ca.pem")), "store: "),
        (world.simulator_of(&expired), "certificate is not trusted"),
    ];
    for (process, line) in &mut refused {
        told(process, line).await;
        assert!(process.is_running(), "{line}: it has ended");
        let log = process.log();
        let complaints = log.lines().filter(|line| line.contains(" WARN ") || line.contains(" ERROR ")).count();
        assert!((1..=4).contains(&complaints), "{line}: {complaints} complaints:\n{log}");
        assert!(!log.contains("hunter2"), "a password is in the log");
    }
}

/// A server whose certificate was good once.
async fn expired_server(world: &World) -> String {
    let chain = vec![CertificateDer::from_pem_file(world.identity("expired.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(world.identity("expired.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("TLS").with_no_client_auth().with_single_cert(chain, key).expect("they fit");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
        }
    });
    addr
}

struct World {
    brokers: String,
    mutual: String,
    identities: String,
}

impl World {
    fn of(servers: &Servers) -> Self {
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let security = &servers.endpoints["security"];
        Self {
            brokers: text(&servers.endpoints["kafka"]),
            mutual: text(&security["kafka_mutual"]),
            identities: text(&security["identities_dir"]),
        }
    }

    fn identity(&self, name: &str) -> String {
        format!("{}/{name}", self.identities)
    }

    /// An authority that is not there is a wrong setting with TLS, and TLS is one without it.
    fn is_built_with_tls(&self) -> bool {
        let mut process = self.start(&self.brokers, "security.protocol=ssl;ssl.ca.location=/not/there", &[]);
        let status = process.wait(Duration::from_secs(30));
        assert_eq!(status.code(), Some(2), "{}", process.log());
        !process.log().contains("--features tls")
    }

    fn scram(&self, user: &str, password: &str) -> String {
        format!(
            "security.protocol=SASL_SSL;sasl.mechanism=SCRAM-SHA-512;ssl.ca.location={};sasl.username={user};\
             sasl.password_FILE={}",
            self.identity("ca.pem"),
            self.identity(password)
        )
    }

    fn simulator(&self, options: &str, more: &[&str]) -> Running {
        self.start(&self.brokers, options, more)
    }

    /// With a certificate instead of a password.
    fn mutual_simulator(&self, name: &str) -> Running {
        let options = format!(
            "security.protocol=SSL;ssl.ca.location={};ssl.certificate.location={};ssl.key.location={}",
            self.identity("ca.pem"),
            self.identity(&format!("{name}.pem")),
            self.identity(&format!("{name}.key"))
        );
        self.start(&self.mutual, &options, &[])
    }

    /// With an address that has a wrong certificate.
    fn simulator_of(&self, brokers: &str) -> Running {
        self.start(brokers, &self.scram("code-delivery", "code-delivery.password"), &[])
    }

    fn sink(&self, url: &str, credentials: &[&str], ca: &str) -> Running {
        let mut command = Command::new(binary("sink"));
        command.args(["run", "--kafka-brokers", &self.brokers, "--admin-addr", "127.0.0.1:0"]);
        command.args(["--kafka-options", &self.scram("code-delivery", "code-delivery.password")]);
        command.args(["--history-url", url, "--history-ca-file", ca]).args(credentials);
        Running::start("sink", &mut command)
    }

    fn start(&self, brokers: &str, options: &str, more: &[&str]) -> Running {
        let mut command = Command::new(binary("simulator"));
        command.args(["--kafka-brokers", brokers, "--kafka-options", options, "--admin-addr", "127.0.0.1:0"]);
        Running::start("simulator", command.args(more))
    }
}

async fn told(process: &Running, line: &str) {
    let began = Instant::now();
    e2e::eventually(line, SOON, async || process.log().contains(line).then_some(())).await;
    println!("{line}: told after {:?}", began.elapsed());
}

async fn answered(process: &Running, client: &str) {
    let is_it = |line: &str| line.contains("Kafka answers") && line.contains(&format!("client={client}"));
    e2e::eventually("an acknowledgement", SOON, async || process.log().lines().any(is_it).then_some(())).await;
}
