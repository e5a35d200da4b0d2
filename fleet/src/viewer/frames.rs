//! Full and delta frames. What happens here happens for every update of every viewer: one row, one entry of what the
//! client holds, sixteen bytes.

use contract::frame::{Blocks, HEADER, Header, Kind};

use super::{ETA_STEP_S, Held, Shown, Viewer};
use crate::{couriers::Row, grid::Handle, state::Fleet};

/// Everything that is shown, with names and slots anew.
pub(super) fn full(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    viewer.forget_held();
    let mut message = Message::begin(out);
    if viewer.shown == Shown::Couriers {
        let cells = std::mem::take(&mut viewer.cells);
        for cell in &cells {
            for &handle in fleet.grid().cell(*cell).members() {
                viewer.visit(fleet, handle, &mut message);
            }
        }
        viewer.cells = cells;
    }
    viewer.visit_watched(fleet, &mut message);
    message.finish(Kind::Full, fleet, viewer);
    Some(Kind::Full)
}

/// What has changed since the last frame.
pub(super) fn delta(fleet: &Fleet, viewer: &mut Viewer, out: &mut Vec<u8>) -> Option<Kind> {
    let mut message = Message::begin(out);
    if viewer.shown == Shown::Couriers {
        let (cells, seen) = (std::mem::take(&mut viewer.cells), viewer.seen);
        for cell in &cells {
            for handle in fleet.grid().cell(*cell).changed_since(seen) {
                viewer.visit(fleet, handle, &mut message);
            }
        }
        viewer.cells = cells;
    }
    viewer.visit_watched(fleet, &mut message);
    for handle in std::mem::take(&mut viewer.unwatched) {
        viewer.visit(fleet, handle, &mut message);
    }
    let header = message.finish(Kind::Delta, fleet, viewer);
    if header.records == 0 && header.gone == 0 {
        out.truncate(out.len() - HEADER);
        return None;
    }
    Some(Kind::Delta)
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

    fn finish(self, kind: Kind, fleet: &Fleet, viewer: &mut Viewer) -> Header {
        viewer.free.extend(self.freed);
        self.blocks.finish(self.out, self.start, kind, viewer.number, fleet.now())
    }
}

impl Viewer {
    /// Tells of a courier, or that it has gone, as it stands now.
    #[inline]
    fn visit(&mut self, fleet: &Fleet, handle: Handle, message: &mut Message<'_>) {
        let row = fleet.couriers().row(handle);
        let inside = self.shown == Shown::Couriers && self.rect.is_some_and(|rect| rect.contains(row));
        if row.alive && (inside || self.is_watched(handle)) {
            self.tell(fleet, handle, row, message);
        } else if let Some(held) = self.held.remove(&handle) {
            message.blocks.gone(held.slot);
            message.freed.push(held.slot);
        }
    }

    fn visit_watched(&mut self, fleet: &Fleet, message: &mut Message<'_>) {
        for index in 0..self.watched.len() {
            if let Some(handle) = self.watched[index].handle {
                self.visit(fleet, handle, message);
            }
        }
    }

    /// Tells a courier: in full where it is new here, else what has changed.
    #[inline]
    fn tell(&mut self, fleet: &Fleet, handle: Handle, row: &Row, message: &mut Message<'_>) {
        let Some(held) = self.held.get_mut(&handle) else { return self.introduce(fleet, handle, row, message) };
        let changed = row.changed as u32;
        if held.changed == changed {
            return;
        }
        held.changed = changed;
        message.out.extend_from_slice(&row.record(held.slot, fleet.now()).to_bytes());
        let known = held.eta_s;
        if (known == 0) != (row.eta_s == 0) || known.abs_diff(row.eta_s) >= ETA_STEP_S {
            held.eta_s = row.eta_s;
            message.blocks.eta(held.slot, (row.eta_s != 0).then_some(row.eta_s));
        }
    }

    fn introduce(&mut self, fleet: &Fleet, handle: Handle, row: &Row, message: &mut Message<'_>) {
        let Some(details) = fleet.couriers().details(handle) else { return };
        // No slot is left only where 65,536 couriers came into view since the last frame: then the next one is full.
        let Some(slot) = self.free.pop().or_else(|| u16::try_from(self.slots).ok()) else { return };
        self.slots = self.slots.max(u32::from(slot) + 1);
        self.held.insert(handle, Held { slot, eta_s: row.eta_s, changed: row.changed as u32 });
        message.out.extend_from_slice(&row.record(slot, fleet.now()).to_bytes());
        if row.eta_s != 0 {
            message.blocks.eta(slot, Some(row.eta_s));
        }
        message.blocks.name(slot, details.courier.as_str());
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
