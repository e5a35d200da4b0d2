//! A ground of the operator's choice, where the server names one: `frontend/ground/basemap.mjs`, which only then is fetched.

use js_sys::{Array, Function, Promise, Reflect};
use model::basemap::Colours;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::maplibre::{self, GlMap};

/// Where `theme.js` leaves the promise of the module.
const PROMISED: &str = "codeDeliveryGround";

/// The module, ready.
#[derive(Clone)]
pub struct Ground(JsValue);

impl Ground {
    /// The promise of one; `None` where the page has its own.
    pub fn promised() -> Option<Promise> {
        Reflect::get(&leptos::prelude::window(), &PROMISED.into()).ok()?.dyn_into().ok()
    }

    /// Waits for it. `None` where it does not come: the page's own ground is better than none.
    pub async fn of(promise: Promise) -> Option<Self> {
        JsFuture::from(promise).await.ok().map(Self)
    }

    /// What MapLibre takes for a style.
    pub fn style(&self, dark: bool) -> JsValue {
        self.call("style", &[dark.into(), colours(dark)])
    }

    /// Paints it in a theme.
    pub fn dress(&self, map: &GlMap, dark: bool) {
        self.call("dress", &[map.into(), dark.into(), colours(dark)]);
    }

    /// Has it say whose it is.
    pub fn attach(&self, map: &GlMap) {
        self.call("attach", &[map.into()]);
    }

    fn call(&self, name: &str, arguments: &[JsValue]) -> JsValue {
        let method = Reflect::get(&self.0, &name.into()).ok().and_then(|method| method.dyn_into::<Function>().ok());
        let arguments: Array = arguments.iter().collect();
        method.and_then(|method| method.apply(&self.0, &arguments).ok()).unwrap_or(JsValue::UNDEFINED)
    }
}

fn colours(dark: bool) -> JsValue {
    let object = js_sys::Object::new();
    for (name, colour) in Colours::of(dark).named() {
        maplibre::set(&object, name, &colour.into());
    }
    object.into()
}
