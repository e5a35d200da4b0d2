//! What the way of a position costs between Kafka and the socket: folding records in, and making frames of them.
//!
//! 10,000 couriers on deliveries at 1 Hz, 1,000 viewers who each see about 5 % of them, ticks of 100 ms. Prints CPU time
//! (of this thread, so that other work on the machine does not count) per million positions folded and per million
//! updates told, and the bytes of each.
//!
//! `cargo run --release -p fleet --example frames [couriers] [viewers] [seconds]`

#![allow(clippy::print_stdout, reason = "the figures are this program's purpose")]

use std::time::Duration;

use contract::{
    Bounds, CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Invalid, Millis, Place, Position, SourceId,
    frame::Frame, live::View, polyline,
};
use fleet::{Fleet, Limits, Viewer, frame_for, path::Path};
use rustix::time::{ClockId, clock_gettime};

/// Start of the run, ms UTC: any time will do.
const START: Millis = 1_763_683_200_000;
const TICK_MS: Millis = 100;
/// Ticks after which each courier has sent a fix.
const TICKS_A_SECOND: usize = 10;
/// South-west corner of the city and its sides in degrees: about 20 km each.
const CITY: [f64; 4] = [60.1, 24.8, 0.18, 0.36];
/// Sides of a viewer's rectangle as a share of the city's: about 5 % of its area.
const SIDE: f64 = 0.2236;

fn main() -> Result<(), Invalid> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>().ok());
    let mut number = |default| numbers.next().flatten().unwrap_or(default);
    let (couriers, viewers, seconds) = (number(10_000), number(1_000), number(30));

    let mut random = Random(7);
    let mut fleet = Fleet::new(Limits::default());
    let drives = (0..couriers).map(|number| Drive::new(number, &mut random)).collect::<Result<Vec<_>, _>>()?;
    fleet.begin(START);
    for (offset, drive) in (0..).zip(&drives) {
        fleet.apply_delivery(drive.delivery.clone(), offset);
        fleet.apply_position(drive.fix(START), START, offset);
    }
    fleet.finish();
    let mut viewers = (0..viewers).map(|_| looking(&mut random)).collect::<Result<Vec<_>, _>>()?;
    let mut out = Vec::new();
    for viewer in &mut viewers {
        out.clear();
        frame_for(&fleet, viewer, &mut out);
    }

    let (mut fold, mut frames) = (Duration::ZERO, Duration::ZERO);
    let (mut folded, mut told, mut sent, mut bytes) = (0usize, 0u64, 0usize, 0usize);
    for tick in 1..=seconds * TICKS_A_SECOND {
        let now = START + tick as Millis * TICK_MS;
        let due = drives.iter().skip(tick % TICKS_A_SECOND).step_by(TICKS_A_SECOND);
        let fixes: Vec<Position> = due.map(|drive| drive.fix(now)).collect();
        folded += fixes.len();
        fold += cpu_time(|| {
            fleet.begin(now);
            for fix in fixes {
                fleet.apply_position(fix, now, tick as i64);
            }
            fleet.finish();
        });
        for viewer in &mut viewers {
            out.clear();
            let mut kind = None;
            frames += cpu_time(|| kind = frame_for(&fleet, viewer, &mut out));
            if kind.is_some() {
                sent += 1;
                bytes += out.len();
                told += Frame::parse(&out).map_or(0, |frame| u64::from(frame.header.records));
            }
        }
    }
    let million = |time: Duration, count: f64| time.as_secs_f64() / count * 1e6;
    println!("folded {folded} positions: {:.3} CPU-s per million", million(fold, folded as f64));
    println!(
        "told {told} updates in {sent} frames: {:.4} CPU-s per million, {:.1} records a frame, {:.1} bytes each",
        million(frames, told as f64),
        told as f64 / sent as f64,
        bytes as f64 / told as f64,
    );
    Ok(())
}

/// A courier on the way along a line of some 40 bends.
struct Drive {
    delivery: Delivery,
    path: Path,
    source: SourceId,
    /// Metres run at [`START`].
    begin_m: f64,
    speed_mps: f64,
}

impl Drive {
    fn new(number: usize, random: &mut Random) -> Result<Self, Invalid> {
        let [south, west, height, width] = CITY;
        let mut line = vec![(south + random.unit() * height, west + random.unit() * width)];
        for _ in 0..40 {
            let (lat, lon) = line[line.len() - 1];
            line.push((lat + (random.unit() - 0.5) * 0.002, lon + (random.unit() - 0.5) * 0.004));
        }
        let line = line.into_iter().map(|(lat, lon)| Place::saturating(lat, lon)).collect::<Vec<_>>();
        let path = polyline::encode(&line);
        let measured = Path::new(line)?;
        let delivery = Delivery {
            delivery: DeliveryId::from_parts(START, number as u128),
            courier: CourierId::new(&format!("courier-{number}"))?,
            status: DeliveryStatus::InTransit,
            driver: Driver::Simulator,
            reference: None,
            route: None,
            distance_m: measured.length_m() as u32,
            planned_s: (measured.length_m() / 8.0) as u32,
            path,
            speed: 1.0,
            interval_ms: 1_000,
            promised_at: None,
            requested_at: START - 100_000,
            requested_by: None,
            started_at: Some(START - 90_000),
            finished_at: None,
            reason: None,
            positions: None,
            eta_half_way: None,
        };
        let begin_m = random.unit() * measured.length_m() / 2.0;
        Ok(Self {
            delivery,
            path: measured,
            source: SourceId::new("sim")?,
            begin_m,
            speed_mps: 5.0 + random.unit() * 6.0,
        })
    }

    fn fix(&self, at: Millis) -> Position {
        let metres = self.begin_m + self.speed_mps * (at - START) as f64 / 1000.0;
        let (place, heading) = self.path.at(metres);
        Position {
            courier: self.delivery.courier.clone(),
            source: self.source.clone(),
            at,
            place,
            accuracy_m: Some(5.0),
            speed_mps: Some(self.speed_mps),
            heading_deg: Some(heading),
            delivery: Some(self.delivery.delivery),
            seq: Some(((at - START) / 1000) as u32),
            altitude_m: None,
            battery: None,
        }
    }
}

fn looking(random: &mut Random) -> Result<Viewer, Invalid> {
    let [south, west, height, width] = CITY;
    let (south, west) = (south + random.unit() * height * (1.0 - SIDE), west + random.unit() * width * (1.0 - SIDE));
    let mut viewer = Viewer::default();
    viewer.look(View { bounds: Bounds::new(west, south, west + width * SIDE, south + height * SIDE)?, zoom: 14.0 });
    Ok(viewer)
}

fn cpu_time(work: impl FnOnce()) -> Duration {
    let now = || clock_gettime(ClockId::ThreadCPUTime);
    let before = now();
    work();
    let after = now();
    Duration::new(after.tv_sec as u64, after.tv_nsec as u32)
        - Duration::new(before.tv_sec as u64, before.tv_nsec as u32)
}

/// A small generator (SplitMix64): the same run each time.
struct Random(u64);

impl Random {
    /// The next number in [0, 1).
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
