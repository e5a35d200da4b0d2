//! Encoded polylines with precision 6: a line as short printable text (Google's "Encoded Polyline Algorithm Format",
//! with 1e-6 degrees as OSRM and Valhalla use it). A delivery's `path` is one.

use crate::{Invalid, Place};

/// Most points a path may have: what fits a record of 64 KiB with room to spare.
pub const MAX_POINTS: usize = 10_000;

/// Encodes a line.
pub fn encode(line: &[Place]) -> String {
    let mut text = String::with_capacity(line.len() * 6);
    let (mut lat, mut lon) = (0i64, 0i64);
    for place in line {
        let (to_lat, to_lon) = ((place.lat() * 1e6).round() as i64, (place.lon() * 1e6).round() as i64);
        push(&mut text, to_lat - lat);
        push(&mut text, to_lon - lon);
        (lat, lon) = (to_lat, to_lon);
    }
    text
}

/// Decodes a line of at least two points. Fails with [`Invalid::Field`] naming `path`.
pub fn decode(text: &str) -> Result<Vec<Place>, Invalid> {
    let wrong = |rule: String| Invalid::field("path", rule);
    let mut bytes = text.bytes().enumerate();
    let mut line = Vec::with_capacity(text.len() / 6);
    let (mut lat, mut lon) = (0i64, 0i64);
    while let Some(step) = pull(&mut bytes).map_err(wrong)? {
        lat += step;
        lon += pull(&mut bytes).map_err(wrong)?.ok_or_else(|| wrong("ends in the middle of a point".into()))?;
        if line.len() == MAX_POINTS {
            return Err(wrong(format!("has more than {MAX_POINTS} points")));
        }
        let place = Place::new(lat as f64 / 1e6, lon as f64 / 1e6)
            .map_err(|error| wrong(format!("point {}: {error}", line.len())))?;
        line.push(place);
    }
    if line.len() < 2 {
        return Err(wrong("must have at least 2 points".into()));
    }
    Ok(line)
}

fn push(text: &mut String, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x20 {
        text.push(char::from((0x20 | (rest & 0x1f) as u8) + 63));
        rest >>= 5;
    }
    text.push(char::from(rest as u8 + 63));
}

/// The next number, or `None` at the end of the text.
fn pull(bytes: &mut impl Iterator<Item = (usize, u8)>) -> Result<Option<i64>, String> {
    let (mut value, mut shift) = (0u64, 0u32);
    for (at, byte) in bytes.by_ref() {
        let chunk = byte.checked_sub(63).filter(|chunk| *chunk < 64);
        let chunk = chunk.ok_or_else(|| format!("has a byte that is no polyline at {at}"))?;
        if shift > 35 {
            return Err(format!("has a number that is too long at {at}"));
        }
        value |= u64::from(chunk & 0x1f) << shift;
        shift += 5;
        if chunk < 0x20 {
            return Ok(Some((value >> 1) as i64 ^ -((value & 1) as i64)));
        }
    }
    if shift == 0 { Ok(None) } else { Err("ends in the middle of a number".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_survives(points in prop::collection::vec((-90.0f64..=90.0, -180.0f64..=180.0), 2..50)) {
            let line: Vec<Place> = points.iter().map(|&(lat, lon)| Place::new(lat, lon).unwrap()).collect();
            let back = decode(&encode(&line)).unwrap();
            prop_assert_eq!(line.len(), back.len());
            for (a, b) in line.iter().zip(&back) {
                prop_assert!((a.lat() - b.lat()).abs() <= 5.1e-7 && (a.lon() - b.lon()).abs() <= 5.1e-7);
            }
        }

        #[test]
        fn any_text_is_decoded_or_refused(text in ".{0,200}") {
            let _ = decode(&text);
        }
    }

    #[test]
    fn broken_lines_say_where() {
        let line = [Place::new(60.0, 24.0).unwrap(), Place::new(60.1, 24.1).unwrap()];
        let text = encode(&line);
        assert!(decode(&text[..text.len() - 1]).is_err());
        assert_eq!(decode("").unwrap_err().to_string(), "path must have at least 2 points");
        assert!(decode("\u{7f}\u{7f}").unwrap_err().to_string().contains("at 0"));
    }
}
