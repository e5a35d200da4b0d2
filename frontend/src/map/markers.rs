//! Couriers: one quad each, its shape drawn as a distance field, its movement computed on the graphics card.

use model::{
    basemap::Colours,
    motion::{Motion, STRIDE},
};
use web_sys::WebGl2RenderingContext as Gl;

use super::gl::{Quads, Scene, rgba};

const HEAD: &str = "#version 300 es\n";
const MOTION: &str = include_str!("motion.glsl");

/// How they are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// 0 small shapes, 1 full ones.
    pub detail: f32,
    /// The picture stands still.
    pub frozen: bool,
    /// Opacity of what is in the background.
    pub dim: f32,
    /// Slot of the selected courier.
    pub selected: Option<u16>,
    /// Slot of the hovered courier.
    pub hovered: Option<u16>,
}

/// The couriers on the graphics card.
pub struct Markers {
    quads: Quads,
}

/// Shader text with the shared movement put in.
pub fn vertex(source: &str) -> String {
    format!("{HEAD}{}", source.replace("//MOTION", MOTION))
}

/// Shader text.
pub fn fragment(source: &str) -> String {
    format!("{HEAD}{source}")
}

impl Markers {
    /// Compiles the shaders. Fails with the driver's words.
    pub fn new(gl: &Gl) -> Result<Self, String> {
        let (vertex, fragment) = (vertex(include_str!("markers.vert")), fragment(include_str!("markers.frag")));
        let uniforms = [
            "u_detail",
            "u_frozen",
            "u_dim",
            "u_selected",
            "u_hovered",
            "u_casing",
            "u_ink",
            "u_surface",
            "u_outline",
            "u_status",
            "u_pass",
        ];
        Ok(Self { quads: Quads::new(gl, &vertex, &fragment, STRIDE as u32 / 4, &uniforms)? })
    }

    /// Gives what changed to the graphics card.
    pub fn upload(&mut self, gl: &Gl, motion: &mut Motion) {
        let all = motion.instances().len();
        let Some((mut first, mut end)) = motion.take_dirty() else { return };
        if !self.quads.fits(all) {
            (first, end) = (0, all);
        }
        let changed = motion.instances().get(first..end).unwrap_or_default();
        let numbers: Vec<f32> = changed.iter().flat_map(|instance| instance.numbers()).collect();
        if !numbers.is_empty() {
            self.quads.upload(gl, first, &numbers, all);
        }
    }

    /// Draws them: calm ones, urgent ones over them, then the selected and the hovered one.
    pub fn draw(&self, scene: &Scene<'_>, count: usize, colours: &Colours, look: Look) {
        if count == 0 {
            return;
        }
        let gl = scene.gl;
        self.quads.begin(scene);
        let at = |name: &str| self.quads.at(name);
        let three = |name: &str, colour: &str| {
            let [r, g, b, _] = rgba(colour);
            gl.uniform3f(at(name), r, g, b);
        };
        let slot = |slot: Option<u16>| slot.map_or(-1, i32::from);
        gl.uniform1f(at("u_detail"), look.detail);
        gl.uniform1f(at("u_frozen"), f32::from(u8::from(look.frozen)));
        gl.uniform1f(at("u_dim"), look.dim);
        gl.uniform1i(at("u_selected"), slot(look.selected));
        gl.uniform1i(at("u_hovered"), slot(look.hovered));
        three("u_casing", colours.marker_casing);
        three("u_ink", colours.ink);
        three("u_surface", colours.surface);
        let [r, g, b, a] = rgba(colours.marker_outline);
        gl.uniform4f(at("u_outline"), r, g, b, a);
        let status: Vec<f32> = colours.status.iter().flat_map(|colour| rgba(colour)[..3].to_vec()).collect();
        gl.uniform3fv_with_f32_array(at("u_status"), &status);
        for pass in 0..3 {
            gl.uniform1i(at("u_pass"), pass);
            self.quads.draw(gl, count);
        }
        self.quads.end(gl);
    }
}
