//! The table, printed and as a file.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    Options,
    faults::Event,
    file,
    judge::{Evidence, Verdict},
    viewer::Viewer,
};

/// A stall belongs to a fault that began at most so long before it ended.
const AFTERMATH: Duration = Duration::from_secs(12);

/// A run that is over.
pub struct Report<'a> {
    /// What it was told.
    pub options: &'a Options,
    /// Its seed.
    pub seed: u64,
    /// How long couriers drove.
    pub loaded: Duration,
    /// Requests that had to be sent again.
    pub tries: u64,
    /// What was counted.
    pub evidence: &'a Evidence,
    /// What that comes to.
    pub verdict: &'a Verdict,
    /// The faults.
    pub events: &'a [Event],
    /// When couriers began to drive.
    pub began: Instant,
    /// The same, ms UTC.
    pub began_ms: i64,
    /// Who looked on.
    pub viewers: &'a [Viewer],
    /// From the beginning of the start to the end of counting.
    pub took: Duration,
}

/// What faults of one kind came to.
#[derive(Default)]
struct Kind {
    times: u32,
    /// Longest time until all was there again.
    back: Duration,
    /// Longest pause of a partition near it.
    log: Duration,
    /// Longest time in which a viewer saw nobody move near it.
    viewers: Duration,
}

impl Report<'_> {
    /// Prints the table and writes the file. `true` where every server and service came back as it should.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, out: &Path) -> Result<bool> {
        let log_stalls = self.log_stalls();
        let viewer_stalls: Vec<(Instant, Duration)> =
            self.viewers.iter().flat_map(|viewer| viewer.look(|seen| seen.stalls.clone())).collect();
        let kinds = self.kinds(&log_stalls, &viewer_stalls);
        let longest = |stalls: &[(Instant, Duration)]| stalls.iter().map(|(_, lasts)| *lasts).max().unwrap_or_default();
        let failed: Vec<&Event> = self.events.iter().filter(|event| event.failed.is_some()).collect();
        let mut resumes: BTreeMap<String, u32> = BTreeMap::new();
        for viewer in self.viewers {
            viewer.look(|seen| seen.resumes.iter().for_each(|(how, n)| *resumes.entry(how.clone()).or_default() += n));
        }
        self.print(&kinds, &failed, &resumes, longest(&log_stalls), longest(&viewer_stalls));
        let seconds = |duration: Duration| (duration.as_secs_f64() * 10.0).round() / 10.0;
        let events: Vec<Value> = self.events.iter().map(|event| self.event(event)).collect();
        let text = json!({
            "seed": self.seed, "kills": self.options.kills, "rate": self.options.rate, "brokers": self.options.brokers,
            "only": self.options.only.map(|only| format!("{only:?}")),
            "fault": self.options.fault.map(|fault| format!("{fault:?}")),
            "holds": self.verdict.holds() && failed.is_empty(),
            "seconds": seconds(self.took), "seconds_of_load": seconds(self.loaded),
            "checks": self.verdict.checks.iter().map(super::judge::Check::json).collect::<Vec<_>>(),
            "positions_a_second": self.rate().round(), "records": self.evidence.log.records, "doubles_in_kafka": self.verdict.doubles,
            "fixes_after_a_cancel": self.verdict.after_the_end, "dead_letters_again": self.verdict.letters_again,
            "bad_records": self.evidence.injected.kinds, "requests_again": self.tries, "resumes": resumes,
            "longest_stall_of_a_partition_s": seconds(longest(&log_stalls)),
            "longest_stall_of_a_viewer_s": seconds(longest(&viewer_stalls)),
            "faults": kinds.iter().map(|(act, kind)| (act.clone(), json!({
                "times": kind.times, "longest_until_back_s": seconds(kind.back),
                "longest_stall_of_a_partition_s": seconds(kind.log),
                "longest_stall_of_a_viewer_s": seconds(kind.viewers),
            }))).collect::<serde_json::Map<_, _>>(),
            "events": events,
        });
        let path = file(out, self.seed);
        std::fs::write(&path, format!("{text:#}\n")).with_context(|| format!("cannot write {}", path.display()))?;
        println!("\n{}", path.display());
        Ok(failed.is_empty())
    }

    /// Distinct fixes a second, over the whole time in which couriers drove.
    fn rate(&self) -> f64 {
        self.evidence.log.fixes.len() as f64 / self.loaded.as_secs_f64().max(1.0)
    }

    fn event(&self, event: &Event) -> Value {
        let at = |time: Instant| (time.saturating_duration_since(self.began).as_secs_f64() * 10.0).round() / 10.0;
        json!({
            "act": event.act, "whom": event.whom, "from_s": at(event.from), "until_s": at(event.until),
            "failed": event.failed,
        })
    }

    /// Pauses of partitions while couriers drove.
    fn log_stalls(&self) -> Vec<(Instant, Duration)> {
        let since_began = |ms: i64| u64::try_from(ms - self.began_ms).ok().map(Duration::from_millis);
        let pauses = self.evidence.log.pauses.iter().filter_map(|(from, to)| {
            let (from, to) = (since_began(*from)?, since_began(*to)?);
            // At the end couriers stop one after the other; at the beginning they start so.
            (from > Duration::from_secs(10) && to < self.loaded).then(|| (self.began + from, to - from))
        });
        pauses.collect()
    }

    fn kinds(&self, log: &[(Instant, Duration)], viewers: &[(Instant, Duration)]) -> BTreeMap<String, Kind> {
        let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
        for event in self.events {
            let near = |stalls: &[(Instant, Duration)]| {
                let overlaps =
                    |(at, lasts): &&(Instant, Duration)| *at < event.until + AFTERMATH && *at + *lasts > event.from;
                stalls.iter().filter(overlaps).map(|(_, lasts)| *lasts).max().unwrap_or_default()
            };
            let kind = kinds.entry(event.act.clone()).or_default();
            kind.times += 1;
            kind.back = kind.back.max(event.until - event.from);
            kind.log = kind.log.max(near(log));
            kind.viewers = kind.viewers.max(near(viewers));
        }
        kinds
    }

    fn print(
        &self,
        kinds: &BTreeMap<String, Kind>,
        failed: &[&Event],
        resumes: &BTreeMap<String, u32>,
        log: Duration,
        viewers: Duration,
    ) {
        println!(
            "\nseed {}, {} kills, {} positions/s, {} brokers",
            self.seed, self.options.kills, self.options.rate, self.options.brokers
        );
        println!("\n{:<46}{:>12}{:>12}{:>12}", "", "must be", "is", "different");
        for check in &self.verdict.checks {
            let mark = if check.holds() { "" } else { "  <-" };
            println!("{:<46}{:>12}{:>12}{:>12}{mark}", check.name, check.expected, check.found, check.differences);
            check.different.iter().take(if check.holds() { 0 } else { 10 }).for_each(|id| println!("    {id}"));
        }
        println!("\n{:<24}{:>6}{:>14}{:>18}{:>16}", "fault", "times", "until back", "partition stall", "viewer stall");
        for (act, kind) in kinds {
            let s = |duration: Duration| format!("{:.1} s", duration.as_secs_f64());
            println!("{act:<24}{:>6}{:>14}{:>18}{:>16}", kind.times, s(kind.back), s(kind.log), s(kind.viewers));
        }
        for event in failed {
            println!("\n{} {}: {}", event.act, event.whom, event.failed.as_deref().unwrap_or_default());
        }
        let Verdict { after_the_end, doubles, letters_again, .. } = self.verdict;
        println!(
            "\nharmless: {doubles} doubles in Kafka, {after_the_end} fixes sent before the simulator read of a cancel, \
             {letters_again} dead letters again, {} requests again\nhellos: {resumes:?}\nlongest stall: {:.1} s of a \
             partition, {:.1} s of a viewer\nload {} s ({:.0} positions/s), all {} s",
            self.tries,
            log.as_secs_f64(),
            viewers.as_secs_f64(),
            self.loaded.as_secs(),
            self.rate(),
            self.took.as_secs()
        );
    }
}
