//! What each role may, by REST and on the socket: every endpoint of the OpenAPI document and every message of the golden
//! files, with every token that somebody might bring.

use backend::settings::AccessSettings;
use contract::{Delivery, DeliveryId, DeliveryStatus, Driver, Role, You, close};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Backend, Reply, Socket,
    samples::{ROUTE, delivery, fix, now, request},
    world::{HOUR, World},
};

/// Who may ask for what: `v` viewers, `o` operators, `d` dispatchers, `c` the courier and `k` the customer whose it is, `x`
/// another courier, `y` another customer. **A new endpoint needs a line here**: decide who may ask for it.
const OPENS: [(&str, &str, &str); 22] = [
    ("get", "/routes", "vod"),
    ("get", "/routes/{route}", "vod"),
    ("get", "/deliveries", "vod"),
    ("post", "/deliveries", "d"),
    ("get", "/deliveries/live", "vod"),
    ("get", "/deliveries/{id}", "vodck"),
    ("put", "/deliveries/{id}", "d"),
    ("post", "/deliveries/{id}/start", "dc"),
    ("post", "/deliveries/{id}/finish", "dc"),
    ("post", "/deliveries/{id}/cancel", "d"),
    ("post", "/deliveries/{id}/link", "d"),
    ("get", "/deliveries/{id}/trail", "vodck"),
    ("get", "/deliveries/{id}/audit", "vod"),
    ("get", "/couriers", "vod"),
    ("get", "/couriers/{courier}", "vodc"),
    ("get", "/couriers/{courier}/trail", "vodc"),
    ("get", "/replay", "vod"),
    ("get", "/analytics/deliveries", "vod"),
    ("get", "/status", "vod"),
    ("get", "/me", "vodcx"),
    ("get", "/openapi.json", "vod"),
    // Its handshake alone: hello brings the token that counts.
    ("get", "/live", "vod-"),
];

/// Tokens that are good, by the letter of their holder.
fn good(world: &World, own: DeliveryId, other: DeliveryId) -> Vec<(char, String)> {
    let until = now() + HOUR;
    vec![
        ('v', world.sign(Role::Viewer, None, None, until)),
        ('o', world.sign(Role::Operator, None, None, until)),
        ('c', world.sign(Role::Courier, Some("linked"), None, until)),
        ('x', world.sign(Role::Courier, Some("stranger"), None, until)),
        ('k', world.token(own, until)),
        ('y', world.token(other, until)),
        // Last: commands change what the others look at.
        ('d', world.sign(Role::Dispatcher, None, None, until)),
    ]
}

/// Tokens that open nothing: expired, of another key, changed, of other algorithms, or no tokens at all.
fn bad(world: &World) -> Vec<(&'static str, String)> {
    let token = world.sign(Role::Dispatcher, None, None, now() + HOUR);
    let (head, tail) = token.rsplit_once('.').unwrap();
    let body = head.split_once('.').unwrap().1;
    let viewer = world.sign(Role::Viewer, None, None, now() + HOUR);
    let other_body = viewer.split('.').nth(1).unwrap();
    let header = head.split_once('.').unwrap().0;
    vec![
        ("expired", world.sign(Role::Dispatcher, None, None, now() - 1_000)),
        ("another key", foreign()),
        ("turned signature", format!("{head}.{}", tail.chars().rev().collect::<String>())),
        ("no signature", format!("{head}.")),
        ("another's claims", format!("{header}.{other_body}.{tail}")),
        // {"alg":"none"}, {"alg":"RS256"}, {"alg":"HS512"} and {"alg":"ES256"} before the signature that was good.
        ("none", format!("eyJhbGciOiJub25lIn0.{body}.")),
        ("none, signed", format!("eyJhbGciOiJub25lIn0.{body}.{tail}")),
        ("RS256", format!("eyJhbGciOiJSUzI1NiJ9.{body}.{tail}")),
        ("HS512", format!("eyJhbGciOiJIUzUxMiJ9.{body}.{tail}")),
        ("ES256", format!("eyJhbGciOiJFUzI1NiJ9.{body}.{tail}")),
        ("nonsense", "garbage".into()),
        ("dots", "a.b.c".into()),
        ("courier of nothing", world.sign(Role::Courier, None, None, now() + HOUR)),
        ("customer of nothing", world.sign(Role::Customer, None, None, now() + HOUR)),
        ("dispatcher and courier", world.sign(Role::Dispatcher, Some("linked"), None, now() + HOUR)),
    ]
}

/// A dispatcher's token that is signed with a key of its own making.
fn foreign() -> String {
    let claims = backend::access::Claims {
        sub: "eve".into(),
        role: Role::Dispatcher,
        courier: None,
        delivery: None,
        exp: now() / 1000 + 3_600,
    };
    backend::access::Access::new(&AccessSettings::default(), true).unwrap().sign(&claims).unwrap()
}

/// Every path of REST with its methods, as the document lists them.
async fn endpoints(world: &World, token: &str) -> Vec<(String, String)> {
    let document: Value = world.ask(Method::GET, "/openapi.json", token).await.expect(200);
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        found.extend(operations.as_object().unwrap().keys().map(|method| (method.clone(), path.to_owned())));
    }
    found
}

/// World, the courier's own delivery and a stranger's.
async fn locked() -> (World, Delivery, Delivery) {
    let world = World::locked().await;
    let by_courier = |name| Delivery { driver: Driver::Courier, ..delivery(name, DeliveryStatus::InTransit) };
    let (own, other) = (world.known(by_courier("linked")).await, world.known(by_courier("stranger")).await);
    world.backend.feed.position(&fix("linked", 60.17, 24.93)).await;
    (world, own, other)
}

/// A body that a command takes: whose delivery it is, is looked at with a good one.
fn body(path: &str) -> Option<Value> {
    let name = path.rsplit('/').next().unwrap_or_default();
    (name == "finish").then(|| json!({ "outcome": "failed", "reason": "nobody at home" }))
}

async fn ask(world: &World, method: &Method, path: &str, token: Option<&str>, from: &str) -> Reply {
    // Each token as from an address of its own, or the first twenty wrong ones would be the last that are looked at.
    let request = world.api.ask(method.clone(), path).header("x-forwarded-for", from);
    let request = match body(path) {
        Some(body) => request.json(&body),
        None => request,
    };
    Reply::of(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

#[tokio::test]
async fn every_endpoint_with_every_token() {
    let (world, own, other) = locked().await;
    let good = good(&world, own.delivery, other.delivery);
    let bad = bad(&world);
    let endpoints = endpoints(&world, &good[0].1).await;
    for (method, path, _) in OPENS {
        assert!(endpoints.iter().any(|known| *known == (method.into(), path.into())), "{method} {path} is no endpoint");
    }
    for (number, (method, pattern)) in endpoints.iter().enumerate() {
        let line = OPENS.iter().find(|(known, path, _)| known == method && path == pattern);
        let (_, _, opens) = line.unwrap_or_else(|| panic!("{method} {pattern}: who may ask for it?"));
        let method: Method = method.to_uppercase().parse().unwrap();
        let path = pattern.replace("{id}", &own.delivery.to_string());
        let path = path.replace("{courier}", "linked").replace("{route}", ROUTE);
        let place = format!("{method} {pattern}");
        let nobody = ask(&world, &method, &path, None, "192.0.2.1").await;
        if opens.contains('-') {
            assert_eq!(nobody.problem("malformed").status, 400, "{place}");
        } else {
            assert_eq!(nobody.problem("unauthorized").detail, "a token is needed here", "{place}");
            assert_eq!(nobody.header("www-authenticate"), "Bearer");
        }
        for (letter, token) in &good {
            let reply = ask(&world, &method, &path, Some(token), "192.0.2.2").await;
            if opens.contains(*letter) {
                assert!(![401, 403, 429, 500].contains(&reply.status), "{place} for {letter}: {}", reply.text());
            } else {
                assert_eq!(reply.problem("forbidden").status, 403, "{place} for {letter}");
            }
        }
        for (case, (what, token)) in bad.iter().enumerate() {
            let from = format!("198.51.{number}.{case}");
            let refused = ask(&world, &method, &path, Some(token), &from).await;
            let detail = refused.problem("unauthorized").detail;
            let expected = if *what == "expired" { "has expired" } else { "none of this server's" };
            assert!(detail.contains(expected), "{place} with {what}: {detail}");
            assert_eq!(refused.header("www-authenticate"), "Bearer");
        }
    }
}

/// What is no endpoint, other methods, and other spellings of a path.
#[tokio::test]
async fn nothing_opens_beside_the_endpoints() {
    let (world, own, other) = locked().await;
    let good = good(&world, own.delivery, other.delivery);
    let id = own.delivery;
    for (method, path) in [
        (Method::GET, "/nothing".to_owned()),
        (Method::DELETE, format!("/deliveries/{id}")),
        (Method::PATCH, format!("/deliveries/{id}")),
        (Method::GET, format!("/deliveries/{id}/")),
        (Method::GET, format!("/deliveries//{id}")),
        (Method::GET, format!("/deliveries/%30{}", &id.to_string()[1..])),
        (Method::GET, format!("/deliveries/{}", id.to_string().to_uppercase())),
        (Method::GET, "/couriers/%6cinked".to_owned()),
        (Method::POST, "/me".to_owned()),
    ] {
        // What is no path at all is told nobody's business.
        let none = |reply: &Reply| reply.status == 404 && reply.problem("not-found").detail.starts_with("path ");
        let nobody = ask(&world, &method, &path, None, "192.0.2.1").await;
        assert!(nobody.status == 401 || none(&nobody), "{method} {path}: {}", nobody.text());
        for (letter, token) in good.iter().filter(|(letter, _)| "ckxy".contains(*letter)) {
            let reply = ask(&world, &method, &path, Some(token), "192.0.2.2").await;
            assert!(reply.status == 403 || none(&reply), "{method} {path} for {letter}: {}", reply.text());
        }
    }
    // The page is no secret: it asks for the token.
    assert_eq!(
        Reply::of(world.api.ask(Method::GET, "//track")).await.header("content-type").split(';').next(),
        Some("text/html")
    );
}

#[tokio::test]
async fn who_started_a_delivery_is_kept() {
    let (world, own, _) = locked().await;
    let token = world.sign(Role::Dispatcher, None, None, now() + HOUR);
    let asked = world.api.ask(Method::POST, "/deliveries").bearer_auth(&token).json(&request("named"));
    let started: Delivery = Reply::of(asked).await.expect(202);
    assert_eq!(started.requested_by.as_deref(), Some("dispatcher:ana"));
    let you: You = world.ask(Method::GET, "/me", &token).await.expect(200);
    assert_eq!((you.role, you.name.as_deref()), (Role::Dispatcher, Some("ana")));
    assert!(you.until.is_some_and(|until| (until - now() - HOUR).abs() < 60_000));
    // A courier finishes its own delivery, and no other one's.
    let courier = world.sign(Role::Courier, Some("linked"), None, now() + HOUR);
    let finish = async |id: DeliveryId| {
        let path = format!("/deliveries/{id}/finish");
        Reply::of(world.api.ask(Method::POST, &path).bearer_auth(&courier).json(&json!({ "outcome": "delivered" })))
            .await
    };
    assert_eq!(finish(started.delivery).await.problem("forbidden").status, 403);
    assert_eq!(finish(own.delivery).await.expect::<Delivery>(202).status, DeliveryStatus::Delivered);
    let open: You = crate::harness::shared().api().get("/me").await.expect(200);
    assert_eq!(open, You { role: Role::Dispatcher, name: None, until: None });
}

/// The messages of a client, as the golden files have them: a new kind cannot be forgotten here.
fn messages() -> Vec<Value> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../contract/tests/golden/socket/client");
    let files = std::fs::read_dir(dir).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let messages: Vec<Value> = files.map(|text| serde_json::from_str(&text).unwrap()).collect();
    assert!(messages.len() >= 8);
    messages
}

/// An answer's `type` and close code, where there is one.
type Said = Option<(&'static str, u16)>;

/// What somebody who sees everything, and a customer, are answered to a message after hello; none is nothing.
fn answers(kind: &str) -> (Said, Said) {
    match kind {
        "hello" => (Some(("hello", 409)), Some(("hello", 409))),
        "view" => (None, Some(("view", 403))),
        "watch" => (None, Some(("watch", 403))),
        "unwatch" => (None, Some(("unwatch", 403))),
        "ping" => (None, None),
        other => panic!("{other}: what does each role get for it?"),
    }
}

#[tokio::test]
async fn every_message_with_every_token() {
    let (world, own, other) = locked().await;
    let good = good(&world, own.delivery, other.delivery);
    for (letter, token) in &good {
        for message in messages() {
            let kind = message["type"].as_str().unwrap();
            let place = format!("{kind} for {letter}");
            let mut socket = world.hello(token).await;
            if "cx".contains(*letter) {
                assert_eq!(socket.close_code().await, close::FORBIDDEN.code, "{place}");
                assert!(is_untold(&socket), "{place}");
                continue;
            }
            socket.until("a welcome", |socket| !socket.welcome.is_empty()).await;
            let customer = "ky".contains(*letter);
            assert_eq!(socket.welcome[0]["you"].is_object(), !customer, "{place}");
            assert_eq!(socket.welcome[0]["delivery_max_ms"].is_i64(), !customer, "{place}");
            let mut said = message.clone();
            if kind == "hello" {
                said["token"] = json!(token);
            }
            socket.say(said).await;
            socket.settle().await;
            let errors: Vec<_> = socket
                .errors
                .iter()
                .map(|error| (error["re"].as_str().unwrap(), error["problem"]["status"].as_u64()))
                .collect();
            let (seeing, following) = answers(kind);
            let expected = if customer { following } else { seeing };
            let expected: Vec<_> = expected.iter().map(|(re, status)| (*re, Some(u64::from(*status)))).collect();
            assert_eq!(errors, expected, "{place}");
            if customer {
                assert!(socket.events.is_empty() && socket.summaries.is_empty() && socket.frames == 0, "{place}");
                let own = if *letter == 'k' { own.delivery } else { other.delivery };
                let told = socket.followed.iter().all(|told| told["delivery"]["delivery"] == json!(own.to_string()));
                assert!(told, "{place}: {:?}", socket.followed);
            }
        }
    }
}

/// Nothing was told on it.
fn is_untold(socket: &Socket) -> bool {
    socket.welcome.is_empty()
        && socket.followed.is_empty()
        && socket.events.is_empty()
        && socket.summaries.is_empty()
        && socket.errors.is_empty()
        && socket.frames == 0
}

#[tokio::test]
async fn a_socket_without_a_good_token_is_told_nothing() {
    let (world, _, _) = locked().await;
    for (case, (what, token)) in bad(&world)
        .into_iter()
        .map(|(what, token)| (what, json!(token)))
        .chain([("null", Value::Null), ("empty", json!(""))])
        .enumerate()
    {
        for message in messages() {
            let from = format!("198.51.100.{case}");
            let headers = [("sec-websocket-protocol", "code-delivery.v1"), ("x-forwarded-for", from.as_str())];
            let mut socket = Socket::try_connect(&world.backend, &headers).await.unwrap();
            socket.say(json!({ "type": "hello", "token": token, "cursor": null })).await;
            socket.say(message.clone()).await;
            assert_eq!(socket.close_code().await, close::UNAUTHORIZED.code, "{what}, then {message}");
            assert!(is_untold(&socket), "{what}, then {message}");
        }
    }
    // Before hello there is nothing to be said at all.
    for message in messages().into_iter().filter(|message| message["type"] != "hello") {
        let mut socket = Socket::connect(&world.backend).await;
        socket.say(message.clone()).await;
        assert_eq!(socket.close_code().await, close::BAD_MESSAGE.code, "{message}");
        assert!(is_untold(&socket), "{message}");
    }
}

#[tokio::test]
async fn beyond_loopback_a_secret_is_needed() {
    let backend = Backend::start_with(|setup| {
        let refused = |access: AccessSettings| {
            let mut settings = setup.settings.clone();
            settings.http.http_addr = "0.0.0.0:0".parse().unwrap();
            settings.access = access;
            settings.check().err().map(|error| error.to_string())
        };
        let line = refused(AccessSettings::default()).unwrap();
        assert!(
            line.contains("not loopback") && line.contains("CD_AUTH_SECRET_FILE") && line.contains("CD_AUTH_OPEN"),
            "{line}"
        );
        let file = Some(setup.dir.path().join("secret"));
        assert_eq!(refused(AccessSettings { auth_secret_file: file, ..AccessSettings::default() }), None);
        assert_eq!(refused(AccessSettings { auth_open: true, ..AccessSettings::default() }), None);
        assert!(refused(AccessSettings { auth_secret_file: Some("".into()), ..AccessSettings::default() }).is_some());
        setup.settings.http.http_addr = "0.0.0.0:0".parse().unwrap();
        setup.settings.access.auth_open = true;
    })
    .await;
    // By its address, which no foreign name can stand for; and not by a name that nobody listed.
    let api = crate::harness::Api::new(([127, 0, 0, 1], backend.addr.port()).into());
    let by = |host: &str| api.ask(Method::GET, "/status").header("host", host.to_owned());
    assert_eq!(Reply::of(by("10.1.2.3:8080")).await.status, 200);
    assert_eq!(Reply::of(by("[2001:db8::1]:8080")).await.status, 200);
    assert_eq!(Reply::of(by("evil.example")).await.problem("forbidden").status, 403);
    assert_eq!(Reply::of(by("10.1.2.3.evil.example")).await.status, 403);
}

#[tokio::test]
async fn a_locked_server_answers_to_any_name_and_says_tls_alone_to_those_who_came_by_it() {
    let world = World::locked().await;
    let token = world.sign(Role::Viewer, None, None, now() + HOUR);
    let asked = || world.api.ask(Method::GET, "/status").header("host", "tracking.example").bearer_auth(&token);
    let plain = Reply::of(asked()).await;
    assert_eq!((plain.status, plain.header("strict-transport-security")), (200, ""));
    let tls = Reply::of(asked().header("x-forwarded-proto", "https")).await;
    assert_eq!(tls.header("strict-transport-security"), "max-age=31536000");
    for (name, value) in
        [("x-frame-options", "DENY"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff")]
    {
        assert_eq!(plain.header(name), value);
    }
    let policy = plain.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("connect-src 'self' ws://tracking.example wss://tracking.example;"), "{policy}");
    let odd = Reply::of(world.api.ask(Method::GET, "/status").header("host", "a;script-src *")).await;
    assert!(odd.header("content-security-policy").contains("connect-src 'self';"), "{odd:?}");
}
