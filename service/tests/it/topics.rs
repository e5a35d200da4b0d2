//! Topics against librdkafka's own broker, which knows metadata but has no Admin API.

use std::time::Duration;

use service::Outcome;
use service::kafka::topics::{self, TopicSpec};

use crate::cluster::{Cluster, DEADLINE, Running};

fn specs() -> [TopicSpec; 2] {
    [TopicSpec::new("positions", 4, true, 1_000), TopicSpec::new("deliveries", 12, false, 1_000)]
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_right_have_an_identity_and_the_task_ends() {
    let cluster = Cluster::new(&[("positions", 9), ("deliveries", 12)]);
    let mut running = Running::new();
    let mut identity = topics::keep(&cluster.settings(), specs(), &mut running.tasks).unwrap();
    let known = tokio::time::timeout(DEADLINE, identity.wait_for(Option::is_some)).await.unwrap().unwrap();
    assert!(known.is_some());
    drop(known);
    assert_eq!(running.tasks.join(Duration::from_secs(20)).await, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_in_another_number_of_partitions_end_the_service_as_a_setting_does() {
    let cluster = Cluster::new(&[("positions", 4), ("deliveries", 6)]);
    let mut running = Running::new();
    let identity = topics::keep(&cluster.settings(), specs(), &mut running.tasks).unwrap();
    let outcome = tokio::time::timeout(DEADLINE, running.tasks.join(Duration::from_secs(20))).await.unwrap();
    assert_eq!(outcome, Outcome::Misset);
    assert_eq!(*identity.borrow(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_missing_and_cannot_be_made_is_waited_for() {
    let cluster = Cluster::new(&[("positions", 4)]);
    let mut running = Running::new();
    let mut identity = topics::keep(&cluster.settings(), specs(), &mut running.tasks).unwrap();
    cluster.mock.create_topic("deliveries", 12, 1).unwrap();
    let known = tokio::time::timeout(DEADLINE, identity.wait_for(Option::is_some)).await.unwrap().unwrap().is_some();
    assert!(known);
    assert_eq!(running.stop().await, Outcome::Done);
}
