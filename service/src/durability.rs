//! When a record that the broker has acknowledged may be believed to survive.
//!
//! With real Kafka that is the acknowledgement itself. The embedded broker of `standalone` keeps its log in memory only:
//! there an API answer and a simulator's start wait until the store holds the record.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::Notify;

/// Tells when records are durable. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Durability(Option<Arc<Stored>>);

/// The store's side of a [`Durability`]: it says how far it holds the log.
#[derive(Debug, Clone)]
pub struct StoreMark(Arc<Stored>);

#[derive(Debug, Default)]
struct Stored {
    /// Next offset that is not stored, by topic (its Kafka name) and partition.
    next: RwLock<HashMap<String, HashMap<i32, i64>>>,
    moved: Notify,
}

impl Durability {
    /// The broker's acknowledgement is durable.
    pub fn broker() -> Self {
        Self(None)
    }

    /// Durable is what the store has marked.
    pub fn store() -> (Self, StoreMark) {
        let stored = Arc::new(Stored::default());
        (Self(Some(stored.clone())), StoreMark(stored))
    }

    /// Whether the record at `offset` is durable. `topic` is the Kafka name, prefix included.
    pub fn is_settled(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let Some(stored) = &self.0 else { return true };
        let next = stored.next.read();
        next.get(topic).and_then(|partitions| partitions.get(&partition)).is_some_and(|next| *next > offset)
    }

    /// Ends when the record at `offset` is durable: at once with [`Durability::broker`]. Give it a deadline where somebody
    /// waits for an answer: a store that is away settles nothing.
    pub async fn settled(&self, topic: &str, partition: i32, offset: i64) {
        let Some(stored) = &self.0 else { return };
        loop {
            let moved = stored.moved.notified();
            tokio::pin!(moved);
            // Registered before looking, so that a mark between the look and the wait is not missed.
            moved.as_mut().enable();
            if self.is_settled(topic, partition, offset) {
                return;
            }
            moved.await;
        }
    }
}

impl StoreMark {
    /// The store holds everything of that partition before `next_offset`. A smaller number than before changes nothing.
    pub fn stored(&self, topic: &str, partition: i32, next_offset: i64) {
        {
            let mut next = self.0.next.write();
            let partitions = match next.get_mut(topic) {
                Some(partitions) => partitions,
                None => next.entry(topic.to_owned()).or_default(),
            };
            let known = partitions.entry(partition).or_insert(next_offset);
            *known = next_offset.max(*known);
        }
        self.0.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_broker_settles_at_once() {
        Durability::broker().settled("t", 0, 7).await;
    }

    #[tokio::test]
    async fn the_store_settles_what_it_has_marked() {
        let (durability, mark) = Durability::store();
        mark.stored("t", 0, 7);
        mark.stored("t", 0, 3);
        durability.settled("t", 0, 6).await;
        assert!(!durability.is_settled("t", 0, 7) && !durability.is_settled("t", 1, 0));
        let waiting = tokio::spawn(async move { durability.settled("t", 0, 7).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        mark.stored("t", 0, 8);
        waiting.await.unwrap();
    }
}
