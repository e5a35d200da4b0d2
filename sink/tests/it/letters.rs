//! Dead letters: only what can never be stored, as it came, and the rest goes through.

use std::sync::Arc;

use contract::topics;
use service::Outcome;

use crate::{
    samples::*,
    world::{Letter, World},
    writers::Faulty,
};

fn headers(topic: &str, partition: i32, offset: i64, class: &str, message: &str) -> Vec<(String, String)> {
    let names = ["topic", "partition", "offset", "exception.class.name", "exception.message"];
    let values = [topic.into(), partition.to_string(), offset.to_string(), class.into(), message.into()];
    names.map(|name| format!("__connect.errors.{name}")).into_iter().zip(values).collect()
}

fn value_of(letter: &Letter) -> &[u8] {
    letter.value.as_deref().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_records_become_dead_letters_as_they_came_and_the_rest_goes_through() {
    let world = World::new();
    let good = fix_record(&fix(1, 0));
    let bad = |value: &[u8]| Record { value: Some(value.to_vec()), ..good.clone() };
    let mut future = fix(1, 1);
    future.at = now() + 3_600_000;
    let too_large = vec![b' '; 70_000];
    let elsewhere = Record { key: Some(b"c-2".to_vec()), ..good.clone() };
    let swapped = String::from_utf8(good.value.clone().unwrap()).unwrap().replace("60.17", "160.17");
    let cases: Vec<(Record, &str, &str)> = vec![
        (bad(b"no json"), "MalformedJson", "not readable as JSON: expected ident at line 1 column 2"),
        (elsewhere.clone(), "InvalidField", "courier must equal the record's key"),
        (bad(&future.to_json()), "InvalidField", "at is 3"),
        (bad(&too_large), "RecordTooLarge", "70000 bytes are more than the limit of 65536"),
        (bad(swapped.as_bytes()), "MalformedJson", "not readable as JSON: lat must be -90 to 90"),
        (Record { value: None, ..good.clone() }, "MalformedJson", "not readable as JSON: EOF while parsing a value"),
        (Record { key: None, ..good.clone() }, "InvalidField", "courier must equal the record's key"),
        (bad(&[0xff, 0xfe, 0x00]), "MalformedJson", "not readable as JSON: expected value"),
        (
            Record { topic: topics::DELIVERIES, ..good.clone() },
            "MalformedJson",
            "not readable as JSON: missing field `status`",
        ),
    ];
    let mut places = Vec::new();
    for (record, ..) in &cases {
        // Good ones around each bad one.
        world.send([good.clone()]).await;
        let sent = world.producer.send_with_headers(record.topic, record.key(), record.value(), &[]).await;
        places.push(sent.unwrap());
    }
    world.send(run(1, 50)).await;
    let sink = world.sink();
    let letters = world.letters(cases.len()).await;
    for ((record, class, message), ack) in cases.iter().zip(&places) {
        let expected = headers(record.topic, ack.partition, ack.offset, class, message);
        let place = |headers: &[(String, String)]| headers[..3].to_vec();
        let letter = letters.iter().find(|letter| place(&letter.headers) == place(&expected)).expect("its letter");
        assert_eq!((&letter.key, value_of(letter)), (&record.key, record.value().unwrap_or_default()));
        assert_eq!(letter.headers[3], expected[3]);
        assert!(letter.headers[4].1.starts_with(message), "{:?} is not {message:?}", letter.headers[4].1);
        // A record without a value stays one.
        assert_eq!(letter.value.is_none(), record.value.is_none());
    }
    world.until_stored(1, 50).await;
    assert_eq!(world.stored(2).await, 0);
    let sent = (2 * cases.len() + 53) as i64;
    let committed = || [topics::POSITIONS, topics::DELIVERIES].map(|topic| world.committed(topic).unwrap_or(0));
    world.until("bad ones are committed, too", async || committed().iter().sum::<i64>() == sent).await;
    assert_eq!(sink.stop().await, Outcome::Done);
    let metrics = service::Health::new().metrics();
    assert!(metrics.contains("cd_dead_letters_total{reason=\"RecordTooLarge\"}"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_refuses_becomes_a_dead_letter_alone() {
    let world = World::new();
    let mut writer = Faulty::around(world.writer());
    writer.refuse_seq = Some(7);
    let sink = world.sink_with(|_, surroundings| surroundings.writer = Some(Arc::new(writer)));
    world.send(fixes(1, 0..20)).await;
    world.until_stored(1, 19).await;
    let letters = world.letters(1).await;
    assert_eq!(value_of(&letters[0]), fix(1, 7).to_json());
    let expected = [("document_parsing_exception"), ("no such field")];
    assert_eq!([letters[0].headers[3].1.as_str(), letters[0].headers[4].1.as_str()], expected);
    world.until_committed(topics::POSITIONS, 20).await;
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_bad_records_do_not_hold_up_the_good_ones() {
    let world = World::new();
    let good = fix_record(&fix(1, 0));
    let bad = (0..3_000).map(|n| Record { value: Some(format!("bad {n}").into_bytes()), ..good.clone() });
    world.send(bad.chain(fixes(1, 0..10))).await;
    let sink = world.sink();
    world.until_stored(1, 10).await;
    let mut values: Vec<Vec<u8>> = world.letters(3_000).await.into_iter().filter_map(|letter| letter.value).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 3_000);
    sink.stop().await;
}
