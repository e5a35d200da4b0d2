//! How far a partition can be read, and what to do where a reader's place has been taken away.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::Millis;

/// How long a question to the brokers may take.
pub(super) const ASK: Duration = Duration::from_secs(5);
/// How long moving a reader's place may take.
const SEEK: Duration = Duration::from_secs(2);

/// How often a step that Kafka refused is tried quietly: topics that were just made and leaders that just moved refuse
/// the first tries, and nobody can do anything about it.
const QUIET_TRIES: u32 = 5;

/// Tells that a step cannot be done yet; `tries` counts how often it has failed in a row.
pub(super) fn tell_not_yet(what: &str, tries: u32, error: &KafkaError) {
    match tries {
        0..=QUIET_TRIES => tracing::debug!("cannot {what} yet: {error}"),
        _ => tracing::warn!("cannot {what} yet: {error}"),
    }
}

/// First offset that is there, and the one behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Range {
    /// Where a reader that wanted to go on at `wanted` must go on, and how many records it has lost.
    pub(super) fn resume(self, wanted: i64) -> (i64, i64) {
        if wanted < self.low {
            (self.low, self.low - wanted)
        } else if wanted > self.high {
            // The log is shorter than what was read of it: the topic was made anew, or its end was lost in an unclean
            // election. Nothing tells how much is missing; all that is there is read.
            (self.low, 0)
        } else {
            (wanted, 0)
        }
    }
}

/// The ranges of partitions (topic, partition), in the same order.
pub(super) fn ranges<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[(&str, i32)],
) -> KafkaResult<Vec<Range>> {
    let low = at_times(consumer, partitions, |_| Offset::Beginning)?;
    let high = at_times(consumer, partitions, |_| Offset::End)?;
    let range = |(low, high): (Option<i64>, Option<i64>)| Some(Range { low: low?, high: high? });
    let ranges = low.into_iter().zip(high).map(range).collect::<Option<Vec<Range>>>();
    ranges.ok_or(KafkaError::NoMessageReceived)
}

/// The offset behind the last record of each partition (topic, partition).
pub(super) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[(&str, i32)],
) -> KafkaResult<Vec<i64>> {
    let ends = at_times(consumer, partitions, |_| Offset::End)?;
    ends.into_iter().collect::<Option<_>>().ok_or(KafkaError::NoMessageReceived)
}

/// The first offset of each partition appended at or after its time (ms UTC); `None` where there is none yet.
pub(super) fn since<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[(&str, i32)],
    times: &[Millis],
) -> KafkaResult<Vec<Option<i64>>> {
    at_times(consumer, partitions, |i| Offset::Offset(times[i].max(0)))
}

/// Kafka's ListOffsets: the beginning and the end of a partition are times, too (-2 and -1).
fn at_times<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[(&str, i32)],
    time: impl Fn(usize) -> Offset,
) -> KafkaResult<Vec<Option<i64>>> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for (i, (topic, partition)) in partitions.iter().enumerate() {
        list.add_partition_offset(topic, *partition, time(i))?;
    }
    let found = consumer.offsets_for_times(list, ASK)?;
    let offset = |(topic, partition): &(&str, i32)| {
        let element = found.find_partition(topic, *partition).ok_or(KafkaError::NoMessageReceived)?;
        element.error()?;
        Ok(match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        })
    };
    let found: KafkaResult<Vec<Option<i64>>> = partitions.iter().map(offset).collect();
    if found.is_err() {
        renew(consumer, partitions);
    }
    found
}

/// Asks who leads these partitions. A broker that comes back leads in a new epoch, refuses who still names the old one, and
/// librdkafka asks by itself only every 30 s: so long a reader that starts then would stand still.
fn renew<C: ConsumerContext>(consumer: &BaseConsumer<C>, partitions: &[(&str, i32)]) {
    let topics: BTreeSet<&str> = partitions.iter().map(|(topic, _)| *topic).collect();
    for topic in topics {
        if let Err(error) = consumer.fetch_metadata(Some(topic), ASK) {
            // The next try asks again.
            tracing::debug!(topic, "asking for its leaders: {error}");
        }
    }
}

/// Finds those of a reader's `places` (next offsets of `partitions`) that are gone, goes on behind the gaps and tells each
/// move: index, new place, records lost.
///
/// librdkafka does not say at which partition it stopped, so all are looked at. Where none is out of range, each is asked
/// for again at its own place, which costs nothing and wakes the one that stopped.
pub(super) fn mend<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[(&str, i32)],
    places: &[i64],
    mut moved: impl FnMut(usize, i64, i64),
) -> KafkaResult<()> {
    if partitions.is_empty() {
        return Ok(());
    }
    let ranges = ranges(consumer, partitions)?;
    let is_gone = |i: &usize| ranges[*i].resume(places[*i]).0 != places[*i];
    let gone: Vec<usize> = (0..places.len()).filter(is_gone).collect();
    let stopped = if gone.is_empty() { (0..places.len()).collect() } else { gone };
    for i in stopped {
        let (topic, partition) = partitions[i];
        let (next, records) = ranges[i].resume(places[i]);
        seek(consumer, topic, partition, next)?;
        if next != places[i] {
            tell_lost(topic, partition, places[i], records);
            moved(i, next, records);
        }
    }
    Ok(())
}

/// Moves the reader to `offset` of a partition that it holds.
fn seek<C: ConsumerContext>(consumer: &BaseConsumer<C>, topic: &str, partition: i32, offset: i64) -> KafkaResult<()> {
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    let sought = consumer.seek_partitions(list.clone(), SEEK);
    let sought = sought.and_then(|sought| sought.elements().iter().try_for_each(|element| element.error()));
    if sought.is_ok() {
        return sought;
    }
    // A partition whose fetching has stopped for good cannot be sought in; given up and taken again, it begins anew.
    let mut held = TopicPartitionList::with_capacity(1);
    held.add_partition(topic, partition);
    consumer.incremental_unassign(&held)?;
    consumer.incremental_assign(&list)
}

/// Counts and logs what retention took away before it was read.
pub(super) fn tell_lost(topic: &str, partition: i32, wanted: i64, records: i64) {
    metrics::counter!("cd_records_lost_total", "topic" => topic.to_owned()).increment(records.max(0) as u64);
    match records {
        0 => tracing::error!(
            topic,
            partition,
            wanted,
            "the log ends before the place where reading was to go on: it was made anew or cut; reading all of it"
        ),
        _ => tracing::error!(topic, partition, wanted, records, "records were deleted before they were read: lost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_gone_goes_on_at_the_low_watermark() {
        let range = Range { low: 10, high: 20 };
        assert_eq!(range.resume(4), (10, 6));
        assert_eq!(range.resume(10), (10, 0));
        assert_eq!(range.resume(20), (20, 0));
        assert_eq!(range.resume(21), (10, 0));
    }
}
