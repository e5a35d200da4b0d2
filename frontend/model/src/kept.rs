//! What a page remembers of the world, so that one that is opened without a network shows the last known state.
//!
//! It is text for the browser's own storage: the open deliveries as a line of JSON, the last summary as another, and behind
//! them the couriers as a full frame of `docs/protocol.md`, each byte a character of Latin-1.

use contract::{
    Delivery, Millis,
    frame::{Blocks, Frame, HEADER, Kind, Record},
    live::Summary,
    rest::LiveDeliveries,
};

use crate::{World, read};

/// Older than this it is no longer worth showing, ms.
const GOOD_FOR_MS: Millis = 24 * 3_600_000;

/// Writes down what the world knows. `None` while it knows no courier's place: counts of afar are no picture to keep.
pub fn write(world: &World, summary: Option<&Summary>) -> Option<String> {
    let client = world.client();
    if client.is_empty() || client.is_counted() {
        return None;
    }
    let open: Vec<&Delivery> = world.deliveries().filter(|delivery| !delivery.status.is_terminal()).collect();
    let mut text = serde_json::to_string(&open).ok()?;
    text.push('\n');
    text += &summary.and_then(|summary| serde_json::to_string(summary).ok()).unwrap_or_default();
    text.push('\n');
    text.extend(frame(world).into_iter().map(char::from));
    Some(text)
}

fn frame(world: &World) -> Vec<u8> {
    let now = world.client().now();
    let mut out = vec![0; HEADER];
    let mut blocks = Blocks::default();
    for (slot, seen) in world.client().couriers() {
        let record = Record {
            slot,
            heading: seen.heading_deg.map_or(0, Record::heading_from_deg),
            speed: seen.speed_mps.map_or(0, Record::speed_from_mps),
            age_ms: i32::try_from(now - seen.at).unwrap_or(i32::MAX),
            bits: seen.bits,
            lat_e7: seen.place.lat_e7(),
            lon_e7: seen.place.lon_e7(),
        };
        out.extend_from_slice(&record.to_bytes());
        blocks.eta(slot, seen.eta.and_then(|eta| u32::try_from(eta / 1000).ok()));
        blocks.name(slot, seen.courier.as_str());
    }
    blocks.finish(&mut out, 0, Kind::Full, 0, now);
    out
}

/// What was written down.
#[derive(Debug)]
pub struct Kept {
    deliveries: LiveDeliveries,
    frame: Vec<u8>,
    /// The last summary.
    pub summary: Option<Summary>,
}

/// Reads it again. `None` where it is no such text, of another version, or a day old at `now` (ms UTC).
pub fn read(text: &str, now: Millis) -> Option<Kept> {
    let mut parts = text.splitn(3, '\n');
    let items = read::json(parts.next()?).and_then(read::typed).ok()?;
    let deliveries = LiveDeliveries { items, next: None, cursor: String::new() };
    let summary = read::json(parts.next()?).and_then(read::typed).ok();
    let frame = parts.next()?;
    let frame: Vec<u8> = frame.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect::<Option<_>>()?;
    let at = Frame::parse(&frame).ok()?.header.now;
    (now - at < GOOD_FOR_MS).then_some(Kept { deliveries, frame, summary })
}

impl World {
    /// Takes what was known, at `t` (s of the page's own clock), where nothing is known yet. False where something was.
    pub fn recall(&mut self, kept: &Kept, t: f64) -> bool {
        if self.client().now() > 0 || self.apply_frame(&kept.frame, t).is_err() {
            return false;
        }
        self.merge_deliveries(kept.deliveries.clone(), self.client().now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::tests;

    #[test]
    fn what_was_known_is_known_again() {
        let world = tests::world();
        let summary = Summary { now: world.client().now(), ..Summary::default() };
        let text = write(&world, Some(&summary)).unwrap();
        let now = world.client().now();

        let kept = read(&text, now + 1_000).unwrap();
        assert_eq!(kept.summary, Some(summary));
        let mut again = World::default();
        assert!(again.recall(&kept, 5.0));
        let couriers = |world: &World| world.client().couriers().map(|(_, seen)| seen.clone()).collect::<Vec<_>>();
        assert_eq!(couriers(&again), couriers(&world));
        assert_eq!(again.client().now(), now);
        let open = |world: &World| {
            let mut open: Vec<_> = world.deliveries().filter(|d| !d.status.is_terminal()).cloned().collect();
            open.sort_by_key(|delivery| delivery.delivery);
            open
        };
        assert_eq!(open(&again), open(&world));
        assert_eq!(open(&again).len(), 3);
        // Once something is known, what was known before is not wanted.
        assert!(!again.recall(&kept, 6.0));
    }

    #[test]
    fn what_cannot_be_read_or_is_old_is_left() {
        assert_eq!(write(&World::default(), None), None, "nothing is known");
        let world = tests::world();
        let text = write(&world, None).unwrap();
        let now = world.client().now();
        assert!(read(&text, now).is_some_and(|kept| kept.summary.is_none()));
        assert!(read(&text, now + GOOD_FOR_MS).is_none());
        assert!(read(&text[..text.len() - 1], now).is_none());
        for text in ["", "\n", "\n\n", "{}\n\n", "x\ny\nz", "[]\n\n\u{100}"] {
            assert!(read(text, now).is_none(), "{text:?}");
        }
    }
}
