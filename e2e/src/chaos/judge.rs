//! The counts, held against each other: what must exist, what Kafka has, what the store has, what viewers saw. Pure.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::{
    expect::{End, Run, Spot},
    letters::Injected,
    load::Asked,
    log::Log,
    store::Documents,
};

/// Most ids that a check names.
const NAMED: usize = 40;

/// One line of the table.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// What was counted.
    pub name: String,
    /// How many there must be.
    pub expected: u64,
    /// How many of those there are.
    pub found: u64,
    /// Which are missing, wrong, or too many: the first of them.
    pub different: Vec<String>,
    /// How many those are altogether.
    pub differences: u64,
}

impl Check {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A check that finds nothing where all is well.
    fn none_of(name: &str, faults: &[String]) -> Self {
        let mut check = Self::new(name);
        faults.iter().for_each(|fault| check.differ(fault.clone()));
        check.found = faults.len() as u64;
        check
    }

    fn differ(&mut self, id: String) {
        self.differences += 1;
        if self.different.len() < NAMED {
            self.different.push(id);
        }
    }

    fn expect(&mut self, is_there: bool, id: impl FnOnce() -> String) {
        self.expected += 1;
        if is_there {
            self.found += 1;
        } else {
            self.differ(id());
        }
    }

    /// Whether nothing differs.
    pub fn holds(&self) -> bool {
        self.differences == 0 && self.expected == self.found
    }

    /// For the file.
    pub fn json(&self) -> Value {
        json!({
            "name": self.name, "expected": self.expected, "found": self.found, "differences": self.differences,
            "ids": self.different,
        })
    }
}

/// All that was counted.
#[derive(Debug)]
pub struct Evidence {
    /// Deliveries that were acknowledged.
    pub asked: HashMap<String, Asked>,
    /// Requests that were refused though they should not have been.
    pub refused: Vec<String>,
    /// What was put into the log on purpose.
    pub injected: Injected,
    /// The log.
    pub log: Log,
    /// The store.
    pub store: Documents,
    /// Fixes that the backend's audit finds of how many deliveries, and its faults.
    pub audit: (u64, Vec<String>),
    /// Of which deliveries the audit was asked.
    pub audited: Vec<String>,
    /// For each viewer: the ends, the newest place of each courier, and what contradicted.
    pub viewers: Vec<Sight>,
}

/// What one viewer saw.
#[derive(Debug, Default)]
pub struct Sight {
    /// How deliveries ended.
    pub ends: HashMap<String, End>,
    /// The newest place of each courier.
    pub couriers: HashMap<String, (i64, Spot)>,
    /// Ends that changed, frames that could not be read.
    pub faults: Vec<String>,
}

/// What the counts come to.
#[derive(Debug)]
pub struct Verdict {
    /// The table.
    pub checks: Vec<Check>,
    /// Fixes behind the end of a cancelled run: sent before the simulator read of it.
    pub after_the_end: u64,
    /// Records of fixes that Kafka has more than once.
    pub doubles: u64,
    /// Dead letters that were sent more than once.
    pub letters_again: u64,
}

impl Verdict {
    /// Whether nothing is lost, nothing doubled, nothing wrong.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(Check::holds)
    }
}

/// Holds everything against everything.
pub fn judge(evidence: &Evidence) -> Verdict {
    let Evidence { injected, log, .. } = evidence;
    let mut checks = vec![Check::none_of("requests refused", &evidence.refused), deliveries(evidence)];
    let mut in_kafka = Check::new("fixes in Kafka");
    let mut surplus = Check::new("fixes that nobody should have sent");
    let (mut runs, mut audited) = (HashMap::new(), 0);
    let sampled: BTreeSet<&String> = evidence.audited.iter().collect();
    let mut undrivable = Vec::new();
    for (id, story) in &log.stories {
        match Run::of(id, story) {
            Ok(None) => {}
            Ok(Some(run)) => {
                for n in 0..run.must {
                    let identity = format!("{}:sim:{}", story.courier, run.at(n));
                    let fix = log.fixes.get(&identity);
                    let right = fix.is_some_and(|fix| {
                        fix.seq == Some(n) && fix.delivery.as_deref() == Some(id) && fix.spot == run.spot(n)
                    });
                    in_kafka.expect(right, || format!("{id} seq {n}"));
                }
                let claimed = story.end.as_ref().and_then(|end| end.positions);
                if claimed.is_some_and(|claimed| claimed != run.must) {
                    undrivable.push(format!("{id} claims {claimed:?} fixes of {}", run.must));
                }
                runs.insert(id.as_str(), run);
            }
            Err(error) => undrivable.push(format!("{error:#}")),
        }
    }
    let mut after_the_end = 0;
    for (identity, fix) in &log.fixes {
        audited += u64::from(fix.delivery.as_ref().is_some_and(|id| sampled.contains(id)));
        if injected.odd.get(identity).is_some_and(|odd| odd == fix) {
            continue;
        }
        // A run that nobody has told of is as its first fix says; all others must say the same.
        if let (Some(id), Some(n)) = (fix.delivery.as_deref(), fix.seq)
            && let Some((id, story)) = log.stories.get_key_value(id)
            && !runs.contains_key(id.as_str())
            && let Ok(Some(run)) = Run::of_a_late_cancel(id, story, n, fix.at)
        {
            runs.insert(id, run);
        }
        let run = fix.delivery.as_deref().and_then(|id| runs.get(id));
        match (run, fix.seq) {
            (Some(run), Some(n)) if n < run.must => {}
            (Some(run), Some(n)) if n < run.may && fix.at == run.at(n) && fix.spot == run.spot(n) => after_the_end += 1,
            _ => surplus.differ(identity.clone()),
        }
    }
    surplus.found = surplus.differences;
    checks.extend([in_kafka, surplus, Check::none_of("runs that are not as their document", &undrivable)]);
    checks.push(Check::none_of("fixes out of order", &log.out_of_order));
    checks.push(Check::none_of("doubles that contradict the first", &log.contradictions));
    checks.push(Check::none_of("records that cannot be read", &log.unreadable));
    checks.push(odd(evidence));
    checks.extend(stored(evidence));
    let mut audit = Check::none_of("audits of the backend that find a fault", &evidence.audit.1);
    checks.push(audit.clone());
    audit = Check::new(format!("fixes by {} audits", sampled.len()));
    (audit.expected, audit.found) = (audited, evidence.audit.0);
    audit.differences = audited.abs_diff(evidence.audit.0);
    checks.push(audit);
    checks.extend(letters(evidence));
    checks.extend(seen(evidence));
    let letters_again = log.letters.values().map(|sent| u64::from(sent - 1)).sum();
    Verdict { checks, after_the_end, doubles: log.records - log.fixes.len() as u64, letters_again }
}

/// Every delivery that was acknowledged is in the log as it was asked for, and has ended.
fn deliveries(evidence: &Evidence) -> Check {
    let mut check = Check::new("deliveries acknowledged, in Kafka, ended");
    for (id, asked) in &evidence.asked {
        let story = evidence.log.stories.get(id);
        let right = story.is_some_and(|story| {
            // A cancel may have lost the race against the arrival: the first end in the partition counts.
            let ends: &[&str] = if asked.cancelled { &["cancelled", "delivered"] } else { &["delivered"] };
            let ended = story.end.as_ref().is_some_and(|end| ends.contains(&end.status.as_str()));
            ended && (&story.courier, story.speed, &story.path) == (&asked.courier, asked.speed, &asked.path)
        });
        check.expect(right, || {
            format!("{id}: {}", story.map_or("not there".into(), |story| format!("{:?}", story.end)))
        });
    }
    check
}

fn odd(evidence: &Evidence) -> Check {
    let mut check = Check::new("odd fixes in Kafka");
    for (identity, fix) in &evidence.injected.odd {
        check.expect(evidence.log.fixes.get(identity) == Some(fix), || identity.clone());
    }
    check
}

/// The store holds what Kafka does, and nothing else.
fn stored(evidence: &Evidence) -> [Check; 4] {
    let (log, store) = (&evidence.log, &evidence.store);
    let mut fixes = Check::new("fixes in the store");
    for (identity, fix) in &log.fixes {
        fixes.expect(store.fixes.get(identity) == Some(fix), || identity.clone());
    }
    let strangers: Vec<String> = store.fixes.keys().filter(|id| !log.fixes.contains_key(*id)).cloned().collect();
    let mut ends = Check::new("ends of deliveries in the store");
    for (id, story) in log.stories.iter().filter(|(_, story)| story.end.is_some()) {
        ends.expect(store.ends.get(id) == story.end.as_ref(), || id.clone());
    }
    if store.deliveries != log.stories.len() {
        ends.differ(format!("{} deliveries in Kafka, {} in the store", log.stories.len(), store.deliveries));
    }
    let strangers = Check::none_of("fixes in the store that Kafka has not", &strangers);
    [fixes, strangers, Check::none_of("fixes twice in the store", &store.doubles), ends]
}

/// Each bad record is one dead letter, and nothing else is.
fn letters(evidence: &Evidence) -> [Check; 2] {
    let (bad, letters) = (&evidence.injected.bad, &evidence.log.letters);
    let name = |place: &(String, i32, i64)| format!("{} {} {}", place.0, place.1, place.2);
    let mut check = Check::new("bad records that are dead letters");
    for place in bad {
        check.expect(letters.contains_key(place), || name(place));
    }
    let good: Vec<String> = letters.keys().filter(|place| !bad.contains(*place)).map(name).collect();
    [check, Check::none_of("dead letters of good records", &good)]
}

/// Viewers saw how everything ended, and where everybody is.
fn seen(evidence: &Evidence) -> [Check; 3] {
    let mut ends = Check::new(format!("ends seen by {} viewers", evidence.viewers.len()));
    let mut places = Check::new(format!("last places seen by {} viewers", evidence.viewers.len()));
    let newest = newest(&evidence.log);
    let mut faults = Vec::new();
    for (number, sight) in evidence.viewers.iter().enumerate() {
        for (id, story) in evidence.log.stories.iter().filter(|(_, story)| story.end.is_some()) {
            ends.expect(sight.ends.get(id) == story.end.as_ref(), || format!("viewer {number}: {id}"));
        }
        for (courier, place) in &newest {
            let there = sight.couriers.get(*courier);
            places.expect(there == Some(place), || format!("viewer {number}: {courier} {there:?}, not {place:?}"));
        }
        faults.extend(sight.faults.iter().map(|fault| format!("viewer {number}: {fault}")));
    }
    [ends, places, Check::none_of("what viewers saw change or could not read", &faults)]
}

/// The newest place of each courier.
pub fn newest(log: &Log) -> HashMap<&str, (i64, Spot)> {
    let mut newest: HashMap<&str, (i64, Spot)> = HashMap::new();
    for fix in log.fixes.values() {
        let known = newest.entry(&fix.courier).or_insert((fix.at, fix.spot));
        if fix.at > known.0 {
            *known = (fix.at, fix.spot);
        }
    }
    newest
}
