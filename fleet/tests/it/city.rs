//! The routes that are committed: all of them load, and they are what the demo city promises.

use std::{collections::BTreeSet, fs, path::PathBuf};

use contract::{Bounds, Place};
use fleet::routes::RouteSet;
use serde_json::Value;

/// Files of `routes-data`: name and content.
fn files() -> Vec<(String, Vec<u8>)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../routes-data");
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    paths.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
}

/// The faults of a set of files, by what the demo city promises.
fn faults(files: Vec<(String, Vec<u8>)>) -> Vec<String> {
    let city = Bounds::new(24.93, 60.16, 24.96, 60.185).unwrap();
    let documents: Vec<(String, Value)> = files
        .iter()
        .filter(|(name, _)| name.ends_with(".geojson"))
        .map(|(name, bytes)| (name.clone(), serde_json::from_slice(bytes).unwrap_or_default()))
        .collect();
    let (routes, unread) = RouteSet::from_files(files);
    let mut faults: Vec<String> = unread.iter().map(ToString::to_string).collect();
    let mut fault = |route: &dyn std::fmt::Display, words: &str| faults.push(format!("{route}: {words}"));
    for route in routes.iter() {
        let summary = route.summary();
        if !(600..=3_000).contains(&summary.distance_m) {
            fault(&route.route, "is not 0.6 to 3 km long");
        }
        let human = summary.name.split_once(" to ").is_some_and(|(from, to)| {
            let is_name = |place: &str| place.starts_with(char::is_uppercase) && !place.contains(['_', '-']);
            is_name(from) && is_name(to) && from != to
        });
        if !human {
            fault(&route.route, "has no name that people would give it");
        }
        if !route.path.points().iter().all(|place: &Place| city.contains(*place)) {
            fault(&route.route, "leaves the city");
        }
        let file = documents.iter().find(|(name, _)| *name == format!("{}.geojson", route.route));
        let Some((_, document)) = file else {
            fault(&route.route, "is in a file of another name");
            continue;
        };
        let properties = &document["features"][0]["properties"];
        if properties["distance_m"].as_u64().is_none_or(|metres| metres.abs_diff(summary.distance_m.into()) > 1) {
            fault(&route.route, "is of another length than its file says");
        }
        if !properties["attribution"].as_str().is_some_and(|text| text.contains("OpenStreetMap")) {
            fault(&route.route, "does not say whose data it is");
        }
    }
    let names: BTreeSet<&str> = routes.iter().map(|route| route.name.as_str()).collect();
    if names.len() < 24 || names.len() != routes.len() {
        fault(&"routes-data", "has less than 24 routes, or two of one name");
    }
    faults
}

#[test]
fn the_committed_routes_are_what_they_promise() {
    assert_eq!(faults(files()), Vec::<String>::new());
}

/// A look that sees nothing would be content with anything.
#[test]
fn a_broken_copy_is_found() {
    let of = |change: fn(&str) -> String| {
        let name = "railway-square-to-market-hall.geojson";
        let mut files = files();
        let file = files.iter_mut().find(|(file, _)| file == name).unwrap();
        file.1 = change(std::str::from_utf8(&file.1).unwrap()).into_bytes();
        faults(files).join("; ")
    };
    for (change, words) in [
        ((|_| "{".into()) as fn(&str) -> String, "railway-square-to-market-hall.geojson:1:"),
        (|text| text.replacen("60.1", "160.1", 1), "lat must be -90 to 90"),
        (|text| text.replacen("60.1", "59.1", 1), "leaves the city"),
        (|text| text.replacen("60.1", "59.1", 1), "is not 0.6 to 3 km long"),
        (|text| text.replace("Railway Square to Market Hall", "route_7"), "has no name"),
        (|text| text.replace("OpenStreetMap", "nobody"), "does not say whose"),
        (|text| text.replacen("\"distance_m\": ", "\"distance_m\": 1", 1), "another length"),
        (|text| text.replace("\"route\": \"railway", "\"route\": \"tram"), "in a file of another name"),
    ] {
        let found = of(change);
        assert!(found.contains(words), "{words}: {found}");
    }
}
