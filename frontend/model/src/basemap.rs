//! The ground: a MapLibre style of the colours of the look, by theme.
//!
//! Two sources, both of our own server: `city`, the streets of the demo city (`frontend/static/map/README.md` says what is
//! in it), and `land`, coastlines for everywhere else, which only a map that looks at less than a city asks for.
//! There are no glyphs: labels use the page's font, which MapLibre draws itself.

mod colours;
mod labels;
mod roads;

use serde_json::{Value, json};

pub use colours::Colours;

/// Source of the streets.
pub const CITY: &str = "city";
/// Source of the coastlines.
pub const LAND: &str = "land";
/// Below this zoom coastlines are seen.
pub const LAND_BELOW: f64 = 11.0;
/// The first label: lines over the map go under it.
pub const FIRST_LABEL: &str = "label-road";

/// A whole style. With `land` it has the coastlines, too: about 250 KB more to fetch, so only once they are needed.
pub fn style(dark: bool, land: bool) -> Value {
    let colours = Colours::of(dark);
    let mut sources = json!({
        CITY: { "type": "geojson", "data": "/map/city.geojson", "tolerance": 0.2, "maxzoom": 16 }
    });
    if land {
        sources[LAND] = json!({ "type": "geojson", "data": "/map/land.geojson", "tolerance": 0.4, "maxzoom": 8 });
    }
    json!({ "version": 8, "sources": sources, "layers": layers(&colours, land) })
}

fn layers(colours: &Colours, land: bool) -> Vec<Value> {
    // Near the ground everything unknown is land; from afar it is sea, and the coastlines say what is land.
    let ground = if land {
        json!(["interpolate", ["linear"], ["zoom"], 9, colours.water, LAND_BELOW, colours.land])
    } else {
        json!(colours.land)
    };
    let mut layers = vec![json!({ "id": "ground", "type": "background", "paint": { "background-color": ground } })];
    if land {
        layers.push(json!({
            "id": "land", "type": "fill", "source": LAND, "maxzoom": LAND_BELOW,
            "paint": { "fill-color": colours.land, "fill-outline-color": colours.major_casing }
        }));
    }
    for (kind, colour) in [
        ("park", colours.park),
        ("grass", colours.grass),
        ("pitch", colours.pitch),
        ("square", colours.square),
        ("water", colours.water),
    ] {
        layers.push(fill(kind, kind, 11.0, json!({ "fill-color": colour })));
    }
    layers.extend(roads::layers(colours));
    layers.push(fill(
        "building-shade",
        "building",
        14.0,
        json!({ "fill-color": colours.building_shade, "fill-translate": [0.9, 1.3] }),
    ));
    layers.push(fill("building", "building", 12.0, json!({ "fill-color": colours.building })));
    layers.push(json!({
        "id": "building-line", "type": "line", "source": CITY, "minzoom": 14, "filter": is("building"),
        "paint": { "line-color": colours.building_line, "line-width": 0.75 }
    }));
    layers.push(json!({
        "id": "tree", "type": "circle", "source": CITY, "minzoom": 14.5, "filter": is("tree"),
        "paint": {
            "circle-color": colours.tree,
            "circle-radius": ["interpolate", ["exponential", 2], ["zoom"], 14.5, 0.8, 15.4, 1.7, 18, 6]
        }
    }));
    layers.extend(labels::layers(colours));
    layers
}

fn fill(id: &str, kind: &str, from: f64, paint: Value) -> Value {
    json!({ "id": id, "type": "fill", "source": CITY, "minzoom": from, "filter": is(kind), "paint": paint })
}

/// The filter for one kind of feature.
fn is(kind: &str) -> Value {
    json!(["==", ["get", "k"], kind])
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
            assert!(ids.contains(&format!("\"{FIRST_LABEL}\"")));
        }
    }

    #[test]
    fn nothing_comes_from_another_host() {
        let text = style(true, true).to_string();
        assert!(!text.contains("http") && !text.contains("glyphs"));
    }
}
