//! Small pictures that go with a place or with a courier: badges, ages, names, pins. Each is drawn once by the browser
//! into an atlas, in the page's own font, and then is a quad like the markers.

use model::motion::Instance;
use web_sys::WebGl2RenderingContext as Gl;

use super::{
    atlas::{Atlas, Picture},
    gl::{Quads, Scene},
    markers::{fragment, vertex},
};

/// Where a picture hangs on its place.
#[derive(Debug, Clone, Copy)]
pub enum Hang {
    /// Its left edge and middle height so many px to the right of the place, and below it.
    Right(f32, f32),
    /// Its top edge so many px below the place, in the middle.
    Below(f32),
    /// Its lower edge on the place, in the middle.
    Standing,
    /// Its middle on the place.
    Centred,
    /// Its left top corner there, px.
    Corner(f32, f32),
}

const NUMBERS: usize = 16;

/// The pictures on the graphics card.
pub struct Sprites {
    quads: Quads,
    atlas: Atlas,
    numbers: Vec<f32>,
}

impl Sprites {
    /// Compiles the shaders and makes an empty atlas. Fails with the driver's or the browser's words.
    pub fn new(gl: &Gl) -> Result<Self, String> {
        let (vertex, fragment) = (vertex(include_str!("sprites.vert")), fragment(include_str!("sprites.frag")));
        let quads = Quads::new(gl, &vertex, &fragment, NUMBERS as u32 / 4, &["u_atlas"])?;
        Ok(Self { quads, atlas: Atlas::new(gl)?, numbers: Vec::new() })
    }

    /// Begins a frame; pictures of another theme or screen are forgotten.
    pub fn begin(&mut self, dark: bool, ratio: f32) {
        self.numbers.clear();
        self.atlas.suit(dark, ratio);
    }

    /// Puts a picture beside a courier, or at a place that does not move ([`still`]).
    pub fn put(&mut self, gl: &Gl, on: &Instance, picture: &Picture, hang: Hang, alpha: f32) {
        let Some(cut) = self.atlas.cut(gl, picture) else { return };
        let (width, height) = (cut.width, cut.height);
        let (left, top) = match hang {
            Hang::Right(x, y) => (x, y - height / 2.0),
            Hang::Below(y) => (-width / 2.0, y),
            Hang::Standing => (-width / 2.0, -height),
            Hang::Centred => (-width / 2.0, -height / 2.0),
            Hang::Corner(x, y) => (x, y),
        };
        self.numbers.extend([on.from[0], on.from[1], on.to[0], on.to[1], on.start, on.end, on.reach, alpha]);
        self.numbers.extend([left, top, width, height]);
        self.numbers.extend(cut.part);
    }

    /// Draws what was put.
    pub fn draw(&mut self, scene: &Scene<'_>) {
        let count = self.numbers.len() / NUMBERS;
        if count == 0 {
            return;
        }
        let gl = scene.gl;
        self.quads.upload(gl, 0, &self.numbers, count);
        self.quads.begin(scene);
        gl.active_texture(Gl::TEXTURE0);
        self.atlas.bind(gl);
        gl.uniform1i(self.quads.at("u_atlas"), 0);
        self.quads.draw(gl, count);
        self.quads.end(gl);
    }
}

/// A place that does not move.
pub fn still(at: [f32; 2]) -> Instance {
    Instance { from: at, to: at, end: 1.0, reach: 1.0, ..Instance::default() }
}
