//! How old a position is, in the steps in which people see it.

use contract::Millis;

/// A step of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Staleness {
    /// Less than 15 s: in full colour.
    Fresh,
    /// 15 to 60 s: with its age beside it.
    Aging,
    /// 1 to 5 min: without most of its colour.
    Stale,
    /// More than 5 min: grey, still there.
    Gone,
}

/// From this age on a position wears its age, ms.
pub const AGING_FROM_MS: Millis = 15_000;
/// From this age on it loses its colour, ms.
pub const STALE_FROM_MS: Millis = 60_000;
/// From this age on it is grey, ms.
pub const GONE_FROM_MS: Millis = 300_000;

impl Staleness {
    /// The step of a position measured at `at`, seen at `now` (both ms UTC). A time ahead of the clock is fresh.
    pub fn of(at: Millis, now: Millis) -> Self {
        match now - at {
            age if age < AGING_FROM_MS => Self::Fresh,
            age if age < STALE_FROM_MS => Self::Aging,
            age if age < GONE_FROM_MS => Self::Stale,
            _ => Self::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_change_at_their_bounds() {
        let at = |age: Millis| Staleness::of(1_000_000, 1_000_000 + age);
        assert_eq!(at(-5_000), Staleness::Fresh);
        assert_eq!([at(14_999), at(15_000)], [Staleness::Fresh, Staleness::Aging]);
        assert_eq!([at(59_999), at(60_000)], [Staleness::Aging, Staleness::Stale]);
        assert_eq!([at(299_999), at(300_000)], [Staleness::Stale, Staleness::Gone]);
    }
}
