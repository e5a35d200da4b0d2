//! Writes GeoJSON that reads well in a diff: a feature a line, or a coordinate a line, and the same bytes every time.

use super::geo::{Bounds, Point};
use std::fmt::Write;

/// What people must be told who see the data.
pub const ATTRIBUTION: &str = "© OpenStreetMap contributors";

/// A geometry of the basemap.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// A place.
    Point(Point),
    /// Many places that need no names.
    MultiPoint(Vec<Point>),
    /// A line.
    LineString(Vec<Point>),
    /// An outer ring, then its holes.
    Polygon(Vec<Vec<Point>>),
}

/// A value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Number(u32),
}

/// A feature: what it is and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Its properties, in the order in which they are written.
    pub properties: Vec<(&'static str, Value)>,
    /// Where it is.
    pub geometry: Geometry,
}

/// A basemap file: one feature a line, as compact as it gets.
pub fn basemap(features: &[Feature]) -> String {
    let lines: Vec<String> = features
        .iter()
        .map(|feature| {
            let properties = properties(&feature.properties, "", "");
            let geometry = geometry(&feature.geometry);
            format!("{{\"type\":\"Feature\",\"properties\":{{{properties}}},\"geometry\":{{{geometry}}}}}")
        })
        .collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", lines.join(",\n"))
}

/// A route file: a property or a coordinate a line, so that people can edit it.
pub fn route(properties_of: &[(&'static str, Value)], line: &[Point]) -> String {
    let properties = properties(properties_of, "\n        ", " ");
    let coordinates: Vec<String> = line.iter().map(|point| format!("          {}", pair(*point, ", "))).collect();
    format!(
        r#"{{
  "type": "FeatureCollection",
  "features": [
    {{
      "type": "Feature",
      "properties": {{{properties}
      }},
      "geometry": {{
        "type": "LineString",
        "coordinates": [
{}
        ]
      }}
    }}
  ]
}}
"#,
        coordinates.join(",\n")
    )
}

/// The card of the city: where its map is and what it is called.
pub fn card(name: &str, bounds: &Bounds) -> String {
    let Bounds { west, south, east, north } = *bounds;
    let (low, high) = (Point { lat: south, lon: west }, Point { lat: north, lon: east });
    format!(
        "{{\n  \"name\": {},\n  \"bounds\": [{}, {}],\n  \"centre\": {{ \"lat\": {}, \"lon\": {} }},\n  \"attribution\": {}\n}}\n",
        text(name),
        pair(low, ", ").trim_matches(['[', ']']),
        pair(high, ", ").trim_matches(['[', ']']),
        degrees(bounds.centre().lat),
        degrees(bounds.centre().lon),
        text(ATTRIBUTION)
    )
}

fn properties(properties: &[(&'static str, Value)], before: &str, after_colon: &str) -> String {
    let written: Vec<String> = properties
        .iter()
        .map(|(key, value)| match value {
            Value::Text(value) => format!("{before}\"{key}\":{after_colon}{}", text(value)),
            Value::Number(value) => format!("{before}\"{key}\":{after_colon}{value}"),
        })
        .collect();
    written.join(",")
}

fn geometry(geometry: &Geometry) -> String {
    let (kind, coordinates) = match geometry {
        Geometry::Point(point) => ("Point", pair(*point, ",")),
        Geometry::MultiPoint(points) => ("MultiPoint", pairs(points)),
        Geometry::LineString(points) => ("LineString", pairs(points)),
        Geometry::Polygon(rings) => {
            ("Polygon", format!("[{}]", rings.iter().map(|ring| pairs(ring)).collect::<Vec<_>>().join(",")))
        }
    };
    format!("\"type\":\"{kind}\",\"coordinates\":{coordinates}")
}

fn pairs(points: &[Point]) -> String {
    format!("[{}]", points.iter().map(|point| pair(*point, ",")).collect::<Vec<_>>().join(","))
}

/// Longitude first: GeoJSON's order, written here and nowhere else.
fn pair(point: Point, between: &str) -> String {
    format!("[{}{between}{}]", degrees(point.lon), degrees(point.lat))
}

/// Six decimals are 11 cm, which is finer than the data.
fn degrees(value: f64) -> String {
    let written = format!("{value:.6}");
    written.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A JSON string.
fn text(value: &str) -> String {
    let mut quoted = String::from("\"");
    for character in value.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Point = Point { lat: 60.17, lon: 24.9412345678 };

    fn parse(text: &str) -> serde_json::Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn longitude_comes_first_and_short() {
        assert_eq!(pair(HERE, ","), "[24.941235,60.17]");
        assert_eq!(degrees(25.0), "25");
    }

    #[test]
    fn names_may_hold_quotes() {
        let name = ("name", Value::Text("Café \"Ö\" \\ \n".to_owned()));
        let feature = Feature { properties: vec![name], geometry: Geometry::Point(HERE) };
        let parsed = parse(&basemap(&[feature]));
        assert_eq!(parsed["features"][0]["properties"]["name"], "Café \"Ö\" \\ \n");
        assert_eq!(parsed["features"][0]["geometry"]["coordinates"][1], 60.17);
    }

    #[test]
    fn a_route_and_a_card_are_json() {
        let parsed = parse(&route(
            &[("route", Value::Text("a-to-b".to_owned())), ("distance_m", Value::Number(7))],
            &[HERE, HERE],
        ));
        let feature = &parsed["features"][0];
        assert_eq!(
            (feature["properties"]["distance_m"].as_u64(), &feature["geometry"]["type"]),
            (Some(7), &"LineString".into())
        );
        let parsed = parse(&card("Helsinki", &Bounds { west: 24.0, south: 60.0, east: 25.0, north: 61.0 }));
        assert_eq!(parsed["bounds"], serde_json::json!([24, 60, 25, 61]));
        assert_eq!(parsed["centre"]["lat"], 60.5);
    }
}
