//! Secure servers and services that come with the right and the wrong credentials: the right ones work, the wrong ones are
//! told in one clear line, tried again without haste, and end nothing.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use e2e::{
    process::{Running, binary},
    servers::Servers,
};

use crate::services::tool;

/// A refusal is told within this on two busy cores.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn services_come_with_credentials() {
    let servers = match Servers::start("security", &["--secure"]) {
        Ok(servers) => servers,
        Err(reason) => {
            println!("NOT RUN: secure servers: {reason}");
            return;
        }
    };
    let world = World::of(&servers);
    if !world.is_built_with_tls() {
        println!("NOT RUN: TLS to Kafka: the services are built without --features tls");
        return;
    }

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
