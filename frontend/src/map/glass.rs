//! The canvas of ours that lies on the map's. The ground costs far more than all couriers together and stands still most of
//! the time: what moves on it is drawn by itself.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, HtmlDivElement, WebGl2RenderingContext as Gl};

use super::maplibre::GlMap;

/// The canvas, as large as the map's and with as many pixels.
#[derive(Clone)]
pub struct Glass {
    canvas: HtmlCanvasElement,
    gl: Gl,
}

impl Glass {
    /// Lays it over a map that fills the element. `None` where the browser gives no WebGL2.
    pub fn over(element: &HtmlDivElement) -> Option<Self> {
        let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
        canvas.set_attribute("aria-hidden", "true").ok()?;
        let gl = canvas.get_context("webgl2").ok()??.dyn_into().ok()?;
        element.append_child(&canvas).ok()?;
        Some(Self { canvas, gl })
    }

    /// The graphics context.
    pub fn gl(&self) -> &Gl {
        &self.gl
    }

    /// The element.
    pub fn canvas(&self) -> &HtmlCanvasElement {
        &self.canvas
    }

    /// Makes it as large as the map's canvas is now; gives the size in CSS pixels, where that is another than before.
    pub fn fit(&self, map: &GlMap) -> Option<[f32; 2]> {
        let ground = map.canvas();
        if (ground.width(), ground.height()) == (self.canvas.width(), self.canvas.height()) {
            return None;
        }
        self.canvas.set_width(ground.width());
        self.canvas.set_height(ground.height());
        let (width, height) = (ground.client_width(), ground.client_height());
        let _ = self.canvas.set_attribute("style", &format!("width:{width}px;height:{height}px"));
        Some([width as f32, height as f32])
    }

    /// Makes it as small as no map is: it has to be given its size before anything is drawn.
    pub fn fold(&self) {
        self.canvas.set_width(0);
    }

    /// False from the moment on in which the graphics card is taken away; the event that tells it comes later.
    pub fn is_there(&self) -> bool {
        !self.gl.is_context_lost()
    }

    /// Takes everything off it, and sets what all that is drawn on it takes for granted: colours that hold their own opacity.
    pub fn wipe(&self) {
        let gl = &self.gl;
        gl.viewport(0, 0, self.canvas.width() as i32, self.canvas.height() as i32);
        gl.clear(Gl::COLOR_BUFFER_BIT);
        gl.enable(Gl::BLEND);
        gl.blend_func(Gl::ONE, Gl::ONE_MINUS_SRC_ALPHA);
    }
}
