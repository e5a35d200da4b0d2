//! Where couriers drive and what viewers look at: a square of 20 km, made from a seed, so that every run is the same.

use contract::{Bounds, Place};

/// Side of the area, metres.
const SIDE_M: f64 = 20_000.0;
/// South-western corner, degrees.
const CORNER: (f64, f64) = (60.10, 24.75);
/// Metres in a degree of latitude; of longitude at this latitude.
const DEGREE_M: (f64, f64) = (111_195.0, 55_300.0);

/// Random numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number from 0 up to, and without, 1.
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number between two others.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }
}

/// A courier who drives through the area: straight on mostly, round a corner now and then, back at the edge.
#[derive(Debug, Clone)]
pub struct Driver {
    dice: Dice,
    east_m: f64,
    north_m: f64,
    /// m/s.
    pub speed_mps: f64,
    /// Degrees clockwise from north, [0, 360).
    pub heading_deg: f64,
}

impl Driver {
    /// The courier of that number.
    pub fn new(number: u32) -> Self {
        let mut dice = Dice::new(u64::from(number) + 1);
        let (east_m, north_m) = (dice.between(0.0, SIDE_M), dice.between(0.0, SIDE_M));
        let (speed_mps, heading_deg) = (dice.between(3.0, 14.0), dice.between(0.0, 359.9));
        Self { dice, east_m, north_m, speed_mps, heading_deg }
    }

    /// Drives on for a second.
    pub fn step(&mut self) {
        let corner = self.dice.share() < 0.05;
        let turn = if corner { 90.0 } else { self.dice.between(-4.0, 4.0) };
        let heading = (self.heading_deg + turn).to_radians();
        self.speed_mps = (self.speed_mps + self.dice.between(-0.5, 0.5)).clamp(1.0, 16.0);
        let (mut east, mut north) = (heading.sin() * self.speed_mps, heading.cos() * self.speed_mps);
        if !(0.0..=SIDE_M).contains(&(self.east_m + east)) {
            east = -east;
        }
        if !(0.0..=SIDE_M).contains(&(self.north_m + north)) {
            north = -north;
        }
        (self.east_m, self.north_m) = (self.east_m + east, self.north_m + north);
        self.heading_deg = (east.atan2(north).to_degrees() * 10.0).round().rem_euclid(3_600.0) / 10.0;
    }

    /// Where it is, in the units of the socket's frames.
    pub fn place(&self) -> Place {
        let lat = CORNER.0 + self.north_m / DEGREE_M.0;
        let lon = CORNER.1 + self.east_m / DEGREE_M.1;
        Place::from_e7((lat * 1e7).round() as i32, (lon * 1e7).round() as i32)
    }
}

/// What the viewer of that number looks at: a rectangle with a share `part` of the area, of its own shape and place.
pub fn rectangle(number: u32, part: f64) -> Result<Bounds, contract::Invalid> {
    let mut dice = Dice::new(0x5eed_0000 + u64::from(number));
    let shape = dice.between(0.6, 1.6).sqrt();
    let (width, height) = (part.sqrt() * shape, part.sqrt() / shape);
    let (west, south) = (dice.between(0.0, 1.0 - width), dice.between(0.0, 1.0 - height));
    let lon = |share: f64| CORNER.1 + share * SIDE_M / DEGREE_M.1;
    let lat = |share: f64| CORNER.0 + share * SIDE_M / DEGREE_M.0;
    Bounds::new(lon(west), lat(south), lon(west + width), lat(south + height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_of_a_twentieth_holds_a_twentieth_of_the_couriers() {
        let mut drivers: Vec<Driver> = (0..10_000).map(Driver::new).collect();
        drivers.iter_mut().for_each(|driver| (0..60).for_each(|_| driver.step()));
        let inside = |viewer| {
            let bounds = rectangle(viewer, 0.05).unwrap();
            drivers.iter().filter(|driver| bounds.contains(driver.place())).count()
        };
        let mean = (0..100).map(inside).sum::<usize>() as f64 / 100.0;
        assert!((450.0..550.0).contains(&mean), "{mean}");
    }
}
