//! Sending: acknowledgements, partitions, a full queue, a broker that is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use service::kafka::{Producer, SendError, partitioner};

use crate::cluster::{Cluster, until};

#[tokio::test(flavor = "multi_thread")]
async fn records_are_acknowledged_at_their_place() {
    let cluster = Cluster::new(&[("t", 12)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    for n in 0..50 {
        let key = format!("c-{n}");
        let first = producer.send("t", key.as_bytes(), b"1").await.unwrap();
        let second = producer.send("t", key.as_bytes(), b"2").await.unwrap();
        assert_eq!(first.partition, partitioner::partition(key.as_bytes(), 12));
        assert_eq!((second.partition, second.offset), (first.partition, first.offset + 1));
    }
    until("nothing in flight", || producer.in_flight() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_taken_is_refused_at_once() {
    let cluster = Cluster::new(&[("t", 1)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    let error = producer.send("t", b"k", &vec![0; 2_000_000]).await.unwrap_err();
    assert_eq!(error, SendError::TooLarge);
    assert!(!error.is_retriable());
    assert!(producer.send("t", b"k", b"v").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_waits_and_every_record_is_reported_once() {
    let cluster = Cluster::new(&[("t", 4)]);
    let mut settings = cluster.settings();
    settings.options.set("queue.buffering.max.messages", "100");
    let producer = Producer::new(&settings).unwrap();
    let (acked, sum) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let outlet = {
        let (acked, sum) = (acked.clone(), sum.clone());
        producer.outlet(move |number, result| {
            result.unwrap();
            acked.fetch_add(1, Ordering::SeqCst);
            sum.fetch_add(number, Ordering::SeqCst);
        })
    };
    let outlet = outlet.unwrap();
    let mut full = 0;
    for n in 0..5_000u64 {
        if !outlet.try_enqueue("t", &n.to_le_bytes(), b"v", n).unwrap() {
            full += 1;
            outlet.enqueue("t", &n.to_le_bytes(), b"v", n).await.unwrap();
        }
    }
    assert!(full > 0, "the queue was never full: this test shows nothing");
    assert_eq!(producer.flush(Duration::from_secs(20)).await, 0);
    until("all reports", || acked.load(Ordering::SeqCst) == 5_000).await;
    assert_eq!(sum.load(Ordering::SeqCst), 5_000 * 4_999 / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_comes_back_gets_what_waited() {
    let cluster = Cluster::new(&[("t", 1)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    producer.send("t", b"k", b"before").await.unwrap();
    cluster.mock.broker_down(-1).unwrap();
    let mut sent = std::pin::pin!(producer.send("t", b"k", b"during"));
    // The first look at it puts it into the queue.
    assert!(tokio::time::timeout(Duration::ZERO, &mut sent).await.is_err());
    assert!(producer.flush(Duration::from_millis(300)).await >= 1);
    cluster.mock.broker_up(-1).unwrap();
    let ack = tokio::time::timeout(crate::cluster::DEADLINE, sent).await.unwrap().unwrap();
    assert_eq!(ack.offset, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_producer_answers_those_who_wait() {
    let cluster = Cluster::new(&[("t", 1)]);
    let producer = Producer::new(&cluster.settings()).unwrap();
    cluster.mock.broker_down(-1).unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    let outlet = producer.outlet(move |number, result| told.send((number, result)).unwrap()).unwrap();
    assert!(outlet.try_enqueue("t", b"k", b"v", 7).unwrap());
    std::mem::forget(outlet.producer().clone());
    drop(producer);
    // The outlet holds the producer: its record is still waiting, not refused.
    assert!(heard.recv_timeout(Duration::from_millis(100)).is_err());
}

#[test]
fn an_option_that_does_not_exist_is_a_bad_setting() {
    let mut settings = service::settings::KafkaSettings::new("127.0.0.1:1");
    settings.options.set("no.such.option", "1");
    let error = Producer::new(&settings).err().unwrap();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("no.such.option"), "{error}");
}
