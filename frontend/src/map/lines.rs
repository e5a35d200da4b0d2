//! Lines over the ground: trail, way ahead, preview. One quad a piece, as wide on the screen at every zoom.

use web_sys::WebGl2RenderingContext as Gl;

use super::{
    gl::{Quads, Scene},
    markers::{fragment, vertex},
};

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// Width, px.
    pub width: f32,
    /// Colour.
    pub colour: [f32; 4],
    /// Distance of dots, px; 0 is a solid line.
    pub dots: f32,
}

/// The lines of one frame, in the order in which they are drawn.
#[derive(Debug, Default)]
pub struct Sheet {
    numbers: Vec<f32>,
}

impl Sheet {
    /// Draws a line through points relative to the origin. `world` is the width of the world, px: dots are set by it.
    pub fn line(&mut self, points: &[[f32; 2]], pen: Pen, world: f64) {
        let mut run = 0.0;
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            self.piece(from, to, pen, run);
            let step = f64::from(to[0] - from[0]).hypot(f64::from(to[1] - from[1]));
            run += (step * world) as f32;
        }
    }

    /// Draws one piece, `run` px from the line's beginning.
    pub fn piece(&mut self, from: [f32; 2], to: [f32; 2], pen: Pen, run: f32) {
        let [r, g, b, a] = pen.colour;
        self.numbers.extend([from[0], from[1], to[0], to[1], r, g, b, a, pen.width / 2.0, pen.dots, run, 0.0]);
    }
}

/// Lines on the graphics card.
pub struct Lines {
    quads: Quads,
}

const NUMBERS: usize = 12;

impl Lines {
    /// Compiles the shaders. Fails with the driver's words.
    pub fn new(gl: &Gl) -> Result<Self, String> {
        let (vertex, fragment) = (vertex(include_str!("lines.vert")), fragment(include_str!("lines.frag")));
        Ok(Self { quads: Quads::new(gl, &vertex, &fragment, NUMBERS as u32 / 4, &[])? })
    }

    /// Draws a sheet.
    pub fn draw(&mut self, scene: &Scene<'_>, sheet: &Sheet) {
        let count = sheet.numbers.len() / NUMBERS;
        if count == 0 {
            return;
        }
        self.quads.upload(scene.gl, 0, &sheet.numbers, count);
        self.quads.begin(scene);
        self.quads.draw(scene.gl, count);
        self.quads.end(scene.gl);
    }
}
