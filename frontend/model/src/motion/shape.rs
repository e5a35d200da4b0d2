//! One courier as the vertex shader reads it.

use contract::frame::{BIT_CLOCK_OFF, BIT_NO_HEADING, BIT_NO_SPEED, BIT_SIMULATED, BIT_TWO_DEVICES, CourierStatus};
use fleet::client::Seen;

/// Numbers of an instance.
pub const STRIDE: usize = 12;

/// What an instance's `flags` say, as bits of a whole number (a 32-bit float holds 24 of them exactly).
pub mod flags {
    /// The status, 0 to 4, as in frames.
    pub const STATUS: u32 = 0b111;
    /// From the simulator: a hole in the middle.
    pub const SIMULATED: u32 = 1 << 3;
    /// Two devices: a square with a 2.
    pub const TWO_DEVICES: u32 = 1 << 4;
    /// Faster than 1 m/s with a known heading: pointed.
    pub const POINTED: u32 = 1 << 5;
    /// Moved into the background by a filter or a preview.
    pub const DIMMED: u32 = 1 << 6;
    /// The source's clock is off.
    pub const CLOCK_OFF: u32 = 1 << 7;
    /// An empty slot: not drawn.
    pub const HIDDEN: u32 = 1 << 8;
}

/// A courier between two fixes. Places are mercator coordinates relative to an origin, times are seconds relative to a
/// base, headings radians clockwise from north.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Instance {
    /// Where the movement begins.
    pub from: [f32; 2],
    /// Where it leads: the newest fix.
    pub to: [f32; 2],
    /// When it begins.
    pub start: f32,
    /// When it is there.
    pub end: f32,
    /// How far beyond `to` it may be guessed, as a multiple of the way: 1 is not at all.
    pub reach: f32,
    /// When the newest fix was measured: its age takes its colour.
    pub measured: f32,
    /// Heading at the beginning.
    pub heading_from: f32,
    /// Heading at the end.
    pub heading_to: f32,
    /// See [`flags`].
    pub flags: f32,
    /// Unused: keeps the stride a multiple of 16 bytes.
    pub spare: f32,
}

/// How fast something moves on the map.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Widths of the world a second.
    pub way: f32,
    /// Radians a second.
    pub turn: f32,
}

impl Pace {
    /// The faster of each.
    pub fn max(self, other: Self) -> Self {
        Self { way: self.way.max(other.way), turn: self.turn.max(other.turn) }
    }
}

impl Instance {
    /// An empty slot.
    pub const HIDDEN: Self = Self {
        from: [0.0; 2],
        to: [0.0; 2],
        start: 0.0,
        end: 1.0,
        reach: 1.0,
        measured: 0.0,
        heading_from: 0.0,
        heading_to: 0.0,
        flags: flags::HIDDEN as f32,
        spare: 0.0,
    };

    /// True for an empty slot.
    pub fn is_hidden(&self) -> bool {
        self.flags as u32 & flags::HIDDEN != 0
    }

    /// Its status.
    pub fn status(&self) -> CourierStatus {
        CourierStatus::from_bits(self.flags as u32 as u8)
    }

    /// Where it is at `t`, and its heading. The vertex shader computes the same.
    pub fn at(&self, t: f32) -> ([f32; 2], f32) {
        let k = ((t - self.start) / (self.end - self.start)).clamp(0.0, self.reach);
        let lerp = |from: f32, to: f32| from + (to - from) * k;
        let place = [lerp(self.from[0], self.to[0]), lerp(self.from[1], self.to[1])];
        let turn = short_way(self.heading_to - self.heading_from);
        (place, self.heading_from + turn * k.min(1.0))
    }

    /// True where it goes or turns at all.
    pub fn moves(&self) -> bool {
        self.from != self.to || self.heading_from != self.heading_to
    }

    /// True while it is under way at `t`.
    pub fn is_going(&self, t: f32) -> bool {
        t < self.start + (self.end - self.start) * self.reach
    }

    /// How fast it goes until it is there.
    pub fn pace(&self) -> Pace {
        let seconds = (self.end - self.start).max(0.001);
        let (dx, dy) = (self.to[0] - self.from[0], self.to[1] - self.from[1]);
        Pace {
            way: dx.abs().max(dy.abs()) / seconds,
            turn: short_way(self.heading_to - self.heading_from).abs() / seconds,
        }
    }

    /// The numbers in the order in which the shader reads them.
    pub fn numbers(&self) -> [f32; STRIDE] {
        [
            self.from[0],
            self.from[1],
            self.to[0],
            self.to[1],
            self.start,
            self.end,
            self.reach,
            self.measured,
            self.heading_from,
            self.heading_to,
            self.flags,
            self.spare,
        ]
    }
}

/// A turn by the same angle in at most half a circle.
pub fn short_way(angle: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    (angle + PI).rem_euclid(TAU) - PI
}

/// The flags of a courier as a frame told of it.
pub fn flags_of(seen: &Seen) -> u32 {
    let moving = seen.speed_mps.is_some_and(|speed| speed > crate::world::MOVING_MPS);
    let pointed = moving && seen.bits & (BIT_NO_HEADING | BIT_NO_SPEED) == 0;
    let set = |wanted: bool, flag: u32| if wanted { flag } else { 0 };
    seen.status as u32
        | set(seen.bits & BIT_SIMULATED != 0, flags::SIMULATED)
        | set(seen.bits & BIT_TWO_DEVICES != 0, flags::TWO_DEVICES)
        | set(seen.bits & BIT_CLOCK_OFF != 0, flags::CLOCK_OFF)
        | set(pointed, flags::POINTED)
}
