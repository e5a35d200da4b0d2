//! Kafka records: values, keys, and the topics they stand in.

use contract::{Delivery, DeliveryStatus, Driver, Invalid, Position, topics};

use crate::{golden, sample};

/// A record's value, read as a reader of the topic reads it.
fn position(name: &str, position: &Position) {
    golden::text(name, &format!("{}\n", String::from_utf8(position.to_json()).unwrap()));
    let value = golden::read(name);
    assert_eq!(Position::from_record(Some(b"c-17"), value.as_bytes(), position.at + 40).as_ref(), Ok(position));
}

fn delivery(name: &str, delivery: &Delivery) {
    golden::text(name, &format!("{}\n", String::from_utf8(delivery.to_json()).unwrap()));
    assert_eq!(Delivery::from_record(Some(b"c-17"), golden::read(name).as_bytes()).as_ref(), Ok(delivery));
}

#[test]
fn positions() {
    position("record/position.json", &sample::position());
    position("record/position-bare.json", &sample::bare_position());
    let everything = Position { altitude_m: Some(-3.5), battery: Some(0.81), ..sample::position() };
    position("record/position-everything.json", &everything);
}

#[test]
fn the_story_of_a_delivery() {
    let under_way = sample::delivery();
    let requested = Delivery { status: DeliveryStatus::Requested, started_at: None, ..under_way.clone() };
    let ended = |status, reason: Option<&str>| Delivery {
        status,
        finished_at: Some(1_763_683_740_123),
        reason: reason.map(Into::into),
        ..under_way.clone()
    };
    delivery("record/delivery-requested.json", &requested);
    delivery("record/delivery-in_transit.json", &under_way);
    let delivered = Delivery {
        positions: Some(541),
        eta_half_way: Some(1_763_683_752_000),
        ..ended(DeliveryStatus::Delivered, None)
    };
    delivery("record/delivery-delivered.json", &delivered);
    let by_hand =
        Delivery { driver: Driver::Courier, route: None, ..ended(DeliveryStatus::Failed, Some("nobody home")) };
    delivery("record/delivery-failed.json", &by_hand);
    delivery("record/delivery-cancelled.json", &ended(DeliveryStatus::Cancelled, Some("ordered twice")));
    let rejected = Delivery {
        status: DeliveryStatus::Rejected,
        reason: Some("courier_busy".into()),
        promised_at: Some(1_763_684_400_000),
        ..requested
    };
    delivery("record/delivery-rejected.json", &rejected);
}

#[test]
fn the_examples_of_the_protocol() {
    golden::from_the_protocol(
        r#"{"courier":"c-17","source":"sim","at":1763683200123,"lat":60.1699123,"lon":24.9384123,"accuracy_m":5.0,"speed_mps":8.3,"heading_deg":271.0,"delivery":"019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a","seq":42}"#,
        &sample::position(),
    );
    golden::from_the_protocol(
        r#"{"delivery":"019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a","courier":"c-17","status":"in_transit","driver":"simulator","reference":"order-991","route":"station-to-market","path":"<encoded polyline, precision 6>",
 "distance_m":5120,"planned_s":540,"speed":1.0,"interval_ms":1000,"promised_at":null,"requested_at":1763683199000,"requested_by":"dispatcher:ana","started_at":1763683200123,"finished_at":null,"reason":null,"positions":null}"#,
        &Delivery { path: "<encoded polyline, precision 6>".into(), ..sample::delivery() },
    );
}

/// A later version may add fields: readers of this one go on.
#[test]
fn unknown_fields_are_ignored() {
    let with = |name: &str| golden::read(name).replacen('{', r#"{"colour":"red","nested":{"lat":[1,null]},"#, 1);
    let value = with("record/position.json");
    assert_eq!(Position::from_record(Some(b"c-17"), value.as_bytes(), 1_763_683_200_200), Ok(sample::position()));
    let value = with("record/delivery-in_transit.json");
    assert_eq!(Delivery::from_record(Some(b"c-17"), value.as_bytes()), Ok(sample::delivery()));
}

/// Missing is null: an integrator's document need not name what it does not have.
#[test]
fn a_delivery_may_be_short() {
    let short = r#"{"delivery":"019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a","courier":"c-17","status":"requested","driver":"courier",
        "path":"??","distance_m":0,"planned_s":0,"requested_at":1763683199000}"#;
    let delivery = Delivery::from_record(Some(b"c-17"), short.as_bytes()).unwrap();
    assert_eq!((delivery.speed, delivery.interval_ms, delivery.started_at), (1.0, 1_000, None));
}

#[test]
fn what_is_no_record() {
    let cases = [
        (
            r#"{"courier":"c-18","source":"sim","at":0,"lat":0,"lon":0}"#,
            "InvalidField",
            "courier must equal the record's key",
        ),
        (
            r#"{"courier":"c-17","source":"sim","at":0,"lat":0,"lon":0}"#,
            "InvalidField",
            "at is 489912 h old, more than is kept",
        ),
        (
            r#"{"courier":"c-17","source":"sim","at":1763683400000,"lat":0,"lon":0}"#,
            "InvalidField",
            "at is 199 s ahead",
        ),
        (
            r#"{"courier":"c-17","source":"sim","at":1763683200000,"lat":24.9,"lon":181}"#,
            "MalformedJson",
            "lon must be -180 to 180",
        ),
        (
            r#"{"courier":"c 17","source":"sim","at":1763683200000,"lat":0,"lon":0}"#,
            "MalformedJson",
            "courier must be 1 to 64 characters",
        ),
        (
            r#"{"courier":"c-17","source":"sim","at":1763683200000,"lat":NaN,"lon":0}"#,
            "MalformedJson",
            "not readable as JSON",
        ),
        ("", "MalformedJson", "EOF"),
    ];
    for (value, class, words) in cases {
        let error = Position::from_record(Some(b"c-17"), value.as_bytes(), 1_763_683_200_200).unwrap_err();
        assert_eq!(error.class(), class, "{value}: {error}");
        assert!(error.to_string().contains(words), "{value}: {error}");
    }
    assert_eq!(Delivery::from_json(br#"["019a", "c-17"]"#).unwrap_err().class(), "MalformedJson");
    assert_eq!(Position::from_json(br#"["c-17", "sim"]"#).unwrap_err().class(), "MalformedJson");
    let huge = vec![b' '; contract::MAX_RECORD_BYTES + 1];
    assert_eq!(Delivery::from_record(None, &huge), Err(Invalid::TooLarge(65_537)));
    assert!(Delivery::from_record(None, golden::read("record/delivery-delivered.json").as_bytes()).is_err());
}

#[test]
fn topics_and_the_headers_of_dead_letters() {
    let mut table = String::from("topic partitions may_grow retention_ms\n");
    for topic in topics::ALL {
        table += &format!("{} {} {} {}\n", topic.name, topic.partitions, topic.may_grow, topic.retention_ms);
    }
    use topics::dlq_headers::{EXCEPTION_CLASS, EXCEPTION_MESSAGE, OFFSET, PARTITION, TOPIC};
    table += "\nheaders of dlq\n";
    for header in [TOPIC, PARTITION, OFFSET, EXCEPTION_CLASS, EXCEPTION_MESSAGE] {
        table += &format!("{header}\n");
    }
    golden::text("record/topics.txt", &table);
}
