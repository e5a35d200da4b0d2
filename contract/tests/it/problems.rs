//! Problem documents: what every refusal looks like.

use contract::{
    Problem, ProblemKind,
    problem::FieldError,
    rest::{DeliveryRequest, FinishRequest},
};

use crate::golden;

/// Every kind.
pub const ALL: [ProblemKind; 17] = [
    ProblemKind::Malformed,
    ProblemKind::Unauthorized,
    ProblemKind::Forbidden,
    ProblemKind::NotFound,
    ProblemKind::MethodNotAllowed,
    ProblemKind::CourierBusy,
    ProblemKind::DeliveryExists,
    ProblemKind::WrongState,
    ProblemKind::LinkEnded,
    ProblemKind::TooLarge,
    ProblemKind::UnsupportedMedia,
    ProblemKind::Invalid,
    ProblemKind::TooManyRequests,
    ProblemKind::Internal,
    ProblemKind::BrokerUnavailable,
    ProblemKind::HistoryUnavailable,
    ProblemKind::Starting,
];

#[test]
fn every_kind() {
    let all: Vec<String> =
        ALL.iter().map(|kind| serde_json::to_string(&Problem::new(*kind, "in words")).unwrap() + "\n").collect();
    golden::text("problem/kinds.jsonl", &all.concat());
    for (line, kind) in golden::read("problem/kinds.jsonl").lines().zip(ALL) {
        assert_eq!(serde_json::from_str::<Problem>(line).unwrap(), Problem::new(kind, "in words"));
    }
}

#[test]
fn the_examples_of_the_protocol() {
    let busy = Problem {
        instance: Some("/api/v1/deliveries/019b...".into()),
        until: Some(1_763_684_400_000),
        ..Problem::new(ProblemKind::CourierBusy, "c-17 is on 019a... until about 14:20")
    };
    golden::from_the_protocol(
        r#"{"type":"/problems/courier-busy","title":"Courier is on a delivery","status":409,"detail":"c-17 is on 019a... until about 14:20","instance":"/api/v1/deliveries/019b...","until":1763684400000}"#,
        &busy,
    );
    golden::json("problem/courier-busy.json", &busy);
    let invalid = Problem::invalid(vec![FieldError { pointer: "/speed".into(), detail: "must be 0.1 to 100".into() }]);
    golden::from_the_protocol(
        r#"{"type":"/problems/invalid","title":"Invalid request","status":422,"detail":"1 field is wrong","errors":[{"pointer":"/speed","detail":"must be 0.1 to 100"}]}"#,
        &invalid,
    );
    golden::json("problem/invalid.json", &invalid);
}

/// A body and what is answered to it, line by line.
#[test]
fn wrong_bodies_and_their_answers() {
    let bodies = [
        "",
        "[]",
        "{}",
        r#"{"courier":"c 17","speed":0,"refrence":"x","promised_at":1763683200}"#,
        r#"{"courier":"c-17","route":"a-to-b","path":"??"}"#,
        r#"{"courier":"c-17","path":"_p~iF~ps|U_ulLnnqC"}"#,
        r#"{"courier":17,"route":"a/b","driver":"robot","interval_ms":10,"reference":"a\u0000b"}"#,
    ];
    let mut text = String::new();
    for body in bodies {
        let answer = match DeliveryRequest::from_json(body.as_bytes()) {
            Ok(_) => "taken".into(),
            Err(problem) => serde_json::to_string(&problem).unwrap(),
        };
        text += &format!("{body}\n  -> {answer}\n");
    }
    for body in [r#"{"outcome":"lost"}"#, r#"{"outcome":"failed"}"#] {
        let problem = FinishRequest::from_json(body.as_bytes()).unwrap_err();
        text += &format!("{body}\n  -> {}\n", serde_json::to_string(&problem).unwrap());
    }
    golden::text("problem/wrong-bodies.txt", &text);
}
