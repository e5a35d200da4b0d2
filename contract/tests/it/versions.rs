//! Old and new side by side: during a roll-out readers of one version meet records of another, either way.
//!
//! `golden/kept/VERSION` holds what a version wrote when it was laid down for others. Those files are never renewed: that
//! today's readers take them is the promise to whoever upgrades. A new version adds its own directory. 0.1, the first, has no
//! tag yet: what it promises holds from now on all the same.

use std::{fs, path::PathBuf};

use contract::{
    Delivery, Invalid, Position,
    frame::Frame,
    live::{ClientMessage, ServerMessage},
};
use serde_json::{Value, json};

use crate::golden;

/// The files of a directory in every kept version: name and text.
fn kept(directory: &str) -> Vec<(String, String)> {
    let versions = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kept");
    let mut files = Vec::new();
    for version in fs::read_dir(versions).unwrap() {
        for file in fs::read_dir(version.unwrap().path().join(directory)).unwrap() {
            let path = file.unwrap().path();
            files.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
        }
    }
    assert!(!files.is_empty(), "no version has kept its {directory}s");
    files
}

#[test]
fn records_of_kept_versions_are_still_taken() {
    for (name, text) in kept("record") {
        match text.contains(r#""status":"#) {
            true => assert!(Delivery::from_record(Some(b"c-17"), text.as_bytes()).is_ok(), "{name}"),
            false => {
                let at = text.parse::<Value>().unwrap()["at"].as_i64().unwrap();
                assert!(Position::from_record(Some(b"c-17"), text.as_bytes(), at + 40).is_ok(), "{name}");
            }
        }
    }
}

#[test]
fn messages_and_frames_of_kept_versions_are_still_read() {
    for (name, text) in kept("server") {
        let message = serde_json::from_str::<ServerMessage>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_ne!(message, ServerMessage::Unknown, "{name}");
    }
    for (name, text) in kept("client") {
        assert!(serde_json::from_str::<ClientMessage>(&text).is_ok(), "{name}");
    }
    for (name, text) in kept("frame") {
        let bytes = golden::bytes(&text);
        assert!(Frame::parse(&bytes).is_ok(), "{name}");
    }
}

/// A later version's delivery in a state that this one does not know: no garbage, but a record for another reader.
#[test]
fn a_status_of_a_later_version_is_told_apart_from_nonsense() {
    let mut later: Value = golden::read("record/delivery-in_transit.json").parse().unwrap();
    later["status"] = json!("handed_over");
    let read = |value: &Value| Delivery::from_record(Some(b"c-17"), value.to_string().as_bytes());
    let error = read(&later).unwrap_err();
    assert_eq!(error, Invalid::UnknownStatus("handed_over".into()));
    assert_eq!(error.class(), "UnknownStatus");
    // Not what cannot be a status of any version, and not what lacks what every version has.
    for nonsense in [json!(""), json!("x".repeat(200)), json!("Handed over!"), json!(7), json!(null)] {
        later["status"] = nonsense;
        assert_eq!(read(&later).unwrap_err().class(), "MalformedJson");
    }
    let bare = json!({"status": "handed_over"});
    assert_eq!(read(&bare).unwrap_err().class(), "MalformedJson");
}

#[test]
fn a_kind_of_message_or_frame_of_a_later_version_is_told_apart() {
    let message = r#"{"type":"weather","rain":true}"#;
    assert_eq!(serde_json::from_str::<ServerMessage>(message).unwrap(), ServerMessage::Unknown);
    let mut frame = golden::bytes(&golden::read("frame/full.hex"));
    frame[1] = 4;
    assert_eq!(Frame::parse(&frame).unwrap_err().to_string(), "not a frame: unknown kind");
}
