//! The services as processes of their own, two of each, on a real Kafka and a real store: they share the work, a viewer
//! moves from one backend to the other, and what one leaves the other takes up.

use std::{
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use e2e::{
    process::{Running, binary, free_port},
    rest::Rest,
    servers::Servers,
    socket::Follower,
};
use rdkafka::{
    ClientConfig,
    producer::{FutureProducer, FutureRecord},
};
use reqwest::Method;
use serde_json::json;

use crate::{
    journey::{all_ended, check, start_until_under_way},
    services::topics,
};

/// One service as a process, and where it is reached.
struct Service {
    process: Running,
    /// `http://127.0.0.1:PORT` of a backend.
    url: String,
    admin: String,
}

impl Service {
    fn start(program: &str, servers: &Servers, prefix: &str) -> Self {
        let (http, admin) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
        let mut command = Command::new(binary(program));
        if program == "sink" {
            command.arg("run");
        }
        let mut flag = |name: &str, value: &str| {
            command.arg(name).arg(value);
        };
        flag("--kafka-brokers", servers.kafka());
        flag("--kafka-prefix", prefix);
        flag("--admin-addr", &admin);
        if program != "simulator" {
            flag("--history-url", servers.elasticsearch());
        }
        if program == "backend" {
            flag("--http-addr", &http);
        }
        let process = Running::start(program, &mut command);
        Self { process, url: format!("http://{http}"), admin }
    }

    async fn ready(&mut self) {
        let url = format!("http://{}/readyz", self.admin);
        let process = &mut self.process;
        e2e::eventually("readyz", Duration::from_secs(90), async || {
            assert!(process.is_running(), "it ended before it was ready:\n{}", process.log());
            reqwest::get(&url).await.ok().filter(|answer| answer.status().is_success()).map(|_| ())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs real servers: Maven and Java"]
async fn two_of_each_share_the_work_and_one_of_each_may_die() {
    let servers = Servers::start("apart", &["--elasticsearch"]);
    deliveries_in_six_partitions_are_refused(&servers);

    let mut simulators = [(); 2].map(|()| Service::start("simulator", &servers, ""));
    let mut backends = [(); 2].map(|()| Service::start("backend", &servers, ""));
    let mut sinks = [(); 2].map(|()| Service::start("sink", &servers, ""));
    for service in simulators.iter_mut().chain(&mut backends).chain(&mut sinks) {
        service.ready().await;
    }
    let made = topics(servers.kafka(), &["--describe"]);
    for wanted in ["positions\t", "PartitionCount: 24", "PartitionCount: 12", "message.timestamp.type=LogAppendTime"] {
        assert!(made.contains(wanted), "{wanted}: {made}");
    }

    // `positions` grows while all run: what lies in the new partitions is read from their beginning.
    topics(servers.kafka(), &["--alter", "--topic", "positions", "--partitions", "26"]);
    for partition in [24, 25] {
        publish(servers.kafka(), partition, &format!("grown-{partition}")).await;
    }

    let mut follower = Follower::new(&backends[0].url);
    let ids = start_until_under_way(&backends[0].url, &mut follower).await;
    for one_of_two in [&mut simulators[0], &mut backends[0], &mut sinks[0]] {
        one_of_two.process.kill();
    }
    follower.go_to(&backends[1].url);
    follower.until(Duration::from_secs(180), |known| all_ended(known, &ids)).await;
    // Its cursor was as good there: nothing was asked for anew.
    assert_eq!(
        (follower.resumes.get("new"), follower.resumes.get("reset")),
        (Some(&1), None),
        "{:?}",
        follower.resumes
    );
    assert!(follower.resumes.get("resumed").is_some_and(|count| *count >= 1));
    check(&backends[1].url, &ids, &follower.deliveries).await;

    let rest = Rest::new(&backends[1].url);
    for courier in ["grown-24", "grown-25"] {
        e2e::eventually("a fix of a new partition, live and stored", Duration::from_secs(60), async || {
            let (live, _) = rest.ask(Method::GET, &format!("/couriers/{courier}"), None).await?;
            let (_, trail) = rest.ask(Method::GET, &format!("/couriers/{courier}/trail"), None).await?;
            (live == 200 && trail["points"].as_array()?.len() == 1).then_some(())
        })
        .await;
    }

    let verify = Command::new(binary("sink")).args(["verify", "--history-url", servers.elasticsearch()]).output();
    let verify = verify.unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
    for survivor in [&mut simulators[1], &mut backends[1], &mut sinks[1]] {
        assert!(survivor.process.stop(Duration::from_secs(45)).success());
    }
}

/// A fix of a courier into this partition, acknowledged. librdkafka learns of a new one in its own time.
async fn publish(brokers: &str, partition: i32, courier: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis();
    let fix = json!({"courier": courier, "source": "script", "at": now as u64, "lat": 60.17, "lon": 24.94}).to_string();
    e2e::eventually("the new partition to take a record", Duration::from_secs(30), async || {
        let producer: FutureProducer =
            ClientConfig::new().set("bootstrap.servers", brokers).create().expect("a producer");
        let record = FutureRecord::to("positions").key(courier).payload(&fix).partition(partition);
        producer.send(record, Duration::from_secs(5)).await.ok().map(|_| ())
    })
    .await;
}

/// Keys would stand in other partitions: no service begins, and each says how to go on.
fn deliveries_in_six_partitions_are_refused(servers: &Servers) {
    topics(servers.kafka(), &["--create", "--topic", "odd-deliveries", "--partitions", "6"]);
    for program in ["simulator", "backend", "sink"] {
        let mut service = Service::start(program, servers, "odd-");
        let status = service.process.wait(Duration::from_secs(60));
        let log = service.process.log();
        assert_eq!(status.code(), Some(2), "{log}");
        assert!(log.contains("odd-deliveries has 6 partitions, not 12") && log.contains("CD_KAFKA_PREFIX"), "{log}");
    }
}
