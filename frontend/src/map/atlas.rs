//! The pictures' atlas: a texture that fills up row by row, and is begun anew when it is full.

use std::collections::HashMap;

use leptos::prelude::document;
use model::basemap::Colours;
use wasm_bindgen::JsCast;
use web_sys::{
    CanvasRenderingContext2d, ContextAttributes2d, HtmlCanvasElement, WebGl2RenderingContext as Gl, WebGlTexture,
};

/// Width and height of the texture, device pixels.
const SIZE: u32 = 1024;
/// Widest and highest picture, CSS pixels.
const LARGEST: (f64, f64) = (260.0, 44.0);
const FAMILY: &str = "\"Inter Variable\", system-ui, sans-serif";

/// What can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Picture {
    /// How late, on a rounded field; grey where the courier's position is old.
    Badge(String, bool),
    /// How old, under a marker.
    Age(String),
    /// A courier's name.
    Name(String),
    /// The name of a line's end.
    End(String),
    /// "2": two devices.
    Two,
    /// Where a line begins.
    Start,
    /// Where a line ends.
    Pin,
    /// The sign of a status beside a number: late or alarm.
    Sign(u8),
    /// A point of a trail that came late, in the colour of a status.
    LatePoint(u8),
}

/// A picture in the atlas.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// CSS pixels.
    pub width: f32,
    /// CSS pixels.
    pub height: f32,
    /// Left, top, right, bottom, as parts of the texture.
    pub part: [f32; 4],
}

/// The texture and what is where on it.
pub struct Atlas {
    texture: WebGlTexture,
    canvas: HtmlCanvasElement,
    pen: CanvasRenderingContext2d,
    cuts: HashMap<Picture, Cut>,
    /// Where the next picture goes, and how high this row is: device pixels.
    next: (u32, u32, u32),
    dark: bool,
    ratio: f64,
}

impl Atlas {
    /// An empty one. Fails with what is missing.
    pub fn new(gl: &Gl) -> Result<Self, String> {
        let canvas = document().create_element("canvas").map_err(|_| "no canvas")?;
        let canvas: HtmlCanvasElement = canvas.dyn_into().map_err(|_| "no canvas")?;
        let options = ContextAttributes2d::new();
        options.set_will_read_frequently(true);
        let pen = canvas.get_context_with_context_options("2d", &options).ok().flatten().ok_or("no canvas")?;
        let texture = gl.create_texture().ok_or("no texture")?;
        gl.bind_texture(Gl::TEXTURE_2D, Some(&texture));
        gl.tex_storage_2d(Gl::TEXTURE_2D, 1, Gl::RGBA8, SIZE as i32, SIZE as i32);
        for (what, how) in [
            (Gl::TEXTURE_MIN_FILTER, Gl::LINEAR),
            (Gl::TEXTURE_MAG_FILTER, Gl::LINEAR),
            (Gl::TEXTURE_WRAP_S, Gl::CLAMP_TO_EDGE),
            (Gl::TEXTURE_WRAP_T, Gl::CLAMP_TO_EDGE),
        ] {
            gl.tex_parameteri(Gl::TEXTURE_2D, what, how as i32);
        }
        gl.bind_texture(Gl::TEXTURE_2D, None);
        let pen = pen.dyn_into().map_err(|_| "no canvas")?;
        Ok(Self { texture, canvas, pen, cuts: HashMap::new(), next: (0, 0, 0), dark: false, ratio: 0.0 })
    }

    /// Forgets all pictures where the theme or the screen is another one.
    pub fn suit(&mut self, dark: bool, ratio: f32) {
        let ratio = f64::from(ratio);
        if self.dark != dark || self.ratio != ratio {
            (self.dark, self.ratio) = (dark, ratio);
            self.clear();
            // Setting a canvas's size clears it and its settings, so it is done once.
            self.canvas.set_width((LARGEST.0 * ratio).ceil() as u32);
            self.canvas.set_height((LARGEST.1 * ratio).ceil() as u32);
        }
    }

    fn clear(&mut self) {
        self.cuts.clear();
        self.next = (0, 0, 0);
    }

    /// The texture is the one to read from.
    pub fn bind(&self, gl: &Gl) {
        gl.bind_texture(Gl::TEXTURE_2D, Some(&self.texture));
    }

    /// A picture, drawn now if it was not drawn before.
    pub fn cut(&mut self, gl: &Gl, picture: &Picture) -> Option<Cut> {
        if let Some(cut) = self.cuts.get(picture) {
            return Some(*cut);
        }
        let (width, height) = self.paint(picture)?;
        let (w, h) = ((width * self.ratio).ceil() as u32, (height * self.ratio).ceil() as u32);
        let (mut x, mut y, mut row) = self.next;
        if x + w > SIZE {
            (x, y, row) = (0, y + row + 1, 0);
        }
        if y + h > SIZE {
            // What is on the screen is drawn again as it is asked for.
            self.clear();
            (x, y, row) = (0, 0, 0);
        }
        self.next = (x + w + 1, y, row.max(h));
        self.bind(gl);
        gl.pixel_storei(Gl::UNPACK_PREMULTIPLY_ALPHA_WEBGL, 1);
        gl.pixel_storei(Gl::UNPACK_FLIP_Y_WEBGL, 0);
        let pixels = self.pen.get_image_data(0.0, 0.0, f64::from(w), f64::from(h)).ok()?;
        gl.tex_sub_image_2d_with_u32_and_u32_and_image_data(
            Gl::TEXTURE_2D,
            0,
            x as i32,
            y as i32,
            Gl::RGBA,
            Gl::UNSIGNED_BYTE,
            &pixels,
        )
        .ok()?;
        let part = [x, y, x + w, y + h].map(|edge| edge as f32 / SIZE as f32);
        let ratio = self.ratio as f32;
        let cut = Cut { width: w as f32 / ratio, height: h as f32 / ratio, part };
        self.cuts.insert(picture.clone(), cut);
        Some(cut)
    }

    /// Draws a picture into the left top corner of the canvas; gives its size, CSS pixels.
    fn paint(&self, picture: &Picture) -> Option<(f64, f64)> {
        let pen = &self.pen;
        let colours = Colours::of(self.dark);
        pen.reset_transform().ok()?;
        pen.clear_rect(0.0, 0.0, LARGEST.0 * self.ratio, LARGEST.1 * self.ratio);
        pen.scale(self.ratio, self.ratio).ok()?;
        pen.set_text_align("left");
        pen.set_text_baseline("alphabetic");
        pen.set_line_join("round");
        match picture {
            Picture::Badge(text, old) => self.badge(text, *old, &colours),
            Picture::Age(text) => self.haloed(text, "500 10.5px", colours.label, 3.0, &colours),
            Picture::Name(text) => self.haloed(text, "600 12px", colours.ink, 3.5, &colours),
            Picture::End(text) => self.haloed(text, "600 12px", colours.ink, 3.5, &colours),
            Picture::Two => self.two(&colours),
            Picture::Start => {
                self.ring(8.5, 7.5, 0.0, colours.marker_casing)?;
                self.ring(8.5, 5.0, 2.5, colours.ink)?;
                Some((17.0, 17.0))
            }
            Picture::Pin => self.pin(&colours),
            Picture::Sign(status) => self.sign(usize::from(*status), &colours),
            Picture::LatePoint(status) => {
                self.ring(5.0, 3.2, 0.0, colours.marker_casing)?;
                self.ring(5.0, 3.2, 1.8, colours.status.get(usize::from(*status)).copied().unwrap_or(colours.ink))?;
                Some((10.0, 10.0))
            }
        }
    }

    fn width_of(&self, text: &str) -> f64 {
        self.pen.measure_text(text).map_or(0.0, |measure| measure.width()).min(LARGEST.0 - 12.0)
    }

    fn badge(&self, text: &str, old: bool, colours: &Colours) -> Option<(f64, f64)> {
        let pen = &self.pen;
        pen.set_font(&format!("650 10.5px {FAMILY}"));
        let (width, height) = (self.width_of(text) + 9.0, 15.0);
        pen.begin_path();
        pen.round_rect_with_f64(1.0, 1.0, width, height, height / 2.0).ok()?;
        // 26 % of its colour are left to what is old.
        let grey = format!("color-mix(in srgb, {} 26%, {})", colours.badge, colours.status[4]);
        pen.set_fill_style_str(if old { &grey } else { colours.badge });
        pen.fill();
        pen.set_line_width(1.5);
        pen.set_stroke_style_str(colours.marker_casing);
        pen.stroke();
        pen.set_fill_style_str(colours.on_status);
        pen.fill_text(text, 1.0 + 4.5, 12.3).ok()?;
        Some((width + 2.0, height + 2.0))
    }

    fn haloed(&self, text: &str, font: &str, colour: &str, halo: f64, colours: &Colours) -> Option<(f64, f64)> {
        let pen = &self.pen;
        pen.set_font(&format!("{font} {FAMILY}"));
        let width = self.width_of(text);
        pen.set_line_width(halo);
        pen.set_stroke_style_str(colours.halo);
        pen.stroke_text_with_max_width(text, 2.0, 14.0, width).ok()?;
        pen.set_fill_style_str(colour);
        pen.fill_text_with_max_width(text, 2.0, 14.0, width).ok()?;
        Some((width + 4.0, 20.0))
    }

    fn two(&self, colours: &Colours) -> Option<(f64, f64)> {
        let pen = &self.pen;
        pen.begin_path();
        pen.round_rect_with_f64(1.0, 1.0, 13.0, 13.0, 3.5).ok()?;
        pen.set_fill_style_str(colours.ink);
        pen.fill();
        pen.set_line_width(1.5);
        pen.set_stroke_style_str(colours.marker_casing);
        pen.stroke();
        pen.set_font(&format!("700 9.5px {FAMILY}"));
        pen.set_fill_style_str(colours.on_ink);
        pen.fill_text("2", 1.0 + 6.5 - self.width_of("2") / 2.0, 11.0).ok()?;
        Some((15.0, 15.0))
    }

    /// A circle around (middle, middle): filled where `line` is 0, else a ring filled with the casing.
    fn ring(&self, middle: f64, radius: f64, line: f64, colour: &str) -> Option<()> {
        let pen = &self.pen;
        pen.begin_path();
        pen.arc(middle, middle, radius, 0.0, std::f64::consts::TAU).ok()?;
        if line == 0.0 {
            pen.set_fill_style_str(colour);
            pen.fill();
        } else {
            pen.set_line_width(line);
            pen.set_stroke_style_str(colour);
            pen.stroke();
        }
        Some(())
    }

    /// The diamond of late, the triangle of alarm.
    fn sign(&self, status: usize, colours: &Colours) -> Option<(f64, f64)> {
        const ALARM: usize = 3;
        let pen = &self.pen;
        let points: &[(f64, f64)] = if status == ALARM {
            &[(11.0, 2.0), (20.5, 18.5), (1.5, 18.5)]
        } else {
            &[(11.0, 3.2), (18.8, 11.0), (11.0, 18.8), (3.2, 11.0)]
        };
        pen.begin_path();
        points.iter().for_each(|(x, y)| pen.line_to(*x, *y));
        pen.close_path();
        pen.set_line_width(4.0);
        pen.set_stroke_style_str(colours.marker_casing);
        pen.stroke();
        pen.set_fill_style_str(colours.status.get(status).copied().unwrap_or(colours.ink));
        pen.fill();
        if status == ALARM {
            pen.set_fill_style_str(colours.surface);
            pen.fill_rect(10.0, 7.6, 2.0, 5.8);
            pen.fill_rect(10.0, 14.8, 2.0, 2.0);
        }
        Some((22.0, 22.0))
    }

    /// A pin with a square; its point is in the middle of the lower edge.
    fn pin(&self, colours: &Colours) -> Option<(f64, f64)> {
        let pen = &self.pen;
        let (x, y) = (12.0, 29.5);
        pen.begin_path();
        pen.move_to(x, y);
        pen.bezier_curve_to(x - 3.2, y - 5.6, x - 10.0, y - 9.6, x - 10.0, y - 17.0);
        pen.arc(x, y - 17.0, 10.0, std::f64::consts::PI, std::f64::consts::TAU).ok()?;
        pen.bezier_curve_to(x + 10.0, y - 9.6, x + 3.2, y - 5.6, x, y);
        pen.close_path();
        pen.set_line_width(3.0);
        pen.set_stroke_style_str(colours.marker_casing);
        pen.stroke();
        pen.set_fill_style_str(colours.ink);
        pen.fill();
        pen.set_fill_style_str(colours.on_ink);
        pen.begin_path();
        pen.round_rect_with_f64(x - 3.2, y - 20.2, 6.4, 6.4, 1.0).ok()?;
        pen.fill();
        Some((24.0, 31.0))
    }
}
