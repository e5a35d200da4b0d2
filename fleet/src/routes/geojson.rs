//! GeoJSON (RFC 7946): a LineString, alone, in a Feature, or the first one of a FeatureCollection.

use contract::Place;
use serde_json::Value;

use super::{FaultKind, Parsed, Wrong, place};

pub(super) fn parse(text: &str) -> Result<Parsed, Wrong> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| Wrong::at(error.line(), FaultKind::Format, error.to_string()))?;
    let feature = match kind(&value) {
        "FeatureCollection" => {
            let features = value["features"].as_array().map(Vec::as_slice).unwrap_or_default();
            let line = features.iter().find(|feature| kind(&feature["geometry"]) == "LineString");
            line.ok_or_else(|| Wrong::new(FaultKind::NoLine, "has no feature that is a LineString"))?
        }
        _ => &value,
    };
    let geometry = if kind(feature) == "Feature" { &feature["geometry"] } else { feature };
    if kind(geometry) != "LineString" {
        return Err(Wrong::new(FaultKind::NoLine, "is no LineString, nor a Feature or FeatureCollection with one"));
    }
    let coordinates =
        geometry["coordinates"].as_array().ok_or_else(|| Wrong::new(FaultKind::NoLine, "coordinates are missing"))?;
    let line: Result<Vec<Place>, Wrong> =
        coordinates.iter().enumerate().map(|(n, pair)| point(n, pair, text)).collect();
    let property = |name: &str| feature["properties"][name].as_str().map(str::to_owned);
    Ok(Parsed { id: property("route"), name: property("name"), line: line? })
}

fn kind(value: &Value) -> &str {
    value["type"].as_str().unwrap_or_default()
}

/// GeoJSON puts longitude first.
fn point(n: usize, pair: &Value, text: &str) -> Result<Place, Wrong> {
    let numbers = pair.as_array().map(Vec::as_slice).unwrap_or_default();
    let (Some(lon), Some(lat)) = (numbers.first().and_then(Value::as_f64), numbers.get(1).and_then(Value::as_f64))
    else {
        let reason = format!("coordinate {n} is no [longitude, latitude]");
        return Err(Wrong { line: line_of(text, n), kind: FaultKind::Point, reason });
    };
    place(lat, lon, line_of(text, n))
        .map_err(|wrong| Wrong { reason: format!("coordinate {n}: {}", wrong.reason), ..wrong })
}

/// The line on which coordinate `n` begins: the n-th inner bracket after "coordinates". JSON values do not know their
/// line, and a person who mends the file needs it.
fn line_of(text: &str, n: usize) -> Option<usize> {
    let start = text.find("\"coordinates\"")?;
    let outer = start + text[start..].find('[')?;
    let (inner, _) = text[outer + 1..].match_indices('[').nth(n)?;
    Some(text[..outer + 1 + inner].matches('\n').count() + 1)
}
