//! What happens to a batch, in this order: stored, marked durable, dead letters acknowledged, checkpoint, and last the
//! word to the reader that it may commit. One batch at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc as std_mpsc},
    time::Duration,
};

use contract::Millis;
use history::{HistoryWriter, Item, PartitionMark, Verdict};
use service::{BoxError, Clock, Shutdown, StoreMark};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    TOPICS,
    batch::{Batch, End, Parts},
    letters::Letters,
    progress::{Key, Progress},
    retry,
};

/// Shortest time between two checkpoints: a store may have to make what it holds visible for each, which costs more than a
/// batch. Whatever is marked later is promised later, and `ends` marks what is left once a second.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// A batch on its way, with the assignment of each partition that it was read under.
pub(crate) struct Work {
    pub(crate) batch: Batch,
    pub(crate) epochs: BTreeMap<Key, u64>,
}

/// What became of a batch.
pub(crate) enum Done {
    /// Everything before these offsets is stored and may be committed.
    Stored(BTreeMap<Key, i64>),
    /// The stop was asked for while the store did not answer: nothing of this batch, and nothing behind it, may be
    /// committed.
    GivenUp,
}

/// What the way of a batch needs.
pub(crate) struct Pipeline {
    pub(crate) writer: Arc<dyn HistoryWriter>,
    pub(crate) letters: Letters,
    pub(crate) mark: Option<StoreMark>,
    pub(crate) progress: Arc<Progress>,
    /// Kafka names of the topics.
    pub(crate) topics: Vec<String>,
    pub(crate) clock: Clock,
    pub(crate) shutdown: Shutdown,
    /// When the last checkpoint was recorded.
    pub(crate) checkpointed: Option<Instant>,
}

impl Pipeline {
    /// Works until the reader has gone.
    pub(crate) async fn run(
        mut self,
        mut batches: mpsc::Receiver<Work>,
        done: std_mpsc::Sender<Done>,
    ) -> Result<(), BoxError> {
        // A store that is away or turns us away is told now, not when the first record comes.
        if retry::until_done("store", &self.shutdown, || self.writer.checkpoint(&[])).await.is_some() {
            tracing::info!("the store answers");
        }
        while let Some(Work { batch, epochs }) = batches.recv().await {
            let parts = batch.into_parts();
            let outcome = match self.way_of(&parts, &epochs).await? {
                Some(committable) => Done::Stored(committable),
                None => Done::GivenUp,
            };
            if done.send(outcome).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// `None` where the stop was asked for before the end of the way.
    async fn way_of(
        &mut self,
        parts: &Parts,
        epochs: &BTreeMap<Key, u64>,
    ) -> Result<Option<BTreeMap<Key, i64>>, BoxError> {
        let Some(verdicts) = self.stored(&parts.items).await? else { return Ok(None) };
        for ((topic, partition), end) in &parts.ends {
            if let Some(mark) = &self.mark {
                mark.stored(&self.topics[*topic], *partition, end.next);
            }
        }
        self.count(&parts.items, &verdicts);
        let mut records = [0; TOPICS.len()];
        let mut refused = parts.refused.clone();
        for (origin, verdict) in parts.origins.iter().zip(verdicts) {
            if let Verdict::Refused(refusal) = verdict {
                refused.push((origin.clone(), refusal));
            }
        }
        if !self.letters.send(parts, &refused, &self.shutdown).await? {
            return Ok(None);
        }
        if self.checkpointed.is_none_or(|at| at.elapsed() >= CHECKPOINT_EVERY) {
            if self.checkpoint(&parts.ends).await.is_none() {
                return Ok(None);
            }
            self.checkpointed = Some(Instant::now());
        }
        for origin in parts.origins.iter().chain(parts.refused.iter().map(|(origin, _)| origin)) {
            records[origin.topic] += 1;
        }
        for (topic, count) in self.topics.iter().zip(records) {
            metrics::counter!("cd_sink_records_total", "topic" => topic.clone()).increment(count);
        }
        // A partition that has changed hands meanwhile is stored all the same; its offset is another's now.
        let mine = parts
            .ends
            .iter()
            .filter(|(key, end)| epochs.get(key).is_some_and(|epoch| self.progress.stored(**key, *epoch, **end)));
        Ok(Some(mine.map(|(key, end)| (*key, end.next)).collect()))
    }

    async fn stored(&self, items: &Arc<[Item]>) -> Result<Option<Vec<Verdict>>, BoxError> {
        if items.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let began = Instant::now();
        let attempt = || self.writer.store(Arc::clone(items));
        let verdicts = retry::until_done("store", &self.shutdown, attempt).await;
        metrics::histogram!("cd_sink_store_seconds").record(began.elapsed());
        match verdicts {
            // A fault of the engine. Going on would commit what nobody has judged.
            Some(verdicts) if verdicts.len() != items.len() => {
                Err(format!("the store judged {} of {} items", verdicts.len(), items.len()).into())
            }
            verdicts => Ok(verdicts),
        }
    }

    /// Marks what the batch reached, and with it every held partition that moved or was never marked: a `through` that
    /// knew only some partitions would promise too much.
    async fn checkpoint(&self, ends: &BTreeMap<Key, End>) -> Option<()> {
        let reached = |((topic, partition), end): (&Key, &End)| PartitionMark {
            topic: self.topics[*topic].clone(),
            partition: *partition,
            next_offset: end.next,
            through: end.time,
        };
        let mut marks: Vec<PartitionMark> = ends.iter().map(reached).collect();
        let mut others = self.progress.marks(&self.topics);
        others
            .retain(|other| !marks.iter().any(|mark| (&mark.topic, mark.partition) == (&other.topic, other.partition)));
        marks.append(&mut others);
        retry::until_done("checkpoint", &self.shutdown, || self.writer.checkpoint(&marks)).await?;
        self.progress.recorded(&self.topics, &marks);
        Some(())
    }

    fn count(&self, items: &[Item], verdicts: &[Verdict]) {
        let now = self.clock.now();
        let latency = metrics::histogram!("cd_append_to_stored_seconds");
        let (mut stored, mut known) = (0, 0);
        for (item, verdict) in items.iter().zip(verdicts) {
            match verdict {
                Verdict::New => {
                    stored += 1;
                    latency.record(seconds(now - item.broker_time()));
                }
                Verdict::Known => known += 1,
                Verdict::Refused(_) => {}
            }
        }
        metrics::counter!("cd_stored_total").increment(stored);
        metrics::counter!("cd_known_total").increment(known);
    }
}

/// Seconds of a time in ms; clocks that disagree must not make it negative.
pub(crate) fn seconds(ms: Millis) -> f64 {
    ms.max(0) as f64 / 1_000.0
}
