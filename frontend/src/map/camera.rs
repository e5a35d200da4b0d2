//! Where the map looks: at the start, when it is told to, and when it follows.

use contract::{Bounds, Place, live::View};
use leptos::prelude::*;
use model::{Camera, Follow, Padding, ViewState};
use serde_json::{Value, json};

use super::maplibre::GlMap;
use crate::live::Live;

/// A flight of the camera, ms.
const FLIGHT_MS: u32 = 450;
/// Free space around what is fitted, px.
const ROOM: f64 = 48.0;
/// A fitted line is shown no nearer than this.
const NEAREST: f64 = 17.0;
/// A courier that is looked for is shown at least this near.
const NEAR: f64 = 15.0;
/// Following catches up gently from further away than this, px.
const GENTLY: f64 = 24.0;

/// Where the demo city's streets are: below its middle, for parks and tracks fill the north.
const DOWNTOWN: f64 = 0.6;

/// The demo city: what is shown when the address asks for nothing. Part of the program, so that the first frame need not
/// wait for it.
const CITY: &str = include_str!("../../static/map/city.json");

/// Options of the map at the start, in an element of that size.
pub fn start_options(live: Live, size: (f64, f64)) -> Value {
    if let Some((place, zoom)) = live.start_at.get_value() {
        return json!({ "center": [place.lon(), place.lat()], "zoom": zoom });
    }
    let city: Value = serde_json::from_str(CITY).unwrap_or_default();
    let edge = |number: usize| city["bounds"][number].as_f64().unwrap_or_default();
    let corners = (Place::saturating(edge(3), edge(0)), Place::saturating(edge(1), edge(2)));
    let (x, north) = corners.0.mercator();
    let (east, south) = corners.1.mercator();
    let middle = Place::from_mercator((x + east) / 2.0, north + (south - north) * DOWNTOWN);
    json!({ "center": [middle.lon(), middle.lat()], "zoom": covering(corners, size) })
}

/// The zoom at which a rectangle covers all of the screen: streets to every edge, rather than all streets.
fn covering((north_west, south_east): (Place, Place), size: (f64, f64)) -> f64 {
    let ((west, north), (east, south)) = (north_west.mercator(), south_east.mercator());
    let world = (size.0 / (east - west)).max(size.1 / (south - north));
    let zoom = (world / 512.0).log2();
    if zoom.is_finite() { zoom.clamp(1.0, NEAREST) } else { NEAR }
}

/// Does what the camera is told.
pub fn obey(live: Live, map: &GlMap, size: (f64, f64), still: bool) {
    let Some(command) = live.camera.get() else { return };
    live.camera.set(None);
    let flight = if still { 0 } else { FLIGHT_MS };
    let padding = live.padding.get_untracked();
    match command {
        Camera::ZoomBy(levels) => {
            map.ease(&json!({ "zoom": (map.zoom() + levels).clamp(0.0, 22.0) }), flight.min(250));
        }
        Camera::FlyTo { place, zoom } => {
            let zoom = zoom.unwrap_or(NEAR).max(map.zoom());
            map.ease(&json!({ "center": [place.lon(), place.lat()], "zoom": zoom, "offset": offset(padding) }), flight);
        }
        Camera::Fit(places) => {
            let Some(bounds) = around(&places) else { return };
            map.fit(bounds, &json!({ "padding": clear(padding, size), "maxZoom": NEAREST }), flight);
        }
    }
}

/// Keeps the followed courier in the middle of what panels leave free.
pub fn follow(live: Live, map: &GlMap, place: Place, size: (f64, f64), still: bool) {
    // A person who zooms, or a flight that is under way, goes first.
    if map.is_moving() {
        return;
    }
    let padding = live.padding.get_untracked();
    let spot = map.spot(place.lon(), place.lat());
    let middle =
        (size.0 / 2.0 + (padding.left - padding.right) / 2.0, size.1 / 2.0 + (padding.top - padding.bottom) / 2.0);
    let away = (spot.x - middle.0, spot.y - middle.1);
    let distance = away.0.hypot(away.1);
    if distance < 0.25 {
        return;
    }
    let ms = if still || distance <= GENTLY { 0 } else { 300 };
    // Jumps know no offset: the place that will be in the middle of the canvas is reckoned here.
    let world = 512.0 * model::view::scale(map.zoom());
    let (lon, lat) = map.centre();
    let (x, y) = Place::saturating(lat, lon).mercator();
    let centre = Place::from_mercator(x + away.0 / world, y + away.1 / world);
    map.ease(&json!({ "center": [centre.lon(), centre.lat()] }), ms);
}

/// A drag lets go of the followed courier; a pill offers it back.
pub fn release(live: Live) {
    if live.follow.get_untracked() == Follow::On {
        live.follow.set(Follow::Released);
    }
}

/// What the map shows now.
pub fn view_of(map: &GlMap) -> Option<(ViewState, View)> {
    let (lon, lat) = map.centre();
    let [west, south, east, north] = map.edges();
    let (south, north) = (south.clamp(-90.0, 90.0), north.clamp(-90.0, 90.0));
    let wrap = |lon: f64| (lon + 180.0).rem_euclid(360.0) - 180.0;
    let bounds = if east - west >= 360.0 {
        Bounds::new(-180.0, south, 180.0, north)
    } else {
        Bounds::new(wrap(west), south, wrap(east), north)
    };
    let (bounds, zoom) = (bounds.ok()?, map.zoom().clamp(0.0, 22.0));
    Some((ViewState { centre: Place::saturating(lat, lon), zoom, bounds }, View { bounds, zoom }))
}

fn offset(padding: Padding) -> [f64; 2] {
    [(padding.left - padding.right) / 2.0, (padding.top - padding.bottom) / 2.0]
}

/// The panels and some room; less where the window is so small that nothing would be left.
fn clear(padding: Padding, size: (f64, f64)) -> Value {
    let squeeze = |a: f64, b: f64, all: f64| {
        let most = (all - 80.0).max(0.0);
        let (a, b) = (a + ROOM, b + ROOM);
        let scale = if a + b > most { most / (a + b) } else { 1.0 };
        (a * scale, b * scale)
    };
    let (left, right) = squeeze(padding.left, padding.right, size.0);
    let (top, bottom) = squeeze(padding.top, padding.bottom, size.1);
    json!({ "left": left, "right": right, "top": top, "bottom": bottom })
}

/// The rectangle around places, by the shorter way around the Earth.
fn around(places: &[Place]) -> Option<[f64; 4]> {
    let first = places.first()?;
    let near = |place: &Place| first.lon() + (place.lon() - first.lon() + 540.0).rem_euclid(360.0) - 180.0;
    let fold = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (west, east) = fold(&mut places.iter().map(near));
    let (south, north) = fold(&mut places.iter().map(|place| place.lat()));
    Some([west, south, east, north])
}
