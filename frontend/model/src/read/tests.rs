//! What is read here is what serde_json reads.

use contract::{
    CourierId, Delivery, DeliveryId, Driver, Problem, Role, You,
    live::{Counts, EtaRange, Late, Latency, Resume, Summary},
    rest::{Audit, DeliveryPage, Figures, Link, LiveCourier, LiveDeliveries, Page, Route, RouteLine, Status, Trail},
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;

const DELIVERY: &str = "0199a4e0-7c00-7000-8000-000000000017";

fn delivery() -> Value {
    json!({
        "delivery": DELIVERY, "courier": "c-17", "driver": "simulator", "route": "station-to-market", "path": "_p~iF",
        "distance_m": 1200, "planned_s": 240, "speed": 2, "interval_ms": 500, "status": "in_transit",
        "requested_at": 1_763_683_200_000_i64, "started_at": 1_763_683_201_000_i64, "reference": "order \"9\"", "eta_half_way": 1_763_683_300_000_i64, "new": [{}]
    })
}

fn position() -> Value {
    json!({
        "courier": "c-17", "delivery": DELIVERY, "at": 1_763_683_200_000_i64, "lon": 24.94, "lat": 60,
        "accuracy_m": 4.5, "source": "sim", "battery": null
    })
}

/// What this module reads is what serde_json reads, and what it refuses, serde_json refuses.
fn same<T: Read + DeserializeOwned + PartialEq + fmt::Debug>(value: &Value) -> Option<T> {
    let theirs = serde_json::from_value::<T>(value.clone()).ok();
    assert_eq!(typed::<T>(value.clone()).ok(), theirs, "{value}");
    theirs
}

#[test]
fn bodies_are_read_as_by_serde_json() {
    assert!(same::<Delivery>(&delivery()).is_some());
    let courier = json!({
        "courier": "c-17", "status": "late", "position": position(), "delivery": DELIVERY,
        "eta": { "from": 1, "to": 2 }, "age_ms": 9, "reason": null
    });
    assert!(same::<LiveCourier>(&courier).is_some());
    assert!(same::<Page<LiveCourier>>(&json!({ "items": [courier], "next": "c-18" })).is_some());
    let route = json!({
        "route": "a", "name": "A to B", "distance_m": 7, "planned_s": 8, "origin": { "lon": 1, "lat": 2.5 },
        "destination": { "lon": 3, "lat": 4 }, "path": "_p~iF"
    });
    assert!(same::<Route>(&route).is_some());
    assert!(same::<RouteLine>(&route).is_some());
    let problem = json!({
        "type": "/problems/invalid", "title": "Invalid", "status": 422, "detail": "no",
        "errors": [{ "pointer": "/speed", "detail": "must be 0.1 to 100" }]
    });
    assert_eq!(same::<Problem>(&problem).map(|problem| problem.errors.len()), Some(1));
    assert!(
        same::<Link>(&json!({ "url": "https://host/track#x", "expires_at": 3, "notice": "until the restart" }))
            .is_some()
    );
    assert!(same::<Link>(&json!({ "url": "https://host/track#x", "expires_at": 3 })).is_some());
    let gaps = json!([{ "from": 1, "to": 2 }]);
    assert!(same::<Trail>(&json!({ "points": [position()], "gaps": gaps, "through": 3 })).is_some());
    let audit = json!({ "expected": null, "stored": 3, "missing": [[1, 2], [4, 4]], "through": 3 });
    assert!(same::<Audit>(&audit).is_some());
    assert!(same::<(DeliveryStatus, Driver)>(&json!(["delivered", "simulator"])).is_some());
    let items = json!([delivery(), delivery()]);
    assert!(same::<LiveDeliveries>(&json!({ "items": items, "next": null, "cursor": "0:1" })).is_some());
    assert!(same::<DeliveryPage>(&json!({ "items": items, "through": 9 })).is_some());
    assert_eq!(same::<DeliveryPage>(&json!({ "items": items })), None);
    let figures = json!({ "rows": [{
        "t": 1, "key": "harbour", "count": 3, "delivered": 2, "mean_s": 9.5, "promised": 1, "on_time": 1.0, "predicted": 0,
        "mean_eta_error_s": null
    }], "more": false, "through": 4 });
    assert_eq!(same::<Figures>(&figures).map(|figures| figures.rows.len()), Some(1));
    assert_eq!(same::<Figures>(&json!({ "rows": [], "more": 0, "through": 4 })), None);
    let status = json!({
        "broker": "up", "history": "up", "behind_ms": -3, "couriers": 7, "lost": 0, "sockets": 1, "version": "1", "now": 5
    });
    assert!(same::<Status>(&status).is_some());
    assert_eq!(same::<Audit>(&json!({ "stored": 3, "missing": [[1, 2, 3]], "through": 3 })), None);
    let mut without = delivery();
    for field in ["speed", "interval_ms", "reference"] {
        without.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(same::<Delivery>(&without).map(|read| (read.speed, read.interval_ms)), Some((1.0, 1_000)));
    assert_eq!(same::<Latency>(&json!({ "p50": 1, "p95": 2.5 })), None);
}

#[test]
fn a_state_of_a_later_version_is_passed_over() {
    let mut later = delivery();
    later["status"] = json!("handed_over");
    let text = json!({ "type": "events", "cursor": "A", "deliveries": [later, delivery()] }).to_string();
    let Ok(ServerMessage::Events { deliveries, .. }) = message(&text) else { panic!("{text}") };
    assert_eq!(deliveries.len(), 1);
}

#[test]
fn messages_are_read_as_by_serde_json() {
    let late = Late {
        courier: CourierId::new("c-1").unwrap(),
        delivery: DELIVERY.parse::<DeliveryId>().unwrap(),
        eta: Some(1_763_683_200_000),
    };
    let messages = [
        ServerMessage::Welcome {
            server: "a".into(),
            now: 1,
            tick_ms: 100,
            resume: Resume::Resumed,
            cursor: "0:1".into(),
            you: Some(You { role: Role::Operator, name: Some("ana".into()), until: None }),
            delivery_max_ms: Some(86_400_000),
        },
        ServerMessage::Events { cursor: "0:2".into(), deliveries: vec![typed(delivery()).unwrap()] },
        ServerMessage::Summary(Summary {
            now: 5,
            behind_ms: -1,
            latency_ms: Latency { p50: 20, p95: 40 },
            counts: Counts { alarm: 3, ..Counts::default() },
            late: vec![late],
        }),
    ];
    for said in messages {
        let text = serde_json::to_string(&said).unwrap();
        assert_eq!(message(&text), Ok(said), "{text}");
    }
    let eta = EtaRange { from: 1, to: 2 };
    let own = json!({ "type": "delivery", "delivery": delivery(), "eta": eta }).to_string();
    assert_eq!(message(&own), Ok(ServerMessage::Unknown));
    assert_eq!(message(r#"{"type":"of next year"}"#), Ok(ServerMessage::Unknown));
    for wrong in ["", "[]", "{}", r#"{"type":"events","cursor":"a"}"#, r#"{"type":"summary","now":"5"}"#] {
        assert!(message(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let mut wrong = delivery();
    wrong["courier"] = json!("no blanks");
    assert!(typed::<Delivery>(wrong).unwrap_err().to_string().contains("must be 1 to 64 characters"));
    let error = typed::<Delivery>(json!({ "delivery": DELIVERY })).unwrap_err();
    assert_eq!(error.to_string(), "missing field courier");
    assert!(json("{").unwrap_err().to_string().contains("line 1"));
}

proptest! {
    #[test]
    fn a_changed_field_is_taken_or_refused_as_by_serde_json(
        field in 0_usize..20, to in prop_oneof![
            Just(Value::Null), Just(json!(true)), Just(json!(-1)), Just(json!(0.5)), Just(json!(7)), Just(json!("x")),
            Just(json!(["x"])), Just(json!({ "x": 1 })), Just(json!(1e300)), Just(json!("delivered")),
        ],
    ) {
        for value in [delivery(), position()] {
            let name = value.as_object().unwrap().keys().nth(field).cloned();
            if let Some(name) = name {
                let mut value = value;
                value[name.as_str()] = to.clone();
                same::<Delivery>(&value);
                same::<contract::Position>(&value);
            }
        }
    }
}

#[test]
fn a_role_of_a_later_version_only_looks() {
    let you: You = typed(serde_json::json!({ "role": "auditor", "name": "ana", "mood": "good" })).unwrap();
    assert_eq!(you, You { role: Role::Viewer, name: Some("ana".into()), until: None });
}
