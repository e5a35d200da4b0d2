//! The batch at hand: records with what they were decoded into, and their bytes as they came, in case they end as dead
//! letters. Pure.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use contract::Millis;
use history::{Item, Refusal};
use service::kafka::Record;

use crate::decode::{POSITIONS, decode};

/// Most bytes of keys and values in one batch: with every record as large as Kafka takes, memory must still have a bound.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Records on their way into the store.
#[derive(Default)]
pub(crate) struct Batch {
    entries: Vec<(Origin, Result<Item, Refusal>)>,
    bytes: Vec<u8>,
}

/// Where a record came from, and where its bytes lie in the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Index of its topic.
    pub(crate) topic: usize,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// When the broker appended it, ms UTC.
    time: Millis,
    key: Option<Range<usize>>,
    value: Option<Range<usize>>,
}

/// A batch taken apart for the pipeline.
pub(crate) struct Parts {
    /// What is to be stored, deliveries first: whoever finds a fix in the store finds its delivery, too.
    pub(crate) items: Arc<[Item]>,
    /// Where each item came from.
    pub(crate) origins: Vec<Origin>,
    /// What can never be stored, in the order of arrival.
    pub(crate) refused: Vec<(Origin, Refusal)>,
    /// How far the batch goes in each partition (index of the topic, partition).
    pub(crate) ends: BTreeMap<(usize, i32), End>,
    bytes: Vec<u8>,
}

/// How far a batch goes in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The offset behind its last record.
    pub(crate) next: i64,
    /// When that one was appended, ms UTC.
    pub(crate) time: Millis,
}

impl Batch {
    /// Decodes a record and takes it in, whatever it decodes to.
    pub(crate) fn push(&mut self, record: &Record<'_>) {
        let what = decode(record.topic, record.key, record.value, record.time);
        let mut keep = |bytes: &[u8]| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            start..self.bytes.len()
        };
        let (key, value) = (record.key.map(&mut keep), record.value.map(&mut keep));
        let Record { topic, partition, offset, time, .. } = *record;
        self.entries.push((Origin { topic, partition, offset, time, key, value }, what));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True where no further record should be taken in, with a limit of `records`.
    pub(crate) fn is_full(&self, records: usize) -> bool {
        self.entries.len() >= records || self.bytes.len() >= MAX_BYTES
    }

    /// Drops the records of partitions (index of the topic, partition) that belong to somebody else now.
    pub(crate) fn drop_partitions(&mut self, partitions: &[(usize, i32)]) {
        self.entries.retain(|(origin, _)| !partitions.contains(&(origin.topic, origin.partition)));
        if self.entries.is_empty() {
            self.bytes.clear();
        }
    }

    /// Takes the batch apart.
    pub(crate) fn into_parts(self) -> Parts {
        let mut ends: BTreeMap<(usize, i32), End> = BTreeMap::new();
        let (mut stored, mut refused) = (Vec::with_capacity(self.entries.len()), Vec::new());
        for (origin, what) in self.entries {
            let end = ends.entry((origin.topic, origin.partition)).or_insert(End { next: 0, time: 0 });
            *end = End { next: end.next.max(origin.offset + 1), time: end.time.max(origin.time) };
            match what {
                Ok(item) => stored.push((origin, item)),
                Err(refusal) => refused.push((origin, refusal)),
            }
        }
        // Stable: inside a partition the order of the log remains.
        stored.sort_by_key(|(origin, _)| origin.topic == POSITIONS);
        let (origins, items): (Vec<Origin>, Vec<Item>) = stored.into_iter().unzip();
        Parts { items: items.into(), origins, refused, ends, bytes: self.bytes }
    }
}

impl Parts {
    /// Key and value of a record as they came.
    pub(crate) fn raw(&self, origin: &Origin) -> (Option<&[u8]>, Option<&[u8]>) {
        let bytes = |range: &Option<Range<usize>>| range.clone().and_then(|range| self.bytes.get(range));
        (bytes(&origin.key), bytes(&origin.value))
    }
}

#[cfg(test)]
mod tests {
    use service::kafka::record::Headers;

    use super::*;

    const DELIVERY: &str = r#"{"delivery":"019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a","courier":"c","status":"requested",
        "driver":"courier","path":"","distance_m":1,"planned_s":1,"requested_at":5}"#;

    fn push(batch: &mut Batch, topic: usize, partition: i32, offset: i64, value: &str) {
        let (key, value) = (Some(b"c".as_slice()), Some(value.as_bytes()));
        batch.push(&Record { topic, partition, offset, time: 1_000 + offset, key, value, headers: Headers::default() });
    }

    fn fix(at: i64) -> String {
        format!(r#"{{"courier":"c","source":"sim","at":{at},"lat":1,"lon":2}}"#)
    }

    #[test]
    fn parts_keep_origins_bytes_and_ends() {
        let mut batch = Batch::default();
        push(&mut batch, 0, 3, 7, &fix(1));
        push(&mut batch, 0, 3, 8, "garbage");
        push(&mut batch, 1, 3, 2, DELIVERY);
        batch.push(&Record {
            topic: 0,
            partition: 4,
            offset: 0,
            time: 9,
            key: None,
            value: None,
            headers: Headers::default(),
        });
        push(&mut batch, 0, 3, 9, &fix(2));
        let parts = batch.into_parts();
        assert!(matches!(parts.items[0], Item::Delivery { broker_time: 1_002, .. }));
        let places = |origins: &[&Origin]| origins.iter().map(|o| (o.topic, o.partition, o.offset)).collect::<Vec<_>>();
        assert_eq!(places(&parts.origins.iter().collect::<Vec<_>>()), [(1, 3, 2), (0, 3, 7), (0, 3, 9)]);
        assert_eq!(places(&parts.refused.iter().map(|(o, _)| o).collect::<Vec<_>>()), [(0, 3, 8), (0, 4, 0)]);
        assert_eq!(parts.raw(&parts.refused[0].0), (Some(b"c".as_slice()), Some(b"garbage".as_slice())));
        assert_eq!(parts.raw(&parts.refused[1].0), (None, None));
        let ends: Vec<_> = parts.ends.iter().map(|(key, end)| (*key, end.next, end.time)).collect();
        assert_eq!(ends, [((0, 3), 10, 1_009), ((0, 4), 1, 9), ((1, 3), 3, 1_002)]);
    }

    #[test]
    fn partitions_can_be_dropped() {
        let mut batch = Batch::default();
        push(&mut batch, 0, 1, 0, &fix(1));
        push(&mut batch, 0, 2, 0, &fix(2));
        push(&mut batch, 1, 1, 0, DELIVERY);
        batch.drop_partitions(&[(0, 1)]);
        assert_eq!(batch.entries.len(), 2);
        batch.drop_partitions(&[(0, 2), (1, 1)]);
        assert!(batch.is_empty() && batch.bytes.is_empty());
    }

    #[test]
    fn it_is_full_by_records_or_by_bytes() {
        let mut batch = Batch::default();
        push(&mut batch, 0, 1, 0, &fix(1));
        assert!(batch.is_full(1) && !batch.is_full(2));
        push(&mut batch, 0, 1, 1, &"x".repeat(MAX_BYTES));
        assert!(batch.is_full(1_000));
    }
}
