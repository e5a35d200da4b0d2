//! Stores that misbehave on purpose, around a real one.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use contract::{CourierId, Millis};
use history::{Expired, HistoryWriter, Item, PartitionMark, Refusal, Unavailable, Verdict};

/// A store that can be away, or refuse fixes at the wish of the test.
pub struct Faulty {
    inner: Arc<dyn HistoryWriter>,
    /// Nothing is stored while it is set.
    pub away: AtomicBool,
    /// Nothing is marked while it is set: a batch gets stuck behind the store and before the commit.
    pub marks_away: AtomicBool,
    /// Fixes with this seq are refused, as Elasticsearch refuses what does not fit its mapping.
    pub refuse_seq: Option<u32>,
    pub calls: AtomicUsize,
    pub new: AtomicUsize,
    pub known: AtomicUsize,
}

impl Faulty {
    pub fn around(inner: Arc<dyn HistoryWriter>) -> Self {
        Self {
            inner,
            away: AtomicBool::new(false),
            marks_away: AtomicBool::new(false),
            refuse_seq: None,
            calls: AtomicUsize::new(0),
            new: AtomicUsize::new(0),
            known: AtomicUsize::new(0),
        }
    }

    fn is_refused(&self, item: &Item) -> bool {
        matches!(item, Item::Position { position, .. } if position.seq.is_some() && position.seq == self.refuse_seq)
    }
}

#[async_trait]
impl HistoryWriter for Faulty {
    async fn store(&self, batch: Arc<[Item]>) -> Result<Vec<Verdict>, Unavailable> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(Unavailable::new("away on purpose"));
        }
        let taken: Arc<[Item]> = batch.iter().filter(|item| !self.is_refused(item)).cloned().collect();
        let mut verdicts = self.inner.store(taken).await?.into_iter();
        for verdict in verdicts.clone() {
            match verdict {
                Verdict::New => self.new.fetch_add(1, Ordering::SeqCst),
                _ => self.known.fetch_add(1, Ordering::SeqCst),
            };
        }
        let refusal = || Refusal { class: "document_parsing_exception".into(), message: "no such field".into() };
        let judge = |item: &Item| match self.is_refused(item) {
            true => Verdict::Refused(refusal()),
            false => verdicts.next().unwrap(),
        };
        Ok(batch.iter().map(judge).collect())
    }

    async fn checkpoint(&self, marks: &[PartitionMark]) -> Result<(), Unavailable> {
        match self.marks_away.load(Ordering::SeqCst) && !marks.is_empty() {
            true => Err(Unavailable::new("away on purpose")),
            false => self.inner.checkpoint(marks).await,
        }
    }

    async fn expire(&self, positions_before: Millis, deliveries_before: Millis) -> Result<Expired, Unavailable> {
        self.inner.expire(positions_before, deliveries_before).await
    }

    async fn forget(&self, courier: &CourierId) -> Result<Expired, Unavailable> {
        self.inner.forget(courier).await
    }
}
