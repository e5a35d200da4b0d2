//! Binary frames: couriers of a view, little-endian, one message a tick at most.
//!
//! ```text
//! header 32: 0 u8 version | 1 u8 kind | 2 u16 level | 4 u32 view | 8 u64 server time ms | 16 u32 n | 20 u32 e | 24 u32 g | 28 u32 b
//! n x 16:    0 u16 slot | 2 u8 heading 1/256 turn | 3 u8 speed 0.25 m/s | 4 i24 server time - at ms | 7 u8 bits | 8 i32 lat e7 | 12 i32 lon e7
//! e x 8:     0 u16 slot | 2 u16 0 | 4 u32 eta, s since 1970, 0 none
//! g x 2:     u16 slot that is free again, padded with 2 zero bytes if g is odd
//! names:     {u16 slot, u8 len, len bytes}
//! kind 3:    n x 12: u32 x | u32 y | u32 couriers << 8 | worst status; no other block
//! ```

use crate::Millis;

/// Version of the layout.
pub const VERSION: u8 = 1;
/// Bytes of the header.
pub const HEADER: usize = 32;
/// Bytes of a courier's record.
pub const RECORD: usize = 16;
/// Bytes of an ETA.
pub const ETA: usize = 8;
/// Bytes of a count.
pub const COUNT: usize = 12;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Replaces all couriers that the client holds.
    Full = 1,
    /// Changes since the connection's last frame.
    Delta = 2,
    /// Couriers counted by cell; replaces the last one.
    Counts = 3,
}

/// The state of a courier as it is drawn: a view of (state, clock), never stored. The order is that of urgency on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CourierStatus {
    /// Without a delivery.
    #[default]
    Idle = 0,
    /// On a delivery, in time.
    OnDelivery = 1,
    /// On a delivery, late.
    Late = 2,
    /// On a delivery, silent for 60 s.
    Alarm = 3,
    /// No fix for 5 min.
    Offline = 4,
}

impl CourierStatus {
    /// All of them, by number.
    pub const ALL: [Self; 5] = [Self::Idle, Self::OnDelivery, Self::Late, Self::Alarm, Self::Offline];

    /// The status of that number; unknown numbers are idle.
    pub fn from_bits(bits: u8) -> Self {
        Self::ALL.get(usize::from(bits & 0b111)).copied().unwrap_or_default()
    }

    /// The name in REST and on the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::OnDelivery => "on_delivery",
            Self::Late => "late",
            Self::Alarm => "alarm",
            Self::Offline => "offline",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// Bit 3: the position comes from the simulator.
pub const BIT_SIMULATED: u8 = 1 << 3;
/// Bit 4: two sources within 30 s.
pub const BIT_TWO_DEVICES: u8 = 1 << 4;
/// Bit 5: the source's clock is off.
pub const BIT_CLOCK_OFF: u8 = 1 << 5;
/// Bit 6: no heading is known.
pub const BIT_NO_HEADING: u8 = 1 << 6;
/// Bit 7: no speed is known.
pub const BIT_NO_SPEED: u8 = 1 << 7;

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the frame is.
    pub kind: Kind,
    /// Tile level of the cells, for counts.
    pub level: u16,
    /// Which of the client's view messages this answers, from 1.
    pub view: u32,
    /// Server time, ms UTC.
    pub now: Millis,
    /// Number of records, or of counts.
    pub records: u32,
    /// Number of ETAs.
    pub etas: u32,
    /// Number of freed slots.
    pub gone: u32,
    /// Bytes of names.
    pub names: u32,
}

/// A courier in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The courier's number on this connection.
    pub slot: u16,
    /// Heading in 1/256 of a turn, clockwise from north.
    pub heading: u8,
    /// Speed in 0.25 m/s; 255 means that or more.
    pub speed: u8,
    /// Server time minus the fix's time, ms; 24 bits, saturating.
    pub age_ms: i32,
    /// Status and flags.
    pub bits: u8,
    /// Latitude, 1e-7 degrees.
    pub lat_e7: i32,
    /// Longitude, 1e-7 degrees.
    pub lon_e7: i32,
}

/// Couriers in a cell of the web-mercator grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Column, from the west.
    pub x: u32,
    /// Row, from the north.
    pub y: u32,
    /// How many (at most 2^24 - 1).
    pub couriers: u32,
    /// The most urgent status among them.
    pub worst: CourierStatus,
}

impl Header {
    /// The 32 bytes on the wire.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0] = VERSION;
        bytes[1] = self.kind as u8;
        bytes[2..4].copy_from_slice(&self.level.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.view.to_le_bytes());
        bytes[8..16].copy_from_slice(&(self.now.max(0) as u64).to_le_bytes());
        bytes[16..20].copy_from_slice(&self.records.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.etas.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.gone.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.names.to_le_bytes());
        bytes
    }
}

impl Record {
    /// The 16 bytes on the wire.
    #[inline]
    pub fn to_bytes(self) -> [u8; RECORD] {
        let age = self.age_ms.clamp(-(1 << 23), (1 << 23) - 1).to_le_bytes();
        let (slot, lat, lon) = (self.slot.to_le_bytes(), self.lat_e7.to_le_bytes(), self.lon_e7.to_le_bytes());
        [
            slot[0],
            slot[1],
            self.heading,
            self.speed,
            age[0],
            age[1],
            age[2],
            self.bits,
            lat[0],
            lat[1],
            lat[2],
            lat[3],
            lon[0],
            lon[1],
            lon[2],
            lon[3],
        ]
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        // The age is 24 bits: shift it up to the sign, and back.
        let age = i32::from_le_bytes([0, bytes[4], bytes[5], bytes[6]]) >> 8;
        Self {
            slot: u16::from_le_bytes([bytes[0], bytes[1]]),
            heading: bytes[2],
            speed: bytes[3],
            age_ms: age,
            bits: bytes[7],
            lat_e7: i32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
            lon_e7: i32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
        }
    }

    /// Heading as it stands on the wire, from degrees.
    pub fn heading_from_deg(degrees: f64) -> u8 {
        ((degrees / 360.0 * 256.0).round() as i32).rem_euclid(256) as u8
    }

    /// Speed as it stands on the wire, from m/s.
    pub fn speed_from_mps(mps: f64) -> u8 {
        (mps * 4.0).round().clamp(0.0, 255.0) as u8
    }

    /// Heading in degrees, where one is known.
    pub fn heading_deg(self) -> Option<f64> {
        (self.bits & BIT_NO_HEADING == 0).then(|| f64::from(self.heading) * 360.0 / 256.0)
    }

    /// Speed in m/s, where one is known.
    pub fn speed_mps(self) -> Option<f64> {
        (self.bits & BIT_NO_SPEED == 0).then(|| f64::from(self.speed) / 4.0)
    }

    /// Status of the courier.
    pub fn status(self) -> CourierStatus {
        CourierStatus::from_bits(self.bits)
    }
}

impl Count {
    /// The 12 bytes on the wire.
    pub fn to_bytes(self) -> [u8; COUNT] {
        let mut bytes = [0; COUNT];
        bytes[0..4].copy_from_slice(&self.x.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.y.to_le_bytes());
        let word = self.couriers.min(0xff_ffff) << 8 | self.worst as u32;
        bytes[8..12].copy_from_slice(&word.to_le_bytes());
        bytes
    }
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a frame: {0}")]
pub struct BadFrame(&'static str);

/// A frame that was read. Its parts borrow the message.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The head.
    pub header: Header,
    records: &'a [u8],
    etas: &'a [u8],
    gone: &'a [u8],
    names: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a message: all lengths are checked here, so that the iterators cannot fail.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadFrame> {
        let head = bytes.get(..HEADER).ok_or(BadFrame("shorter than its header"))?;
        if head[0] != VERSION {
            return Err(BadFrame("another version"));
        }
        let kind = match head[1] {
            1 => Kind::Full,
            2 => Kind::Delta,
            3 => Kind::Counts,
            _ => return Err(BadFrame("unknown kind")),
        };
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let header = Header {
            kind,
            level: u16::from_le_bytes([head[2], head[3]]),
            view: word(4),
            now: (u64::from(word(8)) | u64::from(word(12)) << 32) as Millis,
            records: word(16),
            etas: word(20),
            gone: word(24),
            names: word(28),
        };
        let mut rest = &bytes[HEADER..];
        let mut take = |count: u32, size: usize| {
            let length = (count as usize).checked_mul(size).filter(|length| *length <= rest.len());
            let (block, after) = rest.split_at(length.ok_or(BadFrame("shorter than its blocks"))?);
            rest = after;
            Ok(block)
        };
        let records = take(header.records, if kind == Kind::Counts { COUNT } else { RECORD })?;
        let etas = take(header.etas, ETA)?;
        let gone = take(header.gone, 2)?;
        take(header.gone % 2, 2)?;
        let names = take(header.names, 1)?;
        if !rest.is_empty() {
            return Err(BadFrame("longer than its blocks"));
        }
        let frame = Self { header, records, etas, gone, names };
        let named: usize = frame.names().map(|(_, name)| 3 + name.len()).sum();
        if named != names.len() { Err(BadFrame("names do not fill their block")) } else { Ok(frame) }
    }

    /// Couriers of a full or delta frame.
    pub fn records(&self) -> impl Iterator<Item = Record> + 'a {
        let block = if self.header.kind == Kind::Counts { &[] } else { self.records };
        block.chunks_exact(RECORD).map(Record::from_bytes)
    }

    /// Cells of a counts frame.
    pub fn counts(&self) -> impl Iterator<Item = Count> + 'a {
        let block = if self.header.kind == Kind::Counts { self.records } else { &[] };
        block.chunks_exact(COUNT).map(|bytes| {
            let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            let worst = CourierStatus::from_bits(bytes[8]);
            Count { x: word(0), y: word(4), couriers: word(8) >> 8, worst }
        })
    }

    /// (slot, ETA in s since 1970 or `None`).
    pub fn etas(&self) -> impl Iterator<Item = (u16, Option<u32>)> + 'a {
        self.etas.chunks_exact(ETA).map(|bytes| {
            let eta = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
            (u16::from_le_bytes([bytes[0], bytes[1]]), (eta != 0).then_some(eta))
        })
    }

    /// Slots that are free again.
    pub fn gone(&self) -> impl Iterator<Item = u16> + 'a {
        self.gone.chunks_exact(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    /// (slot, courier).
    pub fn names(&self) -> impl Iterator<Item = (u16, &'a str)> + 'a {
        let mut rest = self.names;
        std::iter::from_fn(move || {
            let (head, after) = rest.split_at_checked(3)?;
            let (name, after) = after.split_at_checked(usize::from(head[2]))?;
            rest = after;
            Some((u16::from_le_bytes([head[0], head[1]]), std::str::from_utf8(name).ok()?))
        })
    }
}

/// The blocks of a full or delta frame while it is made. Records go straight into the message; the short blocks wait.
#[derive(Debug, Default)]
pub struct Blocks {
    etas: Vec<u8>,
    gone: Vec<u8>,
    names: Vec<u8>,
}

impl Blocks {
    /// Adds an ETA, in s since 1970.
    pub fn eta(&mut self, slot: u16, eta: Option<u32>) {
        self.etas.extend_from_slice(&slot.to_le_bytes());
        self.etas.extend_from_slice(&[0, 0]);
        self.etas.extend_from_slice(&eta.unwrap_or(0).to_le_bytes());
    }

    /// Adds a slot that is free again.
    pub fn gone(&mut self, slot: u16) {
        self.gone.extend_from_slice(&slot.to_le_bytes());
    }

    /// Adds a name (a slug: never longer than 255 bytes).
    pub fn name(&mut self, slot: u16, name: &str) {
        self.names.extend_from_slice(&slot.to_le_bytes());
        self.names.push(name.len().min(255) as u8);
        self.names.extend_from_slice(&name.as_bytes()[..name.len().min(255)]);
    }

    /// Completes the message in `out`, which holds the (blank) header and the records from `start` on.
    pub fn finish(self, out: &mut Vec<u8>, start: usize, kind: Kind, view: u32, now: Millis) -> Header {
        let header = Header {
            kind,
            level: 0,
            view,
            now,
            records: ((out.len() - start - HEADER) / RECORD) as u32,
            etas: (self.etas.len() / ETA) as u32,
            gone: (self.gone.len() / 2) as u32,
            names: self.names.len() as u32,
        };
        out[start..start + HEADER].copy_from_slice(&header.to_bytes());
        out.extend_from_slice(&self.etas);
        out.extend_from_slice(&self.gone);
        if header.gone % 2 == 1 {
            out.extend_from_slice(&[0, 0]);
        }
        out.extend_from_slice(&self.names);
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_survives_the_wire() {
        let record =
            Record { slot: 7, heading: 64, speed: 33, age_ms: -5, bits: 9, lat_e7: -601_699_123, lon_e7: 249_384_123 };
        let mut out = vec![0; HEADER];
        out.extend_from_slice(&record.to_bytes());
        let mut blocks = Blocks::default();
        blocks.eta(7, Some(1_763_683_900));
        blocks.gone(9);
        blocks.name(7, "c-17");
        blocks.finish(&mut out, 0, Kind::Delta, 3, 1_763_683_200_123);
        let frame = Frame::parse(&out).unwrap();
        assert_eq!(frame.records().collect::<Vec<_>>(), [record]);
        assert_eq!(frame.etas().collect::<Vec<_>>(), [(7, Some(1_763_683_900))]);
        assert_eq!(frame.gone().collect::<Vec<_>>(), [9]);
        assert_eq!(frame.names().collect::<Vec<_>>(), [(7, "c-17")]);
        assert_eq!((frame.header.view, frame.header.now), (3, 1_763_683_200_123));
    }

    #[test]
    fn ages_saturate_at_24_bits() {
        let record = Record { slot: 0, heading: 0, speed: 0, age_ms: i32::MAX, bits: 0, lat_e7: 0, lon_e7: 0 };
        assert_eq!(Record::from_bytes(&record.to_bytes()).age_ms, (1 << 23) - 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() { *first = VERSION; }
            if let Ok(frame) = Frame::parse(&bytes) {
                let _ = (frame.records().count(), frame.counts().count(), frame.etas().count(), frame.names().count());
            }
        }
    }
}
