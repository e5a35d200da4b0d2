//! A viewer: a client of the live socket, written from docs/protocol.md alone. It sees everything, and comes back to another
//! replica with its cursor whenever its connection breaks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::expect::{End, Spot};
use crate::{rest::Rest, socket::connect};

/// The summary comes every second: after this long without any message a connection is dead.
const SILENCE: Duration = Duration::from_secs(5);

/// What a viewer has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// How deliveries ended, by events and, after a reset, by the list.
    pub ends: HashMap<String, End>,
    /// Ends that came again and were not the same: none may.
    pub contradictions: Vec<String>,
    /// The newest place of each courier: (at, where).
    pub couriers: HashMap<String, (i64, Spot)>,
    /// Frames that cannot be read: none may.
    pub unreadable: Vec<String>,
    /// How often a hello was answered with new, resumed, reset.
    pub resumes: HashMap<String, u32>,
    /// Longest times without a moved courier: when it began, and how long, since the start.
    pub stalls: Vec<(Instant, Duration)>,
    last_moved: Option<Instant>,
    cursor: Option<String>,
    slots: HashMap<u16, String>,
}

/// A viewer that is at work.
#[derive(Debug, Clone)]
pub struct Viewer {
    seen: Arc<Mutex<Seen>>,
}

impl Viewer {
    /// Begins to view the servers at these URLs, the `first`th of them first.
    pub fn start(urls: Vec<String>, first: usize) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let viewer = Self { seen };
        let own = viewer.clone();
        tokio::spawn(async move {
            for turn in first.. {
                let url = &urls[turn % urls.len()];
                own.connection(url).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        viewer
    }

    /// Looks at what was seen.
    pub fn look<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn connection(&self, url: &str) {
        let Ok(Some(mut socket)) = tokio::time::timeout(SILENCE, connect(url)).await else { return };
        let cursor = self.look(|seen| {
            seen.slots.clear();
            seen.cursor.clone()
        });
        let hello = json!({"type": "hello", "token": null, "cursor": cursor});
        let bounds = json!({"west": 24.8, "south": 60.1, "east": 25.1, "north": 60.25});
        let view = json!({"type": "view", "bounds": bounds, "zoom": 14});
        for message in [hello, view] {
            if socket.send(Message::Text(message.to_string().into())).await.is_err() {
                return;
            }
        }
        while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE, socket.next()).await {
            match message {
                Message::Binary(frame) => self.look(|seen| seen.frame(&frame)),
                Message::Text(text) => {
                    let Ok(message) = serde_json::from_str::<Value>(&text) else {
                        self.look(|seen| seen.unreadable.push(text.to_string()));
                        continue;
                    };
                    let lost_place = self.look(|seen| seen.text(&message));
                    if lost_place && !self.start_over(url).await {
                        // Without the list the cursor is worth nothing: the next hello asks again.
                        self.look(|seen| seen.cursor = None);
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Without a cursor that counts, the list of what is live is where to begin.
    async fn start_over(&self, url: &str) -> bool {
        let rest = Rest::new(url);
        let asked = rest.ask(reqwest::Method::GET, "/deliveries/live", None);
        let Ok(Some((200, live))) = tokio::time::timeout(SILENCE, asked).await else { return false };
        let items = live["items"].as_array().cloned().unwrap_or_default();
        self.look(|seen| items.iter().for_each(|document| seen.document(document)));
        true
    }
}

impl Seen {
    /// Takes a text message in; `true` where the list must be asked for.
    fn text(&mut self, message: &Value) -> bool {
        let cursor = || message["cursor"].as_str().map(str::to_owned);
        match message["type"].as_str() {
            Some("welcome") => {
                let resume = message["resume"].as_str().unwrap_or("nothing").to_owned();
                let lost_place = resume != "resumed";
                *self.resumes.entry(resume).or_default() += 1;
                self.cursor = cursor();
                return lost_place;
            }
            Some("events") => {
                self.cursor = cursor();
                message["deliveries"].as_array().into_iter().flatten().for_each(|document| self.document(document));
            }
            Some("error") => self.unreadable.push(message.to_string()),
            _ => {}
        }
        false
    }

    fn document(&mut self, document: &Value) {
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let status = text("status");
        if ["requested", "in_transit"].contains(&status.as_str()) {
            return;
        }
        let positions = document["positions"].as_u64().and_then(|n| u32::try_from(n).ok());
        let end = End { status, finished_at: document["finished_at"].as_i64(), positions };
        let known = self.ends.entry(text("delivery")).or_insert_with(|| end.clone());
        if *known != end {
            self.contradictions.push(text("delivery"));
        }
    }

    fn frame(&mut self, frame: &[u8]) {
        match read(frame) {
            Some(frame) => self.apply(frame),
            None => self.unreadable.push(format!("a frame of {} bytes", frame.len())),
        }
    }

    fn apply(&mut self, frame: Frame) {
        if frame.full {
            self.slots.clear();
        }
        frame.gone.iter().for_each(|slot| {
            self.slots.remove(slot);
        });
        self.slots.extend(frame.names);
        let mut moved = false;
        for (slot, at, spot) in frame.records {
            let Some(courier) = self.slots.get(&slot) else {
                self.unreadable.push(format!("slot {slot} has no name"));
                continue;
            };
            let newest = self.couriers.entry(courier.clone()).or_insert((i64::MIN, spot));
            if at > newest.0 {
                *newest = (at, spot);
                moved = true;
            }
        }
        if moved {
            let now = Instant::now();
            if let Some(last) = self.last_moved.replace(now)
                && now - last > Duration::from_secs(1)
            {
                self.stalls.push((last, now - last));
            }
        }
    }
}

/// A binary message.
struct Frame {
    full: bool,
    records: Vec<(u16, i64, Spot)>,
    gone: Vec<u16>,
    names: Vec<(u16, String)>,
}

/// Reads a frame of kind 1 or 2 as docs/protocol.md lays it out; `None` where it is none.
fn read(bytes: &[u8]) -> Option<Frame> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let i32_at = |at: usize| Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if bytes.first() != Some(&1) || !(1..=2).contains(bytes.get(1)?) {
        return None;
    }
    let full = bytes[1] == 1;
    let now = i64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    let count = |at: usize| Some(u32_at(at)? as usize);
    let (n, e, g, b) = (count(16)?, count(20)?, count(24)?, count(28)?);
    let mut records = Vec::with_capacity(n);
    for at in (32..).step_by(16).take(n) {
        // 24 bits with a sign: shifted up and down again.
        let age = i64::from((u32_at(at + 4)? << 8).cast_signed() >> 8);
        records.push((u16_at(at)?, now - age, Spot { lat_e7: i32_at(at + 8)?, lon_e7: i32_at(at + 12)? }));
    }
    let gone_at = 32 + 16 * n + 8 * e;
    let gone: Option<Vec<u16>> = (0..g).map(|i| u16_at(gone_at + 2 * i)).collect();
    let mut at = gone_at + 2 * (g + g % 2);
    let end = at + b;
    let mut names = Vec::new();
    while at < end {
        let size = usize::from(*bytes.get(at + 2)?);
        names.push((u16_at(at)?, String::from_utf8(bytes.get(at + 3..at + 3 + size)?.to_vec()).ok()?));
        at += 3 + size;
    }
    (at == bytes.len()).then_some(Frame { full, records, gone: gone?, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of docs/protocol.md.
    const DELTA: &str = "0102000003000000c8ecb5a39a01000001000000000000000100000000000000\
                         0000c1214d0000093333dd23bb4cdd0e02000000";

    #[test]
    fn a_frame_reads_as_the_protocol_lays_it_out() {
        let byte = |i: usize| u8::from_str_radix(&DELTA[i..i + 2], 16).expect("hex");
        let bytes: Vec<u8> = (0..DELTA.len()).step_by(2).map(byte).collect();
        let frame = read(&bytes).expect("a delta");
        let spot = Spot { lat_e7: 601_699_123, lon_e7: 249_384_123 };
        assert_eq!((frame.full, &frame.gone[..]), (false, &[2][..]));
        assert_eq!(frame.records, [(0, 1_763_683_200_200 - 77, spot)]);
        assert!((0..bytes.len()).all(|end| read(&bytes[..end]).is_none()));
    }
}
