//! Which log a topic is: Kafka gives each topic an id when it is made. The Rust client does not pass it on, so librdkafka
//! itself is asked.

use std::ffi::CString;
use std::hash::Hasher;
use std::ptr;
use std::time::Duration;

use rdkafka::bindings as rd;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A number for the log that these topics of this cluster are; without `ids` where the broker does not tell them. Not for the eyes of enemies: it guards against mix-ups.
pub(super) fn hash(cluster: &str, names: &[&str], ids: &[u128]) -> u64 {
    let mut hash = rustc_hash::FxHasher::default();
    hash.write(cluster.as_bytes());
    for name in names {
        hash.write_u8(0xff);
        hash.write(name.as_bytes());
    }
    ids.iter().for_each(|id| hash.write_u128(*id));
    hash.finish()
}

/// The ids of topics, in the order of `names`. Blocks for `within` at most. Fails with the broker's error for a topic that
/// is not there, and with `UnsupportedFeature` where the broker cannot tell.
#[allow(unsafe_code, reason = "the Rust client has no call for DescribeTopics; each pointer is freed in this function")]
pub(super) fn topic_ids<C: ClientContext>(
    client: &Client<C>,
    names: &[&str],
    within: Duration,
) -> Result<Vec<u128>, KafkaError> {
    let names: Result<Vec<CString>, _> = names.iter().map(|name| CString::new(*name)).collect();
    let names = names.map_err(|_| KafkaError::AdminOp(RDKafkaErrorCode::InvalidTopic))?;
    let mut pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
    let native = client.native_ptr();
    let millis = within.as_millis().min(60_000) as i32;
    // SAFETY: `native` lives as long as `client`, which is borrowed. The collection copies the names. The queue, the
    // options, the collection and the event are destroyed below, each once, on every way out; what the event owns is not
    // used after it is destroyed.
    unsafe {
        let queue = rd::rd_kafka_queue_new(native);
        let options = rd::rd_kafka_AdminOptions_new(native, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        rd::rd_kafka_AdminOptions_set_request_timeout(options, millis, ptr::null_mut(), 0);
        let topics = rd::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        rd::rd_kafka_DescribeTopics(native, topics, options, queue);
        // The request itself times out first.
        let event = rd::rd_kafka_queue_poll(queue, millis + 1_000);
        let ids = if event.is_null() {
            Err(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut))
        } else {
            described(event, names.len())
        };
        if !event.is_null() {
            rd::rd_kafka_event_destroy(event);
        }
        rd::rd_kafka_TopicCollection_destroy(topics);
        rd::rd_kafka_AdminOptions_destroy(options);
        rd::rd_kafka_queue_destroy(queue);
        ids
    }
}

/// Reads the answer.
///
/// # Safety
/// `event` is a result of `DescribeTopics` that is not destroyed yet.
#[allow(unsafe_code, reason = "see topic_ids")]
unsafe fn described(event: *mut rd::rd_kafka_event_t, count: usize) -> Result<Vec<u128>, KafkaError> {
    let admin = |code: rd::rd_kafka_resp_err_t| match RDKafkaErrorCode::from(code) {
        RDKafkaErrorCode::NoError => Ok(()),
        code => Err(KafkaError::AdminOp(code)),
    };
    // SAFETY: the event is valid by this function's contract; librdkafka answers null for an event of another type and
    // keeps the descriptions and ids as long as the event.
    unsafe {
        admin(rd::rd_kafka_event_error(event))?;
        let result = rd::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err(KafkaError::AdminOp(RDKafkaErrorCode::UnsupportedFeature));
        }
        let mut found = 0;
        let topics = rd::rd_kafka_DescribeTopics_result_topics(result, &mut found);
        if found != count || topics.is_null() {
            return Err(KafkaError::AdminOp(RDKafkaErrorCode::UnknownTopicOrPartition));
        }
        let topics = std::slice::from_raw_parts(topics, found);
        let id = |topic: &*const rd::rd_kafka_TopicDescription_t| {
            admin(rd::rd_kafka_error_code(rd::rd_kafka_TopicDescription_error(*topic)))?;
            let id = rd::rd_kafka_TopicDescription_topic_id(*topic);
            if id.is_null() {
                return Ok(0);
            }
            let high = rd::rd_kafka_Uuid_most_significant_bits(id) as u64;
            let low = rd::rd_kafka_Uuid_least_significant_bits(id) as u64;
            Ok(u128::from(high) << 64 | u128::from(low))
        };
        topics.iter().map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_identity_counts() {
        let one = hash("cluster", &["a", "b"], &[1, 2]);
        assert_eq!(one, hash("cluster", &["a", "b"], &[1, 2]));
        for other in [
            hash("other", &["a", "b"], &[1, 2]),
            hash("cluster", &["a", "c"], &[1, 2]),
            hash("cluster", &["a", "b"], &[1, 3]),
            hash("cluster", &["ab", ""], &[1, 2]),
        ] {
            assert_ne!(one, other);
        }
    }
}
