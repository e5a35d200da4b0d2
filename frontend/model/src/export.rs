//! A trail as a file of other programs: GPX 1.1 and GeoJSON, both WGS 84. Without heights: those of phones and of the simulator
//! are worth nothing.

use contract::{Millis, Place, Position, rest::Trail};
use serde_json::{Map, Value, json};

use crate::{format::civil, text::fixed};

/// What the file says of its trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Whose, and of which delivery, in words.
    pub name: String,
    /// Further words: order, route.
    pub description: String,
}

/// The trail as a GPX document: one track, a new segment after each stretch of more than 60 s without a fix.
pub fn gpx(trail: &Trail, about: &About) -> String {
    let mut out = String::from(concat!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
        "<gpx version=\"1.1\" creator=\"Code Delivery\" xmlns=\"http://www.topografix.com/GPX/1/1\">\n",
    ));
    let mut line = |parts: &[&str]| {
        out.extend(parts.iter().copied());
        out.push('\n');
    };
    line(&["<trk>"]);
    line(&["<name>", &escaped(&about.name), "</name>"]);
    if !about.description.is_empty() {
        line(&["<desc>", &escaped(&about.description), "</desc>"]);
    }
    for segment in segments(trail) {
        line(&["<trkseg>"]);
        for point in segment {
            let [lon, lat] = degrees(point.place);
            line(&["<trkpt lat=\"", &lat, "\" lon=\"", &lon, "\"><time>", &utc(point.at), "</time></trkpt>"]);
        }
        line(&["</trkseg>"]);
    }
    line(&["</trk>"]);
    line(&["</gpx>"]);
    out
}

/// The trail as a GeoJSON Feature: a LineString, with the time of each of its points in `coordTimes`. A line needs two points:
/// of one fix, or of none, the geometry is null.
pub fn geojson(trail: &Trail, about: &About) -> String {
    let coordinates: Vec<String> =
        trail.points.iter().map(|point| ["[", &degrees(point.place).join(","), "]"].concat()).collect();
    let geometry = match coordinates.len() {
        0 | 1 => "null".to_owned(),
        _ => [r#"{"type":"LineString","coordinates":["#, &coordinates.join(","), "]}"].concat(),
    };
    let mut properties = Map::new();
    properties.insert("name".into(), json!(about.name));
    if !about.description.is_empty() {
        properties.insert("description".into(), json!(about.description));
    }
    let times: Vec<Value> = trail.points.iter().map(|point| Value::String(utc(point.at))).collect();
    properties.insert("coordTimes".into(), Value::Array(times));
    let properties = serde_json::to_string(&Value::Object(properties)).unwrap_or_default();
    [r#"{"type":"Feature","properties":"#, &properties, r#","geometry":"#, &geometry, "}\n"].concat()
}

/// A file's name: letters, digits and hyphens of `what`, and the ending.
pub fn file_name(what: &str, ending: &str) -> String {
    let words = what.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let stem = words.collect::<Vec<_>>().join("-");
    [if stem.is_empty() { "trail" } else { &stem }, ".", ending].concat()
}

/// The trail cut at its gaps.
fn segments(trail: &Trail) -> Vec<&[Position]> {
    let breaks = |pair: &[Position]| trail.gaps.iter().any(|gap| pair[0].at <= gap.from && gap.to <= pair[1].at);
    let mut segments = Vec::new();
    let mut begin = 0;
    for (index, pair) in trail.points.windows(2).enumerate() {
        if breaks(pair) {
            segments.push(&trail.points[begin..=index]);
            begin = index + 1;
        }
    }
    if begin < trail.points.len() {
        segments.push(&trail.points[begin..]);
    }
    segments
}

/// Longitude and latitude, to a hand's breadth.
fn degrees(place: Place) -> [String; 2] {
    [fixed(place.lon(), 6), fixed(place.lat(), 6)]
}

/// "2025-11-21T00:00:00.123Z".
fn utc(at: Millis) -> String {
    const DAY: Millis = 86_400_000;
    let (year, month, day) = civil(at.div_euclid(DAY));
    let ms = at.rem_euclid(DAY);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
}

/// Text within an element. Characters that XML has no way to write are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => out.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::rest::Gap;

    const NOW: Millis = 1_763_683_200_123;

    fn fix(at: Millis, lat: f64) -> Position {
        let text = format!(r#"{{"courier":"c-17","source":"sim","at":{at},"lat":{lat},"lon":24.9384}}"#);
        Position::from_json(text.as_bytes()).unwrap()
    }

    fn trail() -> Trail {
        let points =
            vec![fix(NOW, 60.16), fix(NOW + 1_000, 60.161), fix(NOW + 91_000, 60.17), fix(NOW + 92_000, 60.171)];
        Trail { points, gaps: vec![Gap { from: NOW + 1_000, to: NOW + 91_000 }], through: NOW }
    }

    fn about() -> About {
        About { name: "Aino <7> & \u{7}\"Co\"".into(), description: "order-9]]>".into() }
    }

    #[test]
    fn gpx_has_every_fix_with_its_time_and_breaks_at_gaps() {
        let text = gpx(&trail(), &about());
        let document = roxmltree::Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.attribute("version")), ("gpx", Some("1.1")));
        assert_eq!(root.tag_name().namespace(), Some("http://www.topografix.com/GPX/1/1"));
        assert!(root.attribute("creator").is_some(), "the schema demands it");
        let all = |name: &'static str| {
            document.descendants().filter(move |node| node.has_tag_name((root.tag_name().namespace().unwrap(), name)))
        };
        assert_eq!(all("name").next().unwrap().text(), Some("Aino <7> & \"Co\""));
        assert_eq!(all("desc").next().unwrap().text(), Some("order-9]]>"));
        let in_segments: Vec<usize> =
            all("trkseg").map(|segment| segment.children().filter(|node| node.is_element()).count()).collect();
        assert_eq!(in_segments, [2, 2]);
        let first = all("trkpt").next().unwrap();
        assert_eq!((first.attribute("lat"), first.attribute("lon")), (Some("60.160000"), Some("24.938400")));
        let times: Vec<&str> = all("time").filter_map(|node| node.text()).collect();
        assert_eq!((times[0], times[3]), ("2025-11-21T00:00:00.123Z", "2025-11-21T00:01:32.123Z"));
        assert_eq!(all("ele").count(), 0);
    }

    #[test]
    fn geojson_is_a_line_with_a_time_for_each_point() {
        let read: Value = serde_json::from_str(&geojson(&trail(), &about())).unwrap();
        assert_eq!((&read["type"], &read["geometry"]["type"]), (&json!("Feature"), &json!("LineString")));
        let line = read["geometry"]["coordinates"].as_array().unwrap();
        let times = read["properties"]["coordTimes"].as_array().unwrap();
        assert_eq!((line.len(), times.len()), (4, 4));
        assert_eq!((&line[1], &times[1]), (&json!([24.9384, 60.161]), &json!("2025-11-21T00:00:01.123Z")));
        assert_eq!(read["properties"]["name"], "Aino <7> & \u{7}\"Co\"");
    }

    #[test]
    fn a_trail_without_a_line_is_a_document_too() {
        let empty = Trail { points: Vec::new(), gaps: Vec::new(), through: NOW };
        roxmltree::Document::parse(&gpx(&empty, &about())).unwrap();
        let one = Trail { points: vec![fix(NOW, 60.16)], ..empty };
        let read: Value = serde_json::from_str(&geojson(&one, &about())).unwrap();
        assert_eq!(read["geometry"], Value::Null);
        assert_eq!(gpx(&one, &about()).matches("<trkpt").count(), 1);
    }

    #[test]
    fn files_have_names_that_every_system_takes() {
        assert_eq!(file_name("aino-korhonen order/77: \"a\"", "gpx"), "aino-korhonen-order-77-a.gpx");
        assert_eq!(file_name("…", "geojson"), "trail.geojson");
    }
}
