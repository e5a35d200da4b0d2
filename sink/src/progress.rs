//! How far each partition that this replica holds is stored, shared by the reader (which partitions), the pipeline (what
//! was stored) and `ends` (where the log ends). Pure but for its lock.

use std::collections::BTreeMap;

use contract::Millis;
use history::PartitionMark;
use parking_lot::Mutex;
use service::kafka::group::Assigned;

use crate::batch::End;

/// A partition: index of its topic, and its number.
pub(crate) type Key = (usize, i32);

/// How far the partitions are that this replica holds.
#[derive(Default)]
pub(crate) struct Progress(Mutex<State>);

#[derive(Default)]
struct State {
    places: BTreeMap<Key, Place>,
    /// Number of the last assignment.
    epoch: u64,
}

/// How far one partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// Which assignment it came with: what was begun under an earlier one counts no more.
    epoch: u64,
    /// First offset that is not stored.
    next: i64,
    /// Whether anything was stored under this assignment.
    moved: bool,
    /// All that was appended before this time (ms UTC) is stored; 0 where that is not known yet.
    through: Millis,
    /// Where the log ended when it was last asked.
    high: Option<i64>,
    /// `next` and `through` as they were last recorded in the store.
    recorded: Option<(i64, Millis)>,
}

/// How far behind this replica is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lag {
    /// Records that are not stored, of each partition whose end is known.
    pub(crate) records: Vec<(Key, i64)>,
    /// The smallest `through` of all partitions, ms UTC; `None` where nothing is held.
    pub(crate) through: Option<Millis>,
}

impl Progress {
    /// Partitions are this replica's from now on.
    pub(crate) fn assign(&self, assigned: &[Assigned]) {
        let mut state = self.0.lock();
        state.epoch += 1;
        let epoch = state.epoch;
        for Assigned { topic, partition, from, high } in assigned {
            let place = Place { epoch, next: *from, moved: false, through: 0, high: Some(*high), recorded: None };
            state.places.insert((*topic, *partition), place);
        }
    }

    /// Partitions are somebody else's. Says how far those are stored (and may be committed) in which anything was.
    pub(crate) fn release(&self, partitions: &[Key]) -> Vec<(Key, i64)> {
        let mut state = self.0.lock();
        let released = partitions.iter().filter_map(|key| Some((*key, state.places.remove(key)?)));
        released.filter(|(_, place)| place.moved).map(|(key, place)| (key, place.next)).collect()
    }

    /// Which assignment each of these partitions came with; those that are not held are left out.
    pub(crate) fn epochs<'a>(&self, partitions: impl Iterator<Item = &'a Key>) -> BTreeMap<Key, u64> {
        let state = self.0.lock();
        partitions.filter_map(|key| Some((*key, state.places.get(key)?.epoch))).collect()
    }

    /// Everything before `end` is stored, as was begun under assignment `epoch`. `false` where the partition has changed
    /// hands meanwhile: then its offset must not be committed, the new owner may be further.
    pub(crate) fn stored(&self, key: Key, epoch: u64, end: End) -> bool {
        let mut state = self.0.lock();
        let Some(place) = state.places.get_mut(&key).filter(|place| place.epoch == epoch) else { return false };
        place.next = place.next.max(end.next);
        place.moved = true;
        place.through = place.through.max(end.time);
        true
    }

    /// The log of these partitions ended at these offsets at the time `asked_at` (ms UTC) or later: where everything
    /// before the end is stored, everything appended before then is.
    pub(crate) fn ended(&self, asked_at: Millis, ends: &[(Key, i64)]) {
        let mut state = self.0.lock();
        for (key, high) in ends {
            if let Some(place) = state.places.get_mut(key) {
                place.high = Some(*high);
                if place.next >= *high {
                    place.through = place.through.max(asked_at);
                }
            }
        }
    }

    /// The partitions that are held.
    pub(crate) fn held(&self) -> Vec<Key> {
        self.0.lock().places.keys().copied().collect()
    }

    /// Marks of the partitions that moved since they were last recorded; `topics` are the Kafka names. A partition that is
    /// new here is marked at once, so that it holds the store's `through` back until it is read.
    pub(crate) fn marks(&self, topics: &[String]) -> Vec<PartitionMark> {
        let state = self.0.lock();
        let moved = state.places.iter().filter(|(_, place)| place.recorded != Some((place.next, place.through)));
        moved
            .filter_map(|((topic, partition), place)| {
                Some(PartitionMark {
                    topic: topics.get(*topic)?.clone(),
                    partition: *partition,
                    next_offset: place.next,
                    through: place.through,
                })
            })
            .collect()
    }

    /// These marks are in the store.
    pub(crate) fn recorded(&self, topics: &[String], marks: &[PartitionMark]) {
        let mut state = self.0.lock();
        for mark in marks {
            let topic = topics.iter().position(|topic| *topic == mark.topic);
            if let Some(place) = topic.and_then(|topic| state.places.get_mut(&(topic, mark.partition))) {
                place.recorded = Some((mark.next_offset, mark.through));
            }
        }
    }

    /// How far behind this replica is.
    pub(crate) fn lag(&self) -> Lag {
        let state = self.0.lock();
        let behind = |place: &Place| place.high.map(|high| (high - place.next).max(0));
        let records = state.places.iter().filter_map(|(key, place)| Some((*key, behind(place)?))).collect();
        Lag { records, through: state.places.values().map(|place| place.through).min() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(partition: i32, from: i64, high: i64) -> Assigned {
        Assigned { topic: 0, partition, from, high }
    }

    #[test]
    fn through_follows_the_records_and_at_the_end_the_clock() {
        let (progress, topics) = (Progress::default(), vec!["positions".to_owned()]);
        progress.assign(&[assigned(0, 5, 8), assigned(1, 2, 2)]);
        assert_eq!(progress.lag(), Lag { records: vec![((0, 0), 3), ((0, 1), 0)], through: Some(0) });
        let epoch = progress.epochs([(0, 0)].iter())[&(0, 0)];
        assert!(progress.stored((0, 0), epoch, End { next: 7, time: 1_000 }));
        progress.ended(5_000, &[((0, 0), 8), ((0, 1), 2), ((0, 9), 1)]);
        assert_eq!(progress.lag(), Lag { records: vec![((0, 0), 1), ((0, 1), 0)], through: Some(1_000) });
        progress.stored((0, 0), epoch, End { next: 8, time: 4_000 });
        progress.ended(6_000, &[((0, 0), 8), ((0, 1), 2)]);
        assert_eq!(progress.lag().through, Some(6_000));

        let marks = progress.marks(&topics);
        assert_eq!(
            marks.iter().map(|mark| (mark.next_offset, mark.through)).collect::<Vec<_>>(),
            [(8, 6_000), (2, 6_000)]
        );
        progress.recorded(&topics, &marks);
        assert!(progress.marks(&topics).is_empty());
        progress.ended(7_000, &[((0, 1), 2)]);
        assert_eq!(progress.marks(&topics).len(), 1);
    }

    #[test]
    fn what_was_begun_under_an_earlier_assignment_does_not_count() {
        let progress = Progress::default();
        progress.assign(&[assigned(0, 5, 8)]);
        let epoch = progress.epochs([(0, 0)].iter())[&(0, 0)];
        assert!(progress.release(&[(0, 0), (0, 7)]).is_empty());
        assert!(!progress.stored((0, 0), epoch, End { next: 8, time: 1 }));
        progress.assign(&[assigned(0, 500, 800)]);
        assert!(!progress.stored((0, 0), epoch, End { next: 8, time: 1 }));
        assert_eq!(progress.lag().records, [((0, 0), 300)]);
        let epoch = progress.epochs([(0, 0)].iter())[&(0, 0)];
        assert!(progress.stored((0, 0), epoch, End { next: 600, time: 1 }));
        assert_eq!(progress.release(&[(0, 0)]), [((0, 0), 600)]);
    }

    #[test]
    fn a_new_partition_is_marked_before_it_is_read() {
        let (progress, topics) = (Progress::default(), vec!["positions".to_owned()]);
        progress.assign(&[assigned(3, 0, 8)]);
        let mark = PartitionMark { topic: "positions".into(), partition: 3, next_offset: 0, through: 0 };
        assert_eq!(progress.marks(&topics), [mark]);
    }
}
