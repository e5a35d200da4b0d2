//! The callbacks of a group's consumer. A rebalance is only noted here: the member's loop carries it out, where it can ask
//! the brokers and the handler.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use crate::kafka::context::ClientState;

/// A change of the partitions that this member holds, not carried out yet.
pub(super) enum Change {
    Assign(Vec<(String, i32)>),
    Revoke { partitions: Vec<(String, i32)>, lost: bool },
}

pub(super) struct Context {
    pub(super) state: ClientState,
    changes: Mutex<Vec<Change>>,
    closing: AtomicBool,
}

impl Context {
    pub(super) fn new(name: &str) -> Self {
        Self { state: ClientState::new(name), changes: Mutex::new(Vec::new()), closing: AtomicBool::new(false) }
    }

    /// The changes since the last call, in order.
    pub(super) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock())
    }

    /// From now on partitions are given up at once: nobody is left to ask.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }
}

/// Gives partitions up in the way that the group's protocol wants.
pub(super) fn give_up(consumer: &BaseConsumer<Context>, list: &TopicPartitionList) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
        _ => consumer.unassign(),
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.state.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.state.error(error, reason);
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions = || list.elements().iter().map(|e| (e.topic().to_owned(), e.partition())).collect();
        match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS if !self.closing.load(Ordering::SeqCst) => {
                self.changes.lock().push(Change::Assign(partitions()));
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS if !self.closing.load(Ordering::SeqCst) => {
                self.changes.lock().push(Change::Revoke { partitions: partitions(), lost: consumer.assignment_lost() });
            }
            _ => {
                // Closing: any answer will do, but librdkafka waits for one.
                let _ = give_up(consumer, list);
            }
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // What was not committed is read again by the next owner.
            self.state.error(error, "commit");
        }
    }
}
