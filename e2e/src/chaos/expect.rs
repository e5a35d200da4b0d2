//! What must exist, as a pure function of the deliveries' documents: which fixes a run has, where, and when. Pure.

use anyhow::{Context, Result};
use contract::DeliveryId;
use fleet::{drive, drive::Drive, path::Path};

/// A delivery's story as the log tells it, folded by rank, at the same rank the lower offset.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// Its courier.
    pub courier: String,
    /// The way, as an encoded polyline.
    pub path: String,
    /// How many times faster than natural.
    pub speed: f64,
    /// Time between two fixes, ms.
    pub interval_ms: u32,
    /// From the first `in_transit` that stands before any end.
    pub started_at: Option<i64>,
    /// How it ended: the first record of rank 3.
    pub end: Option<End>,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// `delivered`, `failed`, `cancelled` or `rejected`.
    pub status: String,
    /// Its clock, ms UTC.
    pub finished_at: Option<i64>,
    /// The number of fixes that it claims.
    pub positions: Option<u32>,
}

/// One fix: where, in 1e-7 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Latitude.
    pub lat_e7: i32,
    /// Longitude.
    pub lon_e7: i32,
}

/// The fixes of a run.
#[derive(Debug)]
pub struct Run {
    drive: Drive,
    started_at: i64,
    interval_ms: i64,
    /// How many must exist.
    pub must: u32,
    /// How many may exist: those that a simulator sends before it reads of a cancel do no harm.
    pub may: u32,
}

impl Run {
    /// The fixes of a story that has ended; `None` where it never started.
    ///
    /// # Errors
    /// Where the document cannot be driven, though it was started.
    pub fn of(delivery: &str, story: &Story) -> Result<Option<Self>> {
        let Some(started_at) = story.started_at else { return Ok(None) };
        let id: DeliveryId = delivery.parse().ok().with_context(|| format!("{delivery} is no id"))?;
        let path = Path::from_polyline(&story.path).map_err(|error| anyhow::anyhow!("{delivery}: {error}"))?;
        let drive = Drive::new(path, story.speed, story.interval_ms, drive::seed(id));
        let (all, interval_ms) = (drive.fixes(), i64::from(story.interval_ms));
        let must = match &story.end {
            Some(end) if end.status == "delivered" => all,
            Some(End { finished_at: Some(at), .. }) if *at >= started_at => {
                u32::try_from((at - started_at) / interval_ms + 1).unwrap_or(u32::MAX).min(all)
            }
            _ => 0,
        };
        Ok(Some(Self { drive, started_at, interval_ms, must, may: all }))
    }

    /// The run of a story that was cancelled before anybody wrote that it had started: its simulator had not read of the
    /// cancel yet when it sent this fix, number `n`, at `at`. No fix of it must exist. `None` for every other story.
    ///
    /// # Errors
    /// Where the document cannot be driven.
    pub fn of_a_late_cancel(delivery: &str, story: &Story, n: u32, at: i64) -> Result<Option<Self>> {
        let cancelled = story.end.as_ref().is_some_and(|end| end.status == "cancelled");
        if story.started_at.is_some() || !cancelled {
            return Ok(None);
        }
        let started_at = at - i64::from(n) * i64::from(story.interval_ms);
        let run = Self::of(delivery, &Story { started_at: Some(started_at), ..story.clone() })?;
        Ok(run.map(|run| Self { must: 0, ..run }))
    }

    /// When fix `n` was, ms UTC.
    pub fn at(&self, n: u32) -> i64 {
        self.started_at + i64::from(n) * self.interval_ms
    }

    /// Where fix `n` is.
    pub fn spot(&self, n: u32) -> Spot {
        let place = self.drive.fix(n).place;
        Spot { lat_e7: place.lat_e7(), lon_e7: place.lon_e7() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(status: &str, finished_at: i64) -> Story {
        let place = |lat| contract::Place::new(lat, 24.9).expect("a place");
        let end = End { status: status.into(), finished_at: Some(finished_at), positions: None };
        Story {
            courier: "c".into(),
            path: contract::polyline::encode(&[place(60.0), place(60.002)]),
            speed: 1.0,
            interval_ms: 1_000,
            started_at: Some(10_000),
            end: Some(end),
        }
    }

    #[test]
    fn a_delivered_run_has_all_its_fixes_and_a_cancelled_one_those_before_its_end() {
        let id = "019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a";
        let run = |status: &str, at| Run::of(id, &story(status, at)).expect("a way").expect("a run");
        let all = run("delivered", 0).must;
        assert!(all > 20 && run("delivered", 0).may == all);
        assert_eq!((run("cancelled", 10_000).must, run("cancelled", 12_999).must), (1, 3));
        assert_eq!((run("cancelled", 9_999).must, run("cancelled", i64::MAX / 2).must), (0, all));
        assert_eq!(run("cancelled", 12_999).at(2), 12_000);
        let unstarted = |status| Story { started_at: None, ..story(status, 9_000) };
        let late = |status| Run::of_a_late_cancel(id, &unstarted(status), 3, 15_000).expect("a way");
        assert!(
            late("rejected").is_none()
                && Run::of_a_late_cancel(id, &story("cancelled", 1), 3, 15_000).expect("a way").is_none()
        );
        let run = late("cancelled").expect("a run");
        assert_eq!((run.must, run.may, run.at(0), run.at(4)), (0, all, 12_000, 16_000));
        assert!(Run::of(id, &Story { started_at: None, ..story("rejected", 0) }).expect("nothing to drive").is_none());
    }
}
