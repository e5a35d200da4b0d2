//! Trying again for ever: an outage of the store or of Kafka must cost time and nothing else.

use std::{
    fmt::Display,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use service::Shutdown;
use tokio::time::Instant;

/// Wait after the first failure; it doubles from there.
const FIRST: Duration = Duration::from_millis(100);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(10);
/// After this time without success a person should know.
const ALARM_AFTER: Duration = Duration::from_secs(60);

/// Calls `attempt` until it succeeds. `None` where the stop was asked for and the attempt that followed failed: what was
/// not done is not committed, and the next process does it.
///
/// The first failure is a warning, an outage of a minute one error, and the recovery is told with its length; in between
/// there is `cd_sink_retries_total`, and `cd_sink_alarm` from the minute on.
pub(crate) async fn until_done<T, E, F>(
    what: &'static str,
    shutdown: &Shutdown,
    mut attempt: impl FnMut() -> F,
) -> Option<T>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let mut wait = FIRST;
    let mut failing: Option<Outage> = None;
    loop {
        let error = match attempt().await {
            Ok(done) => {
                if let Some(outage) = failing {
                    tracing::info!(seconds = outage.since.elapsed().as_secs(), "{what}: works again");
                    metrics::gauge!("cd_sink_alarm", "what" => what).set(0.0);
                }
                return Some(done);
            }
            Err(error) => error,
        };
        metrics::counter!("cd_sink_retries_total", "what" => what).increment(1);
        let outage = failing.get_or_insert_with(|| {
            tracing::warn!("{what}: {error}; trying again until it works");
            Outage { since: Instant::now(), alarmed: false }
        });
        if !outage.alarmed && outage.since.elapsed() >= ALARM_AFTER {
            outage.alarmed = true;
            metrics::gauge!("cd_sink_alarm", "what" => what).set(1.0);
            tracing::error!("{what}: has not worked for a minute, nothing is lost and nothing goes on: {error}");
        }
        if shutdown.is_requested() {
            tracing::warn!("{what}: given up at shutdown: {error}");
            return None;
        }
        // One last attempt is made at once when the stop is asked for.
        shutdown.sleep(jittered(wait)).await;
        wait = (wait * 2).min(LONGEST);
    }
}

struct Outage {
    since: Instant,
    alarmed: bool,
}

/// Half of `wait` to all of it, so that replicas do not knock at a recovering store together.
fn jittered(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) as u32;
    wait.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_tries_for_ever_with_growing_waits() {
        let (tries, began) = (Cell::new(0), Instant::now());
        let attempt = || async {
            tries.set(tries.get() + 1);
            if tries.get() < 30 { Err("full") } else { Ok(tries.get()) }
        };
        assert_eq!(until_done("store", &Shutdown::new(), attempt).await, Some(30));
        // 0.1 + 0.2 + .. + 6.4 s, then 10 s each, at least half of it.
        assert!((115..=235).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn at_shutdown_one_last_attempt_is_made_at_once() {
        let (shutdown, tries) = (Shutdown::new(), Cell::new(0));
        let attempt = || {
            tries.set(tries.get() + 1);
            if tries.get() == 20 {
                shutdown.request();
            }
            async { Err::<(), _>("away") }
        };
        assert_eq!(until_done("store", &shutdown, attempt).await, None);
        assert_eq!(tries.get(), 20);

        let (shutdown, began) = (Shutdown::new(), Instant::now());
        shutdown.request();
        assert_eq!(until_done("store", &shutdown, || async { Ok::<_, String>(1) }).await, Some(1));
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
