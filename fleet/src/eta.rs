//! When a courier will arrive: the remaining path over the median speed of the last minute; at first over the planned one.

use contract::{Delivery, Millis, Place, live::EtaRange};

use crate::path::Path;

/// Over how much time the speed is taken, ms.
pub const WINDOW_MS: Millis = 60_000;
/// Most samples that are kept: one a second.
const MAX_SAMPLES: usize = 60;
/// Slowest speed that is believed, as a share of the planned one: a courier at a red light still arrives.
const FLOOR: f64 = 0.2;

/// Speeds of a courier in the last minute of its fixes, by time. A join: the newest [`MAX_SAMPLES`] by time, whatever
/// order they came in.
#[derive(Debug, Clone, Default)]
pub struct Speeds {
    /// (time of the fix in ms UTC, speed in m/s), oldest first.
    samples: Vec<(Millis, f32)>,
}

impl Speeds {
    /// Adds the speed of a fix.
    pub fn add(&mut self, at: Millis, speed_mps: f32) {
        let place = self.samples.partition_point(|(known, _)| *known < at);
        match self.samples.get_mut(place) {
            // Two sources in the same millisecond: the faster one, so that the order of arrival does not matter.
            Some((known, speed)) if *known == at => return *speed = speed.max(speed_mps),
            _ => self.samples.insert(place, (at, speed_mps)),
        }
        let newest = self.samples.last().map_or(at, |(newest, _)| *newest);
        let old = self.samples.partition_point(|(known, _)| *known <= newest - WINDOW_MS);
        let surplus = self.samples.len().saturating_sub(MAX_SAMPLES);
        self.samples.drain(..old.max(surplus));
    }

    /// The median of the fixes from `since` (ms UTC) on, m/s.
    pub fn median(&self, since: Millis) -> Option<f64> {
        let of_run = &self.samples[self.samples.partition_point(|(at, _)| *at < since)..];
        // On the stack: this runs for every fix of a courier on a delivery.
        let mut speeds = [0.0; MAX_SAMPLES];
        let speeds = &mut speeds[..of_run.len().min(MAX_SAMPLES)];
        speeds.iter_mut().zip(of_run).for_each(|(speed, (_, sample))| *speed = *sample);
        if speeds.is_empty() {
            return None;
        }
        let middle = speeds.len() / 2;
        let (_, median, _) = speeds.select_nth_unstable_by(middle, f32::total_cmp);
        Some(f64::from(*median))
    }
}

/// How far along the path a courier is by plan at `at`, metres.
///
/// This is where [`Path::project`] looks first, so that a street that is driven twice is told apart. The last known
/// progress would be the nearer guess, but it depends on which fixes came before, and in which order: two replicas would
/// show two times of arrival. This one depends on the delivery and the fix alone.
pub fn planned_metres(delivery: &Delivery, path: &Path, at: Millis) -> Option<f64> {
    let run_s = (at - delivery.started_at?) as f64 / 1000.0;
    Some((run_s / f64::from(delivery.planned_s.max(1))).clamp(0.0, 1.0) * path.length_m())
}

/// The time of arrival, ms UTC, of a courier that was `metres` along `path` at `at`. Speeds from `oldest` (ms UTC) or
/// before do not count.
pub fn arrival(delivery: &Delivery, path: &Path, metres: f64, at: Millis, speeds: &Speeds, oldest: Millis) -> Millis {
    let remaining = (path.length_m() - metres).max(0.0);
    let planned = path.length_m() / f64::from(delivery.planned_s.max(1));
    // Of the last minute before this fix: one that came without a speed does not keep older speeds alive, and which of those
    // were still read depends on when a replica began.
    let since = delivery.started_at.unwrap_or(Millis::MIN).max(oldest + 1).max(at.saturating_sub(WINDOW_MS - 1));
    let seen = speeds.median(since).unwrap_or(planned);
    // A courier that has just set off is slow, and that says nothing: what was seen counts as much as its time is of a
    // minute.
    let under_way = delivery.started_at.map_or(WINDOW_MS, |start| (at - start).clamp(0, WINDOW_MS));
    let speed = planned + (seen - planned) * under_way as f64 / WINDOW_MS as f64;
    let speed = speed.max(planned * FLOOR).max(0.01);
    at + (remaining / speed * 1000.0) as Millis
}

/// The arrival that was predicted half-way, ms UTC: at the first fix from half of the path on. `fixes` are (time in ms UTC,
/// place, speed in m/s) by time; those outside the delivery's time do not count. `None` where none is so far.
pub fn half_way(
    delivery: &Delivery,
    path: &Path,
    fixes: impl IntoIterator<Item = (Millis, Place, Option<f64>)>,
) -> Option<Millis> {
    let mut speeds = Speeds::default();
    for (at, place, speed) in fixes.into_iter().filter(|(at, ..)| delivery.owns(*at)) {
        if let Some(speed) = speed {
            speeds.add(at, speed as f32);
        }
        let metres = path.project(place, planned_metres(delivery, path, at));
        if metres * 2.0 >= path.length_m() {
            return Some(arrival(delivery, path, metres, at, &speeds, Millis::MIN));
        }
    }
    None
}

/// The range around an arrival that is honest about what is not known: a fifth of the remaining time to both sides, at
/// least 15 s, never before `now`.
pub fn range(arrival: Millis, now: Millis) -> EtaRange {
    let spread = ((arrival - now).max(0) / 5).max(15_000);
    EtaRange { from: (arrival - spread).max(now), to: (arrival + spread).max(now) }
}

/// A moment as hours and minutes UTC, "14:20", for texts that people read.
pub fn clock_utc(at: Millis) -> String {
    let minutes = at.div_euclid(60_000).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_a_join() {
        let fixes = [(1_000, 5.0), (2_000, 6.0), (3_000, 20.0), (2_000, 6.0), (70_000, 7.0)];
        let (mut there, mut back) = (Speeds::default(), Speeds::default());
        fixes.iter().for_each(|(at, speed)| there.add(*at, *speed));
        fixes.iter().rev().for_each(|(at, speed)| back.add(*at, *speed));
        assert_eq!(there.samples, back.samples);
        assert_eq!(there.median(0), Some(7.0));
    }

    /// North for 1,112 m, planned at 8 m/s, begun at 0.
    fn north() -> (Delivery, Path) {
        let line = [(60.16, 24.93), (60.17, 24.93)].map(|(lat, lon)| Place::new(lat, lon).unwrap());
        let path = Path::new(line.to_vec()).unwrap();
        let delivery = Delivery {
            delivery: contract::DeliveryId::from_parts(0, 0),
            courier: contract::CourierId::new("c-17").unwrap(),
            status: contract::DeliveryStatus::InTransit,
            driver: contract::Driver::Simulator,
            reference: None,
            route: None,
            path: path.to_polyline(),
            distance_m: 1_112,
            planned_s: 139,
            speed: 1.0,
            interval_ms: 1_000,
            promised_at: None,
            requested_at: 0,
            requested_by: None,
            started_at: Some(0),
            finished_at: None,
            reason: None,
            positions: None,
            eta_half_way: None,
        };
        (delivery, path)
    }

    #[test]
    fn a_courier_that_has_just_set_off_is_on_plan() {
        let (delivery, path) = north();
        let mut speeds = Speeds::default();
        [(0, 0.0), (1_000, 0.5), (2_000, 1.0)].iter().for_each(|(at, speed)| speeds.add(*at, *speed));
        let on_plan = arrival(&delivery, &path, 1.0, 2_000, &speeds, Millis::MIN);
        assert!((139_000..150_000).contains(&on_plan), "{on_plan}");
        // A minute later the same speed means that it stands in a jam.
        speeds.add(61_000, 1.0);
        assert!(arrival(&delivery, &path, 60.0, 61_000, &speeds, Millis::MIN) > 500_000);
    }

    #[test]
    fn half_way_is_predicted_once_with_the_speeds_before_it() {
        let (delivery, path) = north();
        let fix = |s: i64, share: f64| (s * 1_000, path.at(path.length_m() * share).0, Some(4.0));
        let fixes = [fix(-5, 0.9), fix(0, 0.0), fix(69, 0.25), fix(70, 0.5), fix(139, 1.0)];
        let predicted = half_way(&delivery, &path, fixes).unwrap();
        // Half of the way is left at 4 m/s.
        assert!((predicted - (70_000 + 139_000)).abs() < 1_500, "{predicted}");
        let early = Delivery { finished_at: Some(69_000), ..delivery.clone() };
        assert_eq!(half_way(&early, &path, fixes), None, "it ended before");
        assert_eq!(half_way(&delivery, &path, []), None);
        let unmeasured = fixes.map(|(at, place, _)| (at, place, None));
        let by_plan = half_way(&delivery, &path, unmeasured).unwrap();
        assert!((by_plan - (70_000 + 69_500)).abs() < 1_500, "{by_plan}");
    }

    #[test]
    fn a_range_narrows_and_never_lies_in_the_past() {
        let wide = range(1_000_000, 0);
        let near = range(1_000_000, 990_000);
        assert!(wide.to - wide.from > near.to - near.from);
        assert_eq!(range(0, 1_000_000), EtaRange { from: 1_000_000, to: 1_000_000 });
    }
}
