//! Slices folded into a fleet, and frames of it. States are views of (fix, story, clock), as the server has them.

use std::collections::HashMap;

use contract::{
    CourierId, Millis, Place,
    frame::{Blocks, CourierStatus, HEADER, Kind, Record},
    live::Counts,
};
use fleet::{
    eta::{self, Speeds},
    status::{self, Standing},
};

use super::{slice::Fix, stories::Stories};

/// A courier without a fix for this long is not there, as it is not in the live list, ms.
pub const WINDOW_MS: Millis = 15 * 60_000;
/// Bits of a record that say how the courier stands.
const STATUS: u8 = 0b111;
/// An ETA that moves by less than this is not told again, s.
const ETA_STEP_S: u32 = 15;

/// The next fix of a courier, known ahead: it is drawn on its way there.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// Who.
    pub courier: CourierId,
    /// Where to.
    pub place: Place,
    /// Direction there, degrees clockwise from north, where it is known.
    pub heading_deg: Option<f64>,
    /// When it sets off, ms UTC.
    pub from: Millis,
    /// When it is there, ms UTC.
    pub at: Millis,
}

#[derive(Debug)]
struct Courier {
    slot: u16,
    at: Millis,
    /// The newest fix; its status is kept apart.
    record: Record,
    /// The source said that it was on a delivery.
    carries: bool,
    status: CourierStatus,
    speeds: Speeds,
    /// When it will arrive, ms UTC.
    arrival: Option<Millis>,
    /// The arrival that frames told, s since 1970, 0 none.
    told_s: u32,
    is_new: bool,
    changed: bool,
}

/// The couriers of a moment.
#[derive(Debug, Default)]
pub struct Fold {
    couriers: HashMap<CourierId, Courier>,
    free: Vec<u16>,
    gone: Vec<u16>,
    next: u16,
}

impl Fold {
    /// Takes a fix; one that is older than what is known changes nothing. False where there is no room for its courier.
    pub fn take(&mut self, fix: Fix, stories: &mut Stories) -> bool {
        if !self.couriers.contains_key(&fix.courier) {
            let Some(slot) = self.free.pop().or_else(|| self.fresh_slot()) else { return false };
            let courier = Courier {
                slot,
                at: Millis::MIN,
                record: fix.record,
                carries: false,
                status: CourierStatus::Idle,
                speeds: Speeds::default(),
                arrival: None,
                told_s: 0,
                is_new: true,
                changed: true,
            };
            self.couriers.insert(fix.courier.clone(), courier);
        }
        let Some(courier) = self.couriers.get_mut(&fix.courier).filter(|courier| courier.at < fix.at) else {
            return true;
        };
        courier.at = fix.at;
        courier.carries = fix.record.status() == CourierStatus::OnDelivery;
        courier.record = fix.record;
        courier.changed = true;
        if let Some(speed) = fix.record.speed_mps() {
            courier.speeds.add(fix.at, speed as f32);
        }
        courier.arrival = arrival(&fix.courier, courier, stories);
        true
    }

    fn fresh_slot(&mut self) -> Option<u16> {
        let slot = self.next;
        self.next = self.next.checked_add(1)?;
        Some(slot)
    }

    /// Deliveries came: arrivals are reckoned anew.
    pub fn reckon(&mut self, stories: &mut Stories) {
        for (name, courier) in &mut self.couriers {
            courier.arrival = arrival(name, courier, stories);
        }
    }

    /// What time alone changes: who is late, silent, offline, gone.
    pub fn age(&mut self, now: Millis, stories: &Stories) {
        let (gone, free) = (&mut self.gone, &mut self.free);
        self.couriers.retain(|_, courier| {
            let stays = courier.at > now - WINDOW_MS;
            if !stays {
                // One that no frame has named yet need not be taken away.
                if !courier.is_new {
                    gone.push(courier.slot);
                }
                free.push(courier.slot);
            }
            stays
        });
        for (name, courier) in &mut self.couriers {
            let status = standing(name, courier, stories, now);
            let arrival_s = courier.arrival.map_or(0, |at| u32::try_from(at / 1000).unwrap_or(0));
            let on_way = matches!(status, CourierStatus::OnDelivery | CourierStatus::Late);
            let eta_s = if on_way { arrival_s } else { 0 };
            let moved = eta_s.abs_diff(courier.told_s) >= ETA_STEP_S;
            if status != courier.status || moved {
                courier.status = status;
                courier.changed = true;
                courier.told_s = if moved { eta_s } else { courier.told_s };
            }
        }
    }

    /// A frame of what changed since the last one, or of all.
    pub fn frame(&mut self, kind: Kind, now: Millis) -> Vec<u8> {
        let (mut out, mut blocks) = (vec![0; HEADER], Blocks::default());
        if kind == Kind::Full {
            self.gone.clear();
        }
        for slot in self.gone.drain(..) {
            blocks.gone(slot);
        }
        for (name, courier) in &mut self.couriers {
            if kind == Kind::Delta && !courier.changed {
                continue;
            }
            let bits = courier.record.bits & !STATUS | courier.status as u8;
            let age_ms = i32::try_from(now - courier.at).unwrap_or(i32::MAX);
            out.extend_from_slice(&Record { slot: courier.slot, age_ms, bits, ..courier.record }.to_bytes());
            blocks.eta(courier.slot, Some(courier.told_s).filter(|eta| *eta > 0));
            if kind == Kind::Full || courier.is_new {
                blocks.name(courier.slot, name.as_str());
            }
            (courier.is_new, courier.changed) = (false, false);
        }
        blocks.finish(&mut out, 0, kind, 0, now);
        out
    }

    /// How many stand how.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for courier in self.couriers.values() {
            *match courier.status {
                CourierStatus::Idle => &mut counts.idle,
                CourierStatus::OnDelivery => &mut counts.on_delivery,
                CourierStatus::Late => &mut counts.late,
                CourierStatus::Alarm => &mut counts.alarm,
                CourierStatus::Offline => &mut counts.offline,
            } += 1;
        }
        counts
    }
}

/// When a courier that is on a delivery will arrive, ms UTC, as the server reckons it: from this fix, the speeds of the last
/// minute as far as they were replayed, and the plan.
fn arrival(name: &CourierId, courier: &Courier, stories: &mut Stories) -> Option<Millis> {
    let delivery = stories.last_started(name, courier.at).filter(|delivery| delivery.owns(courier.at))?;
    let path = stories.path(&delivery)?;
    let place = Place::from_e7(courier.record.lat_e7, courier.record.lon_e7);
    let metres = path.project(place, eta::planned_metres(&delivery, &path, courier.at));
    Some(eta::arrival(&delivery, &path, metres, courier.at, &courier.speeds, Millis::MIN))
}

fn standing(name: &CourierId, courier: &Courier, stories: &Stories, now: Millis) -> CourierStatus {
    let story = stories.last_started(name, now);
    let under_way = story.as_ref().filter(|delivery| stories.is_under_way(delivery, now));
    // Where the story of its last fix is known, the story decides; else the fix does.
    let told = story.as_ref().is_some_and(|delivery| delivery.owns(courier.at));
    let standing = Standing {
        last_fix: courier.at,
        on_delivery: under_way.is_some() || (courier.carries && !told),
        due: under_way.and_then(|delivery| status::due(delivery)),
        eta: courier.arrival,
    };
    status::status_at(standing, now)
}
