//! The live state: couriers, deliveries and the grid, changed by one writer in batches.
//!
//! A batch is `begin(now)`, any number of records, `finish()`. Between two batches viewers read; nothing is awaited in
//! either. The same records in any order and any number, split into any batches, give the same couriers and deliveries
//! within ten batches.

use contract::{
    CourierId, Delivery, Millis, Position,
    frame::{BIT_CLOCK_OFF, BIT_TWO_DEVICES, CourierStatus},
    live::{Counts, Late, MAX_LATE},
    rest::LiveCourier,
};

use crate::{
    couriers::{Batch, Couriers, Details, Folded, Row, Task},
    deliveries::{Deliveries, IN_TRANSIT_MAX_MS, Known},
    eta,
    grid::{Grid, Handle},
    status::{self, Standing},
};

/// Shares of the table that are looked at in one batch each, so that every courier's status is right within a second.
const SWEEPS: u32 = 10;

/// An ETA that moved by less than this since it was told is not told again, s.
pub const ETA_STEP_S: u32 = 15;

/// Bounds of the state.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A courier is dropped after this much silence, ms.
    pub live_window_ms: Millis,
    /// Most couriers; further ones are counted and not shown.
    pub max_couriers: usize,
    /// A delivery that is in transit for this long counts as abandoned: its courier is free, ms.
    pub delivery_max_ms: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self { live_window_ms: 15 * 60_000, max_couriers: 200_000, delivery_max_ms: IN_TRANSIT_MAX_MS }
    }
}

/// The live state.
#[derive(Debug, Default)]
pub struct Fleet {
    limits: Limits,
    couriers: Couriers,
    deliveries: Deliveries,
    grid: Grid,
    tick: u64,
    now: Millis,
    not_shown: u64,
}

impl Fleet {
    /// An empty state.
    pub fn new(limits: Limits) -> Self {
        Self { limits, deliveries: Deliveries::new(limits.delivery_max_ms), ..Self::default() }
    }

    /// Begins a batch at `now`, ms UTC.
    pub fn begin(&mut self, now: Millis) {
        self.tick += 1;
        self.now = now;
    }

    /// Fixes from this time (ms UTC) or earlier are outside the live window.
    fn oldest(&self) -> Millis {
        self.now - self.limits.live_window_ms
    }

    /// Folds one position in. True where something that is shown has changed.
    pub fn apply_position(&mut self, position: Position, broker_time: Millis, offset: i64) -> bool {
        let batch = Batch { tick: self.tick, oldest: self.oldest(), max: self.limits.max_couriers };
        if position.at <= batch.oldest {
            return false;
        }
        match self.couriers.apply(position, broker_time, offset, batch) {
            Folded::Moved(handle) => {
                self.moved(handle);
                true
            }
            Folded::Known(handle) => {
                self.restate(handle, true);
                false
            }
            Folded::Full => {
                self.not_shown += 1;
                false
            }
        }
    }

    /// Folds one delivery record in. True where it changed what is known of the delivery.
    pub fn apply_delivery(&mut self, delivery: Delivery, offset: i64) -> bool {
        let courier = delivery.courier.clone();
        let before = self.deliveries.get(&delivery.delivery).map(|known| known.delivery.courier.clone());
        let changed = self.deliveries.apply(delivery, offset);
        if changed {
            self.reassign(&courier);
            // Only a fault gives a delivery to another courier; it must not stay with the first one.
            if let Some(before) = before.filter(|before| *before != courier) {
                self.reassign(&before);
            }
        }
        changed
    }

    /// Ends a batch: looks at a share of the couriers for what time alone has changed.
    pub fn finish(&mut self) {
        let share = (self.tick % u64::from(SWEEPS)) as u32;
        let oldest = self.oldest();
        for handle in (share..self.couriers.end()).step_by(SWEEPS as usize) {
            let row = self.couriers.row(handle);
            if !row.alive {
                continue;
            }
            if row.at <= oldest {
                self.drop(handle);
            } else {
                // The last minute's speeds leave the live window before the fix itself does.
                let fading = row.at - eta::WINDOW_MS <= oldest;
                self.restate(handle, fading);
            }
        }
        if share == 0 {
            for courier in self.deliveries.expire(self.now) {
                self.reassign(&courier);
            }
        }
        self.compact();
    }

    /// Throws empty cells away, where there are many.
    fn compact(&mut self) {
        let Some(moved) = self.grid.compact(self.tick) else { return };
        for handle in 0..self.couriers.end() {
            let row = self.couriers.row_mut(handle);
            if let Some(cell) = moved.get(row.cell as usize).copied().flatten() {
                row.cell = cell;
            }
        }
    }

    /// Keeps the grid after a courier came or moved.
    fn moved(&mut self, handle: Handle) {
        let tick = self.tick;
        let row = self.couriers.row_mut(handle);
        let (from, place, status) = (row.cell, row.place(), row.status);
        // Once a tick and cell is enough, however many fixes a batch brings.
        let noted = row.changed == tick;
        row.changed = tick;
        let to = self.grid.cell_at(place);
        if from != to {
            if from == u32::MAX {
                self.assign(handle);
            } else {
                self.grid.leave(from, handle, status, tick);
            }
            self.couriers.row_mut(handle).cell = to;
            self.grid.enter(to, handle, status, tick);
        } else if !noted {
            self.grid.note(to, handle, tick);
        }
        self.restate(handle, true);
    }

    fn drop(&mut self, handle: Handle) {
        let Row { cell, status, .. } = *self.couriers.row(handle);
        self.grid.leave(cell, handle, status, self.tick);
        self.couriers.drop(handle, self.tick);
    }

    /// Tells a courier, where it is known, that its deliveries have changed.
    fn reassign(&mut self, courier: &CourierId) {
        if let Some(handle) = self.couriers.handle(courier) {
            self.assign(handle);
            self.restate(handle, true);
        }
    }

    /// Tells the courier what it is on.
    fn assign(&mut self, handle: Handle) {
        let Some((_, details)) = self.couriers.both_mut(handle) else { return };
        let known = self.deliveries.under_way(&details.courier);
        details.task = known.map(|Known { delivery, path, .. }| {
            let due = status::due(delivery);
            Task { delivery: delivery.clone(), path: path.clone(), due, metres: None, eta: None }
        });
    }

    /// Works out flags, status and, where its grounds have changed (`estimate`), ETA anew. Marks the courier where a
    /// viewer should see the difference.
    fn restate(&mut self, handle: Handle, estimate: bool) {
        let (tick, now, oldest) = (self.tick, self.now, self.oldest());
        let Some((row, details)) = self.couriers.both_mut(handle) else { return };
        if estimate {
            arrival(row, details, oldest);
        }
        let eta = details.task.as_ref().and_then(|task| task.eta);
        let standing = Standing {
            last_fix: row.at,
            on_delivery: details.task.is_some(),
            due: details.task.as_ref().and_then(|task| task.due),
            eta,
        };
        let before = (row.status, row.eta_s, row.flags);
        row.status = status::status_at(standing, now);
        let eta_s = eta.map_or(0, |eta| (eta / 1000).clamp(1, u32::MAX.into()) as u32);
        if (row.eta_s == 0) != (eta_s == 0) || row.eta_s.abs_diff(eta_s) >= ETA_STEP_S {
            (row.eta_s, row.eta_changed) = (eta_s, tick);
        }
        row.flags = details.flags(oldest);
        if before == (row.status, row.eta_s, row.flags) {
            return;
        }
        let (cell, status, noted) = (row.cell, row.status, row.changed == tick);
        row.changed = tick;
        if before.0 != status {
            self.grid.restate(cell, before.0, status);
        }
        if !noted {
            self.grid.note(cell, handle, tick);
        }
    }

    /// Number of the last batch.
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Time of the last batch, ms UTC.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The couriers.
    pub fn couriers(&self) -> &Couriers {
        &self.couriers
    }

    /// The deliveries.
    pub fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Positions that were not shown because the table was full.
    pub fn not_shown(&self) -> u64 {
        self.not_shown
    }

    /// Couriers by state, and the late ones, worst first.
    pub fn tally(&self) -> (Counts, Vec<Late>) {
        let mut counts = Counts::default();
        let mut late: Vec<(Millis, Late)> = Vec::new();
        for (_, row, details) in self.couriers.iter() {
            match row.status {
                CourierStatus::Idle => counts.idle += 1,
                CourierStatus::OnDelivery => counts.on_delivery += 1,
                CourierStatus::Alarm => counts.alarm += 1,
                CourierStatus::Offline => counts.offline += 1,
                CourierStatus::Late => {
                    counts.late += 1;
                    if let Some(task) = &details.task {
                        let over = task.eta.unwrap_or(self.now) - task.due.unwrap_or(self.now);
                        let (courier, delivery) = (details.courier.clone(), task.delivery.delivery);
                        late.push((over, Late { courier, delivery, eta: task.eta }));
                    }
                }
            }
        }
        late.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.courier.cmp(&right.courier)));
        late.truncate(MAX_LATE);
        (counts, late.into_iter().map(|(_, late)| late).collect())
    }

    /// A courier as REST shows it.
    pub fn live_courier(&self, courier: &CourierId) -> Option<LiveCourier> {
        let handle = self.couriers.handle(courier)?;
        Some(self.describe(self.couriers.row(handle), self.couriers.details(handle)?))
    }

    /// The same from the table's parts.
    pub fn describe(&self, row: &Row, details: &Details) -> LiveCourier {
        let task = details.task.as_ref();
        let (two, off) = (row.flags & BIT_TWO_DEVICES != 0, row.flags & BIT_CLOCK_OFF != 0);
        LiveCourier {
            courier: details.courier.clone(),
            status: row.status.as_str().into(),
            position: details.position.clone(),
            delivery: task.map(|task| task.delivery.delivery),
            eta: task.and_then(|task| task.eta).map(|eta| eta::range(eta, self.now)),
            age_ms: self.now - row.at,
            reason: status::reason(row.at, self.now, two, off),
        }
    }
}

/// Works out when the courier will arrive, where it is on a delivery whose path is known. A function of the newest fix, the
/// delivery and the last speeds alone: how often and in which order it is called makes no difference.
fn arrival(row: &Row, details: &mut Details, oldest: Millis) {
    let Details { position, speeds, task, .. } = details;
    let Some(task) = task.as_mut() else { return };
    // A fix from before the start says nothing about this way.
    let begun = task.delivery.started_at.is_none_or(|start| row.at >= start);
    let path = task.path.as_ref().filter(|_| begun);
    task.metres = path.map(|path| path.project(position.place, eta::planned_metres(&task.delivery, path, row.at)));
    task.eta =
        path.zip(task.metres).map(|(path, metres)| eta::arrival(&task.delivery, path, metres, row.at, speeds, oldest));
}
