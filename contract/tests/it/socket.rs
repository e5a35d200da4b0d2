//! Text messages of the live socket.

use contract::{
    Bounds, CourierId, DeliveryStatus, Problem, ProblemKind, Role, You,
    live::{ClientMessage, Counts, EtaRange, Late, Latency, Resume, ServerMessage, Sighting, Summary, View},
    problem::FieldError,
};

use crate::{golden, sample};

fn view() -> View {
    View { bounds: Bounds::new(24.93, 60.16, 24.96, 60.18).unwrap(), zoom: 15.2 }
}

fn welcome(resume: Resume) -> ServerMessage {
    ServerMessage::Welcome {
        server: "backend-7f9c".into(),
        now: 1_763_683_200_200,
        tick_ms: 100,
        resume,
        cursor: "Aa3...".into(),
        you: None,
        delivery_max_ms: None,
    }
}

fn welcome_ana() -> ServerMessage {
    let mut message = welcome(Resume::New);
    if let ServerMessage::Welcome { you, delivery_max_ms, .. } = &mut message {
        *delivery_max_ms = Some(86_400_000);
        *you = Some(You { role: Role::Viewer, name: Some("ana".into()), until: Some(1_763_712_000_000) });
    }
    message
}

/// Which replica it is, and how many events there were, is no customer's business.
fn welcome_customer() -> ServerMessage {
    ServerMessage::Welcome {
        server: String::new(),
        now: 1_763_683_200_200,
        tick_ms: 100,
        resume: Resume::New,
        cursor: String::new(),
        you: None,
        delivery_max_ms: None,
    }
}

fn summary() -> Summary {
    Summary {
        now: 1_763_683_201_000,
        behind_ms: 40,
        latency_ms: Latency { p50: 31, p95: 88 },
        counts: Counts { on_delivery: 96, idle: 3, late: 4, alarm: 1, offline: 2 },
        late: vec![Late { courier: sample::courier(), delivery: sample::delivery_id(), eta: Some(1_763_683_900_000) }],
    }
}

#[test]
fn what_clients_say() {
    let hello = |token: Option<&str>, cursor: Option<&str>| ClientMessage::Hello {
        token: token.map(Into::into),
        cursor: cursor.map(Into::into),
    };
    golden::json("socket/client/hello.json", &hello(None, None));
    golden::json("socket/client/hello-again.json", &hello(Some("eyJ..."), Some("Aa3...")));
    golden::json("socket/client/view.json", &ClientMessage::View(view()));
    let bounds = Bounds::new(179.0, -18.0, -178.0, -16.0).unwrap();
    golden::json("socket/client/view-antimeridian.json", &ClientMessage::View(View { bounds, zoom: 9.0 }));
    golden::json("socket/client/watch.json", &ClientMessage::Watch { courier: sample::courier() });
    golden::json("socket/client/unwatch.json", &ClientMessage::Unwatch { courier: sample::courier() });
    golden::json("socket/client/ping.json", &ClientMessage::Ping { t: 123.0 });
    golden::json("socket/client/ping-fraction.json", &ClientMessage::Ping { t: 123.25 });
}

#[test]
fn what_the_server_says() {
    golden::json("socket/server/welcome.json", &welcome(Resume::New));
    golden::json("socket/server/welcome-you.json", &welcome_ana());
    golden::json("socket/server/welcome-customer.json", &welcome_customer());
    golden::json("socket/server/welcome-resumed.json", &welcome(Resume::Resumed));
    golden::json("socket/server/welcome-reset.json", &welcome(Resume::Reset));
    let mut delivered = sample::delivery();
    (delivered.status, delivered.finished_at, delivered.positions) =
        (DeliveryStatus::Delivered, Some(1_763_683_740_123), Some(541));
    let events = ServerMessage::Events { cursor: "Aa3...".into(), deliveries: vec![sample::delivery(), delivered] };
    golden::json("socket/server/events.json", &events);
    golden::json("socket/server/summary.json", &ServerMessage::Summary(summary()));
    golden::json("socket/server/summary-start.json", &ServerMessage::Summary(Summary::default()));
    let sighting = Sighting { place: sample::place(60.16, 24.93), at: 1_763_683_200_123, heading_deg: Some(271.0) };
    let own = |position, eta| ServerMessage::Delivery { delivery: Box::new(sample::delivery()), position, eta };
    let eta = EtaRange { from: 1_763_683_500_000, to: 1_763_683_700_000 };
    golden::json("socket/server/delivery.json", &own(Some(sighting), Some(eta)));
    golden::json("socket/server/delivery-unseen.json", &own(None, None));
    let delivery = Box::new(sample::delivery_of_customer());
    let followed = ServerMessage::Delivery { delivery, position: Some(sighting), eta: Some(eta) };
    golden::json("socket/server/delivery-customer.json", &followed);
    golden::json("socket/server/pong.json", &ServerMessage::Pong { t: 123.0, now: 1_763_683_201_003 });
    let detail = "zoom must be 0..22".to_owned();
    let errors = vec![FieldError { pointer: "/zoom".into(), detail: detail.clone() }];
    let problem = Problem { errors, ..Problem::new(ProblemKind::Invalid, detail) };
    golden::json("socket/server/error.json", &ServerMessage::Error { re: "view".into(), problem });
}

#[test]
fn the_examples_of_the_protocol() {
    let courier = || CourierId::new("c-17").unwrap();
    golden::from_the_protocol(
        r#"{"type":"hello","token":null,"cursor":null}"#,
        &ClientMessage::Hello { token: None, cursor: None },
    );
    golden::from_the_protocol(
        r#"{"type":"view","bounds":{"west":24.93,"south":60.16,"east":24.96,"north":60.18},"zoom":15.2}"#,
        &ClientMessage::View(view()),
    );
    golden::from_the_protocol(r#"{"type":"watch","courier":"c-17"}"#, &ClientMessage::Watch { courier: courier() });
    golden::from_the_protocol(r#"{"type":"unwatch","courier":"c-17"}"#, &ClientMessage::Unwatch { courier: courier() });
    golden::from_the_protocol(r#"{"type":"ping","t":123}"#, &ClientMessage::Ping { t: 123.0 });
    golden::from_the_protocol(
        r#"{"type":"welcome","server":"backend-7f9c","now":1763683200200,"tick_ms":100,"resume":"new","cursor":"Aa3..."}"#,
        &welcome(Resume::New),
    );
    golden::from_the_protocol(
        &r#"{"type":"summary","now":1763683201000,"behind_ms":40,"latency_ms":{"p50":31,"p95":88},"counts":{"on_delivery":96,"idle":3,"late":4,"alarm":1,"offline":2},"late":[{"courier":"c-17","delivery":"019a...","eta":1763683900000}]}"#
            .replace("019a...", &sample::delivery_id().to_string()),
        &ServerMessage::Summary(summary()),
    );
    golden::from_the_protocol(
        r#"{"type":"pong","t":123,"now":1763683201003}"#,
        &ServerMessage::Pong { t: 123.0, now: 1_763_683_201_003 },
    );
    // The example leaves the title out, which is for people; the server writes it.
    let error = r#"{"type":"error","re":"view","problem":{"type":"/problems/invalid","status":422,"detail":"zoom must be 0..22"}}"#;
    let Ok(ServerMessage::Error { re, problem }) = serde_json::from_str(error) else { panic!("{error}") };
    assert_eq!((re.as_str(), problem.slug(), problem.status), ("view", "invalid", 422));
    assert_eq!(problem.detail, View { zoom: 99.0, ..view() }.check().unwrap_err().to_string());
}

/// Clients of this version go on when a later server says something new.
#[test]
fn kinds_and_fields_of_a_later_version() {
    assert_eq!(serde_json::from_str::<ServerMessage>(r#"{"type":"alert","x":1}"#).unwrap(), ServerMessage::Unknown);
    let pong = r#"{"type":"pong","t":123,"now":1763683201003,"mood":"good"}"#;
    assert!(matches!(serde_json::from_str(pong), Ok(ServerMessage::Pong { .. })));
}

/// The server must refuse these: a client that says them speaks another protocol.
#[test]
fn what_is_no_message() {
    for wrong in [
        "",
        "[]",
        r#"{"type":"shout"}"#,
        r#"{"type":"watch","courier":"c 17"}"#,
        r#"{"type":"view","bounds":{"west":0,"south":10,"east":1,"north":5},"zoom":1}"#,
        r#"{"type":"view","bounds":{"west":0,"south":0,"east":181,"north":5},"zoom":1}"#,
        r#"{"type":"view","bounds":[0,0,1,1],"zoom":1}"#,
        r#"{"type":"ping"}"#,
    ] {
        assert!(serde_json::from_str::<ClientMessage>(wrong).is_err(), "{wrong}");
    }
}
