//! One run: the fixes of one delivery on their way into Kafka.

use std::sync::Arc;

use contract::{Delivery, DeliveryId, DeliveryStatus, Millis, Position, SourceId};
use fleet::{
    drive::{self, Drive, Seeded},
    eta,
    path::Path,
};

use crate::settings::FixSettings;

/// A courier on its way.
#[derive(Debug)]
pub struct Run {
    /// The document that put it on its way.
    pub delivery: Arc<Delivery>,
    /// Partition of its delivery's records.
    pub partition: i32,
    drive: Drive,
    started_at: Millis,
    delay_ms: u64,
    /// Number of the next fix that was not sent yet.
    next: u32,
    /// Number of fixes that this run has; fewer than the drive's where others ended it.
    fixes: u32,
    /// Sent, and neither acknowledged nor failed yet.
    in_flight: u32,
    /// Fixes whose delivery failed: they are sent again.
    again: Vec<u32>,
    ended_by_others: bool,
}

/// What to do when all fixes of a run are acknowledged.
#[derive(Debug)]
pub enum End {
    /// Write this document.
    Delivered(Box<Delivery>),
    /// Others wrote the end already.
    Known,
}

impl Run {
    /// The run of a delivery that is under way; `None` where its path cannot be driven or it never started.
    pub fn new(delivery: Arc<Delivery>, partition: i32, settings: FixSettings) -> Option<Self> {
        let path = Path::from_polyline(&delivery.path).ok()?;
        let started_at = delivery.started_at?;
        let seed = drive::seed(delivery.delivery);
        let drive = Drive::new(path, delivery.speed, delivery.interval_ms, seed).with_noise(settings.noise);
        let (fixes, delay_ms) = (drive.fixes(), settings.delay.as_millis() as u64);
        let (next, in_flight, again) = (0, 0, Vec::new());
        let ended_by_others = false;
        Some(Self { delivery, partition, drive, started_at, delay_ms, next, fixes, in_flight, again, ended_by_others })
    }

    /// Its delivery.
    pub fn id(&self) -> DeliveryId {
        self.delivery.delivery
    }

    /// Number of its fixes.
    pub fn fixes(&self) -> u32 {
        self.fixes
    }

    /// The next fix to be sent, and when it is due, ms UTC.
    pub fn due(&self) -> Option<(u32, Millis)> {
        if let Some(n) = self.again.last() {
            return Some((*n, Millis::MIN));
        }
        (self.next < self.fixes).then(|| (self.next, self.at(self.next) + self.delay(self.next)))
    }

    /// Takes the fix that [`Run::due`] named: it is in the producer's queue now.
    pub fn sent(&mut self, n: u32) {
        self.in_flight += 1;
        if self.again.last() == Some(&n) {
            self.again.pop();
        } else {
            self.next = n + 1;
        }
    }

    /// A fix was acknowledged.
    pub fn acknowledged(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A fix was not delivered: it is sent again.
    pub fn failed(&mut self, n: u32) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if n < self.fixes {
            self.again.push(n);
        }
    }

    /// Others ended the delivery: fixes up to its end are sent, none after.
    pub fn end(&mut self, terminal: &Delivery) {
        let end = terminal.finished_at.unwrap_or(Millis::MIN);
        let until = (end - self.started_at).div_euclid(Millis::from(self.delivery.interval_ms.max(1)));
        let fixes = if end < self.started_at { 0 } else { (until + 1).clamp(0, self.fixes.into()) as u32 };
        self.fixes = fixes;
        self.again.retain(|n| *n < fixes);
        self.ended_by_others = true;
    }

    /// What follows when all fixes are sent and acknowledged; `None` while some are not.
    pub fn over(&self) -> Option<End> {
        if self.next < self.fixes || !self.again.is_empty() || self.in_flight > 0 {
            return None;
        }
        if self.ended_by_others {
            return Some(End::Known);
        }
        let (status, positions) = (DeliveryStatus::Delivered, Some(self.fixes));
        let finished_at = Some(self.at(self.fixes - 1));
        let eta_half_way = self.half_way();
        let delivered = Delivery { status, positions, finished_at, eta_half_way, ..self.delivery.as_ref().clone() };
        Some(End::Delivered(Box::new(delivered)))
    }

    /// What was predicted half-way, reckoned from the last minute of fixes before that.
    fn half_way(&self) -> Option<Millis> {
        let path = self.drive.path();
        let (mut first, mut beyond) = (0, self.fixes);
        while first < beyond {
            let middle = first + (beyond - first) / 2;
            if self.drive.fix(middle).metres * 2.0 < path.length_m() { first = middle + 1 } else { beyond = middle }
        }
        let minute = (eta::WINDOW_MS / Millis::from(self.delivery.interval_ms.max(1))) as u32 + 1;
        let fixes = (first.saturating_sub(minute)..self.fixes).map(|n| {
            let fix = self.drive.fix(n);
            (self.at(n), fix.place, Some(fix.speed_mps))
        });
        eta::half_way(&self.delivery, path, fixes)
    }

    /// Fix `n` as a record: a pure function of the delivery and `n`.
    pub fn position(&self, n: u32, source: &SourceId) -> Position {
        let fix = self.drive.fix(n);
        Position {
            courier: self.delivery.courier.clone(),
            source: source.clone(),
            at: self.at(n),
            place: fix.place,
            accuracy_m: Some(fix.accuracy_m),
            speed_mps: Some(fix.speed_mps),
            heading_deg: Some(fix.heading_deg),
            delivery: Some(self.id()),
            seq: Some(n),
            altitude_m: None,
            battery: None,
        }
    }

    fn at(&self, n: u32) -> Millis {
        self.started_at + self.drive.offset_ms(n) as Millis
    }

    /// Seeded, so that a successor publishes with the same delays.
    fn delay(&self, n: u32) -> Millis {
        if self.delay_ms == 0 {
            return 0;
        }
        let share = Seeded::new(drive::seed(self.id())).fork(u64::from(n)).share();
        (share * self.delay_ms as f64) as Millis
    }
}
