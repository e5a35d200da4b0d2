//! Coastlines: the topology of npm's world-atlas (Natural Earth, 1:50 million) as plain GeoJSON.
//!
//! A topology stores each arc once, in whole numbers, each point as the step from the one before.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

/// A point on the grid of the topology, turned into degrees only when it is written.
type Arc = Vec<(f64, f64)>;

/// Decodes the object `land` into one MultiPolygon, with 3 decimals (about 100 m: the data is good to some km).
pub fn geojson(topology: &str) -> Result<String> {
    let topology: Value = serde_json::from_str(topology).context("the coastlines are no JSON")?;
    let arcs = arcs(&topology).context("the coastlines' arcs are not as TopoJSON has them")?;
    let mut text = String::from(
        "{\"type\":\"Feature\",\"properties\":{\"k\":\"land\"},\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":[",
    );
    let mut first = true;
    for polygon in polygons(&topology["objects"]["land"]) {
        text.push_str(if std::mem::take(&mut first) { "\n[" } else { ",\n[" });
        for (i, ring) in polygon.as_array().into_iter().flatten().enumerate() {
            if i > 0 {
                text.push(',');
            }
            write_ring(&mut text, ring, &arcs).context("a coastline names an arc that is not there")?;
        }
        text.push(']');
    }
    text.push_str("\n]}}\n");
    Ok(text)
}

fn arcs(topology: &Value) -> Option<Vec<Arc>> {
    let pair = |value: &Value| Some((value.get(0)?.as_f64()?, value.get(1)?.as_f64()?));
    let scale = pair(&topology["transform"]["scale"])?;
    let translate = pair(&topology["transform"]["translate"])?;
    let decode = |arc: &Value| {
        let (mut x, mut y) = (0.0, 0.0);
        let points = arc.as_array()?.iter().map(|step| {
            let step = pair(step)?;
            (x, y) = (x + step.0, y + step.1);
            Some((x * scale.0 + translate.0, y * scale.1 + translate.1))
        });
        points.collect()
    };
    topology["arcs"].as_array()?.iter().map(decode).collect()
}

/// The arcs of every polygon of an object: lists of rings, each a list of arc numbers.
fn polygons(object: &Value) -> Vec<&Value> {
    match object["type"].as_str() {
        Some("GeometryCollection") => {
            object["geometries"].as_array().into_iter().flatten().flat_map(polygons).collect()
        }
        Some("MultiPolygon") => object["arcs"].as_array().into_iter().flatten().collect(),
        Some("Polygon") => vec![&object["arcs"]],
        _ => Vec::new(),
    }
}

/// A ring is its arcs one after the other, each beginning where the last one ended; `!n` is arc n backwards.
fn write_ring(text: &mut String, ring: &Value, arcs: &[Arc]) -> Option<()> {
    let mut points: Vec<(i64, i64)> = Vec::new();
    for number in ring.as_array()? {
        let number = number.as_i64()?;
        let arc = arcs.get(usize::try_from(if number < 0 { !number } else { number }).ok()?)?;
        let mut put =
            |point: &(f64, f64)| points.push(((point.0 * 1e3).round() as i64, (point.1 * 1e3).round() as i64));
        if number < 0 { arc.iter().rev().for_each(&mut put) } else { arc.iter().for_each(&mut put) }
    }
    unroll(&mut points);
    points.dedup();
    let points: Vec<String> =
        points.iter().map(|(x, y)| format!("[{},{}]", *x as f64 / 1e3, *y as f64 / 1e3)).collect();
    let _ = write!(text, "[{}]", points.join(","));
    Some(())
}

/// The data is for a sphere: rings step over the antimeridian as if nothing were there. On a flat map they go on beyond 180
/// degrees instead (the map draws that part at the other edge, too), and a ring around the pole is closed along the map's
/// lower edge.
fn unroll(points: &mut Vec<(i64, i64)>) {
    const TURN: i64 = 360_000;
    const POLE: i64 = -90_000;
    let mut turn = 0;
    let mut last: Option<i64> = None;
    for point in points.iter_mut() {
        if let Some(last) = last {
            match point.0 + turn - last {
                step if step > TURN / 2 => turn -= TURN,
                step if step < -TURN / 2 => turn += TURN,
                _ => {}
            }
        }
        point.0 += turn;
        last = Some(point.0);
    }
    if let (Some(first), Some(last)) = (points.first().copied(), points.last().copied())
        && (last.0 - first.0).abs() > TURN / 2
    {
        points.extend([(last.0, POLE), (first.0, POLE), first]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_are_put_together_forwards_and_backwards() {
        let topology = r#"{"transform":{"scale":[0.5,0.5],"translate":[10,50]},
            "arcs":[[[0,0],[2,0],[0,2]],[[0,0],[0,2],[2,0]]],
            "objects":{"land":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","arcs":[[[0,-2]]]}]}}}"#;
        let land: Value = serde_json::from_str(&geojson(topology).unwrap()).unwrap();
        assert_eq!(
            land["geometry"]["coordinates"],
            serde_json::json!([[[[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]]])
        );
    }

    #[test]
    fn rings_go_on_beyond_the_antimeridian_and_close_around_the_pole() {
        let mut ring = vec![(179_000, 60_000), (-179_000, 60_000), (-179_000, 65_000), (179_000, 60_000)];
        unroll(&mut ring);
        assert_eq!(ring, [(179_000, 60_000), (181_000, 60_000), (181_000, 65_000), (179_000, 60_000)]);
        let mut ring = vec![(0, -70_000), (120_000, -70_000), (-120_000, -70_000), (0, -70_000)];
        unroll(&mut ring);
        assert_eq!(ring[3..], [(360_000, -70_000), (360_000, -90_000), (0, -90_000), (0, -70_000)]);
    }

    #[test]
    fn a_missing_arc_is_an_error() {
        let topology = r#"{"transform":{"scale":[1,1],"translate":[0,0]},"arcs":[],
            "objects":{"land":{"type":"Polygon","arcs":[[3]]}}}"#;
        assert!(geojson(topology).is_err());
    }
}
