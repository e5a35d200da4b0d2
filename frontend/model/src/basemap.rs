//! The ground: a MapLibre style of the colours of the look, by theme.
//!
//! Two sources, both of our own server: `city`, the streets of the demo city (`frontend/static/map/README.md` says what is
//! in it), and `land`, coastlines for everywhere else, which only a map that looks at less than a city asks for.
//! There are no glyphs: labels use the page's font, which MapLibre draws itself.

//!
//! The layers stand as MapLibre reads them in `style.json` and `counts.json`; what is in braces there is put in by theme.

mod colours;

use serde_json::{Value, json};

pub use colours::Colours;

use crate::text::{fixed, short};

/// Source of the streets.
pub const CITY: &str = "city";
/// Source of the coastlines, and their layer.
pub const LAND: &str = "land";
/// Below this zoom coastlines are seen.
pub const LAND_BELOW: f64 = 11.0;

const LAYERS: &str = include_str!("basemap/style.json");
const COUNTS: &str = include_str!("basemap/counts.json");

/// (class of road, width in px at [`AT_ZOOM`]); widths double with each zoom.
const WIDTHS: [(&str, f64); 6] = [
    ("primary", 9.2),
    ("secondary", 8.2),
    ("tertiary", 7.2),
    ("residential", 6.0),
    ("pedestrian", 4.6),
    ("service", 2.6),
];
const AT_ZOOM: f64 = 15.4;
/// What a casing adds to a road's width, px.
const CASING: f64 = 1.8;

/// A whole style. With `land` it has the coastlines, too: some 100 KB more to fetch, so only once they are needed.
pub fn style(dark: bool, land: bool) -> Value {
    let mut layers = filled(LAYERS, dark, land);
    let mut sources = json!({
        CITY: { "type": "geojson", "data": "/map/city.geojson", "tolerance": 0.2, "maxzoom": 16 }
    });
    if land {
        sources[LAND] = json!({ "type": "geojson", "data": "/map/land.geojson", "maxzoom": 8 });
    } else if let Some(layers) = layers.as_array_mut() {
        layers.retain(|layer| layer["source"] != LAND);
    }
    json!({ "version": 8, "sources": sources, "layers": layers })
}

/// The layers of [`crate::counts`].
pub fn counts(dark: bool) -> Vec<Value> {
    match filled(COUNTS, dark, false) {
        Value::Array(layers) => layers,
        _ => Vec::new(),
    }
}

/// A template with a theme's colours and the widths put in.
fn filled(template: &str, dark: bool, land: bool) -> Value {
    let colours = Colours::of(dark);
    let mut text = template.to_owned();
    for (name, colour) in colours.named() {
        text = text.replace(&format!("{{{name}}}"), colour);
    }
    let quoted = |name: &str| format!("\"{{{name}}}\"");
    // Near the ground everything unknown is land; from afar it is sea, and the coastlines say what is land.
    let ground = if land {
        format!(
            r#"["interpolate",["linear"],["zoom"],9,"{}",{},"{}"]"#,
            colours.water,
            short(LAND_BELOW, 1),
            colours.land
        )
    } else {
        format!("\"{}\"", colours.land)
    };
    let cases: Vec<String> =
        colours.status.iter().enumerate().map(|(number, colour)| format!("{number},\"{colour}\"")).collect();
    let status = format!(r#"["match",["get","s"],{},"{}"]"#, cases.join(","), colours.status[0]);
    for (name, value) in
        [("ground", ground), ("status", status), ("road_width", width(0.0)), ("casing_width", width(CASING))]
    {
        text = text.replace(&quoted(name), &value);
    }
    serde_json::from_str(&text).unwrap_or_default()
}

/// The road's width plus `more` px, at every zoom.
fn width(more: f64) -> String {
    let at = |zoom: f64| {
        let case = |(class, width): (&str, f64)| {
            let width = (width * crate::view::scale(zoom - AT_ZOOM)).max(0.7);
            format!("\"{class}\",{}", fixed(width + more, 2))
        };
        format!(r#"{},["match",["get","c"],{},1]"#, short(zoom, 1), WIDTHS.map(case).join(","))
    };
    format!(r#"["interpolate",["exponential",2],["zoom"],{}]"#, [11.0, 13.0, AT_ZOOM, 20.0].map(at).join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn themes_differ_in_colours_only() {
        let ids = |dark| -> Vec<String> {
            let style = style(dark, true);
            style["layers"].as_array().unwrap().iter().map(|layer| layer["id"].to_string()).collect()
        };
        assert_eq!(ids(false), ids(true));
        assert_ne!(style(false, true), style(true, true));
    }

    #[test]
    fn every_layer_has_a_source_and_an_id_of_its_own() {
        for land in [false, true] {
            let style = style(false, land);
            let layers = style["layers"].as_array().unwrap();
            for layer in layers.iter().filter(|layer| layer["type"] != "background") {
                assert!(style["sources"].get(layer["source"].as_str().unwrap()).is_some(), "{layer}");
            }
            let ids: std::collections::HashSet<_> = layers.iter().map(|layer| layer["id"].to_string()).collect();
            assert_eq!(ids.len(), layers.len());
        }
    }

    #[test]
    fn every_brace_is_filled() {
        for dark in [false, true] {
            let text = format!("{}{:?}", style(dark, true), counts(dark));
            assert!(!text.contains("\"{") && text.contains("label-road") && text.contains("discs-edge"), "{text}");
        }
        assert_eq!(counts(false).len(), 5);
    }

    #[test]
    fn nothing_comes_from_another_host() {
        let text = style(true, true).to_string();
        assert!(!text.contains("http") && !text.contains("glyphs"));
    }
}
