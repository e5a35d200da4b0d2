//! How couriers move on the screen: drawn about one interval behind, on the way between two known fixes.
//!
//! Each courier is an instance: twelve numbers that the vertex shader of the map's layer reads. What the shader computes
//! from them is computed here too ([`Instance::at`]), so that picking, following and the tests see what people see.
//! Instances stand at the index of their slot; an empty slot is drawn as nothing.

mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use contract::{CourierId, Millis, Place, frame::CourierStatus};
use fleet::client::{Changes, Client, Seen};

use crate::{
    replay::Lead,
    staleness::{AGING_FROM_MS, GONE_FROM_MS, STALE_FROM_MS},
    world::MOVING_MPS,
};

pub use shape::{Instance, STRIDE, flags};

use shape::Pace;

/// A courier slides to a new fix in about the time that lay between its last two, but in no more than this, s.
const LONGEST_SLIDE: f64 = 5.0;
/// It takes at least this, s: fixes that come in a bunch must not make it jump.
const SHORTEST_SLIDE: f64 = 0.1;
/// No slide over a longer gap between two fixes, s.
const LONGEST_GAP: f64 = 15.0;
/// No slide at a greater implied speed, m/s ...
const FASTEST: f64 = 70.0;
/// ... over more than this, m.
const JUMP_M: f64 = 150.0;
/// How long a position is guessed beyond the last fix, s.
const GUESS: f64 = 2.0;
/// A courier that is drawn faster than it drives by this factor makes up for a delay.
const MAKES_UP: f32 = 1.5;
/// A frame that nobody would tell from the one before need not be drawn: so far goes what moves, device's pixels.
const STEP_PX: f64 = 0.35;
/// From the middle of a marker to its tip, pixels: so much of a turn is seen.
const TIP_PX: f64 = 12.0;
/// How long a pace is believed, s: then all couriers are looked at again, since the fastest may stand by now.
const PACED_FOR: f64 = 1.0;
/// Instances keep times as 32-bit floats, good to 1 ms for this long, s.
const REBASE_AFTER: f64 = 4096.0;
/// Instances keep places relative to an origin, as 32-bit floats, good to some cm this far from it (of the world's width).
const REBASE_BEYOND: f64 = 0.005;

/// What is needed to make the next instance of a courier.
#[derive(Debug, Clone, Copy, Default)]
struct Track {
    /// Time of the last fix, ms UTC.
    at: Millis,
    /// Where that was.
    place: Option<Place>,
    /// Smoothed time between fixes, s.
    interval: f64,
    /// Smoothed time from a fix to its arrival here, s of the page's clock; only differences of it matter.
    lag: f64,
}

/// All couriers that are drawn.
#[derive(Debug, Default)]
pub struct Motion {
    instances: Vec<Instance>,
    tracks: Vec<Track>,
    names: Vec<Option<CourierId>>,
    slots: HashMap<CourierId, u16>,
    /// Mercator coordinates that instances are relative to.
    origin: (f64, f64),
    /// Second of the page's clock that instances' times are relative to.
    base: f64,
    /// Step at each fix instead of sliding.
    still: bool,
    /// Fixes are drawn at their own time; where couriers go from there is told by [`Motion::lead`].
    led: bool,
    dirty: Option<(usize, usize)>,
    /// Until when something moves, s of the page's clock.
    until: f64,
    /// At least as fast as the fastest, and when all were looked at, s of the page's clock.
    pace: (Pace, f64),
    shown: u32,
}

impl Motion {
    /// Takes what a frame changed, at `t` s of the page's clock. False where nothing looks different: couriers who stand and
    /// say so again.
    pub fn apply(&mut self, client: &Client, changes: &Changes, t: f64) -> bool {
        let mut differs = changes.full || !changes.gone.is_empty();
        if self.instances.is_empty() || t - self.base > REBASE_AFTER {
            self.rebase_time(t);
        }
        if changes.full {
            self.renumber(client);
        } else {
            for gone in &changes.gone {
                if let Some(slot) = self.slots.get(gone) {
                    self.hide(usize::from(*slot));
                }
            }
        }
        for slot in &changes.updated {
            if let Some(seen) = client.slot(*slot) {
                differs |= self.update(usize::from(*slot), seen, client.now(), t);
            }
        }
        self.shown = client.len() as u32;
        differs
    }

    /// A full frame gives every courier another slot: instances follow their courier's name, so nothing jumps.
    fn renumber(&mut self, client: &Client) {
        let before = std::mem::take(&mut self.slots);
        let size = client.couriers().last().map_or(0, |(slot, _)| usize::from(slot) + 1);
        let instances = std::mem::replace(&mut self.instances, vec![Instance::HIDDEN; size]);
        let tracks = std::mem::replace(&mut self.tracks, vec![Track::default(); size]);
        self.names = vec![None; size];
        for (slot, seen) in client.couriers() {
            self.slots.insert(seen.courier.clone(), slot);
            let slot = usize::from(slot);
            if let Some(old) = before.get(&seen.courier) {
                self.instances[slot] = instances[usize::from(*old)];
                self.tracks[slot] = tracks[usize::from(*old)];
            }
            self.names[slot] = Some(seen.courier.clone());
        }
        self.touch_all();
    }

    /// True where the courier looks different, or will.
    fn update(&mut self, slot: usize, seen: &Seen, now: Millis, t: f64) -> bool {
        if slot >= self.instances.len() {
            self.instances.resize(slot + 1, Instance::HIDDEN);
            self.tracks.resize(slot + 1, Track::default());
            self.names.resize(slot + 1, None);
            self.touch_all();
        }
        if self.names[slot].as_ref() != Some(&seen.courier) {
            self.hide(slot);
            self.names[slot] = Some(seen.courier.clone());
            self.slots.insert(seen.courier.clone(), slot as u16);
        }
        let before = self.instances[slot];
        let dimmed = before.flags as u32 & flags::DIMMED;
        let known = self.tracks[slot];
        // The same fix again is a change of status alone.
        if known.place.is_none() || seen.at > known.at + 1 {
            self.advance(slot, seen, now, t);
        }
        self.instances[slot].flags = (shape::flags_of(seen) | dimmed) as f32;
        self.touch(slot);
        let after = &self.instances[slot];
        // Its age was on the screen.
        let aged = self.clock(t) - before.measured >= (AGING_FROM_MS / 1000) as f32;
        aged || before.flags != after.flags
            || before.to != after.to
            || before.heading_to != after.heading_to
            || after.moves()
    }

    fn advance(&mut self, slot: usize, seen: &Seen, now: Millis, t: f64) {
        let known = self.tracks[slot];
        let to = self.relative(seen.place);
        // When the fix was measured, on the page's clock, as far as one can know it here.
        let measured = t - (now - seen.at) as f64 / 1000.0;
        let gap = (seen.at - known.at) as f64 / 1000.0;
        let lag = t - measured;
        let (interval, smooth_lag) = match known.place {
            Some(_) if known.interval > 0.0 && gap < LONGEST_GAP => {
                (known.interval + (gap - known.interval) * 0.3, known.lag + (lag - known.lag) * 0.1)
            }
            Some(_) if gap < LONGEST_GAP => (gap, lag),
            _ => (0.0, lag),
        };
        let previous = self.instances[slot];
        // Who stands or does not say keeps the direction it had, so that it does not turn north to start from there.
        let heading = heading_of(seen).unwrap_or(previous.heading_to);
        let here = (t - self.base) as f32;
        let slides = !self.still
            && !self.led
            && !previous.is_hidden()
            && known.place.is_some_and(|place| !implausible(place.distance_m(seen.place), gap));
        let instance = if slides {
            let (from, heading_from) = previous.at(here);
            let slide = interval.clamp(SHORTEST_SLIDE, LONGEST_SLIDE);
            let arrival = (measured + smooth_lag + slide - self.base).max(f64::from(here) + SHORTEST_SLIDE) as f32;
            let moving = seen.speed_mps.is_some_and(|speed| speed > MOVING_MPS);
            let guessed = if moving { guessed([previous.to, from, to], gap as f32, arrival - here) } else { 0.0 };
            let reach = 1.0 + guessed / (arrival - here);
            Instance { from, to, start: here, end: arrival, reach, heading_from, heading_to: heading, ..previous }
        } else {
            Instance {
                from: to,
                to,
                start: here,
                end: here + 1.0,
                reach: 1.0,
                heading_from: heading,
                heading_to: heading,
                ..previous
            }
        };
        self.instances[slot] = Instance { measured: (measured - self.base) as f32, ..instance };
        self.tracks[slot] = Track { at: seen.at, place: Some(seen.place), interval, lag: smooth_lag };
        if slides && instance.moves() {
            let guess = if instance.reach > 1.0 { GUESS } else { 0.0 };
            self.until = self.until.max(self.base + f64::from(instance.end) + guess);
            self.pace.0 = self.pace.0.max(instance.pace());
        }
    }

    fn hide(&mut self, slot: usize) {
        self.instances[slot] = Instance::HIDDEN;
        self.tracks[slot] = Track::default();
        if let Some(name) = self.names[slot].take().filter(|name| self.slots.get(name) == Some(&(slot as u16))) {
            self.slots.remove(&name);
        }
        self.touch(slot);
    }

    /// Marks a courier that a filter or a preview moves into the background. True where it was not so before.
    pub fn dim(&mut self, slot: u16, dimmed: bool) -> bool {
        let slot = usize::from(slot);
        let Some(instance) = self.instances.get_mut(slot).filter(|instance| !instance.is_hidden()) else {
            return false;
        };
        let bits = instance.flags as u32;
        let wanted = if dimmed { bits | flags::DIMMED } else { bits & !flags::DIMMED };
        if wanted != bits {
            instance.flags = wanted as f32;
            self.touch(slot);
        }
        wanted != bits
    }

    /// Step at each fix (for people who asked for less motion), or slide.
    pub fn set_still(&mut self, still: bool) {
        self.still = still;
    }

    /// One for the past: `t` is then the moment that is shown, on a clock of its own, and what comes next is known.
    pub fn of_the_past(&self) -> Self {
        Self { still: self.still, led: true, ..Self::default() }
    }

    /// Sends a courier on its way from where it stands to its next fix, from `start` to `end` (s of the clock of [`Motion::apply`]).
    /// Where it cannot have driven so, and for people who asked for less motion, it stays until the fix comes.
    pub fn lead(&mut self, lead: &Lead, start: f64, end: f64) {
        let Some(slot) = self.slots.get(&lead.courier).map(|slot| usize::from(*slot)) else { return };
        let track = self.tracks[slot];
        let gap = (lead.at - track.at) as f64 / 1000.0;
        let drivable = track.place.is_some_and(|place| !implausible(place.distance_m(lead.place), gap));
        if self.still || !drivable || end <= start {
            return;
        }
        let (to, instance) = (self.relative(lead.place), &mut self.instances[slot]);
        (instance.from, instance.heading_from) = (instance.to, instance.heading_to);
        instance.to = to;
        instance.heading_to = lead.heading_deg.map_or(instance.heading_from, |degrees| degrees.to_radians() as f32);
        (instance.start, instance.end, instance.reach) = ((start - self.base) as f32, (end - self.base) as f32, 1.0);
        self.until = self.until.max(end);
        self.touch(slot);
    }

    /// Keeps numbers small: call it with the view's middle before drawing. True where the origin moved.
    pub fn rebase(&mut self, centre: Place) -> bool {
        let (x, y) = centre.mercator();
        let (dx, dy) = (self.origin.0 - x, self.origin.1 - y);
        if dx.abs().max(dy.abs()) < REBASE_BEYOND {
            return false;
        }
        self.origin = (x, y);
        for slot in 0..self.instances.len() {
            // From the place itself, not from the old numbers: those were rounded far away from their origin.
            let Some(place) = self.tracks[slot].place else { continue };
            let to = self.relative(place);
            let instance = &mut self.instances[slot];
            let step = [instance.from[0] - instance.to[0], instance.from[1] - instance.to[1]];
            instance.from = [to[0] + step[0], to[1] + step[1]];
            instance.to = to;
        }
        self.touch_all();
        true
    }

    fn rebase_time(&mut self, t: f64) {
        let step = (self.base - t) as f32;
        self.base = t;
        for instance in &mut self.instances {
            instance.start += step;
            instance.end += step;
            instance.measured += step;
        }
        self.touch_all();
    }

    /// Where a courier is drawn at `t` s of the page's clock, and its heading in radians.
    pub fn place_at(&self, slot: u16, t: f64) -> Option<(Place, f32)> {
        let instance = self.instances.get(usize::from(slot)).filter(|instance| !instance.is_hidden())?;
        let (at, heading) = instance.at((t - self.base) as f32);
        let place = Place::from_mercator(f64::from(at[0]) + self.origin.0, f64::from(at[1]) + self.origin.1);
        Some((place, heading))
    }

    /// The time of the position that is drawn at `t`, ms UTC: that of the newest fix once it is reached.
    pub fn shown_at(&self, slot: u16, t: f64) -> Option<Millis> {
        let instance = self.instances.get(usize::from(slot)).filter(|instance| !instance.is_hidden())?;
        let left = (f64::from(instance.end) - (t - self.base)).max(0.0);
        let stands = instance.from == instance.to;
        Some(self.tracks[usize::from(slot)].at - if stands { 0 } else { (left * 1000.0) as Millis })
    }

    /// The courier drawn nearest to `place` at `t`, within `radius` (of the world's width).
    pub fn pick(&self, place: Place, radius: f64, t: f64) -> Option<u16> {
        let near = self.near(place, radius, t);
        near.reduce(|best, one| if one.0 < best.0 { one } else { best }).map(|(_, slot)| slot)
    }

    /// All couriers drawn within `radius` of `place` at `t`, the nearest first.
    pub fn pick_all(&self, place: Place, radius: f64, t: f64) -> Vec<u16> {
        let mut found = Vec::new();
        for one in self.near(place, radius, t) {
            let rank = found.partition_point(|(nearer, _)| *nearer <= one.0);
            found.insert(rank, one);
        }
        found.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Squared distance and slot of the couriers drawn within `radius` of `place` at `t`, by slot.
    fn near(&self, place: Place, radius: f64, t: f64) -> impl Iterator<Item = (f32, u16)> {
        let [x, y] = self.relative(place);
        let (here, reach) = ((t - self.base) as f32, (radius * radius) as f32);
        let drawn = self.instances.iter().enumerate().filter(|(_, instance)| !instance.is_hidden());
        drawn.filter_map(move |(slot, instance)| {
            let ([px, py], _) = instance.at(here);
            let away = (px - x) * (px - x) + (py - y) * (py - y);
            (away < reach).then_some((away, slot as u16))
        })
    }

    /// The slot of a courier.
    pub fn slot_of(&self, courier: &CourierId) -> Option<u16> {
        self.slots.get(courier).copied()
    }

    /// The instances, by slot.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Mercator coordinates that the instances are relative to.
    pub fn origin(&self) -> (f64, f64) {
        self.origin
    }

    /// `t` as instances' times count it.
    pub fn clock(&self, t: f64) -> f32 {
        (t - self.base) as f32
    }

    /// The instances that changed since the last call: first, and one beyond the last.
    pub fn take_dirty(&mut self) -> Option<(usize, usize)> {
        self.dirty.take().map(|(from, to)| (from, to.min(self.instances.len())))
    }

    /// True while something moves by itself.
    pub fn is_moving(&self, t: f64) -> bool {
        t < self.until
    }

    /// In how many seconds what is drawn at `t` will look different, where the world is `world_px` pixels wide and each has
    /// `ratio` of the device's; `None` while nothing moves by itself. A courier who crosses the screen slowly needs no sixty
    /// frames a second.
    pub fn next_frame(&mut self, t: f64, world_px: f64, ratio: f64) -> Option<f64> {
        if !self.is_moving(t) {
            return None;
        }
        if t - self.pace.1 > PACED_FOR || t < self.pace.1 {
            let here = self.clock(t);
            let going = self.instances.iter().filter(|instance| !instance.is_hidden() && instance.is_going(here));
            self.pace = (going.fold(Pace::default(), |fastest, instance| fastest.max(instance.pace())), t);
        }
        let Pace { way, turn } = self.pace.0;
        let px_per_s = f64::from(way) * world_px + f64::from(turn) * TIP_PX;
        Some(STEP_PX / (px_per_s * ratio).max(STEP_PX))
    }

    /// True where a courier came into another [`Staleness`](crate::Staleness) in the last `within` s before `t`: it is drawn
    /// in another way then.
    pub fn grows_old(&self, t: f64, within: f32) -> bool {
        let here = self.clock(t);
        let steps = [AGING_FROM_MS, STALE_FROM_MS, GONE_FROM_MS].map(|ms| (ms / 1000) as f32);
        self.instances.iter().filter(|instance| !instance.is_hidden()).any(|instance| {
            let age = here - instance.measured;
            steps.iter().any(|step| age >= *step && age < step + within)
        })
    }

    /// How many couriers there are to draw.
    pub fn shown(&self) -> u32 {
        self.shown
    }

    /// Everything must be given to the graphics card again.
    pub fn touch_all(&mut self) {
        self.dirty = Some((0, usize::MAX));
    }

    fn touch(&mut self, slot: usize) {
        let (from, to) = self.dirty.unwrap_or((slot, slot + 1));
        self.dirty = Some((from.min(slot), to.max(slot + 1)));
    }

    /// Mercator coordinates relative to the origin, by the shorter way around the Earth.
    pub fn relative(&self, place: Place) -> [f32; 2] {
        let (x, y) = place.mercator();
        let dx = (x - self.origin.0 + 1.5).rem_euclid(1.0) - 0.5;
        [dx as f32, (y - self.origin.1) as f32]
    }
}

/// How long a slide `from` where a courier is drawn `to` its newest fix may go on beyond it, s: as far as it really drives in
/// [`GUESS`], by its way `before` that took `gap` s. Not at all where the slide makes up for a delay, or goes back: it does
/// not drive like that.
fn guessed([before, from, to]: [[f32; 2]; 3], gap: f32, slide: f32) -> f32 {
    let way = |from: [f32; 2]| [to[0] - from[0], to[1] - from[1]];
    let long = |[x, y]: [f32; 2]| (x * x + y * y).sqrt();
    let (driven, drawn) = (way(before), way(from));
    let (real, shown) = (long(driven) / gap, long(drawn) / slide);
    let onwards = driven[0] * drawn[0] + driven[1] * drawn[1] > 0.0;
    if onwards && shown < real * MAKES_UP { GUESS as f32 * (real / shown).min(1.0) } else { 0.0 }
}

/// A jump that nobody drives, or a gap in which anything may have happened.
fn implausible(metres: f64, seconds: f64) -> bool {
    seconds > LONGEST_GAP || (metres > JUMP_M && metres > FASTEST * seconds.max(0.001))
}

fn heading_of(seen: &Seen) -> Option<f32> {
    let moving = seen.speed_mps.is_none_or(|speed| speed > MOVING_MPS);
    seen.heading_deg.filter(|_| moving).map(|degrees| degrees.to_radians() as f32)
}

/// True where a courier of that status is drawn over the others.
pub fn is_urgent(status: CourierStatus) -> bool {
    matches!(status, CourierStatus::Late | CourierStatus::Alarm)
}
