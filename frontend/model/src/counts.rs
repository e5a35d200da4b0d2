//! Couriers from afar: cells of the web-mercator grid with their numbers, as the map draws them.

use contract::{
    Place,
    frame::{Count, CourierStatus},
};

use crate::{Language, format, text::fixed};

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
pub fn cells_geojson(counts: &[Count], level: u16) -> String {
    let cell = |count: &Count| {
        // A little smaller than the cell, so that neighbours do not touch.
        let corner = |x: f64, y: f64| pair(at(count, level, 0.5 + x * 0.485, 0.5 + y * 0.485));
        let (a, b, c, d) = (corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0));
        let status = count.worst as u8;
        format!(
            r#"{{"type":"Feature","properties":{{"s":{status}}},"geometry":{{"type":"Polygon","coordinates":[[{a},{b},{c},{d},{a}]]}}}}"#
        )
    };
    collection(counts.iter().map(cell).collect())
}

/// The discs as GeoJSON, with their numbers as the language writes them.
pub fn discs_geojson(counts: &[Count], level: u16, language: Language) -> String {
    let disc = |count: &Count| {
        let radius = radius(count.couriers);
        let (status, at) = (count.worst as u8, pair(at(count, level, 0.5, 0.5)));
        let (r, z) = (fixed(radius - 1.5, 1), fixed((radius * 0.62).clamp(11.0, 16.0), 1));
        let number = format::exact(u64::from(count.couriers), language);
        format!(
            r#"{{"type":"Feature","properties":{{"s":{status},"r":{r},"z":{z},"n":"{number}"}},"geometry":{{"type":"Point","coordinates":{at}}}}}"#
        )
    };
    collection(counts.iter().map(disc).collect())
}

/// A source without anything.
pub const EMPTY: &str = r#"{"type":"FeatureCollection","features":[]}"#;

fn collection(features: Vec<String>) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

fn pair(place: Place) -> String {
    ["[", &fixed(place.lon(), 6), ",", &fixed(place.lat(), 6), "]"].concat()
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
        let read = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
        assert_eq!(read(discs_geojson(&[count], 8, Language::English))["features"][0]["properties"]["n"], "6,915");
        assert_eq!(read(discs_geojson(&[count], 8, Language::Portuguese))["features"][0]["properties"]["n"], "6.915");
        let ring = read(cells_geojson(&[count], 8))["features"][0]["geometry"]["coordinates"][0].clone();
        assert!(ring[0][0].as_f64() < Some(24.94) && ring[1][0].as_f64() > Some(24.94));
    }

    #[test]
    fn small_numbers_can_be_read() {
        assert_eq!(radius(1), 13.0);
        assert_eq!(radius(100), 22.0);
    }
}
