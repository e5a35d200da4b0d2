//! How fast the SQLite engine stores positions: `cargo run --release -p history --example store_rate -- [batches] [couriers]`.
//!
//! Batches of 5,000 fixes of `couriers` couriers who send at 1 Hz, with runs and seqs as the simulator sends them, into a
//! new file under `target/`. Prints documents a second, CPU seconds of the whole process per million, bytes a document;
//! then the same batches again, which are all known.

// A measuring program, not a service: it may stop at the first surprise, and its result is what it prints.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{fs, sync::Arc, time::Instant};

use contract::{CourierId, DeliveryId, Place, Position, SourceId};
use history::{Item, Options, Verdict, open_writer};

const BATCH: u64 = 5_000;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let batches = arguments.next().unwrap_or(200);
    let couriers = arguments.next().unwrap_or(2_000);
    let directory = std::path::Path::new("target/store_rate");
    let _ = fs::remove_dir_all(directory);
    let file = directory.join("history.sqlite");
    let writer = open_writer(&Options::new(format!("sqlite:{}", file.display()))).unwrap();
    let names: Vec<CourierId> = (0..couriers).map(|n| CourierId::new(&format!("c-{n}")).unwrap()).collect();
    let source = SourceId::new("sim").unwrap();

    for pass in ["new", "known"] {
        let (mut busy, mut cpu) = (0.0, 0.0);
        for batch in 0..batches {
            let fixes = batch * BATCH..(batch + 1) * BATCH;
            let items: Arc<[Item]> = fixes.map(|n| item(n / couriers, n % couriers, &names, &source)).collect();
            // Making the items is not part of it.
            let (began, cpu_began) = (Instant::now(), cpu_seconds());
            let verdicts = writer.store(items).await.unwrap();
            busy += began.elapsed().as_secs_f64();
            cpu += cpu_seconds() - cpu_began;
            let expected = if pass == "new" { Verdict::New } else { Verdict::Known };
            assert!(verdicts.iter().all(|verdict| *verdict == expected));
        }
        let documents = (batches * BATCH) as f64;
        let bytes = fs::metadata(&file).unwrap().len() as f64;
        println!(
            "{pass}: {documents} positions of {couriers} couriers, {:.0} documents/s, {:.2} CPU s per million, {:.0} bytes each",
            documents / busy,
            cpu / documents * 1e6,
            bytes / documents
        );
    }
}

/// Fix `seq` of courier `n`.
fn item(seq: u64, n: u64, names: &[CourierId], source: &SourceId) -> Item {
    let at = 1_763_683_200_000 + seq as i64 * 1_000 + (n % 1_000) as i64;
    let position = Position {
        courier: names[n as usize].clone(),
        source: source.clone(),
        at,
        place: Place::saturating(60.17 + seq as f64 * 1.1e-5, 24.94 + n as f64 * 1.3e-6),
        accuracy_m: Some(5.0),
        speed_mps: Some(8.3),
        heading_deg: Some(271.5),
        delivery: Some(DeliveryId::from_parts(1_763_683_200_000, u128::from(n))),
        seq: Some(seq as u32),
        altitude_m: None,
        battery: None,
    };
    Item::Position { position, broker_time: at + 25 }
}

/// User and system time of this process, s.
fn cpu_seconds() -> f64 {
    // Fields 14 and 15 of stat, in ticks of 10 ms; the name in field 2 has no blank here.
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.split_whitespace().collect();
    (fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap()) / 100.0
}
