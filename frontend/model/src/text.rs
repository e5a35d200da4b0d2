//! What the standard library does with tables that a page would have to carry, done without: letters' cases (24 KB of
//! tables, which the browser has) and numbers (10 KB of powers of five, which nobody writes into an address, and 15 KB that write any number exactly).

/// The text in lower case.
pub fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { cases::lower(text) }
}

/// The text with a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if first.is_ascii() => format!("{}{}", first.to_ascii_uppercase(), letters.as_str()),
        Some(first) => cases::upper(first.encode_utf8(&mut [0; 4])) + letters.as_str(),
        None => String::new(),
    }
}

/// A number in plain digits, "-12.5"; no exponent, and at most 15 digits, so that it is read exactly.
pub fn decimal(text: &str) -> Option<f64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = whole.len() + part.len();
    if whole.is_empty() || all > 15 || !whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let read = |number: i64, byte: u8| number * 10 + i64::from(byte - b'0');
    let number = whole.bytes().chain(part.bytes()).fold(0, read);
    // Both are whole and below 2^53: their quotient is the nearest number that there is.
    let scale = (0..part.len()).fold(1_i64, |scale, _| scale * 10);
    let value = number as f64 / scale as f64;
    Some(if negative { -value } else { value })
}

/// A number with so many digits after the point (at most 6), "-12.50". Numbers beyond 2^53 units of the last digit are not
/// exact; what is no number is 0.
pub fn fixed(number: f64, digits: u32) -> String {
    let unit = 10_u64.pow(digits.min(6));
    let all = (number.abs() * unit as f64).round() as u64;
    let sign = if number < 0.0 && all > 0 { "-" } else { "" };
    match digits {
        0 => format!("{sign}{all}"),
        digits => format!("{sign}{}.{:0width$}", all / unit, all % unit, width = digits as usize),
    }
}

/// The same without zeros at its end: "-12.5", "3".
pub fn short(number: f64, digits: u32) -> String {
    let text = fixed(number, digits);
    let end = if digits == 0 { text.len() } else { text.trim_end_matches('0').trim_end_matches('.').len() };
    text[..end].to_owned()
}

/// The cases of letters beyond ASCII, by the browser.
#[cfg(target_arch = "wasm32")]
mod cases {
    use js_sys::JsString;

    pub fn lower(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    pub fn upper(text: &str) -> String {
        JsString::from(text).to_upper_case().into()
    }
}

/// The cases of letters beyond ASCII, by the standard library: tests have no browser.
#[cfg(not(target_arch = "wasm32"))]
mod cases {
    pub fn lower(text: &str) -> String {
        text.to_lowercase()
    }

    pub fn upper(text: &str) -> String {
        text.to_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cases_of_letters() {
        assert_eq!(lower("Käpylä ÄÄ"), "käpylä ää");
        assert_eq!(lower("ABC d"), "abc d");
        assert_eq!((capital("äiti"), capital("bus"), capital("")), ("Äiti".into(), "Bus".into(), String::new()));
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in ["", "-", ".5", "1e3", "1.2.3", "inf", "NaN", "+1", " 1", "1234567890.123456"] {
            assert_eq!(decimal(text), None, "{text}");
        }
        assert_eq!(decimal("60."), Some(60.0));
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_the_standard_library_does(value in -180.0_f64..180.0, places in 0_usize..12) {
            let text = format!("{value:.places$}");
            prop_assert_eq!(decimal(&text), text.parse().ok());
        }
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        for number in [0.0, -0.004, 0.05, 1.0, -1.0, 9.999, 59.956, -12.34, 1_234_567.891, 24.940_001] {
            assert_eq!(fixed(number, 0), format!("{:.0}", number + 0.0).replace("-0", "0"), "{number}");
            assert_eq!(fixed(number, 2).trim_start_matches('-'), format!("{:.2}", number.abs()), "{number}");
            assert_eq!(fixed(number, 6).parse::<f64>().unwrap(), number);
        }
        assert_eq!([fixed(-0.004, 2), fixed(-0.006, 2), fixed(0.1, 5)], ["0.00", "-0.01", "0.10000"]);
        assert_eq!([short(12.0, 2), short(12.5, 2), short(-0.25, 2), short(100.0, 0)], ["12", "12.5", "-0.25", "100"]);
        assert_eq!(fixed(f64::NAN, 1), "0.0");
    }
}
