//! docs/protocol.md, held to the code: what stands there is what people outside write their clients by.
//!
//! Each JSON example is read as what its heading says and must be, byte by byte, what the code writes of it. Tables of names,
//! codes and limits are held against the code's own lists.

use std::{collections::BTreeSet, fmt::Debug};

use contract::{
    Delivery, Position, Problem, Role,
    frame::CourierStatus,
    live::{ClientMessage, ServerMessage},
    rest::{Link, LiveCourier, Status},
    topics,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{close, golden, problems};

const PAGE: &str = include_str!("../../../docs/protocol.md");

/// A block between ``` and the heading that it stands under.
struct Block {
    heading: &'static str,
    language: &'static str,
    lines: Vec<&'static str>,
}

fn blocks() -> Vec<Block> {
    let (mut blocks, mut heading, mut open) = (Vec::new(), "", None::<Block>);
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => open = Some(Block { heading, language, lines: Vec::new() }),
            (None, Some(block)) => block.lines.push(line),
            (None, None) => {
                heading = line.strip_prefix('#').map_or(heading, |rest| rest.trim_start_matches('#').trim())
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Cells of the tables under a heading, without their heads.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let lines =
        PAGE.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading || !line.starts_with('#'));
    let section = lines.skip(1).take_while(|line| !line.starts_with('#'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let mut rows: Vec<Vec<&str>> = section.filter(|line| line.starts_with('|')).map(cells).collect();
    // What stands above a line of dashes is a head.
    let heads: Vec<usize> = (1..rows.len()).filter(|at| rows[*at].iter().all(|cell| is_dashes(cell))).collect();
    for at in heads.into_iter().rev() {
        rows.drain(at - 1..=at);
    }
    assert!(!rows.is_empty(), "there is no table under {heading}");
    rows
}

fn is_dashes(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte == b'-')
}

/// What stands between backticks.
fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The example is read as `T`, and written again it is the same text.
fn written<T: Serialize + DeserializeOwned + Debug>(example: &str) {
    let value: T = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}: {example}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), example, "the code writes other words");
}

/// Holds one line of a JSON block; `false` where nobody knows what an example under this heading is.
fn is_held(heading: &str, example: &str) -> bool {
    let value: Value = example.parse().unwrap_or_else(|error| panic!("{error}: {example}"));
    match heading {
        "Position" => {
            let at = value["at"].as_i64().unwrap();
            assert!(Position::from_record(Some(b"c-17"), example.as_bytes(), at).is_ok(), "{example}");
            written::<Position>(example);
        }
        "Delivery" => {
            assert!(Delivery::from_record(Some(b"c-17"), example.as_bytes()).is_ok(), "{example}");
            written::<Delivery>(example);
        }
        "Couriers" => written::<LiveCourier>(example),
        "Problems" => written::<Problem>(example),
        // A token's claims: the backend reads them. What is ours of it is the role.
        "Access" => assert!(value["role"].as_str().and_then(Role::from_name).is_some(), "{example}"),
        "Customers' links" if value["type"].is_null() => written::<Link>(example),
        "Customers' links" | "What the server says" => {
            assert_ne!(serde_json::from_str::<ServerMessage>(example).unwrap(), ServerMessage::Unknown, "{example}");
            written::<ServerMessage>(example);
        }
        "What a client says" => written::<ClientMessage>(example),
        "Health and metrics" => written::<Status>(example),
        _ => return false,
    }
    true
}

#[test]
fn every_example_is_what_the_code_writes() {
    let (mut examples, mut headings) = (0, BTreeSet::new());
    for block in blocks().iter().filter(|block| block.language == "json") {
        for line in &block.lines {
            assert!(is_held(block.heading, line), "no test knows what stands under {}: {line}", block.heading);
            examples += 1;
        }
        headings.insert(block.heading);
    }
    assert_eq!((headings.len(), examples), (9, 19), "{headings:?}: an example has gone, or a new one come");
}

/// A test that reads nothing would find no fault: broken examples are refused.
#[test]
fn a_broken_example_is_found() {
    let breaks = [
        ("Position", r#"{"courier":"c-17","source":"sim","at":1763683200123,"lat":60.1,"long":24.9}"#),
        ("Health and metrics", r#"{"broker":"up","history":"away","behind":40}"#),
        ("What a client says", r#"{"type":"hello","token":null}"#),
        ("What the server says", r#"{"type":"pong","now":1763683201003,"t":123}"#),
        ("Access", r#"{"sub":"ana","role":"king","exp":1}"#),
    ];
    for (heading, example) in breaks {
        let found = std::panic::catch_unwind(|| is_held(heading, example));
        assert!(found.is_err(), "{example} is taken");
    }
    assert!(!is_held("Elsewhere", "{}"));
}

#[test]
fn the_frame_is_the_golden_one() {
    let is_frame = |block: &&Block| block.lines.first().is_some_and(|line| line.starts_with("01 "));
    let blocks = blocks();
    let block = blocks.iter().find(is_frame).expect("a frame as an example");
    assert_eq!(block.heading, "Frames");
    // The bytes of each line, two blanks, and words about them.
    let hex: String = block.lines.iter().filter_map(|line| line.split("  ").next()).collect();
    let hex: String = hex.split_whitespace().collect();
    assert_eq!(golden::bytes(&hex), golden::bytes(&golden::read("frame/delta-example.hex")));
    assert!(PAGE.contains("contract/tests/golden/frame/delta-example.hex"));
}

#[test]
fn topics_are_those_of_the_table() {
    let table = rows("Kafka");
    assert_eq!(table.len(), topics::ALL.len());
    for (row, topic) in table.iter().zip(topics::ALL) {
        assert_eq!(row[0], format!("`{}`", topic.name));
        let partitions: String = row[2].chars().take_while(char::is_ascii_digit).collect();
        assert_eq!(partitions, topic.partitions.to_string(), "{row:?}");
        assert_eq!(row[2].contains("never change"), !topic.may_grow, "{row:?}");
        assert_eq!(row[3], format!("{} days", topic.retention_ms / 86_400_000), "{row:?}");
    }
}

#[test]
fn fields_of_a_position_are_those_of_the_table() {
    let named: BTreeSet<String> = rows("Position").iter().flat_map(|row| words(row[0])).map(str::to_owned).collect();
    let everything: Value = golden::read("record/position-everything.json").parse().unwrap();
    let written: BTreeSet<String> = everything.as_object().unwrap().keys().cloned().collect();
    assert_eq!(named, written);
}

#[test]
fn problems_are_those_of_the_table() {
    let mut named = BTreeSet::new();
    for row in rows("Problems") {
        let statuses: BTreeSet<u16> = row[0].split(", ").map(|status| status.parse().unwrap()).collect();
        // A member of the document that stands beside its type.
        for slug in words(row[1]).filter(|word| *word != "until") {
            let kind = problems::ALL.iter().find(|kind| kind.slug() == slug);
            let kind = kind.unwrap_or_else(|| panic!("no problem is of the type {slug}"));
            assert!(statuses.contains(&kind.status()), "{slug}: {}", kind.status());
            named.insert(slug);
        }
    }
    assert_eq!(named, problems::ALL.iter().map(|kind| kind.slug()).collect());
}

#[test]
fn close_codes_are_those_of_the_table() {
    let numbers = rows("Close codes").into_iter().flat_map(|row| row[0].split(", "));
    let named: BTreeSet<u16> = numbers.filter_map(|number| number.parse().ok()).collect();
    assert_eq!(named, close::all().iter().map(|close| close.code).collect());
}

#[test]
fn statuses_and_roles_are_those_of_the_tables() {
    let first = |heading: &str| rows(heading).iter().flat_map(|row| words(row[0])).collect::<Vec<_>>();
    assert_eq!(first("Couriers"), CourierStatus::ALL.map(CourierStatus::as_str));
    let named: BTreeSet<&str> = first("Access").into_iter().filter(|word| !word.starts_with("CD_")).collect();
    assert_eq!(named, Role::ALL.iter().map(|role| role.as_str()).collect());
}
