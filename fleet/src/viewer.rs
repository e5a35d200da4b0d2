//! What one viewer sees: a rectangle and a few watched couriers, made into frames.
//!
//! A viewer pulls: when it is ready for another message it asks for everything that changed since the tick it saw. At
//! most [`HISTORY_TICKS`] ticks behind, that is a delta from the changes of its cells; further behind, or after a new
//! view, a full frame. So there is no queue, and a slow viewer skips states without slowing another.

mod counts;

use contract::{
    Bounds, CourierId, Millis,
    frame::{Blocks, HEADER, Kind},
    live::{MAX_WATCHED, View},
};
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
    /// Number of the last view message, from 1.
    number: u32,
    watched: Vec<CourierId>,
    shown: Shown,
    /// Tick of the last frame.
    seen: u64,
    /// Cells that overlap the rectangle, the grid's epoch they belong to, and how many cells were looked at.
    cells: Vec<u32>,
    cells_of: (u64, u32),
    slots: Vec<Slot>,
    free: Vec<u16>,
    by_handle: FxHashMap<Handle, u16>,
    counted_at: Millis,
}

/// What the last frame was about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shown {
    /// A full frame is due: nothing was sent, or the view or the watched are new.
    #[default]
    Nothing,
    /// Couriers inside the rectangle and watched ones.
    Couriers,
    /// Watched couriers alone, beside counts.
    Counts,
}

/// What the client knows of a slot.
#[derive(Debug, Clone, Copy)]
struct Slot {
    handle: Handle,
    /// `Row::changed` of the last record that was sent.
    changed: u64,
    eta_s: u32,
}

const FREE: Handle = Handle::MAX;

impl Viewer {
    /// Sets the view that a message asked for; the next frame is a full one.
    pub fn look(&mut self, view: View) {
        self.view = Some(view);
        self.number = self.number.wrapping_add(1);
        self.shown = Shown::Nothing;
        self.cells = Vec::new();
        self.cells_of = (u64::MAX, 0);
    }

    /// Watches a courier. False where [`MAX_WATCHED`] are watched already.
    pub fn watch(&mut self, courier: CourierId) -> bool {
        if self.watched.contains(&courier) {
            return true;
        }
        if self.watched.len() >= MAX_WATCHED {
            return false;
        }
        self.watched.push(courier);
        true
    }

    /// Watches a courier no longer. It goes with the next frame, if it is not inside the rectangle.
    pub fn unwatch(&mut self, fleet: &Fleet, courier: &CourierId) {
        self.watched.retain(|watched| watched != courier);
        let outside = fleet.couriers().handle(courier).filter(|handle| !self.in_view(fleet, *handle));
        if outside.is_some_and(|handle| self.by_handle.contains_key(&handle)) {
            // Rare: a full frame is simpler than a courier that nothing but time would take away.
            self.shown = Shown::Nothing;
        }
    }

    /// Number of the view that frames answer.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many couriers the client holds.
    pub fn held(&self) -> usize {
        self.by_handle.len()
    }

    fn bounds(&self) -> Option<Bounds> {
        self.view.map(|view| view.bounds)
    }

    /// Whether a courier is shown because of where it is.
    fn in_view(&self, fleet: &Fleet, handle: Handle) -> bool {
        let row = fleet.couriers().row(handle);
        row.alive && self.bounds().is_some_and(|bounds| bounds.contains(row.place()))
    }

    fn watched_handles(&self, fleet: &Fleet) -> impl Iterator<Item = Handle> {
        self.watched.iter().filter_map(|courier| fleet.couriers().handle(courier))
    }

    /// Finds the cells of the rectangle; later only those that were made since.
    fn refresh_cells(&mut self, fleet: &Fleet) {
        let Some(bounds) = self.bounds() else { return };
        let grid = fleet.grid();
        if self.cells_of.0 != grid.epoch() {
            self.cells.clear();
            self.cells_of = (grid.epoch(), 0);
        }
        if self.cells_of.1 < grid.len() {
            self.cells.extend(grid.overlapping(bounds, self.cells_of.1));
            self.cells_of.1 = grid.len();
        }
    }

    fn forget_slots(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.by_handle.clear();
    }

    /// Tells a courier: in full where it is new here, else what has changed. `emit` writes records into `out`.
    fn tell(&mut self, fleet: &Fleet, handle: Handle, out: &mut Vec<u8>, blocks: &mut Blocks) {
        let row = fleet.couriers().row(handle);
        if let Some(&slot) = self.by_handle.get(&handle) {
            let known = &mut self.slots[usize::from(slot)];
            if known.changed == row.changed {
                return;
            }
            known.changed = row.changed;
            out.extend_from_slice(&row.record(slot, fleet.now()).to_bytes());
            if known.eta_s != row.eta_s {
                known.eta_s = row.eta_s;
                blocks.eta(slot, (row.eta_s != 0).then_some(row.eta_s));
            }
            return;
        }
        let Some(details) = fleet.couriers().details(handle) else { return };
        let told = Slot { handle, changed: row.changed, eta_s: row.eta_s };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[usize::from(slot)] = told;
                slot
            }
            None => {
                let Ok(slot) = u16::try_from(self.slots.len()) else { return };
                self.slots.push(told);
                slot
            }
        };
        self.by_handle.insert(handle, slot);
        out.extend_from_slice(&row.record(slot, fleet.now()).to_bytes());
        if row.eta_s != 0 {
            blocks.eta(slot, Some(row.eta_s));
        }
        blocks.name(slot, details.courier.as_str());
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
    let too_far_behind = fleet.tick().saturating_sub(viewer.seen) > HISTORY_TICKS;
    let kind = match viewer.shown {
        Shown::Counts if counts::wanted(fleet, viewer) => counts::next(fleet, viewer, too_far_behind, out),
        Shown::Couriers if !too_far_behind && viewer.held() <= MAX_IN_VIEW + MAX_WATCHED => delta(fleet, viewer, out),
        _ if counts::wanted(fleet, viewer) => {
            viewer.shown = Shown::Counts;
            viewer.counted_at = Millis::MIN;
            full(fleet, viewer, out)
        }
        _ => {
            viewer.shown = Shown::Couriers;
            full(fleet, viewer, out)
        }
    };
    viewer.seen = fleet.tick();
    kind
}

/// Everything that is shown, with names and slots anew.
fn full(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    viewer.forget_slots();
    let (start, mut blocks) = (begin(out), Blocks::default());
    if viewer.shown == Shown::Couriers
        && let Some(bounds) = viewer.bounds()
    {
        let cells = std::mem::take(&mut viewer.cells);
        for cell in &cells {
            for &handle in fleet.grid().cell(*cell).members() {
                if bounds.contains(fleet.couriers().row(handle).place()) {
                    viewer.tell(fleet, handle, out, &mut blocks);
                }
            }
        }
        viewer.cells = cells;
    }
    let watched: Vec<Handle> = viewer.watched_handles(fleet).collect();
    for handle in watched {
        viewer.tell(fleet, handle, out, &mut blocks);
    }
    blocks.finish(out, start, Kind::Full, viewer.number, fleet.now());
    Some(Kind::Full)
}

/// What has changed since the last frame.
fn delta(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    let (start, mut blocks) = (begin(out), Blocks::default());
    let seen = viewer.seen;
    let watched: Vec<Handle> = viewer.watched_handles(fleet).collect();
    let mut freed: Vec<u16> = Vec::new();
    let mut visit = |viewer: &mut Viewer, handle: Handle, out: &mut Vec<u8>| {
        if viewer.in_view(fleet, handle) && viewer.shown == Shown::Couriers || watched.contains(&handle) {
            viewer.tell(fleet, handle, out, &mut blocks);
        } else if let Some(slot) = viewer.by_handle.remove(&handle) {
            viewer.slots[usize::from(slot)].handle = FREE;
            blocks.gone(slot);
            freed.push(slot);
        }
    };
    if viewer.shown == Shown::Couriers {
        let cells = std::mem::take(&mut viewer.cells);
        for cell in &cells {
            for handle in fleet.grid().cell(*cell).changed_since(seen) {
                visit(viewer, handle, out);
            }
        }
        viewer.cells = cells;
    }
    for &handle in &watched {
        visit(viewer, handle, out);
    }
    // A watched courier that was outside every cell of the view, and was dropped, is in no list of changes.
    for handle in viewer.lost_watched(fleet) {
        visit(viewer, handle, out);
    }
    // Only now: a slot that goes free is not used again in the same frame.
    viewer.free.extend(freed);
    let header = blocks.finish(out, start, Kind::Delta, viewer.number, fleet.now());
    if header.records == 0 && header.gone == 0 {
        out.truncate(start);
        return None;
    }
    Some(Kind::Delta)
}

impl Viewer {
    /// Couriers that are held, but were dropped from the state. Looked for only while couriers are watched: all others
    /// are found through their cells.
    fn lost_watched(&self, fleet: &Fleet) -> Vec<Handle> {
        if self.watched.is_empty() {
            return Vec::new();
        }
        let held = self.by_handle.keys().copied();
        held.filter(|handle| !fleet.couriers().row(*handle).alive).collect()
    }
}

fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.resize(start + HEADER, 0);
    start
}
