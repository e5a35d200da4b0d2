//! Durations as people write them.

use std::time::Duration;

/// Reads `250ms`, `30s`, `15m`, `12h`, `31d`: a whole number and a unit. For clap's `value_parser`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a whole number with a unit, as 250ms, 30s, 15m, 12h or 31d".to_owned();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let ms_per_unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    // A hundred years: more is a mistake, and would overflow sums of times later.
    let ms = number.checked_mul(ms_per_unit).filter(|ms| *ms <= 36_525 * 86_400_000);
    ms.map(Duration::from_millis).ok_or_else(|| "must be at most 36525d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, ms) in [("250ms", 250), ("0s", 0), ("15m", 900_000), ("2h", 7_200_000), ("31d", 2_678_400_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for wrong in ["", "15", "m", "1.5s", "-1s", "1 s", "1min", "99999999999999999999s", "36526d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
