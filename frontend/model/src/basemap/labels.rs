//! Names on the map, in the page's own font.

use serde_json::{Value, json};

use super::{CITY, Colours, FIRST_LABEL, is};

/// The first name gives the weight (MapLibre reads it from there), the others are looked for in this order.
pub const FONTS: [&str; 3] = ["Inter Medium", "Inter Variable", "sans-serif"];
/// The same in italics are not shipped: waters use the plain ones.
const HALO: f64 = 1.5;

pub fn layers(colours: &Colours) -> Vec<Value> {
    let paint =
        |colour: &str| json!({ "text-color": colour, "text-halo-color": colours.halo, "text-halo-width": HALO });
    let places = |id: &str, class: Value, colour: &str, from: f64, size: f64| {
        json!({
            "id": id, "type": "symbol", "source": CITY, "minzoom": from,
            "filter": ["all", is("label"), ["in", ["get", "c"], ["literal", class]],
                // The lesser ones only where there is room for them.
                ["<=", ["get", "r"], ["step", ["zoom"], 1, 15, 2, 16.2, 3]]],
            "layout": {
                "text-field": ["get", "name"], "text-font": FONTS, "text-size": size, "text-max-width": 8,
                "text-padding": 6, "symbol-sort-key": ["get", "r"]
            },
            "paint": paint(colour)
        })
    };
    vec![
        json!({
            "id": FIRST_LABEL, "type": "symbol", "source": CITY, "minzoom": 14.2,
            "filter": ["all", is("road"), ["has", "name"]],
            "layout": {
                "symbol-placement": "line", "symbol-spacing": 380, "text-field": ["get", "name"], "text-font": FONTS,
                "text-size": ["match", ["get", "c"], ["primary", "secondary"], 11.5, 10.5],
                "text-padding": 8, "text-max-angle": 30
            },
            "paint": paint(colours.label)
        }),
        places("label-landmark", json!(["landmark"]), colours.label, 15.6, 10.5),
        places("label-square", json!(["square", "water"]), colours.label, 14.6, 11.0),
        places("label-park", json!(["park"]), colours.park_label, 14.4, 11.0),
        json!({
            "id": "label-district", "type": "symbol", "source": CITY, "minzoom": 11.5, "maxzoom": 15.2,
            "filter": ["all", is("label"), ["==", ["get", "c"], "district"]],
            "layout": { "text-field": ["get", "name"], "text-font": FONTS, "text-size": 12, "text-padding": 10 },
            "paint": paint(colours.label)
        }),
    ]
}
