//! Natural motion along a path, as a pure function of (path, speed, interval, seed, n): the courier pulls away, cruises,
//! slows in bends, waits at some lights and stops at the end. A simulator that was killed and its successor therefore
//! compute identical fixes.
//!
//! The motion is laid out once as phases of constant acceleration; a fix is a binary search in them.

use std::sync::Arc;

use contract::{DeliveryId, Place};

use crate::path::Path;

mod profile;
mod seeded;

pub use seeded::Seeded;

use profile::Profile;

/// Longest path that is driven, metres. A longer one is a mistake in the data, and would be days of fixes.
pub const MAX_LENGTH_M: f64 = 500_000.0;
/// Greatest speed that a position may report, m/s.
const MAX_SPEED_MPS: f64 = 150.0;

/// A courier's motion along a path.
#[derive(Debug, Clone)]
pub struct Drive {
    path: Arc<Path>,
    profile: Profile,
    speed: f64,
    interval_ms: u32,
    seed: u64,
    noise_m: f64,
}

/// One fix of a drive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// Where the fix says the courier is (with noise, if any), on the grid of 1e-7 degrees.
    pub place: Place,
    /// True progress along the path, metres.
    pub metres: f64,
    /// Speed over ground, m/s, 0 to 150.
    pub speed_mps: f64,
    /// Direction of movement, degrees clockwise from north in [0, 360).
    pub heading_deg: f64,
    /// Radius inside which the truth lies with 68 %, metres.
    pub accuracy_m: f64,
    /// Time since the start, ms: n x interval.
    pub offset_ms: u64,
}

/// The seed of a delivery's drive.
pub fn seed(delivery: DeliveryId) -> u64 {
    let bits = delivery.uuid().as_u128();
    Seeded::new(bits as u64 ^ (bits >> 64) as u64).next_u64()
}

/// How long a path takes by plan at `speed` (times faster than natural), s, rounded up: without a delivery, so with the
/// waits that are usual on such a way. Cheap: no drive is laid out.
pub fn planned_s(path: &Path, speed: f64) -> u32 {
    (profile::usual_s(path) / speed_of(speed)).ceil() as u32
}

/// A speed that can be divided by: what is no number, or out of the protocol's range, comes to its nearest end.
fn speed_of(speed: f64) -> f64 {
    if speed.is_nan() { 1.0 } else { speed.clamp(0.1, 100.0) }
}

impl Drive {
    /// Lays the motion out. `speed` is how many times faster than natural (0.1 to 100), `interval_ms` the time between
    /// two fixes (at least 1), `seed` as of [`seed()`].
    pub fn new(path: impl Into<Arc<Path>>, speed: f64, interval_ms: u32, seed: u64) -> Self {
        let path = path.into();
        let profile = Profile::new(&path, seed);
        Self { path, profile, speed: speed_of(speed), interval_ms: interval_ms.max(1), seed, noise_m: 0.0 }
    }

    /// The same with GPS noise: `metres` is the standard deviation of a fix from the truth, to each side. The last fix
    /// stays exact.
    pub fn with_noise(mut self, metres: f64) -> Self {
        self.noise_m = if metres.is_finite() { metres.max(0.0) } else { 0.0 };
        self
    }

    /// How long the drive takes, ms, rounded up.
    pub fn planned_ms(&self) -> u64 {
        (self.profile.duration_s() / self.speed * 1000.0).ceil() as u64
    }

    /// How long the drive takes, s, rounded up: a delivery's `planned_s`.
    pub fn planned_s(&self) -> u32 {
        self.planned_ms().div_ceil(1000).min(u64::from(u32::MAX)) as u32
    }

    /// Number of fixes: one at the start, one each interval, and the last one at the end of the path.
    pub fn fixes(&self) -> u32 {
        (self.planned_ms().div_ceil(u64::from(self.interval_ms)) + 1).min(u64::from(u32::MAX)) as u32
    }

    /// The path that is driven.
    pub fn path(&self) -> &Arc<Path> {
        &self.path
    }

    /// Time of fix `n` after the start, ms.
    pub fn offset_ms(&self, n: u32) -> u64 {
        u64::from(n) * u64::from(self.interval_ms)
    }

    /// Fix `n`, from 0. From the last one on it stands at the end of the path.
    pub fn fix(&self, n: u32) -> Fix {
        let offset_ms = self.offset_ms(n);
        let last = n.saturating_add(1) >= self.fixes();
        let (metres, natural_mps) = match last {
            true => (self.path.length_m(), 0.0),
            false => self.profile.at(offset_ms as f64 / 1000.0 * self.speed),
        };
        let (place, heading) = self.path.at(metres);
        let mut dice = Seeded::new(self.seed).fork(u64::from(n / 8));
        let accuracy_m = 3.5 + 3.0 * dice.share() + self.noise_m;
        let place = if last || self.noise_m == 0.0 { place } else { self.noisy(place, n) };
        Fix {
            place: Place::from_e7(place.lat_e7(), place.lon_e7()),
            metres,
            speed_mps: round((natural_mps * self.speed).min(MAX_SPEED_MPS), 100.0),
            heading_deg: round(heading, 10.0) % 360.0,
            accuracy_m: round(accuracy_m, 10.0),
            offset_ms,
        }
    }

    /// The place with the error of a receiver: it wanders over some seconds instead of jumping, so it is mixed from the
    /// errors at the knots before and after `n`.
    fn noisy(&self, place: Place, n: u32) -> Place {
        const KNOT: u32 = 6;
        let error = |knot: u32| Seeded::new(self.seed ^ 0x6e6f_6973_6500).fork(u64::from(knot)).normal_pair();
        let (a, b) = (error(n / KNOT), error(n / KNOT + 1));
        let share = f64::from(n % KNOT) / f64::from(KNOT);
        // Keeps the variance the same between the knots as at them.
        let scale = self.noise_m / (share * share + (1.0 - share) * (1.0 - share)).sqrt();
        let mix = |a: f64, b: f64| (a + (b - a) * share) * scale / 111_195.0;
        let north = mix(a.0, b.0);
        let east = mix(a.1, b.1) / place.lat().to_radians().cos().max(0.01);
        Place::saturating(place.lat() + north, place.lon() + east)
    }
}

/// Rounds to a grid: libraries for sine and cosine differ in the last bit, records must not.
fn round(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path() -> Arc<Path> {
        let line = [(60.160, 24.930), (60.165, 24.930), (60.165, 24.945), (60.166, 24.945), (60.160, 24.9451)];
        Arc::new(Path::new(line.iter().map(|&(lat, lon)| Place::new(lat, lon).unwrap()).collect()).unwrap())
    }

    #[test]
    fn the_last_fix_is_at_the_end_and_no_other() {
        let drive = Drive::new(path(), 1.0, 1_000, 7).with_noise(5.0);
        let last = drive.fixes() - 1;
        assert_eq!(drive.fix(last).place, drive.path().destination());
        assert_eq!(drive.fix(last).speed_mps, 0.0);
        assert!(drive.fix(last - 1).metres < drive.path().length_m());
        assert!(drive.offset_ms(last) >= drive.planned_ms() && drive.offset_ms(last - 1) < drive.planned_ms());
    }

    #[test]
    fn motion_is_natural() {
        let drive = Drive::new(path(), 1.0, 1_000, 7);
        let fixes: Vec<Fix> = (0..drive.fixes()).map(|n| drive.fix(n)).collect();
        assert_eq!((fixes[0].metres, fixes[0].speed_mps), (0.0, 0.0));
        for pair in fixes.windows(2) {
            assert!(pair[1].metres >= pair[0].metres);
            assert!(pair[1].metres - pair[0].metres <= 9.3, "{pair:?}");
            let change = pair[1].speed_mps - pair[0].speed_mps;
            assert!((-1.65..=1.25).contains(&change), "{change} m/s in a second");
        }
        let fastest = fixes.iter().map(|fix| fix.speed_mps).fold(0.0, f64::max);
        assert!((7.0..=9.3).contains(&fastest), "{fastest}");
        // The corner after about 556 m is taken slowly.
        let corner = fixes.iter().filter(|fix| (fix.metres - 556.0).abs() < 6.0).map(|fix| fix.speed_mps);
        assert!(corner.fold(f64::INFINITY, f64::min) < 6.0);
    }

    #[test]
    fn speed_scales_time_and_nothing_else() {
        let (slow, fast) = (Drive::new(path(), 1.0, 1_000, 7), Drive::new(path(), 10.0, 100, 7));
        assert!(slow.planned_ms().abs_diff(fast.planned_ms() * 10) <= 10);
        assert_eq!(slow.fix(50).place, fast.fix(50).place);
        assert_eq!(slow.fix(50).offset_ms, 10 * fast.fix(50).offset_ms);
    }

    #[test]
    fn noise_is_seeded_and_of_the_asked_size() {
        let noisy = |seed| Drive::new(path(), 1.0, 100, seed).with_noise(5.0);
        let (a, b) = (noisy(1), noisy(1));
        let clean = Drive::new(path(), 1.0, 100, 1);
        let n = a.fixes() - 1;
        let mut square = 0.0;
        for i in 0..n {
            assert_eq!(a.fix(i), b.fix(i));
            square += a.fix(i).place.distance_m(clean.fix(i).place).powi(2);
        }
        let deviation = (square / f64::from(n) / 2.0).sqrt();
        assert!((4.0..6.0).contains(&deviation), "{deviation}");
    }

    #[test]
    fn the_plan_without_a_delivery_is_near_those_of_deliveries() {
        let path = path();
        let plan = f64::from(planned_s(&path, 1.0));
        let of_seeds = (0..200).map(|seed| f64::from(Drive::new(path.clone(), 1.0, 1_000, seed).planned_s()));
        let mean = of_seeds.sum::<f64>() / 200.0;
        assert!((plan / mean - 1.0).abs() < 0.1, "{plan} for a mean of {mean}");
        assert!(planned_s(&path, f64::NAN) > 0 && planned_s(&path, 0.0) > 0);
    }

    proptest! {
        #[test]
        fn any_path_is_driven_to_its_end(
            points in prop::collection::vec((60.0f64..60.02, 24.9f64..24.93), 2..30),
            speed in 0.1f64..100.0, interval_ms in 50u32..60_000, seed: u64,
        ) {
            let line = points.iter().map(|&(lat, lon)| Place::new(lat, lon).unwrap()).collect();
            let drive = Drive::new(Path::new(line).unwrap(), speed, interval_ms, seed).with_noise(3.0);
            prop_assert!(drive.fixes() >= 2);
            let mut before = -1.0;
            for n in (0..drive.fixes()).step_by((drive.fixes() / 50).max(1) as usize) {
                let fix = drive.fix(n);
                prop_assert!(fix.metres >= before && fix.metres <= drive.path().length_m());
                prop_assert!((0.0..=150.0).contains(&fix.speed_mps) && (0.0..360.0).contains(&fix.heading_deg));
                before = fix.metres;
            }
            prop_assert_eq!(drive.fix(u32::MAX).metres, drive.path().length_m());
        }
    }
}
