//! The layer over the ground: everything of ours, drawn in one go, with the ground where the camera moves and alone where not.
//!
//! Nothing is drawn while nothing moves: the layer asks for another frame only while a courier is on its way between two
//! fixes, or a tier fades into another, and then when one would look different: couriers who cross the screen slowly are not
//! drawn sixty times a second. Fixes of couriers who stand ask for none. A tab that is hidden draws nothing.

use std::time::Duration;

use contract::Place;
use leptos::prelude::*;
use model::{Follow, Spot, Tier, basemap::Colours};

use super::{
    gl::Scene,
    glass::Glass,
    lines::Lines,
    maplibre::GlMap,
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
    glass: Glass,
    /// Width and height of the map, CSS pixels.
    size: [f32; 2],
    /// Where the camera was when it was drawn: longitude, latitude, zoom.
    camera: Option<(f64, f64, f64)>,
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
    pub fn new(glass: Glass, live: Live, map: GlMap) -> Result<Self, String> {
        glass.fold();
        let gl = glass.gl();
        // What was on the last context must be given to this one again.
        live.world.update_value(|world| world.motion_mut().touch_all());
        let detail = (if Tier::at(map.zoom()) < Tier::Arrows { 0.0 } else { 1.0 }, net::clock_s());
        Ok(Self {
            live,
            map,
            markers: Markers::new(gl)?,
            lines: Lines::new(gl)?,
            sprites: Sprites::new(gl)?,
            glass,
            size: [0.0; 2],
            camera: None,
            detail,
            ages: false,
            followed: None,
            next: None,
        })
    }

    /// True where the map shows another part of the world, or in another size, than was drawn last.
    pub fn has_moved(&mut self) -> bool {
        self.fit() || self.camera != Some(self.looks())
    }

    /// Takes the map's size. True where that has changed: then nothing is on the canvas any more.
    fn fit(&mut self) -> bool {
        let size = self.glass.fit(&self.map);
        self.size = size.unwrap_or(self.size);
        size.is_some()
    }

    fn looks(&self) -> (f64, f64, f64) {
        let (lon, lat) = self.map.centre();
        (lon, lat, self.map.zoom())
    }

    /// Draws one frame, where there is something to draw on.
    pub fn draw(&mut self) {
        let (live, t) = (self.live, self.live.motion_s());
        self.fit();
        if !self.glass.is_there() {
            return;
        }
        let (lon, lat, zoom) = self.looks();
        self.camera = Some((lon, lat, zoom));
        let size = self.size;
        let gl = &self.glass.gl().clone();
        // The map's own: it may draw fewer pixels than the screen has.
        let ratio = self.glass.canvas().width() as f32 / size[0];
        let tier = Tier::at(zoom);
        let dark = live.dark.get_untracked();
        let colours = Colours::of(dark);
        let frozen = live.connection.get_untracked().is_away() && live.loaded.get_untracked();
        let dim = if live.preview.with_untracked(Option::is_some) { PREVIEWED } else { FILTERED };
        let fading = self.fade(tier, net::clock_s());

        let (mut wait, mut spot) = (None, None);
        self.glass.wipe();
        live.world.update_value(|world| {
            world.motion_mut().rebase(Place::saturating(lat, lon));
            self.markers.upload(gl, world.motion_mut());
            let width = 512.0 * model::view::scale(zoom);
            wait = world.motion_mut().next_frame(t, width, f64::from(ratio));
            let world = &*world;
            let motion = world.motion();
            let origin = Place::from_mercator(motion.origin().0, motion.origin().1);
            let scene = Scene {
                gl,
                matrix: seen(self.spot(origin), width, size),
                now: motion.clock(t),
                size,
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

    fn spot(&self, place: Place) -> Spot {
        self.map.spot(place.lon(), place.lat())
    }

    /// Where the selected courier is on the screen.
    fn anchor(&self, chosen: Option<&Chosen>, size: [f32; 2]) -> Option<Spot> {
        let place = chosen?.place?;
        let spot = self.spot(place);
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
            Some(self.spot(middle))
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

/// From coordinates relative to an origin, as shares of the world's width, to clip space: north is up. `origin` is where that
/// is on the screen and `world` the width of the world, both in CSS pixels. Reckoned in 64 bits: in 32 a courier would stand
/// some metres off.
fn seen(origin: Spot, world: f64, [width, height]: [f32; 2]) -> [f32; 16] {
    let (x, y) = (2.0 / f64::from(width), -2.0 / f64::from(height));
    let mut matrix = [0.0; 16];
    (matrix[0], matrix[5], matrix[15]) = (world * x, world * y, 1.0);
    (matrix[12], matrix[13]) = (origin.x * x - 1.0, origin.y * y + 1.0);
    matrix.map(|number| number as f32)
}
