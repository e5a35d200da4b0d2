//! Which fixes of a run are there: the tally behind `audit` and `sink verify`. Pure: an engine pushes fixes in any
//! order, each stored fix once.

use std::collections::BTreeMap;

use contract::{Delivery, DeliveryId, Driver, Millis, rest::Audit};

/// How long after a run's end a fix that claims to belong to it is still looked for, ms. A simulated courier that goes
/// on after a cancellation shows within seconds; looking through all the courier's later life would cost as much as
/// that life is long.
const AFTER_END_MS: Millis = 600_000;

/// A delivery with the tally of its fixes.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The document.
    pub delivery: Delivery,
    /// What is stored of its run.
    pub tally: RunTally,
    /// All that was appended before this time (ms UTC) is included.
    pub through: Millis,
}

/// The fixes of one run, held as ranges of `seq`: a whole run takes one entry, however long it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunTally {
    /// First and last of each unbroken range of seqs.
    ranges: BTreeMap<u32, u32>,
    /// How many distinct seqs.
    distinct: u32,
    /// How many fixes repeat a seq that another fix has.
    twice: u32,
    /// How many fixes of the run are later than its end.
    after_end: u32,
    /// How many fixes its courier sent from start to end, numbered or not.
    owned: u32,
}

impl RunTally {
    /// The stretch of the courier's time (ms UTC, inclusive) in which an engine looks for fixes of `delivery`.
    pub fn window(delivery: &Delivery) -> (Millis, Millis) {
        let from = delivery.started_at.unwrap_or(delivery.requested_at);
        (from, delivery.finished_at.map_or(Millis::MAX, |end| end.saturating_add(AFTER_END_MS)))
    }

    /// Counts one stored fix of the delivery's courier inside [`RunTally::window`].
    pub fn push(&mut self, delivery: &Delivery, at: Millis, claims: Option<DeliveryId>, seq: Option<u32>) {
        if delivery.owns(at) {
            self.owned = self.owned.saturating_add(1);
        }
        if claims != Some(delivery.delivery) {
            return;
        }
        if delivery.finished_at.is_some_and(|end| at > end) {
            self.after_end += 1;
        }
        if let Some(seq) = seq {
            if self.insert(seq) { self.distinct += 1 } else { self.twice += 1 }
        }
    }

    /// False where it was there.
    fn insert(&mut self, seq: u32) -> bool {
        let before = self.ranges.range(..=seq).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| last >= seq) {
            return false;
        }
        let first = before.filter(|(_, last)| last + 1 == seq).map_or(seq, |(first, _)| first);
        let last = seq.checked_add(1).and_then(|next| self.ranges.remove(&next)).unwrap_or(seq);
        self.ranges.insert(first, last);
        true
    }

    /// The greatest seq.
    fn greatest(&self) -> Option<u32> {
        self.ranges.last_key_value().map(|(_, last)| *last)
    }

    /// Ranges that are missing of 0..`expected`, inclusive.
    fn missing(&self, expected: u32) -> Vec<(u32, u32)> {
        let mut missing = Vec::new();
        let mut next = 0;
        for (first, last) in &self.ranges {
            if next >= expected {
                break;
            }
            if *first > next {
                missing.push((next, (*first).min(expected) - 1));
            }
            next = last.saturating_add(1);
        }
        if next < expected {
            missing.push((next, expected - 1));
        }
        missing
    }
}

impl Run {
    /// How many fixes there must be, where that is known: what the document says of a delivered run, else (open,
    /// cancelled) all up to the greatest seq seen. Nobody numbers a person's fixes.
    pub fn expected(&self) -> Option<u32> {
        if self.delivery.driver == Driver::Courier {
            return None;
        }
        self.delivery.positions.or_else(|| Some(self.tally.greatest()?.saturating_add(1)))
    }

    /// The answer of GET /deliveries/{id}/audit.
    pub fn audit(&self) -> Audit {
        let expected = self.expected();
        Audit {
            expected,
            stored: if self.delivery.driver == Driver::Courier { self.tally.owned } else { self.tally.distinct },
            missing: expected.map(|count| self.tally.missing(count)).unwrap_or_default(),
            through: self.through,
        }
    }

    /// What breaks the promise that nothing is lost and nothing doubled, in words; empty where it holds.
    ///
    /// A simulated run must have the seqs from 0 without a hole (up to `positions` where it is delivered), none twice,
    /// and none with a time after its end. Whether the tail of a cancelled run is whole cannot be told from its seqs.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.delivery.driver == Driver::Courier {
            return faults;
        }
        let expected = self.expected();
        let missing = expected.map(|count| self.tally.missing(count)).unwrap_or_default();
        if !missing.is_empty() {
            let ranges: Vec<String> = missing.iter().map(|(first, last)| range(*first, *last)).collect();
            faults.push(format!("missing seq {}", ranges.join(", ")));
        }
        if let (Some(count), Some(greatest)) = (expected, self.tally.greatest())
            && greatest >= count
        {
            faults.push(format!("seq up to {greatest}, but it says {count} positions"));
        }
        if self.tally.twice > 0 {
            faults.push(format!("{} fixes repeat a seq", self.tally.twice));
        }
        if self.tally.after_end > 0 {
            faults.push(format!("{} fixes after its end", self.tally.after_end));
        }
        faults
    }
}

fn range(first: u32, last: u32) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a";

    fn run(status: &str, extra: &str, seqs: &[u32]) -> Run {
        let text = format!(
            r#"{{"delivery":"{ID}","courier":"c-1","status":"{status}","driver":"simulator","path":"","distance_m":1,
            "planned_s":1,"requested_at":900,"started_at":1000,"finished_at":9000{extra}}}"#
        );
        let delivery = Delivery::from_json(text.as_bytes()).unwrap();
        let mut tally = RunTally::default();
        for seq in seqs {
            tally.push(&delivery, 1_000 + Millis::from(*seq) * 1_000, Some(delivery.delivery), Some(*seq));
        }
        Run { delivery, tally, through: 7 }
    }

    #[test]
    fn a_whole_run_has_no_fault_in_any_order() {
        let whole = run("delivered", r#","positions":4"#, &[2, 0, 3, 1]);
        assert_eq!(whole.faults(), Vec::<String>::new());
        assert_eq!(whole.audit(), Audit { expected: Some(4), stored: 4, missing: vec![], through: 7 });
        assert_eq!(whole.tally.ranges.len(), 1);
    }

    #[test]
    fn holes_are_named() {
        let audit = run("delivered", r#","positions":9"#, &[1, 2, 5]).audit();
        assert_eq!((audit.expected, audit.stored), (Some(9), 3));
        assert_eq!(audit.missing, [(0, 0), (3, 4), (6, 8)]);
        assert_eq!(run("delivered", r#","positions":2"#, &[]).faults(), ["missing seq 0-1"]);
    }

    #[test]
    fn a_cancelled_run_is_held_against_its_own_seqs() {
        assert!(run("cancelled", "", &[0, 1, 2]).faults().is_empty());
        assert!(run("cancelled", "", &[]).faults().is_empty());
        assert_eq!(run("cancelled", "", &[0, 2]).faults(), ["missing seq 1"]);
        assert_eq!(run("cancelled", "", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).faults(), ["1 fixes after its end"]);
        assert_eq!(run("cancelled", "", &[0, 1, 1]).faults(), ["1 fixes repeat a seq"]);
    }

    #[test]
    fn more_than_it_says_is_a_fault_too() {
        assert_eq!(run("delivered", r#","positions":1"#, &[0, 1]).faults(), ["seq up to 1, but it says 1 positions"]);
    }

    #[test]
    fn other_runs_of_the_same_courier_do_not_count() {
        let mut run = run("delivered", r#","positions":1"#, &[0]);
        let other = DeliveryId::from_parts(1, 2);
        run.tally.push(&run.delivery, 2_000, Some(other), Some(0));
        run.tally.push(&run.delivery, 99_000, Some(other), Some(5));
        assert!(run.faults().is_empty());
        assert_eq!(run.tally.owned, 2);
    }
}
