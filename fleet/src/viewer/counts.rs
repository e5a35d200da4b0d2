//! Views that are too wide, or too full, for single couriers: how many are in each cell.

use contract::{
    frame::{Count, HEADER, Header, Kind},
    live::View,
};
use rustc_hash::FxHashMap;

use super::{COUNTS_BELOW_ZOOM, COUNTS_EVERY_MS, MAX_IN_VIEW, Rect, Viewer};
use crate::{
    couriers::Row,
    grid::{Cell, LEVEL, TileWindow, tile_of},
    state::Fleet,
    status::worst,
};

/// Whether this view is shown in counts.
pub(super) fn are_wanted(fleet: &Fleet, viewer: &Viewer) -> bool {
    viewer.view.is_some_and(|view| view.zoom < COUNTS_BELOW_ZOOM) || is_crowded(fleet, viewer)
}

/// Whether the last counts are old enough for new ones. It is only then that a crowd is looked at, too: one that goes to
/// and fro around the limit must not make every frame a full one.
pub(super) fn are_due(fleet: &Fleet, viewer: &Viewer) -> bool {
    fleet.now().saturating_sub(viewer.counted_at) >= COUNTS_EVERY_MS
}

/// More than [`MAX_IN_VIEW`] couriers inside. The members of the cells that the view touches are an upper bound, so
/// that most views need no more than a sum.
fn is_crowded(fleet: &Fleet, viewer: &Viewer) -> bool {
    let at_most: usize = cells(fleet, viewer).map(|cell| cell.members().len()).sum();
    if at_most <= MAX_IN_VIEW {
        return false;
    }
    let Some(rect) = viewer.rect else { return false };
    cells(fleet, viewer).flat_map(|cell| rows(fleet, cell)).filter(|row| rect.contains(row)).nth(MAX_IN_VIEW).is_some()
}

fn cells<'a>(fleet: &'a Fleet, viewer: &'a Viewer) -> impl Iterator<Item = &'a Cell> {
    viewer.cells.iter().map(|cell| fleet.grid().cell(*cell))
}

fn rows<'a>(fleet: &'a Fleet, cell: &'a Cell) -> impl Iterator<Item = &'a Row> {
    cell.members().iter().map(|handle| fleet.couriers().row(*handle))
}

/// Level of the counted cells: two below the map's own tiles.
fn level_of(zoom: f64) -> u32 {
    (zoom.floor() as u32 + 2).min(24)
}

/// Writes how many couriers are inside the rectangle, by cell.
pub(super) fn write(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    let (view, rect) = viewer.view.zip(viewer.rect)?;
    viewer.counted_at = fleet.now();
    let level = level_of(view.zoom);
    let tally = tally(fleet, viewer, view, rect, level);
    let mut counts: Vec<Count> = tally
        .into_iter()
        .filter(|(_, by_status)| by_status.iter().any(|n| *n > 0))
        .map(|((x, y), by_status)| Count { x, y, couriers: by_status.iter().sum(), worst: worst(by_status) })
        .collect();
    counts.sort_unstable_by_key(|count| (count.y, count.x));
    let start = out.len();
    out.resize(start + HEADER, 0);
    counts.iter().for_each(|count| out.extend_from_slice(&count.to_bytes()));
    let header = Header {
        kind: Kind::Counts,
        level: level as u16,
        view: viewer.number,
        now: fleet.now(),
        records: counts.len() as u32,
        etas: 0,
        gone: 0,
        names: 0,
    };
    out[start..start + HEADER].copy_from_slice(&header.to_bytes());
    Some(Kind::Counts)
}

/// Couriers inside the rectangle by cell of `level`, and in each by status.
fn tally(fleet: &Fleet, viewer: &Viewer, view: View, rect: Rect, level: u32) -> FxHashMap<(u32, u32), [u32; 5]> {
    let window = TileWindow::of(view.bounds);
    let mut tally: FxHashMap<(u32, u32), [u32; 5]> = FxHashMap::default();
    for cell in cells(fleet, viewer) {
        // A cell of the grid that lies inside the rectangle with all it holds has been counted already.
        if level <= LEVEL && window.contains_inside(cell.x, cell.y) {
            let shift = LEVEL - level;
            let sum = tally.entry((cell.x >> shift, cell.y >> shift)).or_default();
            sum.iter_mut().zip(cell.by_status()).for_each(|(sum, n)| *sum += n);
            continue;
        }
        for row in rows(fleet, cell).filter(|row| rect.contains(row)) {
            tally.entry(tile_of(row.place(), level)).or_default()[row.status as usize] += 1;
        }
    }
    tally
}
