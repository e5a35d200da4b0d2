//! Paths, roads with their casings, tracks.

use serde_json::{Value, json};

use super::{CITY, Colours, is};

/// (class, width in px at [`AT_ZOOM`]); widths double with each zoom.
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

pub fn layers(colours: &Colours) -> Vec<Value> {
    let major = |yes: &str, no: &str| json!(["match", ["get", "c"], ["primary", "secondary"], yes, no]);
    let round = json!({ "line-cap": "round", "line-join": "round" });
    vec![
        json!({
            "id": "path", "type": "line", "source": CITY, "minzoom": 14, "filter": is("path"), "layout": round,
            "paint": { "line-color": colours.path, "line-width": ["interpolate", ["linear"], ["zoom"], 14, 0.7, 15.4, 1.2, 18, 4] }
        }),
        json!({
            "id": "road-casing", "type": "line", "source": CITY, "minzoom": 11, "filter": is("road"), "layout": round,
            "paint": { "line-color": major(colours.major_casing, colours.casing), "line-width": width(CASING) }
        }),
        json!({
            "id": "road", "type": "line", "source": CITY, "minzoom": 11, "filter": is("road"),
            "layout": { "line-cap": "round", "line-join": "round", "line-sort-key": rank() },
            "paint": { "line-color": major(colours.major_road, colours.road), "line-width": width(0.0) }
        }),
        json!({
            "id": "rail", "type": "line", "source": CITY, "minzoom": 13, "filter": is("rail"),
            "paint": { "line-color": colours.tram, "line-width": ["interpolate", ["linear"], ["zoom"], 13, 0.6, 16, 1.4] }
        }),
        json!({
            "id": "tram", "type": "line", "source": CITY, "minzoom": 14, "filter": is("tram"),
            "paint": { "line-color": colours.tram, "line-width": ["interpolate", ["linear"], ["zoom"], 14, 0.5, 16, 1.2] }
        }),
    ]
}

/// The road's width plus `more` px, at every zoom.
fn width(more: f64) -> Value {
    let at = |zoom: f64| {
        let mut classes = vec![json!("match"), json!(["get", "c"])];
        for (class, width) in WIDTHS {
            let width = (width * 2f64.powf(zoom - AT_ZOOM)).max(0.7);
            classes.push(json!(class));
            classes.push(json!(((width + more) * 100.0).round() / 100.0));
        }
        classes.push(json!(1.0));
        Value::Array(classes)
    };
    let mut stops = vec![json!("interpolate"), json!(["exponential", 2]), json!(["zoom"])];
    for zoom in [11.0, 13.0, AT_ZOOM, 20.0] {
        stops.push(json!(zoom));
        stops.push(at(zoom));
    }
    Value::Array(stops)
}

/// Greater roads over lesser ones.
fn rank() -> Value {
    let mut classes = vec![json!("match"), json!(["get", "c"])];
    for (rank, (class, _)) in WIDTHS.iter().rev().enumerate() {
        classes.push(json!(class));
        classes.push(json!(rank));
    }
    classes.push(json!(0));
    Value::Array(classes)
}
