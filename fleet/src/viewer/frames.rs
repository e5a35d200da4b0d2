//! Full and delta frames. What happens here happens for every update of every viewer: one row, one entry of what the
//! client holds, sixteen bytes.

use contract::frame::{Blocks, HEADER, Header, Kind};

use super::{Shown, Viewer};
use crate::{couriers::Row, grid::Handle, state::Fleet};

/// Everything that is shown, with names and slots anew.
pub(super) fn full(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    viewer.forget_held();
    let mut message = Message::begin(out);
    if viewer.shown == Shown::Couriers {
        let cells = std::mem::take(&mut viewer.cells);
        for cell in &cells {
            for &handle in fleet.grid().cell(*cell).members() {
                let row = fleet.couriers().row(handle);
                if viewer.is_inside(row) && !viewer.is_watched(handle) {
                    viewer.introduce(fleet, handle, row, &mut message);
                }
            }
        }
        viewer.cells = cells;
    }
    viewer.tell_watched(fleet, &mut message);
    message.finish(Kind::Full, fleet, viewer);
    Some(Kind::Full)
}

/// What has changed since the last frame.
///
/// Every courier is told once: by the newest change in the cell where it is now, or, if it is watched, by its name. All
/// its other changes can only say that it has gone.
pub(super) fn delta(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    let mut message = Message::begin(out);
    if viewer.shown == Shown::Couriers {
        let (cells, seen) = (std::mem::take(&mut viewer.cells), viewer.seen);
        let mut found = Found::default();
        for &cell in &cells {
            for change in fleet.grid().cell(cell).changed_since(seen) {
                let row = fleet.couriers().row(change.handle);
                let inside = viewer.is_inside(row);
                if inside && (row.cell != cell || row.changed != change.tick || change.left) {
                    continue;
                }
                if found.is_full() {
                    viewer.settle(fleet, &mut found, &mut message);
                }
                found.push(change.handle, inside);
            }
        }
        viewer.settle(fleet, &mut found, &mut message);
        viewer.cells = cells;
    }
    viewer.tell_watched(fleet, &mut message);
    for handle in std::mem::take(&mut viewer.unwatched) {
        if !viewer.is_inside(fleet.couriers().row(handle)) {
            viewer.leave(handle, &mut message);
        }
    }
    let header = message.finish(Kind::Delta, fleet, viewer);
    if header.records == 0 && header.gone == 0 {
        out.truncate(out.len() - HEADER);
        return None;
    }
    Some(Kind::Delta)
}

/// How many couriers are looked up together.
const TOGETHER: usize = 64;

/// Couriers that a delta may have to tell of.
///
/// What a thousand viewers hold fits no cache, so each look into it waits for memory. Looks that stand close together wait
/// at the same time: that is half of what a record costs.
struct Found {
    /// (who, whether inside the rectangle)
    couriers: [(Handle, bool); TOGETHER],
    len: usize,
}

impl Default for Found {
    fn default() -> Self {
        Self { couriers: [(0, false); TOGETHER], len: 0 }
    }
}

impl Found {
    fn is_full(&self) -> bool {
        self.len == TOGETHER
    }

    #[inline]
    fn push(&mut self, handle: Handle, inside: bool) {
        self.couriers[self.len] = (handle, inside);
        self.len += 1;
    }
}

/// A frame while it is made.
struct Message<'a> {
    out: &'a mut Vec<u8>,
    /// Where in `out` it begins.
    start: usize,
    blocks: Blocks,
    /// Slots that go free with it. They are not used again before the next frame.
    freed: Vec<u16>,
}

impl<'a> Message<'a> {
    fn begin(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.resize(start + HEADER, 0);
        Self { out, start, blocks: Blocks::default(), freed: Vec::new() }
    }

    fn record(&mut self, row: &Row, slot: u16, fleet: &Fleet) {
        self.out.extend_from_slice(&row.record(slot, fleet.now()).to_bytes());
    }

    fn finish(self, kind: Kind, fleet: &Fleet, viewer: &mut Viewer) -> Header {
        viewer.free.extend(self.freed);
        viewer.seen = fleet.tick();
        self.blocks.finish(self.out, self.start, kind, viewer.number, fleet.now())
    }
}

impl Viewer {
    /// Whether a courier is shown because of where it is.
    #[inline]
    fn is_inside(&self, row: &Row) -> bool {
        row.alive && self.shown == Shown::Couriers && self.rect.is_some_and(|rect| rect.contains(row))
    }

    /// Tells of the couriers that were found, and of those that are no longer shown.
    fn settle(&mut self, fleet: &Fleet, found: &mut Found, message: &mut Message<'_>) {
        let couriers = &found.couriers[..found.len];
        let mut slots = [None; TOGETHER];
        slots.iter_mut().zip(couriers).for_each(|(slot, (handle, _))| *slot = self.held.get(handle).copied());
        for (&(handle, inside), slot) in couriers.iter().zip(slots) {
            match (inside, slot) {
                (false, None) => {}
                (false, Some(_)) => self.leave(handle, message),
                (true, _) if self.is_watched(handle) => {}
                (true, Some(slot)) => update(fleet, self.seen, slot, fleet.couriers().row(handle), message),
                (true, None) => self.introduce(fleet, handle, fleet.couriers().row(handle), message),
            }
        }
        found.len = 0;
    }

    /// Tells of the watched couriers, wherever they are.
    fn tell_watched(&mut self, fleet: &Fleet, message: &mut Message<'_>) {
        for index in 0..self.watched.len() {
            let Some(handle) = self.watched[index].handle else { continue };
            let row = fleet.couriers().row(handle);
            match self.held.get(&handle) {
                Some(slot) if row.changed > self.seen => update(fleet, self.seen, *slot, row, message),
                Some(_) => {}
                None => self.introduce(fleet, handle, row, message),
            }
        }
    }

    /// Tells of a courier that the client does not hold.
    fn introduce(&mut self, fleet: &Fleet, handle: Handle, row: &Row, message: &mut Message<'_>) {
        let Some(details) = fleet.couriers().details(handle) else { return };
        // No slot is left only where 65,536 couriers came into view since the last frame: then the next one is full.
        let Some(slot) = self.free.pop().or_else(|| u16::try_from(self.slots).ok()) else { return };
        self.slots = self.slots.max(u32::from(slot) + 1);
        self.held.insert(handle, slot);
        message.record(row, slot, fleet);
        if row.eta_s != 0 {
            message.blocks.eta(slot, Some(row.eta_s));
        }
        message.blocks.name(slot, details.courier.as_str());
    }

    /// Tells that a courier, where the client holds it, is no longer shown.
    fn leave(&mut self, handle: Handle, message: &mut Message<'_>) {
        if self.is_watched(handle) {
            return;
        }
        if let Some(slot) = self.held.remove(&handle) {
            message.blocks.gone(slot);
            message.freed.push(slot);
        }
    }

    fn forget_held(&mut self) {
        // A crowd that was looked at once must not be paid for by memory for ever.
        if self.held.capacity() > 1024 && self.held.capacity() > self.held.len() * 4 {
            self.held = Default::default();
        }
        self.held.clear();
        self.slots = 0;
        self.free = Vec::new();
        self.unwatched.clear();
    }
}

#[inline]
fn update(fleet: &Fleet, seen: u64, slot: u16, row: &Row, message: &mut Message<'_>) {
    message.record(row, slot, fleet);
    if row.eta_changed > seen {
        message.blocks.eta(slot, (row.eta_s != 0).then_some(row.eta_s));
    }
}
