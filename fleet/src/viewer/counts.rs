//! Views that are too wide, or too full, for single couriers: how many are in each cell.

use contract::{
    frame::{Count, HEADER, Header, Kind},
    live::View,
};
use rustc_hash::FxHashMap;

use super::{COUNTS_BELOW_ZOOM, COUNTS_EVERY_MS, MAX_IN_VIEW, Viewer, begin, delta, full};
use crate::{
    grid::{LEVEL, TileWindow, tile_of},
    state::Fleet,
    status::worst,
};

/// Whether this view is shown in counts.
pub(super) fn wanted(fleet: &Fleet, viewer: &Viewer) -> bool {
    let Some(view) = viewer.view else { return false };
    view.zoom < COUNTS_BELOW_ZOOM || is_crowded(fleet, viewer)
}

/// More than [`MAX_IN_VIEW`] couriers inside. The members of the cells that the view touches are an upper bound, so
/// that most views need no more than a sum.
fn is_crowded(fleet: &Fleet, viewer: &Viewer) -> bool {
    let cells = || viewer.cells.iter().map(|cell| fleet.grid().cell(*cell));
    let at_most: usize = cells().map(|cell| cell.members().len()).sum();
    if at_most <= MAX_IN_VIEW {
        return false;
    }
    let Some(bounds) = viewer.bounds() else { return false };
    let members = cells().flat_map(|cell| cell.members());
    members.filter(|handle| bounds.contains(fleet.couriers().row(**handle).place())).nth(MAX_IN_VIEW).is_some()
}

/// The next message of a view in counts: counts once a second, between them what the watched couriers do.
pub(super) fn next(fleet: &Fleet, viewer: &mut Viewer, too_far_behind: bool, out: &mut Vec<u8>) -> Option<Kind> {
    if too_far_behind {
        return full(fleet, viewer, out);
    }
    if fleet.now().saturating_sub(viewer.counted_at) >= COUNTS_EVERY_MS {
        viewer.counted_at = fleet.now();
        return viewer.view.map(|view| write(fleet, viewer, view, out));
    }
    delta(fleet, viewer, out)
}

/// Level of the counted cells: two below the map's own tiles.
fn level_of(zoom: f64) -> u32 {
    (zoom.floor() as u32 + 2).min(24)
}

fn write(fleet: &Fleet, viewer: &Viewer, view: View, out: &mut Vec<u8>) -> Kind {
    let level = level_of(view.zoom);
    let window = TileWindow::of(view.bounds, LEVEL);
    let mut tally: FxHashMap<(u32, u32), [u32; 5]> = FxHashMap::default();
    for cell in viewer.cells.iter().map(|cell| fleet.grid().cell(*cell)) {
        if level <= LEVEL && window.contains_inside(cell.x, cell.y) {
            let shift = LEVEL - level;
            let sum = tally.entry((cell.x >> shift, cell.y >> shift)).or_default();
            sum.iter_mut().zip(cell.by_status()).for_each(|(sum, n)| *sum += n);
            continue;
        }
        for row in cell.members().iter().map(|handle| fleet.couriers().row(*handle)) {
            if view.bounds.contains(row.place()) {
                tally.entry(tile_of(row.place(), level)).or_default()[row.status as usize] += 1;
            }
        }
    }
    let mut counts: Vec<Count> = tally
        .into_iter()
        .filter(|(_, by_status)| by_status.iter().any(|n| *n > 0))
        .map(|((x, y), by_status)| Count { x, y, couriers: by_status.iter().sum(), worst: worst(by_status) })
        .collect();
    counts.sort_unstable_by_key(|count| (count.y, count.x));
    let start = begin(out);
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
    Kind::Counts
}
