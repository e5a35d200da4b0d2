//! The table of couriers: each has a handle, a small hot row that frames are made from, and the rest beside it.

use std::sync::Arc;

use contract::{
    CourierId, Delivery, Millis, Place, Position, SourceId,
    frame::{BIT_CLOCK_OFF, BIT_NO_HEADING, BIT_NO_SPEED, BIT_SIMULATED, BIT_TWO_DEVICES, CourierStatus, Record},
};
use rustc_hash::FxHashMap;

use crate::{
    eta::Speeds,
    grid::{HISTORY_TICKS, Handle},
    path::Path,
    status::{CLOCK_OFF_MS, TWO_DEVICES_MS},
};

/// The source that the simulator writes.
pub const SIMULATED: &str = "sim";
/// For how many ticks the handle of a dropped courier is not given to another: longer than any viewer's delta reaches.
const QUARANTINE_TICKS: u64 = HISTORY_TICKS * 2;

/// What a frame needs of a courier, in one cache line.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Latitude, 1e-7 degrees.
    pub lat_e7: i32,
    /// Longitude, 1e-7 degrees.
    pub lon_e7: i32,
    /// Time of the newest fix, ms UTC.
    pub at: Millis,
    /// Tick of the last change that a viewer should see. The courier stands in its cell's list of changes at that tick.
    pub changed: u64,
    /// Tick of the last change of `eta_s`.
    pub eta_changed: u64,
    /// ETA as viewers are told it, in s since 1970, 0 none: it follows the true one in steps of 15 s or more, for all
    /// viewers alike.
    pub eta_s: u32,
    /// Index of the courier's cell in the grid.
    pub cell: u32,
    /// Heading and speed as on the wire.
    pub heading: u8,
    /// Speed in 0.25 m/s.
    pub speed: u8,
    /// Flags as on the wire, without the status.
    pub flags: u8,
    /// Status.
    pub status: CourierStatus,
    /// False while the handle is free.
    pub alive: bool,
}

impl Row {
    /// The row as a frame carries it.
    #[inline]
    pub fn record(&self, slot: u16, now: Millis) -> Record {
        Record {
            slot,
            heading: self.heading,
            speed: self.speed,
            age_ms: (now - self.at).clamp(i32::MIN.into(), i32::MAX.into()) as i32,
            bits: self.flags | self.status as u8,
            lat_e7: self.lat_e7,
            lon_e7: self.lon_e7,
        }
    }

    /// Where.
    pub fn place(&self) -> Place {
        Place::from_e7(self.lat_e7, self.lon_e7)
    }
}

/// The delivery that a courier is on, with what its ETA needs.
#[derive(Debug, Clone)]
pub struct Task {
    /// The document.
    pub delivery: Arc<Delivery>,
    /// Its way.
    pub path: Option<Arc<Path>>,
    /// When it is due, ms UTC.
    pub due: Option<Millis>,
    /// How far along the path the courier is, metres.
    pub metres: Option<f64>,
    /// When it will arrive, ms UTC.
    pub eta: Option<Millis>,
}

/// Everything else of a courier.
#[derive(Debug, Clone)]
pub struct Details {
    /// Who.
    pub courier: CourierId,
    /// The newest position: greatest (at, source).
    pub position: Position,
    /// Broker time of its record, ms UTC.
    pub broker_time: Millis,
    /// Offset of its record: of two with the same identity the first one wins.
    offset: i64,
    /// The newest position of any other source.
    other: Option<(Millis, SourceId)>,
    /// Speeds of the last minute.
    pub speeds: Speeds,
    /// What the courier is on.
    pub task: Option<Task>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// The courier is new, or has moved.
    Moved(Handle),
    /// An older fix, or one that is known: nothing that is drawn has changed, but the ETA may.
    Known(Handle),
    /// The table is full: the courier is not shown.
    Full,
}

/// What a batch folds by.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// Its number.
    pub tick: u64,
    /// Fixes from this time (ms UTC) or earlier are outside the live window.
    pub oldest: Millis,
    /// Most couriers.
    pub max: usize,
}

/// All couriers of the live state.
#[derive(Debug, Default)]
pub struct Couriers {
    rows: Vec<Row>,
    details: Vec<Option<Details>>,
    by_name: FxHashMap<CourierId, Handle>,
    /// (tick of the drop, handle), oldest first.
    free: std::collections::VecDeque<(u64, Handle)>,
}

impl Couriers {
    /// Folds a position in. The caller keeps the grid.
    pub fn apply(&mut self, position: Position, broker_time: Millis, offset: i64, batch: Batch) -> Folded {
        let Some(&handle) = self.by_name.get(&position.courier) else {
            if self.by_name.len() >= batch.max {
                return Folded::Full;
            }
            return Folded::Moved(self.insert(position, broker_time, offset, batch));
        };
        let index = handle as usize;
        let Some(details) = self.details[index].as_mut() else { return Folded::Known(handle) };
        details.fold(position, broker_time, offset);
        let before = self.rows[index];
        let row = &mut self.rows[index];
        show(row, details, batch.oldest);
        let shown = |row: &Row| (row.lat_e7, row.lon_e7, row.at, row.flags, row.heading, row.speed);
        if shown(&before) == shown(row) { Folded::Known(handle) } else { Folded::Moved(handle) }
    }

    fn insert(&mut self, position: Position, broker_time: Millis, offset: i64, batch: Batch) -> Handle {
        let courier = position.courier.clone();
        let mut speeds = Speeds::default();
        if let Some(speed) = position.speed_mps {
            speeds.add(position.at, speed as f32);
        }
        let details =
            Details { courier: courier.clone(), position, broker_time, offset, other: None, speeds, task: None };
        let mut row = Row {
            lat_e7: 0,
            lon_e7: 0,
            at: 0,
            changed: 0,
            eta_changed: 0,
            eta_s: 0,
            cell: u32::MAX,
            heading: 0,
            speed: 0,
            flags: 0,
            status: CourierStatus::Idle,
            alive: true,
        };
        show(&mut row, &details, batch.oldest);
        let rested = self.free.front().is_some_and(|(dropped, _)| dropped + QUARANTINE_TICKS < batch.tick);
        let handle = match rested.then(|| self.free.pop_front()).flatten() {
            Some((_, handle)) => {
                self.rows[handle as usize] = row;
                self.details[handle as usize] = Some(details);
                handle
            }
            None => {
                self.rows.push(row);
                self.details.push(Some(details));
                (self.rows.len() - 1) as Handle
            }
        };
        self.by_name.insert(courier, handle);
        handle
    }

    /// Drops a courier. Its handle rests before another gets it.
    pub fn drop(&mut self, handle: Handle, tick: u64) {
        if let Some(details) = self.details[handle as usize].take() {
            self.by_name.remove(&details.courier);
            self.rows[handle as usize].alive = false;
            self.rows[handle as usize].changed = tick;
            self.free.push_back((tick, handle));
        }
    }

    /// The hot row of a handle.
    #[inline]
    pub fn row(&self, handle: Handle) -> &Row {
        &self.rows[handle as usize]
    }

    pub(crate) fn row_mut(&mut self, handle: Handle) -> &mut Row {
        &mut self.rows[handle as usize]
    }

    pub(crate) fn both_mut(&mut self, handle: Handle) -> Option<(&mut Row, &mut Details)> {
        Some((&mut self.rows[handle as usize], self.details[handle as usize].as_mut()?))
    }

    /// The rest of a courier.
    pub fn details(&self, handle: Handle) -> Option<&Details> {
        self.details[handle as usize].as_ref()
    }

    /// The handle of a courier.
    pub fn handle(&self, courier: &CourierId) -> Option<Handle> {
        self.by_name.get(courier).copied()
    }

    /// How many couriers there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// One more than the greatest handle.
    pub fn end(&self) -> Handle {
        self.rows.len() as Handle
    }

    /// All couriers.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &Row, &Details)> {
        let rows = self.rows.iter().zip(&self.details).enumerate();
        rows.filter_map(|(handle, (row, details))| Some((handle as Handle, row, details.as_ref()?)))
    }
}

impl Details {
    /// Folds one more position of the courier in: the marker is the greatest (at, source), and of two records with the
    /// same identity the first one.
    fn fold(&mut self, position: Position, broker_time: Millis, offset: i64) {
        if let Some(speed) = position.speed_mps {
            self.speeds.add(position.at, speed as f32);
        }
        let known = &self.position;
        let newer = (position.at, &position.source) > (known.at, &known.source);
        let same_but_first = (position.at, &position.source) == (known.at, &known.source) && offset < self.offset;
        if position.source != known.source {
            // Of two sources one shows the position, the other its newest time only. The marker that loses its place was
            // the greatest of all, so it is the greatest of the others now.
            let other = if newer { (known.at, known.source.clone()) } else { (position.at, position.source.clone()) };
            if newer || self.other.as_ref().is_none_or(|known| *known < other) {
                self.other = Some(other);
            }
        }
        if newer || same_but_first {
            self.position = position;
            self.broker_time = broker_time;
            self.offset = offset;
        }
    }

    /// The flags of the marker, as on the wire. What another source sent at `oldest` (ms UTC) or before is forgotten.
    pub(crate) fn flags(&self, oldest: Millis) -> u8 {
        let position = &self.position;
        let near = |at: Millis| at > oldest && position.at - at <= TWO_DEVICES_MS;
        let flag = |bit: u8, set: bool| if set { bit } else { 0 };
        flag(BIT_SIMULATED, position.source.as_str() == SIMULATED)
            | flag(BIT_TWO_DEVICES, self.other.as_ref().is_some_and(|(at, _)| near(*at)))
            | flag(BIT_CLOCK_OFF, position.at - self.broker_time > CLOCK_OFF_MS)
            | flag(BIT_NO_HEADING, position.heading_deg.is_none())
            | flag(BIT_NO_SPEED, position.speed_mps.is_none())
    }
}

/// Copies what is shown of the newest position into the row.
fn show(row: &mut Row, details: &Details, oldest: Millis) {
    let position = &details.position;
    row.lat_e7 = position.place.lat_e7();
    row.lon_e7 = position.place.lon_e7();
    row.at = position.at;
    row.heading = position.heading_deg.map_or(0, Record::heading_from_deg);
    row.speed = position.speed_mps.map_or(0, Record::speed_from_mps);
    row.flags = details.flags(oldest);
}
