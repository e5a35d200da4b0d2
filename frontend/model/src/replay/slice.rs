//! One answer of GET /replay, read: the fixes that came in a stretch of time.

use std::collections::HashMap;

use contract::{
    CourierId, Millis, Place,
    frame::{BadFrame, Frame, Record},
};

/// A fix of a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// Who.
    pub courier: CourierId,
    /// When, ms UTC.
    pub at: Millis,
    /// Where, how fast, and which way; its slot means nothing outside the slice.
    pub record: Record,
}

impl Fix {
    /// Where.
    pub fn place(&self) -> Place {
        Place::from_e7(self.record.lat_e7, self.record.lon_e7)
    }
}

/// The newest fix of each courier in a stretch of time, oldest first, and how many of them were taken.
#[derive(Debug, Default)]
pub struct Slice {
    fixes: Vec<Fix>,
    by_courier: HashMap<CourierId, usize>,
    taken: usize,
}

impl Slice {
    /// Reads a frame of GET /replay.
    pub fn read(bytes: &[u8]) -> Result<Self, BadFrame> {
        let frame = Frame::parse(bytes)?;
        let mut names: HashMap<u16, &str> = frame.names().collect();
        let named = frame.records().filter_map(|record| {
            let courier = CourierId::new(names.remove(&record.slot)?).ok()?;
            Some(Fix { courier, at: frame.header.now - Millis::from(record.age_ms), record })
        });
        let mut fixes: Vec<Fix> = named.collect();
        fixes.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.courier.cmp(&b.courier)));
        let by_courier = fixes.iter().enumerate().map(|(index, fix)| (fix.courier.clone(), index)).collect();
        Ok(Self { fixes, by_courier, taken: 0 })
    }

    /// Takes the next fix that was measured at `now` (ms UTC) or before.
    pub fn take(&mut self, now: Millis) -> Option<Fix> {
        let fix = self.fixes.get(self.taken).filter(|fix| fix.at <= now)?;
        self.taken += 1;
        Some(fix.clone())
    }

    /// The courier's fix, while it was not taken.
    pub fn ahead(&self, courier: &CourierId) -> Option<&Fix> {
        self.by_courier.get(courier).filter(|index| **index >= self.taken).and_then(|index| self.fixes.get(*index))
    }

    /// What was not taken, oldest first.
    pub fn rest(&self) -> &[Fix] {
        &self.fixes[self.taken..]
    }
}
