//! What one viewer sees: a rectangle and a few watched couriers, made into frames.
//!
//! A viewer pulls: when it is ready for another message it asks for everything that changed since the tick it saw. At
//! most [`HISTORY_TICKS`] ticks behind, that is a delta from the changes of its cells; further behind, or after a new
//! view, a full frame. So there is no queue, and a slow viewer skips states without slowing another.

mod counts;
mod frames;
mod rect;

use contract::{
    CourierId, Millis,
    frame::Kind,
    live::{MAX_WATCHED, View},
};
use rect::Rect;
use rustc_hash::FxHashMap;

use crate::{
    grid::{HISTORY_TICKS, Handle},
    state::Fleet,
};

/// Below this zoom of the map couriers are counted by cell.
pub const COUNTS_BELOW_ZOOM: f64 = 12.0;
/// With more couriers than this inside the rectangle they are counted too.
pub const MAX_IN_VIEW: usize = 20_000;
/// Counts come this often at most, ms.
const COUNTS_EVERY_MS: Millis = 1_000;

/// What a connection was told, so that the next frame says only what is new.
#[derive(Debug, Default)]
pub struct Viewer {
    view: Option<View>,
    rect: Option<Rect>,
    /// Number of the last view message, from 1.
    number: u32,
    watched: Vec<Watched>,
    /// Handles that were shown because they were watched, and are no longer: to be looked at once more.
    unwatched: Vec<Handle>,
    shown: Shown,
    /// Tick of the last frame of couriers: what changed up to then was told.
    seen: u64,
    /// Cells that overlap the rectangle, the grid's epoch they belong to, and how many cells were looked at.
    cells: Vec<u32>,
    cells_of: (u64, u32),
    /// The slots of the couriers that the client holds. A lookup here is the dearest part of a record (with a thousand
    /// viewers it is in no near cache), so nothing else is kept for each.
    held: FxHashMap<Handle, u16>,
    /// Slots below this number were given out since the last full frame; `free` are those that nobody has now.
    slots: u32,
    free: Vec<u16>,
    counted_at: Millis,
}

/// What the last frame was about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shown {
    /// A full frame is due: nothing was sent, or the view is new.
    #[default]
    Nothing,
    /// Couriers inside the rectangle and watched ones.
    Couriers,
    /// Watched couriers alone, beside counts.
    Counts,
}

/// A courier that comes even outside the view.
#[derive(Debug)]
struct Watched {
    courier: CourierId,
    /// Its handle in the last frame. A courier that was dropped has none, and another one when it comes back.
    handle: Option<Handle>,
}

impl Viewer {
    /// Sets the view that a message asked for; the next frame is a full one.
    pub fn look(&mut self, view: View) {
        self.view = Some(view);
        self.rect = Some(Rect::of(view.bounds));
        self.number = self.number.wrapping_add(1);
        self.shown = Shown::Nothing;
        self.cells = Vec::new();
        self.cells_of = (u64::MAX, 0);
    }

    /// Watches a courier. False where [`MAX_WATCHED`] are watched already.
    pub fn watch(&mut self, courier: CourierId) -> bool {
        if self.watched.iter().any(|watched| watched.courier == courier) {
            return true;
        }
        if self.watched.len() >= MAX_WATCHED {
            return false;
        }
        self.watched.push(Watched { courier, handle: None });
        true
    }

    /// Watches a courier no longer. It goes with the next frame, if it is not inside the rectangle.
    pub fn unwatch(&mut self, courier: &CourierId) {
        if let Some(index) = self.watched.iter().position(|watched| watched.courier == *courier) {
            self.unwatched.extend(self.watched.swap_remove(index).handle);
        }
    }

    /// Number of the view that frames answer.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many couriers the client holds.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn is_watched(&self, handle: Handle) -> bool {
        self.watched.iter().any(|watched| watched.handle == Some(handle))
    }

    /// Finds the cells of the rectangle; later only those that were made since.
    fn refresh_cells(&mut self, fleet: &Fleet) {
        let Some(View { bounds, .. }) = self.view else { return };
        let grid = fleet.grid();
        if self.cells_of.0 != grid.epoch() {
            self.cells.clear();
            self.cells_of = (grid.epoch(), 0);
        }
        if self.cells_of.1 < grid.len() {
            grid.overlapping(bounds, self.cells_of.1, &mut self.cells);
            self.cells_of.1 = grid.len();
        }
    }

    /// Looks up who is watched by name: a courier may have been dropped, and may have come back under another handle.
    fn refresh_watched(&mut self, fleet: &Fleet) {
        for watched in &mut self.watched {
            let handle = fleet.couriers().handle(&watched.courier);
            if watched.handle != handle {
                self.unwatched.extend(std::mem::replace(&mut watched.handle, handle));
            }
        }
    }
}

/// Appends to `out` the message that brings a viewer up to date. `None` (and nothing appended) where there is nothing
/// to tell.
///
/// The one function between state and socket: no clock, no lock, no await. `out` is the caller's to reuse.
pub fn frame_for(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    if viewer.view.is_none() && viewer.watched.is_empty() && viewer.shown == Shown::Nothing {
        return None;
    }
    viewer.refresh_cells(fleet);
    viewer.refresh_watched(fleet);
    let up_to_date = fleet.tick().saturating_sub(viewer.seen) <= HISTORY_TICKS;
    match viewer.shown {
        Shown::Couriers if up_to_date && viewer.held() <= MAX_IN_VIEW + MAX_WATCHED => {
            frames::delta(fleet, viewer, out)
        }
        Shown::Counts if up_to_date && !counts::are_due(fleet, viewer) => frames::delta(fleet, viewer, out),
        Shown::Counts if up_to_date && counts::are_wanted(fleet, viewer) => counts::write(fleet, viewer, out),
        _ => {
            viewer.shown = if counts::are_wanted(fleet, viewer) { Shown::Counts } else { Shown::Couriers };
            viewer.counted_at = Millis::MIN;
            frames::full(fleet, viewer, out)
        }
    }
}
