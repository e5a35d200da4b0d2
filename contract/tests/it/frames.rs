//! Binary frames, as hexadecimal text with a word on every field: the layout can be read there without this code.

use contract::frame::{
    BIT_CLOCK_OFF, BIT_NO_HEADING, BIT_NO_SPEED, BIT_SIMULATED, BIT_TWO_DEVICES, Blocks, Count, CourierStatus, ETA,
    Frame, HEADER, Header, Kind, RECORD, Record,
};

use crate::golden;

const NOW: i64 = 1_763_683_200_200;

/// What a frame is made of.
#[derive(Debug, Default, PartialEq)]
struct Parts {
    records: Vec<Record>,
    etas: Vec<(u16, Option<u32>)>,
    gone: Vec<u16>,
    names: Vec<(u16, String)>,
}

fn write(kind: Kind, parts: &Parts) -> Vec<u8> {
    let (mut out, mut blocks) = (vec![0; HEADER], Blocks::default());
    parts.records.iter().for_each(|record| out.extend_from_slice(&record.to_bytes()));
    parts.etas.iter().for_each(|(slot, eta)| blocks.eta(*slot, *eta));
    parts.gone.iter().for_each(|slot| blocks.gone(*slot));
    parts.names.iter().for_each(|(slot, name)| blocks.name(*slot, name));
    blocks.finish(&mut out, 0, kind, 3, NOW);
    out
}

fn read(frame: &Frame<'_>) -> Parts {
    Parts {
        records: frame.records().collect(),
        etas: frame.etas().collect(),
        gone: frame.gone().collect(),
        names: frame.names().map(|(slot, name)| (slot, name.to_owned())).collect(),
    }
}

/// One line a field, by the layout alone.
struct Dump<'a> {
    rest: &'a [u8],
    text: String,
}

impl Dump<'_> {
    fn field(&mut self, size: usize, word: &str) -> u64 {
        let (field, rest) = self.rest.split_at(size);
        self.rest = rest;
        let hex: Vec<String> = field.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = field.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        self.text += &format!("{:<23} # {word}", hex.join(" "));
        value
    }

    /// A number, shown as it is read: `bits` wide with a sign.
    fn number(&mut self, size: usize, word: &str) -> u64 {
        let value = self.field(size, word);
        self.text += &format!(": {value}\n");
        value
    }

    fn signed(&mut self, size: usize, word: &str) {
        let value = self.field(size, word);
        let unused = 64 - 8 * size as u32;
        self.text += &format!(": {}\n", (value << unused) as i64 >> unused);
    }

    fn title(&mut self, title: &str) {
        self.text += &format!("# -- {title}\n");
    }
}

fn dump(bytes: &[u8]) -> String {
    let mut dump = Dump { rest: bytes, text: String::new() };
    dump.title("header");
    dump.number(1, "version");
    let kind = dump.number(1, "kind: 1 full, 2 delta, 3 counts");
    dump.number(2, "level (of counts)");
    dump.number(4, "view");
    dump.number(8, "server time, ms");
    let [records, etas, gone, names] = ["records", "ETAs", "gone", "bytes of names"].map(|word| dump.number(4, word));
    for index in 0..records {
        dump.title(&format!("record {index}"));
        if kind == 3 {
            dump.number(4, "x");
            dump.number(4, "y");
            let worst = dump.field(1, "worst status");
            dump.text += &format!(": {worst}\n");
            dump.number(3, "couriers");
            continue;
        }
        dump.number(2, "slot");
        dump.number(1, "heading, 1/256 turn");
        dump.number(1, "speed, 0.25 m/s");
        dump.signed(3, "server time - at, ms");
        let bits = dump.field(1, "bits");
        dump.text += &format!(": {bits:#010b}\n");
        dump.signed(4, "lat, 1e-7 degrees");
        dump.signed(4, "lon, 1e-7 degrees");
    }
    for index in 0..etas {
        dump.title(&format!("ETA {index}"));
        dump.number(2, "slot");
        dump.number(2, "zero");
        dump.number(4, "eta, s since 1970, 0 none");
    }
    if gone > 0 {
        dump.title("gone");
        for _ in 0..gone {
            dump.number(2, "slot that is free again");
        }
        if gone % 2 == 1 {
            dump.number(2, "padding");
        }
    }
    let end = dump.rest.len() - names as usize;
    assert_eq!(end, 0, "names are last");
    while !dump.rest.is_empty() {
        dump.title("name");
        dump.number(2, "slot");
        let length = dump.number(1, "bytes");
        let name = String::from_utf8(dump.rest[..length as usize].to_vec()).unwrap();
        dump.field(length as usize, "name");
        dump.text += &format!(": {name}\n");
    }
    dump.text
}

fn frame(name: &str, kind: Kind, parts: &Parts) {
    let bytes = write(kind, parts);
    golden::text(name, &dump(&bytes));
    let bytes = golden::bytes(&golden::read(name));
    let frame = Frame::parse(&bytes).unwrap();
    let expected = Header {
        kind,
        level: 0,
        view: 3,
        now: NOW,
        records: parts.records.len() as u32,
        etas: parts.etas.len() as u32,
        gone: parts.gone.len() as u32,
        names: parts.names.iter().map(|(_, name)| 3 + name.len() as u32).sum(),
    };
    assert_eq!(frame.header, expected);
    assert_eq!(&read(&frame), parts, "{name}: other parts are read from it");
}

fn on_delivery() -> Record {
    Record {
        slot: 0,
        heading: Record::heading_from_deg(271.0),
        speed: Record::speed_from_mps(8.3),
        age_ms: 77,
        bits: CourierStatus::OnDelivery as u8 | BIT_SIMULATED,
        lat_e7: 601_699_123,
        lon_e7: 249_384_123,
    }
}

/// Everything at its other end: south and west, ahead of the server, all flags.
fn odd() -> Record {
    Record {
        slot: 1,
        heading: 0,
        speed: 0,
        age_ms: -1_500,
        bits: CourierStatus::Offline as u8 | BIT_TWO_DEVICES | BIT_CLOCK_OFF | BIT_NO_HEADING | BIT_NO_SPEED,
        lat_e7: -900_000_000,
        lon_e7: -1_800_000_000,
    }
}

fn some_full() -> Parts {
    Parts {
        records: vec![on_delivery(), odd()],
        etas: vec![(0, Some(1_763_683_900))],
        gone: vec![],
        names: vec![(0, "c-17".into()), (1, "Z_9".into())],
    }
}

fn some_delta() -> Parts {
    let old = Record { slot: 4, age_ms: (1 << 23) - 1, speed: Record::speed_from_mps(150.0), ..on_delivery() };
    Parts {
        records: vec![on_delivery(), old],
        etas: vec![(0, None), (4, Some(1_763_684_000))],
        gone: vec![2, 1, 65_535],
        names: vec![(4, "x".repeat(64))],
    }
}

fn some_counts() -> (Header, [Count; 2], Vec<u8>) {
    let counts = [
        Count { x: 4_664, y: 2_371, couriers: 41, worst: CourierStatus::Late },
        Count { x: 8_191, y: 0, couriers: 0xff_ffff, worst: CourierStatus::Idle },
    ];
    let header = Header { kind: Kind::Counts, level: 13, view: 3, now: NOW, records: 2, etas: 0, gone: 0, names: 0 };
    let mut bytes = header.to_bytes().to_vec();
    counts.iter().for_each(|count| bytes.extend_from_slice(&count.to_bytes()));
    (header, counts, bytes)
}

#[test]
fn full() {
    frame("frame/full.hex", Kind::Full, &some_full());
    frame("frame/full-empty.hex", Kind::Full, &Parts::default());
}

#[test]
fn delta() {
    frame("frame/delta.hex", Kind::Delta, &some_delta());
    // The example of docs/protocol.md: one courier moved, and one is gone.
    frame(
        "frame/delta-example.hex",
        Kind::Delta,
        &Parts { records: vec![on_delivery()], gone: vec![2], ..Parts::default() },
    );
    frame("frame/delta-gone.hex", Kind::Delta, &Parts { gone: vec![2, 1], ..Parts::default() });
}

#[test]
fn counts() {
    let (header, counts, bytes) = some_counts();
    golden::text("frame/counts.hex", &dump(&bytes));
    let bytes = golden::bytes(&golden::read("frame/counts.hex"));
    let frame = Frame::parse(&bytes).unwrap();
    assert_eq!(frame.header, header);
    assert_eq!(frame.counts().collect::<Vec<_>>(), counts);
    assert_eq!(frame.records().count(), 0);
}

/// A crowd beyond 24 bits says the most that it can.
#[test]
fn numbers_saturate() {
    let crowd = Count { x: 0, y: 0, couriers: u32::MAX, worst: CourierStatus::Alarm };
    assert_eq!(crowd.to_bytes()[8..], [3, 0xff, 0xff, 0xff]);
    assert_eq!(
        (Record::speed_from_mps(63.75), Record::speed_from_mps(64.0), Record::speed_from_mps(150.0)),
        (255, 255, 255)
    );
    assert_eq!((Record::heading_from_deg(359.9), Record::heading_from_deg(90.0)), (0, 64));
    let past = Record { age_ms: i32::MIN, ..on_delivery() }.to_bytes();
    assert_eq!(past[4..7], [0, 0, 0x80]);
}

/// Cut anywhere, or grown, a frame is refused and never half read.
#[test]
fn a_broken_frame_is_refused() {
    let frames = [write(Kind::Full, &some_full()), write(Kind::Delta, &some_delta()), some_counts().2];
    for (name, bytes) in ["full", "delta", "counts"].into_iter().zip(frames) {
        for cut in 0..bytes.len() {
            assert!(Frame::parse(&bytes[..cut]).is_err(), "{name} cut at {cut}");
        }
        assert!(Frame::parse(&[bytes.as_slice(), &[0]].concat()).is_err(), "{name} grown");
        for (at, value) in [(0, 2), (1, 0), (1, 4), (16, 0xff), (19, 0xff), (31, 0xff)] {
            let mut broken = bytes.clone();
            broken[at] = value;
            assert!(Frame::parse(&broken).is_err(), "{name} with {value} at {at}");
        }
    }
    assert_eq!((HEADER, RECORD, ETA), (32, 16, 8));
}
