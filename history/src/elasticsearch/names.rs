//! Names of indices, ids of documents, and UTC days. Pure.

use std::fmt::Write as _;

use contract::{Millis, Position};

const DAY_MS: Millis = 86_400_000;

/// The indices of one installation.
#[derive(Debug)]
pub(super) struct Names {
    prefix: String,
    /// Deliveries, `_id` = delivery.
    pub(super) deliveries: String,
    /// The newest position of each courier, `_id` = courier.
    pub(super) couriers: String,
    /// How far each partition is stored, `_id` = topic:partition.
    pub(super) marks: String,
    /// All days of positions.
    pub(super) positions: String,
}

impl Names {
    /// With what every name begins.
    pub(super) fn new(prefix: &str) -> Self {
        let name = |name| format!("{prefix}{name}");
        Self {
            prefix: prefix.into(),
            deliveries: name("deliveries"),
            couriers: name("couriers"),
            marks: name("marks"),
            positions: name("positions-*"),
        }
    }

    /// What is wrong with a prefix, as a rule; `None` where nothing is.
    pub(super) fn fault(prefix: &str) -> Option<&'static str> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        let well = prefix.bytes().all(allowed) && !prefix.starts_with(['-', '_', '.']) && prefix.len() <= 100;
        (!well).then_some("must be at most 100 of a-z 0-9 - _ . and begin with a letter or digit")
    }

    /// The index of the fixes of that day.
    pub(super) fn day(&self, day: i64) -> String {
        let (year, month, day) = civil(day);
        format!("{}positions-{year:04}.{month:02}.{day:02}", self.prefix)
    }

    /// The day of that index; `None` for any other index.
    pub(super) fn day_of(&self, index: &str) -> Option<i64> {
        let date = index.strip_prefix(self.prefix.as_str())?.strip_prefix("positions-")?;
        let mut parts = date.split('.').map(|part| part.parse::<i64>().ok().filter(|_| part.len() >= 2));
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let found = days(year, month, day);
        // Only what this program would have named so: no 31st of February, no other spelling.
        (self.day(found) == index).then_some(found)
    }

    /// Name of a template.
    pub(super) fn template(&self, of: &str) -> String {
        format!("{}{of}", self.prefix)
    }
}

/// The UTC day of a time, as days since 1970-01-01; times outside the years 0 to 9999 count to the nearest of them.
pub(super) fn day_of_time(at: Millis) -> i64 {
    at.div_euclid(DAY_MS).clamp(days(0, 1, 1), days(9999, 12, 31))
}

/// When a day ends, ms UTC, exclusive.
pub(super) fn end_of_day(day: i64) -> Millis {
    (day + 1) * DAY_MS
}

/// The `_id` of a fix: its identity. At most 118 bytes, of letters that JSON leaves as they are; 512 are allowed.
pub(super) fn position_id(position: &Position) -> String {
    let mut id = String::with_capacity(48);
    // Writing to a string cannot fail.
    let _ = write!(id, "{}:{}:{}", position.courier, position.source, position.at);
    id
}

/// Year, month, day of a day since 1970-01-01 in the Gregorian calendar: counted in eras of 400 years that begin on
/// March 1st, so that the leap day is the last of its year.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_utc_days_of_the_calendar() {
        let names = Names::new("t.");
        for (at, index) in [
            (0, "t.positions-1970.01.01"),
            (-1, "t.positions-1969.12.31"),
            (1_763_683_199_999, "t.positions-2025.11.20"),
            (1_763_683_200_000, "t.positions-2025.11.21"),
            (951_782_400_000, "t.positions-2000.02.29"),
            (4_107_542_400_000, "t.positions-2100.03.01"),
            (i64::MAX, "t.positions-9999.12.31"),
            (i64::MIN, "t.positions-0000.01.01"),
        ] {
            let day = day_of_time(at);
            assert_eq!(names.day(day), index);
            assert_eq!(names.day_of(index), Some(day));
        }
        for day in (-800_000..800_000).step_by(13) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!(end_of_day(day_of_time(1_763_683_200_000)), 1_763_683_200_000 + DAY_MS);
    }

    #[test]
    fn other_indices_are_no_days_of_ours() {
        let names = Names::new("");
        for other in
            ["positions-2025.02.31", "positions-2025.2.3", "positions-archive", "xpositions-2025.02.03", "deliveries"]
        {
            assert_eq!(names.day_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_prefix_is_what_an_index_may_begin_with() {
        assert!(["", "a.", "shop-1_", "0x"].iter().all(|prefix| Names::fault(prefix).is_none()));
        assert!(
            ["A", "-a", "_a", ".a", "a*", "a,b", "a b", &"x".repeat(101)].iter().all(|p| Names::fault(p).is_some())
        );
    }

    #[test]
    fn the_longest_id_fits() {
        let text = format!(
            r#"{{"courier":"{}","source":"{}","at":{},"lat":0,"lon":0}}"#,
            "c".repeat(64),
            "s".repeat(32),
            i64::MIN
        );
        assert_eq!(position_id(&serde_json::from_str(&text).unwrap()).len(), 118);
    }
}
