//! What people read: times, ages, distances, names. Short, calm, exact; the number first.
//!
//! `zone_min` is the viewer's offset from UTC in minutes, east positive. What is written alike in all languages is not told
//! the language: clocks of 24 hours, and the units s, min, h, d, m, km.

use contract::{Millis, live::EtaRange};

use crate::{
    Language,
    text::{fixed, short},
};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// "14:05".
pub fn time(at: Millis, zone_min: i32) -> String {
    let minutes = local(at, zone_min).rem_euclid(DAY) / MINUTE;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// "14:02:31".
pub fn time_s(at: Millis, zone_min: i32) -> String {
    let seconds = local(at, zone_min).rem_euclid(DAY) / 1000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// "Fri 21 Nov", "sex, 21 nov".
pub fn date(at: Millis, zone_min: i32, language: Language) -> String {
    let days = local(at, zone_min).div_euclid(DAY);
    let (_, month, day) = civil(days);
    let (weekdays, comma, months) = match language {
        Language::English => ("ThuFriSatSunMonTueWed", "", "JanFebMarAprMayJunJulAugSepOctNovDec"),
        Language::Portuguese => ("quisexsábdomsegterqua", ",", "janfevmarabrmaijunjulagosetoutnovdez"),
    };
    let (weekday, month) = (third(weekdays, days.rem_euclid(7)), third(months, month - 1));
    format!("{weekday}{comma} {day} {month}")
}

/// The name of three letters at `index`.
fn third(names: &str, index: i64) -> String {
    names.chars().skip(index as usize * 3).take(3).collect()
}

/// "14:05 – 14:07": from the minute in which it begins to the one before which it ends; "14:05" where it is one moment.
pub fn range(range: EtaRange, zone_min: i32) -> String {
    let whole_minute = (range.to + MINUTE - 1).div_euclid(MINUTE) * MINUTE;
    let (from, to) = (time(range.from, zone_min), time(whole_minute.max(range.to), zone_min));
    if range.from == range.to || from == to { from } else { format!("{from} – {to}") }
}

/// "in 2 to 4 min", "in 3 min", "in under 1 min", "any moment".
pub fn in_range(range: EtaRange, now: Millis, language: Language) -> String {
    let (from, to) = ((range.from - now).max(0) / MINUTE, (range.to - now + MINUTE - 1).div_euclid(MINUTE));
    let (moment, within, under, until) = match language {
        Language::English => ("any moment", "in", "under ", "to"),
        Language::Portuguese => ("a qualquer momento", "em", "menos de ", "a"),
    };
    match (from, to) {
        (_, ..=0) => moment.into(),
        (0, to) => format!("{within} {under}{to} min"),
        (from, to) if from == to => format!("{within} {to} min"),
        (from, to) => format!("{within} {from} {until} {to} min"),
    }
}

/// "now", "4 s ago", "2 min ago", "1 h 44 min ago", "3 d ago".
pub fn ago(at: Millis, now: Millis, language: Language) -> String {
    match (language, now - at < 1000) {
        (Language::English, true) => "now".into(),
        (Language::English, false) => age(at, now) + " ago",
        (Language::Portuguese, true) => "agora".into(),
        (Language::Portuguese, false) => ["há ", &age(at, now)].concat(),
    }
}

/// "4 s", "2 min", "1 h 44 min", "3 d": the whole steps that have passed. A time ahead of the clock is "0 s".
pub fn age(at: Millis, now: Millis) -> String {
    match (now - at).max(0) {
        age if age < MINUTE => format!("{} s", age / 1000),
        age if age < HOUR => format!("{} min", age / MINUTE),
        age if age < DAY => match age % HOUR / MINUTE {
            0 => format!("{} h", age / HOUR),
            minutes => format!("{} h {minutes} min", age / HOUR),
        },
        age => format!("{} d", age / DAY),
    }
}

/// "48 s", "5 min 48 s", "1 h 12 min": a length of time.
pub fn duration(ms: Millis) -> String {
    let seconds = ms.max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// "about 3 min": a plan, to the minute.
pub fn about_min(seconds: u32, language: Language) -> String {
    let about = match language {
        Language::English => "about",
        Language::Portuguese => "cerca de",
    };
    format!("{about} {} min", seconds.div_ceil(60).max(1))
}

/// "+6": whole minutes that something is late, at least 1.
pub fn late_badge(late_ms: Millis) -> String {
    let minutes = (late_ms / MINUTE).max(1);
    if minutes < 100 { format!("+{minutes}") } else { format!("+{} h", minutes / 60) }
}

/// "490 m", "1.1 km", "12 km".
pub fn distance(metres: f64, language: Language) -> String {
    match metres {
        m if m < 995.0 => format!("{} m", (m / 10.0).round() as i64 * 10),
        m if m < 9_950.0 => language.decimal(fixed(m / 1000.0, 1)) + " km",
        m => fixed(m / 1000.0, 0) + " km",
    }
}

/// "18 km/h".
pub fn speed(mps: f64) -> String {
    fixed(mps * 3.6, 0) + " km/h"
}

/// "176° S".
pub fn heading(degrees: f64, language: Language) -> String {
    let points = match language {
        Language::English => ["N", "NE", "E", "SE", "S", "SW", "W", "NW"],
        Language::Portuguese => ["N", "NE", "L", "SE", "S", "SO", "O", "NO"],
    };
    let point = points[(degrees / 45.0).round() as usize % 8];
    format!("{}° {point}", fixed(degrees.rem_euclid(360.0), 0))
}

/// "46 ms", "1.2 s": how late something is.
pub fn delay(ms: u32, language: Language) -> String {
    if ms < 1000 { format!("{ms} ms") } else { language.decimal(fixed(f64::from(ms) / 1000.0, 1)) + " s" }
}

/// "0.5×", "10×": how many times as fast.
pub fn times(factor: f64, language: Language) -> String {
    language.decimal(short(factor, 1)) + "×"
}

/// "46 %", "46%".
pub fn percent(share: f64, language: Language) -> String {
    let sign = match language {
        Language::English => " %",
        Language::Portuguese => "%",
    };
    fixed(share * 100.0, 0) + sign
}

/// "412", "6.8k", "22k", "1.2M", and "6,8 mil", "1,2 mi": how many, short. The exact number belongs in the tooltip.
pub fn count(n: u64, language: Language) -> String {
    let (thousand, million) = match language {
        Language::English => ("k", "M"),
        Language::Portuguese => (" mil", " mi"),
    };
    let digits = match n {
        0..1_000 => return n.to_string(),
        1_000..99_950 => short(n as f64 / 1e3, 1),
        99_950..999_500 => fixed(n as f64 / 1e3, 0),
        _ => short(n as f64 / 1e6, 1),
    };
    language.decimal(digits) + if n < 999_500 { thousand } else { million }
}

/// "9,672", "9.672": how many, exactly.
pub fn exact(n: u64, language: Language) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(language.group());
        }
        text.push(digit);
    }
    text
}

/// A courier as people call it: `aino-korhonen` is "Aino Korhonen" (letters and hyphens only), `c-17` stays as it is.
pub fn courier(slug: &str) -> String {
    let named = slug.len() > 3 && slug.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if named { words(slug, true) } else { slug.to_owned() }
}

/// A route as people call it, where only its slug is known: `station-to-market` is "Station to Market".
pub fn route(slug: &str) -> String {
    words(slug, false)
}

/// A courier's first name, or all of what is no name.
pub fn first_name(slug: &str) -> String {
    let name = courier(slug);
    name.split(' ').next().unwrap_or_default().to_owned()
}

/// A time zone in short, from the name that browsers give it: "Eastern European Standard Time" is "EET". Others are named
/// by their offset, "UTC+5:30", because initials would be guessed.
pub fn zone(long_name: &str, zone_min: i32) -> String {
    let known = ["European", "Greenwich", "Pacific", "Mountain", "Central", "Eastern"];
    let is_known = known.iter().any(|word| long_name.starts_with(word) || long_name.contains(" European "));
    if is_known {
        // Europe says "Standard" in the long name only.
        let words = long_name.split(' ').filter(|word| !(long_name.contains("European") && *word == "Standard"));
        return words.filter_map(|word| word.chars().next()).filter(char::is_ascii_uppercase).collect();
    }
    let (sign, minutes) = (if zone_min < 0 { '-' } else { '+' }, zone_min.abs());
    match (minutes / 60, minutes % 60) {
        (0, 0) => "UTC".into(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    }
}

fn words(slug: &str, every: bool) -> String {
    let word = |word: &str| match word {
        "to" | "and" | "of" | "the" | "at" | "via" if !every => word.to_owned(),
        word => crate::text::capital(word),
    };
    slug.split('-').filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}

fn local(at: Millis, zone_min: i32) -> Millis {
    at + Millis::from(zone_min) * MINUTE
}

/// (year, month, day) of a day since 1970-01-01 (Howard Hinnant's `civil_from_days`).
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language::{English as EN, Portuguese as PT};

    const NOW: Millis = 1_763_726_567_000; // Fri 21 Nov 2025 12:02:47 UTC

    #[test]
    fn times_are_24_h_in_the_viewers_zone() {
        assert_eq!(time(NOW, 120), "14:02");
        assert_eq!(time_s(NOW, 120), "14:02:47");
        assert_eq!(time(NOW, -180), "09:02");
        assert_eq!([date(NOW, 120, EN), date(NOW, 120, PT)], ["Fri 21 Nov", "sex, 21 nov"]);
        assert_eq!([date(NOW, 12 * 60, EN), date(NOW, 12 * 60, PT)], ["Sat 22 Nov", "sáb, 22 nov"]);
        assert_eq!([date(951_782_400_000, 0, EN), date(951_782_400_000, 0, PT)], ["Tue 29 Feb", "ter, 29 fev"]);
        // 1 January 1970 was a Thursday.
        assert_eq!([date(0, 0, EN), date(6 * DAY, 0, PT)], ["Thu 1 Jan", "qua, 7 jan"]);
    }

    #[test]
    fn ranges() {
        let eta = EtaRange { from: NOW + 133_000, to: NOW + 193_000 };
        assert_eq!(range(eta, 120), "14:05 – 14:06");
        assert_eq!(range(EtaRange { from: NOW, to: NOW + 20_000 }, 120), "14:02 – 14:04");
        assert_eq!([in_range(eta, NOW, EN), in_range(eta, NOW, PT)], ["in 2 to 4 min", "em 2 a 4 min"]);
        assert_eq!(range(EtaRange { from: NOW, to: NOW }, 120), "14:02");
        let near = EtaRange { from: NOW, to: NOW };
        assert_eq!([in_range(near, NOW, EN), in_range(near, NOW, PT)], ["any moment", "a qualquer momento"]);
        let soon = EtaRange { from: NOW + 1_000, to: NOW + 30_000 };
        assert_eq!([in_range(soon, NOW, EN), in_range(soon, NOW, PT)], ["in under 1 min", "em menos de 1 min"]);
        let exact = EtaRange { from: NOW + 180_000, to: NOW + 180_000 };
        assert_eq!([in_range(exact, NOW, EN), in_range(exact, NOW, PT)], ["in 3 min", "em 3 min"]);
    }

    #[test]
    fn ages() {
        let of = |ms| ago(NOW - ms, NOW, EN);
        assert_eq!([of(-500), of(999), of(4_000), of(59_999)], ["now", "now", "4 s ago", "59 s ago"]);
        assert_eq!([of(60_000), of(6_240_000)], ["1 min ago", "1 h 44 min ago"]);
        assert_eq!(of(3 * DAY), "3 d ago");
        assert_eq!([ago(NOW, NOW, PT), ago(NOW - 6_240_000, NOW, PT)], ["agora", "há 1 h 44 min"]);
        assert_eq!([about_min(121, EN), about_min(0, PT)], ["about 3 min", "cerca de 1 min"]);
        assert_eq!([duration(348_000), duration(24_000), duration(4_320_000)], ["5 min 48 s", "24 s", "1 h 12 min"]);
    }

    #[test]
    fn measures() {
        let distances = |language| [487.0, 1_130.0, 12_400.0].map(|metres| distance(metres, language));
        assert_eq!(distances(EN), ["490 m", "1.1 km", "12 km"]);
        assert_eq!(distances(PT), ["490 m", "1,1 km", "12 km"]);
        assert_eq!([speed(5.0), heading(176.0, EN), heading(350.0, EN)], ["18 km/h", "176° S", "350° N"]);
        assert_eq!([90.0, 225.0, 270.0].map(|degrees| heading(degrees, PT)), ["90° L", "225° SO", "270° O"]);
        assert_eq!([delay(46, EN), delay(1_240, EN), delay(1_240, PT)], ["46 ms", "1.2 s", "1,2 s"]);
        assert_eq!([times(0.5, EN), times(0.5, PT), times(10.0, PT)], ["0.5×", "0,5×", "10×"]);
        assert_eq!([percent(0.46, EN), percent(0.46, PT)], ["46 %", "46%"]);
        assert_eq!([late_badge(20_000), late_badge(6 * MINUTE + 1), late_badge(3 * HOUR)], ["+1", "+6", "+3 h"]);
        let counts = |language| [999, 6_812, 22_000, 99_960, 1_204_000].map(|n| count(n, language));
        assert_eq!(counts(EN), ["999", "6.8k", "22k", "100k", "1.2M"]);
        assert_eq!(counts(PT), ["999", "6,8 mil", "22 mil", "100 mil", "1,2 mi"]);
        assert_eq!([7, 9_672, 1_234_567].map(|n| exact(n, EN)), ["7", "9,672", "1,234,567"]);
        assert_eq!([7, 9_672, 1_234_567].map(|n| exact(n, PT)), ["7", "9.672", "1.234.567"]);
    }

    #[test]
    fn zones() {
        assert_eq!(
            [zone("Eastern European Standard Time", 120), zone("Eastern European Summer Time", 180)],
            ["EET", "EEST"]
        );
        assert_eq!([zone("Pacific Standard Time", -480), zone("Greenwich Mean Time", 0)], ["PST", "GMT"]);
        assert_eq!([zone("Coordinated Universal Time", 0), zone("India Standard Time", 330)], ["UTC", "UTC+5:30"]);
    }

    #[test]
    fn names() {
        assert_eq!(courier("aino-korhonen"), "Aino Korhonen");
        assert_eq!([courier("c-17"), courier("C17"), courier("van")], ["c-17", "C17", "van"]);
        assert_eq!(route("station-to-market"), "Station to Market");
        assert_eq!([first_name("aino-korhonen"), first_name("c-17")], ["Aino", "c-17"]);
    }
}
