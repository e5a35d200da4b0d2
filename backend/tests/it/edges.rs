//! The socket's edges: the handshake, what is closed with which code, what is only answered.

use std::{net::SocketAddr, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{
    Backend, Bystander, Reply, Socket,
    samples::{fix, now},
    shared, until,
};

const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "code-delivery.v1");

#[tokio::test]
async fn who_says_nothing_is_closed_in_time() {
    let mut bystander = Bystander::of(shared(), "by-silent").await;
    let mut socket = Socket::connect(shared()).await;
    let began = std::time::Instant::now();
    assert_eq!(socket.close_code().await, 4408);
    assert!((4..9).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    bystander.goes_on().await;
}

#[tokio::test]
async fn what_is_no_message_closes() {
    let backend = shared();
    let mut bystander = Bystander::of(backend, "by-nonsense").await;
    let view = r#"{"type":"view","bounds":{"west":24,"south":60,"east":25,"north":61},"zoom":14}"#;
    let hello = r#"{"type":"hello","token":null,"cursor":null}"#;
    for (said, code) in [
        (vec![Message::text("{")], 4400),
        (vec![Message::text("[]")], 4400),
        (vec![Message::text(r#"{"typ":"hello"}"#)], 4400),
        (vec![Message::text(view)], 4400),
        (vec![Message::text(hello), Message::text("nonsense")], 4400),
        (vec![Message::text(hello), Message::binary(vec![1, 2, 3])], 4400),
        (vec![Message::text(hello), Message::text("x".repeat(4097))], 1009),
        (vec![Message::text(hello), Message::text("x".repeat(100_000))], 1009),
        (vec![Message::text(hello), Message::binary(vec![0; 5_000])], 4400),
    ] {
        let mut socket = Socket::connect(backend).await;
        for message in said.clone() {
            socket.send(message).await;
        }
        assert_eq!(socket.close_code().await, code, "{:?}", said.last());
        bystander.goes_on().await;
    }
    // A message of exactly the limit is taken.
    let mut socket = Socket::open(backend, None).await;
    let filler = " ".repeat(4096 - r#"{"type":"ping","t":1}"#.len());
    socket.send(Message::text(format!(r#"{{"type":"ping",{filler}"t":1}}"#))).await;
    socket.until("a pong", |socket| socket.pongs.len() == 1).await;
}

#[tokio::test]
async fn the_twenty_first_message_of_a_second_closes() {
    let mut bystander = Bystander::of(shared(), "by-talk").await;
    let mut socket = Socket::open(shared(), None).await;
    // Past the second of the hello.
    socket.listen(Duration::from_millis(1_100)).await;
    for t in 0..20 {
        socket.say(json!({ "type": "ping", "t": t })).await;
    }
    socket.until("twenty pongs", |socket| socket.pongs.len() == 20).await;
    for t in 0..21 {
        socket.say(json!({ "type": "ping", "t": t })).await;
    }
    assert_eq!(socket.close_code().await, 4429);
    bystander.goes_on().await;
}

#[tokio::test]
async fn what_is_wrong_in_a_message_is_answered_and_the_connection_lives() {
    let mut bystander = Bystander::of(shared(), "by-wrong").await;
    let mut socket = Socket::open(shared(), None).await;
    let bounds = json!({ "west": 24.9, "south": 60.1, "east": 25.0, "north": 60.2 });
    let swapped = json!({ "west": 60.1, "south": 124.9, "east": 60.2, "north": 125.0 });
    let cases: Vec<(Value, &str, &str)> = vec![
        (json!({ "type": "view", "bounds": bounds, "zoom": 99 }), "view", "zoom must be 0..22"),
        (json!({ "type": "view", "bounds": bounds, "zoom": -1 }), "view", "zoom must be 0..22"),
        (json!({ "type": "view", "bounds": swapped, "zoom": 9 }), "view", "south and north must be -90 to 90"),
        (json!({ "type": "view", "zoom": 9 }), "view", "missing field `bounds`"),
        (json!({ "type": "view", "bounds": bounds, "zoom": "near" }), "view", "invalid type"),
        (json!({ "type": "dance" }), "dance", "unknown variant"),
        (json!({ "type": "watch", "courier": "no body" }), "watch", "must be 1 to 64 characters"),
        (json!({ "type": "hello" }), "hello", "hello was said already"),
    ];
    for (n, (message, re, detail)) in cases.into_iter().enumerate() {
        socket.say(message).await;
        socket.until("an error", |socket| socket.errors.len() > n).await;
        let error = &socket.errors[n];
        assert_eq!(error["re"], re);
        assert!(error["problem"]["detail"].as_str().unwrap().contains(detail), "{error}");
        assert!(matches!(error["problem"]["status"].as_u64(), Some(422 | 409)), "{error}");
    }
    bystander.goes_on().await;
    // The connection itself, too: a right message is taken after eight that were not.
    shared().feed.position(&fix("wrong-1", -60.5, -60.5)).await;
    socket.look(-61.0, -61.0, -60.0, -60.0, 14.0).await;
    socket.until("the view", |socket| socket.names() == ["wrong-1"]).await;
}

/// As `docs/protocol.md` says: what a later client says beside what is known is passed over.
#[tokio::test]
async fn fields_that_are_not_known_are_ignored() {
    let backend = shared();
    backend.feed.position(&fix("later-1", -60.5, -62.5)).await;
    let mut socket = Socket::connect(backend).await;
    socket.say(json!({ "type": "hello", "token": null, "cursor": null, "colour": "red" })).await;
    let bounds = json!({ "west": -63.0, "south": -61.0, "east": -62.0, "north": -60.0, "up": 3 });
    socket.say(json!({ "type": "view", "bounds": bounds, "zoom": 14, "pitch": [60] })).await;
    socket.until("the view", |socket| socket.names() == ["later-1"]).await;
    socket.say(json!({ "type": "ping", "t": 1, "mood": { "good": true } })).await;
    socket.until("a pong", |socket| socket.pongs.len() == 1).await;
    assert!(socket.errors.is_empty(), "{:?}", socket.errors);
}

#[tokio::test]
async fn eight_couriers_can_be_watched() {
    let mut socket = Socket::open(shared(), None).await;
    for n in 0..9 {
        socket.say(json!({ "type": "watch", "courier": format!("w-{n}") })).await;
    }
    // One of them again is no ninth.
    socket.say(json!({ "type": "watch", "courier": "w-0" })).await;
    socket.settle().await;
    assert_eq!(socket.errors.len(), 1);
    let problem = &socket.errors[0]["problem"];
    assert_eq!(
        (problem["status"].as_u64(), problem["detail"].as_str()),
        (Some(422), Some("at most 8 couriers can be watched"))
    );
    socket.say(json!({ "type": "unwatch", "courier": "w-0" })).await;
    socket.say(json!({ "type": "watch", "courier": "w-8" })).await;
    socket.settle().await;
    assert_eq!(socket.errors.len(), 1);
}

#[tokio::test]
async fn another_protocol_is_told_to_reload() {
    let backend = shared();
    let mut bystander = Bystander::of(backend, "by-other").await;
    let mut other = Socket::try_connect(backend, &[]).await.unwrap();
    assert_eq!(other.close_code().await, 4406);
    bystander.goes_on().await;
}

async fn refused(backend: &Backend, origin: &str) -> Option<u16> {
    match Socket::try_connect(backend, &[PROTOCOL, ("origin", origin)]).await {
        Ok(_) => None,
        Err(Error::Http(response)) => Some(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn pages_of_other_hosts_are_refused() {
    let backend = shared();
    let SocketAddr::V4(addr) = backend.addr else { panic!() };
    for (origin, expected) in [
        ("https://evil.example".to_owned(), Some(403)),
        ("null".into(), Some(403)),
        (format!("http://{addr}.evil.example"), Some(403)),
        (format!("http://127.0.0.1:{}", addr.port() ^ 1), Some(403)),
        ("https://dispatch.example".into(), None),
        (format!("http://{addr}"), None),
    ] {
        assert_eq!(refused(backend, &origin).await, expected, "{origin}");
    }
}

#[tokio::test]
async fn a_plain_request_to_the_socket_answers_a_problem() {
    let api = shared().api();
    let problem = api.get("/live").await.problem("malformed");
    assert!(problem.detail.starts_with("this is a WebSocket"), "{}", problem.detail);
    Reply::of(api.ask(Method::POST, "/live")).await.problem("method-not-allowed");
}

#[tokio::test]
async fn there_is_room_for_so_many_sockets() {
    let backend = Backend::start_with(|setup| setup.settings.http.max_sockets = 2).await;
    let first = Socket::open(&backend, None).await;
    let mut second = Socket::open(&backend, None).await;
    let mut third = Socket::connect(&backend).await;
    assert_eq!(third.close_code().await, 1013);
    drop(first);
    let api = backend.api();
    let open = async || api.get("/status").await.json()["sockets"].as_u64().unwrap();
    until("one has left", open, |open| *open == 1).await;
    Socket::open(&backend, None).await;
    second.settle().await;
}

#[tokio::test]
async fn a_goodbye_is_answered() {
    let mut socket = Socket::open(shared(), None).await;
    socket.send(Message::Close(None)).await;
    assert_eq!(socket.close_code().await, 1005);
}

#[tokio::test]
async fn ping_is_answered_with_its_own_mark_and_the_time() {
    let mut socket = Socket::open(shared(), None).await;
    socket.say(json!({ "type": "ping", "t": 123.5 })).await;
    socket.until("a pong", |socket| socket.pongs.len() == 1).await;
    assert_eq!(socket.pongs[0]["t"], 123.5);
    assert!((socket.pongs[0]["now"].as_i64().unwrap() - now()).abs() < 10_000);
    // The library's own pings, too.
    socket.send(Message::Ping(vec![1, 2].into())).await;
    let pong = async {
        loop {
            use futures_util::StreamExt;
            if let Message::Pong(data) = socket.stream.next().await.unwrap().unwrap() {
                return data;
            }
        }
    };
    let data = tokio::time::timeout(Duration::from_secs(10), pong).await.unwrap();
    assert_eq!(&data[..], [1, 2]);
}

#[tokio::test]
async fn a_client_that_reads_nothing_gets_the_newest_state_when_it_does() {
    let backend = Backend::start().await;
    let mut sleeper = Socket::open(&backend, None).await;
    let mut other = Socket::open(&backend, None).await;
    for socket in [&mut sleeper, &mut other] {
        socket.look(20.0, 50.0, 30.0, 70.0, 14.0).await;
    }
    // Far more than the kernel keeps for the one that sleeps: each round moves every courier.
    let rounds: i32 = 60;
    for round in 0..rounds {
        let lat = 60.0 + f64::from(round) / 1e3;
        let fixes: Vec<_> = (0..1_500).map(|n| fix(&format!("slow-{n}"), lat, 24.0 + f64::from(n) / 1e3)).collect();
        backend.feed.positions(&fixes).await;
        // The other one keeps up with every round.
        let there = |socket: &Socket| {
            socket
                .picture
                .courier(&crate::harness::samples::courier("slow-1499"))
                .is_some_and(|seen| (seen.place.lat() - lat).abs() < 1e-6)
        };
        other.until("the newest round", there).await;
    }
    // The mark of what the server holds for the sleeper: frames it was never sent.
    let newest = 60.0 + f64::from(rounds - 1) / 1e3;
    let all_newest = |socket: &Socket| {
        socket.picture.len() == 1_500
            && socket.picture.couriers().all(|(_, seen)| (seen.place.lat() - newest).abs() < 1e-6)
    };
    sleeper.until("the newest state of all", all_newest).await;
    assert!(sleeper.frames < other.frames, "{} of {} frames", sleeper.frames, other.frames);
}
