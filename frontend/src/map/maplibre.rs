//! MapLibre GL JS: the one place where the page touches objects of JavaScript that have no type in web-sys.

use js_sys::{Array, Function, JSON, Reflect};
use model::{Spot, basemap};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::HtmlCanvasElement;

#[wasm_bindgen(raw_module = "/vendor/maplibre-gl.mjs")]
extern "C" {
    /// The map.
    #[wasm_bindgen(js_name = Map)]
    #[derive(Clone)]
    pub type GlMap;
    #[wasm_bindgen(constructor, js_class = "Map", catch)]
    fn new(options: &JsValue) -> Result<GlMap, JsValue>;
    #[wasm_bindgen(method)]
    fn on(this: &GlMap, event: &str, callback: &JsValue) -> JsValue;
    #[wasm_bindgen(method, js_name = addLayer, catch)]
    fn add_layer_before(this: &GlMap, layer: &JsValue, before: Option<&str>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, js_name = getLayer)]
    fn get_layer(this: &GlMap, id: &str) -> JsValue;
    #[wasm_bindgen(method, js_name = addSource, catch)]
    fn add_source_object(this: &GlMap, id: &str, source: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, js_name = getSource)]
    fn get_source(this: &GlMap, id: &str) -> JsValue;
    #[wasm_bindgen(method, js_name = setPaintProperty, catch)]
    fn set_paint(this: &GlMap, layer: &str, name: &str, value: &JsValue) -> Result<JsValue, JsValue>;
    /// What it is drawn on.
    #[wasm_bindgen(method, js_name = getCanvas)]
    pub fn canvas(this: &GlMap) -> HtmlCanvasElement;
    /// The zoom.
    #[wasm_bindgen(method, js_name = getZoom)]
    pub fn zoom(this: &GlMap) -> f64;
    #[wasm_bindgen(method, js_name = getCenter)]
    fn get_center(this: &GlMap) -> JsValue;
    #[wasm_bindgen(method, js_name = getBounds)]
    fn get_bounds(this: &GlMap) -> JsValue;
    #[wasm_bindgen(method, js_name = project)]
    fn project_to(this: &GlMap, place: &JsValue) -> JsValue;
    #[wasm_bindgen(method, js_name = easeTo)]
    fn ease_to(this: &GlMap, options: &JsValue);
    #[wasm_bindgen(method, js_name = jumpTo)]
    fn jump_to(this: &GlMap, options: &JsValue);
    #[wasm_bindgen(method, js_name = fitBounds)]
    fn fit_bounds(this: &GlMap, bounds: &JsValue, options: &JsValue);
    /// True while a person or an animation moves it.
    #[wasm_bindgen(method, js_name = isMoving)]
    pub fn is_moving(this: &GlMap) -> bool;
}

/// Why there is no map in a browser that draws none.
pub const NO_WEBGL: &str = "WebGL2 is missing";

/// What an event of the map tells.
pub struct MapEvent {
    /// Where the pointer is, degrees (lon, lat), for events of the pointer.
    pub at: Option<(f64, f64)>,
    /// True where a person did it, not the page.
    pub by_person: bool,
}

/// Makes a map in the element. Fails where the browser cannot draw one, with the reason.
pub fn create(container: &JsValue, options: &Value, style: &JsValue) -> Result<GlMap, String> {
    let object = to_js(options);
    set(&object, "style", style);
    set(&object, "container", container);
    // Its own words are an apology with a link.
    GlMap::new(&object).map_err(|_| NO_WEBGL.into())
}

impl GlMap {
    /// Calls `hear` at each event of that name, as long as the page lives.
    pub fn listen(&self, event: &str, mut hear: impl FnMut(MapEvent) + 'static) {
        let closure = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let place = get(&event, "lngLat");
            let at = get(&place, "lng").as_f64().zip(get(&place, "lat").as_f64());
            hear(MapEvent { at, by_person: get(&event, "originalEvent").is_object() });
        });
        self.on(event, closure.as_ref());
        // The map and its listeners live as long as the page.
        closure.forget();
    }

    /// North stays up: couriers' arrows are read against it.
    pub fn no_rotation(&self) {
        for (handler, method) in [("touchZoomRotate", "disableRotation"), ("keyboard", "disableRotation")] {
            let handler = get(self, handler);
            if let Ok(method) = get(&handler, method).dyn_into::<Function>() {
                let _ = method.call0(&handler);
            }
        }
    }

    /// Adds a layer of the style, where it is not there yet.
    pub fn add_layer(&self, layer: &Value, before: Option<&str>) {
        if !self.has_layer(layer["id"].as_str().unwrap_or_default()) {
            let _ = self.add_layer_before(&to_js(layer), before);
        }
    }

    fn has_layer(&self, id: &str) -> bool {
        !self.get_layer(id).is_undefined()
    }

    /// Adds a source, where it is not there yet.
    pub fn add_source(&self, id: &str, source: &Value) {
        if self.get_source(id).is_undefined() {
            let _ = self.add_source_object(id, &to_js(source));
        }
    }

    /// Replaces the data of a GeoJSON source.
    pub fn set_data(&self, source: &str, data: &str) {
        let source = self.get_source(source);
        if let Ok(set_data) = get(&source, "setData").dyn_into::<Function>() {
            let _ = set_data.call1(&source, &JSON::parse(data).unwrap_or(JsValue::UNDEFINED));
        }
    }

    /// Paints a layer as it stands in the style.
    pub fn repaint_layer(&self, layer: &Value) {
        let id = layer["id"].as_str().unwrap_or_default();
        for (name, value) in layer["paint"].as_object().into_iter().flatten() {
            let _ = self.set_paint(id, name, &to_js(value));
        }
    }

    /// The middle, degrees (lon, lat). The longitude may be beyond 180 where the map was turned around the Earth.
    pub fn centre(&self) -> (f64, f64) {
        let centre = self.get_center();
        (number(&centre, "lng"), number(&centre, "lat"))
    }

    /// The edges: west, south, east, north, degrees, not wrapped.
    pub fn edges(&self) -> [f64; 4] {
        let bounds = self.get_bounds();
        ["getWest", "getSouth", "getEast", "getNorth"].map(|edge| {
            let value = get(&bounds, edge).dyn_into::<Function>().ok().and_then(|edge| edge.call0(&bounds).ok());
            value.and_then(|value| value.as_f64()).unwrap_or_default()
        })
    }

    /// Where a place is on the screen, CSS pixels: in the copy of the Earth that is nearest to the middle.
    pub fn spot(&self, lon: f64, lat: f64) -> Spot {
        let lon = lon + 360.0 * ((self.centre().0 - lon) / 360.0).round();
        let spot = self.project_to(&Array::of2(&lon.into(), &lat.into()));
        Spot { x: number(&spot, "x"), y: number(&spot, "y") }
    }

    /// Moves the camera in so many ms; at once where that is 0.
    pub fn ease(&self, options: &Value, ms: u32) {
        let options = to_js(options);
        if ms == 0 {
            self.jump_to(&options);
        } else {
            set(&options, "duration", &ms.into());
            set(&options, "easing", &easing());
            self.ease_to(&options);
        }
    }

    /// Shows a rectangle (west, south, east, north).
    pub fn fit(&self, bounds: [f64; 4], options: &Value, ms: u32) {
        let bounds = to_js(&serde_json::json!([[bounds[0], bounds[1]], [bounds[2], bounds[3]]]));
        let options = to_js(options);
        set(&options, "duration", &ms.into());
        set(&options, "easing", &easing());
        self.fit_bounds(&bounds, &options);
    }

    /// Sets the theme's colours, and shows the coastlines where they are wanted.
    pub fn dress(&self, dark: bool, land: bool) {
        let style = basemap::style(dark, land);
        if land {
            self.add_source(basemap::LAND, &style["sources"][basemap::LAND]);
        }
        for layer in style["layers"].as_array().into_iter().flatten() {
            if layer["id"] == basemap::LAND {
                self.add_layer(layer, Some("park"));
            }
            self.repaint_layer(layer);
        }
    }
}

/// `cubic-bezier(.2, 0, 0, 1)`, near enough: quick away, slow to rest.
fn easing() -> JsValue {
    thread_local! {
        static EASING: JsValue = Closure::<dyn Fn(f64) -> f64>::new(|t: f64| 1.0 - (1.0 - t).powi(4)).into_js_value();
    }
    EASING.with(Clone::clone)
}

/// A JSON value as an object.
pub fn to_js(value: &Value) -> JsValue {
    serde_json::to_string(value).ok().and_then(|text| JSON::parse(&text).ok()).unwrap_or(JsValue::UNDEFINED)
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

fn number(object: &JsValue, key: &str) -> f64 {
    get(object, key).as_f64().unwrap_or_default()
}

/// Sets a field of a plain object.
pub fn set(object: &JsValue, key: &str, value: &JsValue) {
    // Plain objects that were made here: they take any key.
    let _ = Reflect::set(object, &key.into(), value);
}
