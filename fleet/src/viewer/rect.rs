//! A rectangle in the units of the rows, so that "is it inside?", asked for every record of every frame, is a few
//! comparisons of integers.

use contract::Bounds;

use crate::couriers::Row;

/// The coordinates that lie inside some bounds: exactly those for which [`Bounds::contains`] is true.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rect {
    south: i32,
    north: i32,
    west: i32,
    east: i32,
    /// By the bounds themselves: a sliver between two units has a `west` above its `east` and holds nothing.
    crosses_antimeridian: bool,
}

impl Rect {
    pub(super) fn of(bounds: Bounds) -> Self {
        Self {
            south: least(bounds.south()),
            north: greatest(bounds.north()),
            west: least(bounds.west()),
            east: greatest(bounds.east()),
            crosses_antimeridian: bounds.west() > bounds.east(),
        }
    }

    #[inline]
    pub(super) fn contains(self, row: &Row) -> bool {
        let (after_west, before_east) = (row.lon_e7 >= self.west, row.lon_e7 <= self.east);
        let column = if self.crosses_antimeridian { after_west || before_east } else { after_west && before_east };
        column && row.lat_e7 >= self.south && row.lat_e7 <= self.north
    }
}

/// The least number of 1e-7 degrees that is not below `degrees`. Found by the very division that makes degrees of a row,
/// so that no rounding can make a difference at an edge.
fn least(degrees: f64) -> i32 {
    let mut e7 = (degrees * 1e7).floor() as i32 - 1;
    while f64::from(e7) / 1e7 < degrees {
        e7 += 1;
    }
    e7
}

/// The greatest number of 1e-7 degrees that is not above `degrees`.
fn greatest(degrees: f64) -> i32 {
    -least(-degrees)
}

#[cfg(test)]
mod tests {
    use contract::Place;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_agrees_with_the_bounds_at_every_edge(e7 in -1_800_000_000i32..=1_800_000_000, ulps in -2i64..=2) {
            let exact = f64::from(e7) / 1e7;
            let degrees = f64::from_bits((exact.to_bits() as i64 + ulps) as u64).clamp(-180.0, 180.0);
            for near in e7.saturating_sub(2)..=e7.saturating_add(2) {
                let place = f64::from(near) / 1e7;
                prop_assert_eq!(near >= least(degrees), place >= degrees);
                prop_assert_eq!(near <= greatest(degrees), place <= degrees);
            }
        }
    }

    #[test]
    fn a_sliver_between_two_units_is_empty_and_not_the_whole_earth() {
        let bounds = Bounds::new(0.000_000_01, -1.0, 0.000_000_02, 1.0).unwrap();
        let rect = Rect::of(bounds);
        assert!(!rect.crosses_antimeridian && rect.west > rect.east);
        assert!(!bounds.contains(Place::from_e7(0, 0)));
    }
}
