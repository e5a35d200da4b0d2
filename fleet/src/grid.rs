//! The grid that finds who is in a rectangle: cells of web-mercator level 15 (about 1.2 km at the equator, 600 m in
//! Helsinki), made when a courier enters them.
//!
//! A cell knows its members, how many of them are in each state, and, for the last [`HISTORY_TICKS`] ticks, the couriers
//! that changed in it or left it. A viewer at most that far behind visits only those.

use std::collections::VecDeque;

use contract::{Bounds, Place, frame::CourierStatus};
use rustc_hash::FxHashMap;

/// Tile level of the grid.
pub const LEVEL: u32 = 15;
/// For how many ticks a cell remembers who changed in it.
pub const HISTORY_TICKS: u64 = 32;

/// So many cells are no burden, empty or not.
const COMPACT_ABOVE: usize = 1024;

/// Number of a courier in the table.
pub type Handle = u32;

/// Something that happened in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub tick: u64,
    /// To whom.
    pub handle: Handle,
    /// The courier left the cell, for another one or for good. Otherwise it came, moved or changed within it.
    pub left: bool,
}

/// A cell of the grid.
#[derive(Debug)]
pub struct Cell {
    /// Column and row at [`LEVEL`].
    pub x: u32,
    /// Row, from the north.
    pub y: u32,
    members: Vec<Handle>,
    by_status: [u32; 5],
    /// Oldest first.
    changes: VecDeque<Change>,
    last_change: u64,
}

impl Cell {
    /// Who is in it.
    pub fn members(&self) -> &[Handle] {
        &self.members
    }

    /// How many are in each state, by [`CourierStatus`] number.
    pub fn by_status(&self) -> [u32; 5] {
        self.by_status
    }

    /// What happened in the cell after `tick`, newest first. A courier may come several times, but of its stays here only
    /// once with one tick.
    pub fn changed_since(&self, tick: u64) -> impl Iterator<Item = Change> {
        let any = self.last_change > tick;
        self.changes.iter().rev().take_while(move |change| any && change.tick > tick).copied()
    }

    fn note(&mut self, change: Change) {
        while self.changes.front().is_some_and(|first| first.tick + HISTORY_TICKS < change.tick) {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
        self.last_change = change.tick;
    }
}

/// All cells that hold, or lately held, a courier.
#[derive(Debug, Default)]
pub struct Grid {
    cells: Vec<Cell>,
    by_place: FxHashMap<(u32, u32), u32>,
    /// Counts how often cells were thrown away: indices of an older epoch are void.
    epoch: u64,
    /// With more cells than this it is worth looking for empty ones.
    compact_above: usize,
}

/// Column and row of a place at `level`.
pub fn tile_of(place: Place, level: u32) -> (u32, u32) {
    let (x, y) = place.mercator();
    let size = f64::from(1u32 << level);
    let index = |v: f64| ((v * size) as u32).min((1 << level) - 1);
    (index(x), index(y))
}

impl Grid {
    /// The cell of a place, made where it is new.
    pub fn cell_at(&mut self, place: Place) -> u32 {
        let (x, y) = tile_of(place, LEVEL);
        *self.by_place.entry((x, y)).or_insert_with(|| {
            let index = self.cells.len() as u32;
            let (members, changes) = (Vec::new(), VecDeque::new());
            self.cells.push(Cell { x, y, members, by_status: [0; 5], changes, last_change: 0 });
            index
        })
    }

    /// A cell by its index in this epoch.
    pub fn cell(&self, index: u32) -> &Cell {
        &self.cells[index as usize]
    }

    /// How many cells there are; indices are given in order, so a viewer looks at new ones only.
    pub fn len(&self) -> u32 {
        self.cells.len() as u32
    }

    /// True where there is no cell.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The epoch of the indices.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Adds to `found` the cells from index `from` on that overlap `bounds`.
    pub fn overlapping(&self, bounds: Bounds, from: u32, found: &mut Vec<u32>) {
        let window = TileWindow::of(bounds);
        // A small rectangle on a large grid: asking for each of its tiles is cheaper than looking at every cell.
        if from == 0 && window.tiles() < self.cells.len() as u64 {
            let cells = window.iter().filter_map(|tile| self.by_place.get(&tile));
            return found.extend(cells);
        }
        let new = (from..).zip(&self.cells[from as usize..]);
        found.extend(new.filter(|(_, cell)| window.contains(cell.x, cell.y)).map(|(index, _)| index));
    }

    pub(crate) fn enter(&mut self, index: u32, handle: Handle, status: CourierStatus, tick: u64) {
        let cell = &mut self.cells[index as usize];
        cell.members.push(handle);
        cell.by_status[status as usize] += 1;
        // Back in the tick in which it left: once is enough.
        let change = Change { tick, handle, left: false };
        if !cell.changed_since(tick.saturating_sub(1)).any(|known| known == change) {
            cell.note(change);
        }
    }

    pub(crate) fn leave(&mut self, index: u32, handle: Handle, status: CourierStatus, tick: u64) {
        let cell = &mut self.cells[index as usize];
        if let Some(at) = cell.members.iter().position(|member| *member == handle) {
            cell.members.swap_remove(at);
            cell.by_status[status as usize] -= 1;
        }
        cell.note(Change { tick, handle, left: true });
    }

    pub(crate) fn restate(&mut self, index: u32, from: CourierStatus, to: CourierStatus) {
        let cell = &mut self.cells[index as usize];
        cell.by_status[from as usize] -= 1;
        cell.by_status[to as usize] += 1;
    }

    pub(crate) fn note(&mut self, index: u32, handle: Handle, tick: u64) {
        self.cells[index as usize].note(Change { tick, handle, left: false });
    }

    /// Throws away cells that are empty and whose changes nobody needs any more, where that is more than half of them:
    /// every viewer must look for its cells again then. Returns, for each old index, the new one.
    ///
    /// The cells are looked through only when twice as many have come up as were in use the last time, so that a call is
    /// free nearly always and the grid never holds much more than is in use.
    pub(crate) fn compact(&mut self, tick: u64) -> Option<Vec<Option<u32>>> {
        if self.cells.len() <= self.compact_above.max(COMPACT_ABOVE) {
            return None;
        }
        let live = self.cells.iter().filter(|cell| cell.is_live(tick)).count();
        self.compact_above = live * 2;
        if self.cells.len() <= live * 2 {
            return None;
        }
        self.epoch += 1;
        self.by_place.clear();
        let mut moved = Vec::with_capacity(self.cells.len());
        let mut kept: u32 = 0;
        self.cells.retain(|cell| {
            let keep = cell.is_live(tick);
            moved.push(keep.then_some(kept));
            if keep {
                self.by_place.insert((cell.x, cell.y), kept);
                kept += 1;
            }
            keep
        });
        Some(moved)
    }
}

impl Cell {
    fn is_live(&self, tick: u64) -> bool {
        !self.members.is_empty() || self.last_change + HISTORY_TICKS >= tick
    }
}

/// Columns and rows of the tiles at [`LEVEL`] that a rectangle touches.
#[derive(Debug, Clone, Copy)]
pub struct TileWindow {
    west: u32,
    east: u32,
    north: u32,
    south: u32,
}

impl TileWindow {
    /// The window of `bounds`.
    pub fn of(bounds: Bounds) -> Self {
        // `saturating` takes 180 degrees east for 180 west, the other end of the map.
        let corner = |lat: f64, lon: f64| tile_of(Place::saturating(lat, lon.min(179.999_999_9)), LEVEL);
        let (west, north) = corner(bounds.north(), bounds.west());
        let (mut east, south) = corner(bounds.south(), bounds.east());
        // Both edges in one column, but the long way round the Earth: all columns.
        if bounds.west() > bounds.east() && west == east {
            east = west.wrapping_sub(1).min((1 << LEVEL) - 1);
        }
        Self { west, east, north, south }
    }

    /// Whether it holds the tile.
    pub fn contains(self, x: u32, y: u32) -> bool {
        let column = if self.west <= self.east {
            (self.west..=self.east).contains(&x)
        } else {
            x >= self.west || x <= self.east
        };
        column && (self.north..=self.south).contains(&y)
    }

    /// How many tiles it holds.
    fn tiles(self) -> u64 {
        let around = if self.west <= self.east { 0 } else { 1 << LEVEL };
        let columns = u64::from(self.east + around - self.west) + 1;
        columns * u64::from(self.south - self.north + 1)
    }

    fn iter(self) -> impl Iterator<Item = (u32, u32)> {
        let (first, second) = if self.west <= self.east {
            (self.west..=self.east, None)
        } else {
            (self.west..=(1 << LEVEL) - 1, Some(0..=self.east))
        };
        let columns = first.chain(second.into_iter().flatten());
        (self.north..=self.south).flat_map(move |y| columns.clone().map(move |x| (x, y)))
    }

    /// Whether the tile lies inside without touching the window's edge, so that all of it is in the rectangle.
    pub fn contains_inside(self, x: u32, y: u32) -> bool {
        self.contains(x, y) && x != self.west && x != self.east && y != self.north && y != self.south
    }
}
