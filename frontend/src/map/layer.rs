//! The layer over the ground: everything of ours, drawn in one go by the map's own frame.
//!
//! Nothing is drawn while nothing moves: the layer asks for another frame only while a courier is on its way between two
//! fixes, or a tier fades into another, and then when one would look different: couriers who cross the screen slowly are not
//! drawn sixty times a second. Fixes of couriers who stand ask for none. A tab that is hidden draws nothing.

use std::time::Duration;

use contract::Place;
use leptos::prelude::*;
use model::{Follow, Spot, Tier, basemap::Colours};
use web_sys::WebGl2RenderingContext as Gl;

use super::{
    gl::Scene,
    lines::Lines,
    maplibre::{Frame, GlMap},
    markers::{Look, Markers},
    scene::{self, Chosen},
    sprites::Sprites,
};
use crate::{live::Live, net};

/// A tier fades into another in this time, s.
const FADE: f64 = 0.15;
/// A wait that is shorter than this is none, s: the next picture of the screen is as near.
const SOON: f64 = 0.02;
/// The screen shows a picture that much later on the average, s.
const HALF_A_PICTURE: f64 = 0.008;
/// Opacity of the others while a start is previewed.
const PREVIEWED: f32 = 0.5;
/// Opacity of those that a filter leaves out.
const FILTERED: f32 = 0.22;

/// What is on the graphics card. Made anew with each new context.
pub struct Layer {
    live: Live,
    map: GlMap,
    markers: Markers,
    lines: Lines,
    sprites: Sprites,
    /// 0 small shapes, 1 full ones, and when that was.
    detail: (f32, f64),
    /// Ages are on the screen: they change by themselves.
    pub ages: bool,
    /// Where the followed courier is drawn.
    pub followed: Option<Place>,
    /// Draws the next frame, where that is not at once.
    next: Option<TimeoutHandle>,
}

impl Layer {
    /// Compiles everything. Fails with the driver's words.
    pub fn new(gl: &Gl, live: Live, map: GlMap) -> Result<Self, String> {
        // What was on the last context must be given to this one again.
        live.world.update_value(|world| world.motion_mut().touch_all());
        let detail = (if Tier::at(map.zoom()) < Tier::Arrows { 0.0 } else { 1.0 }, net::clock_s());
        Ok(Self {
            live,
            map,
            markers: Markers::new(gl)?,
            lines: Lines::new(gl)?,
            sprites: Sprites::new(gl)?,
            detail,
            ages: false,
            followed: None,
            next: None,
        })
    }

    /// Draws one frame.
    pub fn draw(&mut self, frame: &Frame) {
        let (live, t) = (self.live, self.live.motion_s());
        let gl = &frame.gl;
        let ratio = window().device_pixel_ratio() as f32;
        let (lon, lat) = self.map.centre();
        let zoom = self.map.zoom();
        let tier = Tier::at(zoom);
        let dark = live.dark.get_untracked();
        let colours = Colours::of(dark);
        let frozen = live.connection.get_untracked().is_away() && live.loaded.get_untracked();
        let dim = if live.preview.with_untracked(Option::is_some) { PREVIEWED } else { FILTERED };
        let fading = self.fade(tier, net::clock_s());

        let mut wait = None;
        let mut spot = None;
        live.world.update_value(|world| {
            world.motion_mut().rebase(Place::saturating(lat, lon));
            self.markers.upload(gl, world.motion_mut());
            let width = 512.0 * model::view::scale(zoom);
            wait = world.motion_mut().next_frame(t, width, f64::from(ratio));
            let world = &*world;
            let motion = world.motion();
            let scene = Scene {
                gl,
                matrix: moved(&frame.matrix, motion.origin(), lon),
                now: motion.clock(t),
                size: [gl.drawing_buffer_width() as f32 / ratio, gl.drawing_buffer_height() as f32 / ratio],
                ratio,
                world: width,
            };
            let chosen = scene::chosen(live, world, t);
            let hovered = live.hovered.with_untracked(|hovered| hovered.as_ref().and_then(|h| motion.slot_of(h)));
            self.sprites.begin(dark, ratio);
            self.lines.draw(&scene, &scene::lines(live, world, chosen.as_ref(), &colours, &scene, t));
            scene::signs_below(live, world, chosen.as_ref(), &scene, &mut self.sprites);
            self.sprites.draw(&scene);
            let selected = chosen.as_ref().and_then(|chosen| chosen.slot);
            let look = Look { detail: self.detail.0, frozen, dim, selected, hovered };
            self.markers.draw(&scene, motion.instances().len(), &colours, look);
            self.sprites.begin(dark, ratio);
            self.ages = scene::signs_above(live, world, chosen.as_ref(), tier, frozen, dim, &scene, &mut self.sprites);
            self.sprites.draw(&scene);
            spot = self.anchor(chosen.as_ref(), scene.size);
            self.followed = chosen.and_then(|chosen| chosen.place);
        });
        self.tell(spot);
        // The past moves when somebody plays it: then that asks for frames.
        let wait = if fading { Some(0.0) } else { wait.filter(|_| !live.is_past()) };
        self.draw_again(wait);
    }

    /// Sees to the next frame, in so many seconds.
    fn draw_again(&mut self, wait: Option<f64>) {
        let live = self.live;
        if let Some(before) = self.next.take() {
            before.clear();
        }
        match wait {
            None => {}
            Some(wait) if wait < SOON => live.repaint(),
            Some(wait) => {
                let wait = Duration::from_secs_f64(wait - HALF_A_PICTURE);
                self.next = set_timeout_with_handle(move || live.repaint(), wait).ok();
            }
        }
    }

    /// Moves from small shapes to full ones, or back. True while that goes on.
    fn fade(&mut self, tier: Tier, t: f64) -> bool {
        let target = if tier < Tier::Arrows { 0.0 } else { 1.0 };
        let step = ((t - self.detail.1) / FADE).min(1.0) as f32;
        let (detail, _) = self.detail;
        let next = if detail < target { (detail + step).min(target) } else { (detail - step).max(target) };
        self.detail = (next, t);
        next != target
    }

    /// Where the selected courier is on the screen.
    fn anchor(&self, chosen: Option<&Chosen>, size: [f32; 2]) -> Option<Spot> {
        let place = chosen?.place?;
        let spot = self.map.spot(place.lon(), place.lat());
        let inside = (0.0..=f64::from(size[0])).contains(&spot.x) && (0.0..=f64::from(size[1])).contains(&spot.y);
        inside.then_some(spot)
    }

    /// Tells the signals what was drawn, where that changed.
    fn tell(&self, spot: Option<Spot>) {
        let live = self.live;
        live.was_drawn();
        let shown = live.world.with_value(|world| world.motion().shown());
        if live.drawn.get_untracked() != shown {
            live.drawn.set(shown);
        }
        let near = |a: Spot, b: Spot| (a.x - b.x).abs() < 0.25 && (a.y - b.y).abs() < 0.25;
        let same = match (live.anchor.get_untracked(), spot) {
            (Some(a), Some(b)) => near(a, b),
            (None, None) => true,
            _ => false,
        };
        if !same {
            live.anchor.set(spot);
        }
        let middle = live.preview.with_untracked(|preview| {
            let middle = preview.as_ref()?.lines.first()?.middle()?;
            Some(self.map.spot(middle.lon(), middle.lat()))
        });
        if live.preview_anchor.get_untracked() != middle {
            live.preview_anchor.set(middle);
        }
    }

    /// True where the camera is to stay with the selected courier.
    pub fn follows(&self) -> Option<Place> {
        self.followed.filter(|_| self.live.follow.get_untracked() == Follow::On)
    }
}

/// The map's matrix for coordinates relative to `origin`, in the copy of the world that the middle of the map is in. Summed
/// up in 64 bits: in 32 a courier would stand some metres off.
fn moved(matrix: &[f64; 16], origin: (f64, f64), centre_lon: f64) -> [f32; 16] {
    let copy = ((centre_lon + 180.0) / 360.0).floor();
    let mut sum = *matrix;
    for row in 0..4 {
        sum[12 + row] += matrix[row] * (origin.0 + copy) + matrix[4 + row] * origin.1;
    }
    sum.map(|number| number as f32)
}
