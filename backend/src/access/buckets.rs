//! How often something may happen, for each of many keys: a bucket each, kept as the one moment when it is full again.
//!
//! The number of keys is bounded. Where there is no room for another one, and nothing that has filled up can be forgotten,
//! further keys share one bucket: under a flood from very many addresses newcomers are slowed together, and those who were
//! known before are not.

use std::hash::Hash;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::time::{Duration, Instant};

/// Most keys that are told apart; some 5 MB.
const MAX_KEYS: usize = 100_000;
/// Looking for what can be forgotten visits every key: not more often than this.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// A bucket for each key.
#[derive(Debug)]
pub struct Buckets<K> {
    /// Time in which one place becomes free.
    step: Duration,
    /// Time in which an empty bucket fills up.
    whole: Duration,
    max_keys: usize,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    full_at: FxHashMap<K, Instant>,
    /// Of all who found no room.
    others: Option<Instant>,
    swept: Option<Instant>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// Buckets of `size` places, which become free again within `whole` together.
    pub fn new(size: u32, whole: Duration) -> Self {
        Self::with_keys(size, whole, MAX_KEYS)
    }

    fn with_keys(size: u32, whole: Duration, max_keys: usize) -> Self {
        let state = State { full_at: FxHashMap::default(), others: None, swept: None };
        Self { step: whole / size.max(1), whole, max_keys, state: Mutex::new(state) }
    }

    /// Takes a place; false where none is free.
    pub fn take(&self, key: K, now: Instant) -> bool {
        let mut state = self.state.lock();
        if let Some(full_at) = state.full_at.get_mut(&key) {
            return match self.after(Some(*full_at), now) {
                Some(next) => {
                    *full_at = next;
                    true
                }
                None => false,
            };
        }
        if state.full_at.len() >= self.max_keys && state.swept.is_none_or(|at| now - at >= SWEEP_EVERY) {
            state.swept = Some(now);
            state.full_at.retain(|_, full_at| *full_at > now);
        }
        if state.full_at.len() >= self.max_keys {
            let next = self.after(state.others, now);
            state.others = next.or(state.others);
            return next.is_some();
        }
        state.full_at.insert(key, now + self.step);
        true
    }

    /// Whether nothing is free for this key.
    pub fn is_empty(&self, key: &K, now: Instant) -> bool {
        let state = self.state.lock();
        let known = state.full_at.get(key).copied();
        let full_at = if known.is_none() && state.full_at.len() >= self.max_keys { state.others } else { known };
        self.after(full_at, now).is_none()
    }

    /// When the bucket will be full, once a place more is taken; `None` where none is free.
    fn after(&self, full_at: Option<Instant>, now: Instant) -> Option<Instant> {
        let next = full_at.map_or(now, |at| at.max(now)) + self.step;
        // Rounding of the step must not cost the last place.
        (next <= now + self.whole + self.step / 2).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn taken<K: Eq + Hash + Copy>(buckets: &Buckets<K>, key: K, now: Instant) -> u32 {
        (0..1_000).take_while(|_| buckets.take(key, now)).count() as u32
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_gives_what_it_holds_and_fills_at_its_pace() {
        let now = Instant::now();
        let buckets = Buckets::new(7, SECOND);
        assert_eq!(taken(&buckets, 'a', now), 7);
        assert!(buckets.is_empty(&'a', now) && !buckets.is_empty(&'b', now));
        assert_eq!(taken(&buckets, 'b', now), 7, "each key has its own");
        assert_eq!(taken(&buckets, 'a', now + SECOND / 7 + Duration::from_millis(1)), 1);
        assert_eq!(taken(&buckets, 'a', now + SECOND * 100), 7, "more than it holds is never gathered");
        let steady = Buckets::new(10, SECOND);
        let all = (0..1_000).filter(|n| steady.take('a', now + SECOND * *n / 100)).count();
        assert!((100..=120).contains(&all), "ten seconds at ten a second: {all}");
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_bounded_and_the_rest_share_a_bucket() {
        let now = Instant::now();
        let buckets = Buckets::with_keys(3, SECOND, 2);
        assert!(buckets.take(1, now) && buckets.take(2, now));
        let others = (10..1_000).filter(|key| buckets.take(*key, now)).count();
        assert_eq!(others, 3, "one bucket for all who come later");
        assert!(buckets.is_empty(&5_000, now));
        assert!(buckets.take(1, now), "who was known before is not slowed by them");
        assert_eq!(buckets.state.lock().full_at.len(), 2);
        // When the first ones have filled up there is room again.
        let later = now + SECOND * 2;
        assert_eq!(taken(&buckets, 99, later), 3);
        assert_eq!(buckets.state.lock().full_at.len(), 1);
    }
}
