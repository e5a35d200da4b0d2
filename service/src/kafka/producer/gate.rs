//! After a refusal that only an operator can mend, sending again at once would be refused at once: for a while the queue
//! counts as full, and whoever sends waits as for a Kafka that is away.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use std::sync::atomic::{AtomicBool, Ordering};

/// The first pause, which doubles with each refusal after it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause: so long after its right was given a service may still wait.
const LONGEST: Duration = Duration::from_secs(15);

/// Open, or closed until a time.
#[derive(Default)]
pub(super) struct Gate {
    /// Whether a pause was begun since the last acknowledgement: the look that costs nothing.
    troubled: AtomicBool,
    pause: Mutex<Option<Pause>>,
}

struct Pause {
    until: Instant,
    length: Duration,
}

impl Gate {
    /// A record was refused. All that was queued is refused with it; that is one refusal.
    pub(super) fn close(&self, now: Instant) {
        let mut pause = self.pause.lock();
        let length = match &*pause {
            Some(pause) if now < pause.until => return,
            Some(pause) => (pause.length * 2).min(LONGEST),
            None => FIRST,
        };
        *pause = Some(Pause { until: now + length, length });
        self.troubled.store(true, Ordering::Release);
    }

    /// A record was acknowledged.
    pub(super) fn open(&self) {
        if self.troubled.load(Ordering::Relaxed) {
            *self.pause.lock() = None;
            self.troubled.store(false, Ordering::Release);
        }
    }

    /// Whether records may be sent.
    pub(super) fn is_open(&self, now: impl FnOnce() -> Instant) -> bool {
        !self.troubled.load(Ordering::Acquire) || self.pause.lock().as_ref().is_none_or(|pause| pause.until <= now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_an_acknowledgement_ends_them() {
        let gate = Gate::default();
        let mut now = Instant::now();
        assert!(gate.is_open(|| now));
        for seconds in [1, 2, 4, 8, 15, 15] {
            gate.close(now);
            gate.close(now + Duration::from_millis(1));
            let last = now + Duration::from_secs(seconds) - Duration::from_millis(1);
            assert!(!gate.is_open(|| last), "shorter than {seconds} s");
            now = last + Duration::from_millis(1);
            assert!(gate.is_open(|| now), "longer than {seconds} s");
        }
        gate.open();
        gate.close(now);
        assert!(gate.is_open(|| now + FIRST));
    }
}
