//! What is wrong in a request for a delivery is said exactly, whole, and at once.

use contract::{Delivery, DeliveryStatus};
use reqwest::Method;
use serde_json::json;

use crate::harness::{
    Api, Reply,
    samples::{ROUTE, fresh_id, line, place, request},
    shared,
};

fn path() -> String {
    format!("/deliveries/{}", fresh_id())
}

/// What went wrong was one request's own: a right one is taken.
async fn goes_on(api: &Api) {
    let id = fresh_id();
    let taken = api.put(&format!("/deliveries/{id}"), &request(&format!("after-{id}"))).await;
    assert_eq!(taken.status, 202, "{}", taken.text());
}

#[tokio::test]
async fn what_is_no_json_object_is_malformed() {
    let api = shared().api();
    for body in ["", "{", "[]", "NaN", "null", r#"{"courier":"b-1","speed":NaN}"#, "{\"courier\":\"b\u{0}\"}"] {
        let problem = api.put_text(&path(), body).await.problem("malformed");
        assert_eq!(problem.status, 400, "{body}");
    }
    let deep = "[".repeat(10_000);
    api.put_text(&path(), deep).await.problem("malformed");
    goes_on(&api).await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let body = json!({ "courier": "b-2", "route": ROUTE, "reference": "x".repeat(70_000) });
    let api = shared().api();
    let problem = api.put(&path(), &body).await.problem("too-large");
    assert!(problem.detail.contains("65536 bytes"), "{}", problem.detail);
    goes_on(&api).await;
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let api = shared().api();
    let body = request("b-3").to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let request = api.ask(Method::PUT, &path()).header("content-type", kind).body(body.clone());
        Reply::of(request).await.problem("unsupported-media-type");
    }
    Reply::of(api.ask(Method::PUT, &path()).body(body.clone())).await.problem("unsupported-media-type");
    let kind = "Application/JSON; charset=utf-8";
    let taken = Reply::of(api.ask(Method::PUT, &path()).header("content-type", kind).body(body)).await;
    assert_eq!(taken.status, 202, "{}", taken.text());
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let body = json!({
        "courier": "b 4", "speed": 0, "interval_ms": 10, "driver": "robot", "reference": 7, "promised_at": 1763683200,
        "rout~e/": "x",
    });
    let api = shared().api();
    let reply = api.put(&path(), &body).await;
    let wrong = reply.wrong();
    let mut pointers: Vec<&str> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/courier", "/driver", "/interval_ms", "/promised_at", "/reference", "/route", "/rout~0e~1", "/speed"]
    );
    assert_eq!(reply.problem("invalid").detail, "8 fields are wrong");
    goes_on(&api).await;
}

#[tokio::test]
async fn each_rule_is_said() {
    let api = shared().api();
    let swapped = contract::polyline::encode(&[place(24.93, 60.17), place(24.94, 60.17)]);
    let cases = [
        (json!({ "courier": "b-5", "route": ROUTE, "speed": 0 }), "/speed", "must be 0.1 to 100"),
        (json!({ "courier": "b-5", "route": ROUTE, "speed": 100.1 }), "/speed", "must be 0.1 to 100"),
        (json!({ "courier": "b-5", "route": ROUTE, "speed": "fast" }), "/speed", "must be 0.1 to 100"),
        (json!({ "courier": 5, "route": ROUTE }), "/courier", "must be a text"),
        (json!({ "route": ROUTE }), "/courier", "is needed"),
        (json!({ "courier": "b-5" }), "/route", "is needed, or a path"),
        (json!({ "courier": "b-5", "route": ROUTE, "path": line() }), "/path", "must not stand beside route"),
        (json!({ "courier": "b-5", "route": "nowhere" }), "/route", "nowhere is not known here; see /api/v1/routes"),
        (json!({ "courier": "b-5", "path": "" }), "/path", "must have at least 2 points"),
        // Latitude 138.7: the coordinates of Mount Fuji the wrong way round.
        (json!({ "courier": "b-5", "path": far(138.7, 35.3) }), "/path", "point 1: lat must be -90 to 90"),
        (json!({ "courier": "b-5", "path": "????" }), "/path", "must have at least 2 different points"),
        (
            json!({ "courier": "b-5", "route": ROUTE, "reference": "x".repeat(129) }),
            "/reference",
            "must be at most 128 characters",
        ),
        (
            json!({ "courier": "b-5", "route": ROUTE, "reference": "a\nb" }),
            "/reference",
            "must not hold control characters",
        ),
    ];
    for (body, pointer, rule) in cases {
        let wrong = api.put(&path(), &body).await.wrong();
        assert_eq!(wrong, [(pointer.to_owned(), rule.to_owned())], "{body}");
    }
    // None of them started anything: the courier of all these is free.
    assert_eq!(api.put(&path(), &request("b-5")).await.status, 202);
    // Coordinates that are swapped and still lie on the Earth cannot be told from others.
    assert_eq!(api.put(&path(), &json!({ "courier": "b-6", "path": swapped })).await.status, 202);
}

/// A polyline from 0, 0 to numbers that are no place.
fn far(lat: f64, lon: f64) -> String {
    let number = |degrees: f64| {
        let mut rest = ((degrees * 1e6).round() as i64 as u64) << 1;
        let mut text = String::new();
        while rest >= 0x20 {
            text.push(char::from((0x20 | (rest & 0x1f) as u8) + 63));
            rest >>= 5;
        }
        text.push(char::from(rest as u8 + 63));
        text
    };
    format!("??{}{}", number(lat), number(lon))
}

#[tokio::test]
async fn an_id_is_a_uuid_of_version_7() {
    let api = shared().api();
    let bare = fresh_id().to_string().replace('-', "");
    for id in ["1", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", &bare] {
        let wrong = api.put(&format!("/deliveries/{id}"), &request("b-7")).await.wrong();
        assert_eq!(wrong[0].1, "must be a UUID of version 7 with hyphens", "{id}");
        // A path with an id that can never be names nothing.
        for path in ["", "/trail", "/audit"] {
            api.get(&format!("/deliveries/{id}{path}")).await.problem("not-found");
        }
        for path in ["/cancel", "/start"] {
            api.post(&format!("/deliveries/{id}{path}"), &json!({})).await.problem("not-found");
        }
    }
    goes_on(&api).await;
}

#[tokio::test]
async fn commands_read_their_bodies_as_strictly() {
    let api = shared().api();
    let id = fresh_id();
    let mut body = request("b-8");
    body["driver"] = "courier".into();
    assert_eq!(api.put(&format!("/deliveries/{id}"), &body).await.status, 202);
    let wrong = async |command: &str, body| {
        let wrong = api.post(&format!("/deliveries/{id}/{command}"), &body).await.wrong();
        wrong.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>()
    };
    assert_eq!(wrong("finish", json!({})).await, ["/outcome"]);
    assert_eq!(wrong("finish", json!({ "outcome": "failed" })).await, ["/reason"]);
    assert_eq!(wrong("finish", json!({ "outcome": "lost", "why": 1 })).await, ["/outcome", "/why"]);
    assert_eq!(wrong("cancel", json!({ "reason": 5, "by": "me" })).await, ["/reason", "/by"]);
    assert_eq!(wrong("start", json!({ "reason": "x" })).await, ["/reason"]);
    api.post(&format!("/deliveries/{id}/finish"), &json!([])).await.problem("malformed");
    // The delivery is where it was, and the right command moves it.
    let started: Delivery = api.post(&format!("/deliveries/{id}/start"), &json!({})).await.expect(202);
    assert_eq!(started.status, DeliveryStatus::InTransit);
}
