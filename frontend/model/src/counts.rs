//! Couriers from afar: cells of the web-mercator grid with their numbers, as the map draws them.

use contract::{
    Place,
    frame::{Count, CourierStatus},
};
use serde_json::{Value, json};

use crate::{basemap::Colours, format};

/// Source of the squares.
pub const CELLS: &str = "cells";
/// Source of the discs.
pub const DISCS: &str = "discs";

/// A disc on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disc {
    /// Its middle.
    pub place: Place,
    /// Radius, px.
    pub radius: f64,
    /// The most urgent status in the cell.
    pub worst: CourierStatus,
}

/// The discs of counts at a tile level.
pub fn discs(counts: &[Count], level: u16) -> Vec<Disc> {
    let disc =
        |count: &Count| Disc { place: at(count, level, 0.5, 0.5), radius: radius(count.couriers), worst: count.worst };
    counts.iter().map(disc).collect()
}

/// The squares as GeoJSON.
pub fn cells_geojson(counts: &[Count], level: u16) -> Value {
    let cell = |count: &Count| {
        // A little smaller than the cell, so that neighbours do not touch.
        let corner = |x: f64, y: f64| {
            let place = at(count, level, 0.5 + x * 0.485, 0.5 + y * 0.485);
            json!([place.lon(), place.lat()])
        };
        let ring = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0), corner(-1.0, -1.0)];
        json!({
            "type": "Feature", "properties": { "s": count.worst as u8 },
            "geometry": { "type": "Polygon", "coordinates": [ring] }
        })
    };
    json!({ "type": "FeatureCollection", "features": counts.iter().map(cell).collect::<Vec<_>>() })
}

/// The discs as GeoJSON.
pub fn discs_geojson(counts: &[Count], level: u16) -> Value {
    let disc = |count: &Count| {
        let place = at(count, level, 0.5, 0.5);
        let radius = radius(count.couriers);
        json!({
            "type": "Feature",
            "properties": {
                "s": count.worst as u8, "r": radius - 1.5, "n": format::exact(u64::from(count.couriers)),
                "z": (radius * 0.62).clamp(11.0, 16.0)
            },
            "geometry": { "type": "Point", "coordinates": [place.lon(), place.lat()] }
        })
    };
    json!({ "type": "FeatureCollection", "features": counts.iter().map(disc).collect::<Vec<_>>() })
}

/// The layers that draw them.
pub fn layers(dark: bool) -> Vec<Value> {
    let colours = Colours::of(dark);
    let status = || {
        let mut cases = vec![json!("match"), json!(["get", "s"])];
        for (number, colour) in colours.status.iter().enumerate() {
            cases.push(json!(number));
            cases.push(json!(colour));
        }
        cases.push(json!(colours.status[0]));
        Value::Array(cases)
    };
    vec![
        json!({
            "id": "cells", "type": "fill", "source": CELLS,
            "paint": { "fill-color": status(), "fill-opacity": 0.07, "fill-antialias": false }
        }),
        json!({
            "id": "cells-line", "type": "line", "source": CELLS,
            "paint": { "line-color": status(), "line-opacity": 0.26, "line-width": 1 }
        }),
        json!({
            "id": "discs-edge", "type": "circle", "source": DISCS,
            "paint": { "circle-radius": ["+", ["get", "r"], 2.6], "circle-color": colours.marker_outline }
        }),
        json!({
            "id": "discs", "type": "circle", "source": DISCS,
            "paint": {
                "circle-radius": ["get", "r"], "circle-color": colours.surface,
                "circle-stroke-width": 3, "circle-stroke-color": status()
            }
        }),
        json!({
            "id": "numbers", "type": "symbol", "source": DISCS,
            "layout": {
                "text-field": ["get", "n"], "text-font": ["Inter SemiBold", "Inter Variable", "sans-serif"],
                "text-size": ["get", "z"], "text-allow-overlap": true, "text-ignore-placement": true
            },
            "paint": { "text-color": colours.ink }
        }),
    ]
}

/// r = 15 + 7 (log10 n - 1), but never too small to read.
fn radius(couriers: u32) -> f64 {
    (15.0 + 7.0 * (f64::from(couriers.max(1)).log10() - 1.0)).max(13.0)
}

/// A point of the cell, by its share of the width and height.
fn at(count: &Count, level: u16, x: f64, y: f64) -> Place {
    let cells = 2f64.powi(i32::from(level));
    Place::from_mercator((f64::from(count.x) + x) / cells, (f64::from(count.y) + y) / cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_where_its_couriers_are() {
        let helsinki = Place::new(60.17, 24.94).unwrap();
        let (x, y) = helsinki.mercator();
        let count =
            Count { x: (x * 256.0) as u32, y: (y * 256.0) as u32, couriers: 6_915, worst: CourierStatus::Alarm };
        let disc = discs(&[count], 8)[0];
        assert!(disc.place.distance_m(helsinki) < 120_000.0);
        assert!((disc.radius - 34.9).abs() < 0.1, "{}", disc.radius);
        assert_eq!(discs_geojson(&[count], 8)["features"][0]["properties"]["n"], "6,915");
        let ring = cells_geojson(&[count], 8)["features"][0]["geometry"]["coordinates"][0].clone();
        assert!(ring[0][0].as_f64() < Some(24.94) && ring[1][0].as_f64() > Some(24.94));
    }

    #[test]
    fn small_numbers_can_be_read() {
        assert_eq!(radius(1), 13.0);
        assert_eq!(radius(100), 22.0);
    }
}
