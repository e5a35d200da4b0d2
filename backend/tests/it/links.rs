//! A customer's link: what it opens, and that it opens nothing else, by REST and on the socket.

use std::time::Duration;

use contract::{Delivery, DeliveryId, DeliveryStatus, Position, Role, close, rest::Link};
use history::Item;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Reply, Socket,
    samples::{delivery, fix, now, request},
    world::{HOUR, World},
};

#[tokio::test]
async fn the_document_and_the_trail_name_nobody() {
    let world = World::open().await;
    let mut whole = delivery("aino-korhonen", DeliveryStatus::InTransit);
    whole.reference = Some("order-991".into());
    whole.requested_by = Some("dispatcher:ana".into());
    let whole = world.known(whole).await;
    let token = world.token(whole.delivery, now() + HOUR);
    let reply = world.ask(Method::GET, &format!("/deliveries/{}", whole.delivery), &token).await;
    let shown: Delivery = reply.expect(200);
    assert_eq!((shown.delivery, shown.courier.as_str(), &shown.path), (whole.delivery, "aino", &whole.path));
    for hidden in ["order-991", "ana", "korhonen"] {
        assert!(!reply.text().contains(hidden), "{}", reply.text());
    }
    let whole_path = format!("/deliveries/{}", whole.delivery);
    assert!(world.api.get(&whole_path).await.text().contains("order-991"), "a dispatcher sees all");

    let start = whole.started_at.unwrap();
    let stored = [start - 1_000, start, start + 1_000].map(|at| {
        let position = Position { at, battery: Some(0.5), ..fix("aino-korhonen", 60.17, 24.93) };
        Item::Position { broker_time: at, position }
    });
    world.backend.history.as_ref().unwrap().store(stored.into_iter().collect()).await.unwrap();
    let path = format!("/deliveries/{}/trail", whole.delivery);
    let trail = world.ask(Method::GET, &path, &token).await;
    let points = trail.json()["points"].as_array().unwrap().len();
    assert_eq!(points, 2, "{}", trail.text());
    assert!(!trail.text().contains("korhonen") && !trail.text().contains("battery"), "{}", trail.text());
}

#[tokio::test]
async fn links_are_given_until_two_hours_after_the_end() {
    let world = World::open().await;
    let id: DeliveryId = world.api.post("/deliveries", &request("giver")).await.expect::<Delivery>(202).delivery;
    let reply = Reply::of(world.api.ask(Method::POST, &format!("/deliveries/{id}/link"))).await;
    let link: Link = reply.expect(201);
    assert!(link.expires_at > now() + 48 * HOUR, "{link:?}");
    assert!(link.notice.as_deref().is_some_and(|notice| notice.contains("CD_PUBLIC_URL")), "{link:?}");
    let (page, token) = link.url.split_once('#').unwrap();
    assert_eq!(page, format!("http://{}/track", world.backend.addr));
    let shown = world.ask(Method::GET, &format!("/deliveries/{id}"), token).await;
    assert_eq!(shown.expect::<Delivery>(200).delivery, id);

    let asked = |id: DeliveryId| format!("/deliveries/{id}/link");
    let mut ended = delivery("long-over", DeliveryStatus::Cancelled);
    ended.finished_at = Some(now() - 2 * HOUR - 1_000);
    let ended = world.known(ended).await.delivery;
    assert_eq!(world.api.post(&asked(ended), &json!({})).await.problem("link-ended").status, 410);
    let token = world.token(ended, now() + HOUR);
    for path in [format!("/deliveries/{ended}"), format!("/deliveries/{ended}/trail")] {
        assert_eq!(world.ask(Method::GET, &path, &token).await.problem("link-ended").status, 410);
    }
    let mut lately = delivery("just-over", DeliveryStatus::Delivered);
    lately.finished_at = Some(now() - HOUR);
    let lately = world.known(lately).await;
    let link: Link = world.api.post(&asked(lately.delivery), &json!({})).await.expect(201);
    assert_eq!(link.expires_at / 1000, (lately.finished_at.unwrap() + 2 * HOUR) / 1000);

    let unknown = DeliveryId::from_parts(now() - HOUR, 7);
    assert_eq!(world.api.post(&asked(unknown), &json!({})).await.problem("not-found").status, 404);
    assert_eq!(world.api.post("/deliveries/x/link", &json!({})).await.problem("not-found").status, 404);
    assert_eq!(world.api.post(&asked(id), &json!({ "days": 3 })).await.wrong()[0].0, "/days");
    assert_eq!(world.api.post(&asked(id), &json!([])).await.problem("malformed").status, 400);
}

#[tokio::test]
async fn without_a_secret_links_say_that_they_end_with_the_process() {
    let backend = crate::harness::shared();
    let api = backend.api();
    let id = api.post("/deliveries", &request("passing")).await.expect::<Delivery>(202).delivery;
    let link: Link = api.post(&format!("/deliveries/{id}/link"), &json!({})).await.expect(201);
    assert!(link.notice.as_deref().is_some_and(|notice| notice.contains("CD_AUTH_SECRET_FILE")), "{link:?}");
    assert!(link.url.starts_with(&format!("http://{}/track#eyJ", backend.addr)), "{link:?}");
}

#[tokio::test]
async fn under_the_customers_address_nothing_is_told_without_a_token() {
    let world = World::start_with(|access| {
        access.auth_open = true;
        access.public_url = Some("https://track.example".into());
    })
    .await;
    let (backend, api) = (&world.backend, &world.api);
    let id = api.post("/deliveries", &request("public")).await.expect::<Delivery>(202).delivery;
    let link: Link = api.post(&format!("/deliveries/{id}/link"), &json!({})).await.expect(201);
    let (page, token) = link.url.split_once('#').unwrap();
    assert_eq!((page, &link.notice), ("https://track.example/track", &None));
    let path = format!("/deliveries/{id}");
    let ask = |path: &str| api.ask(Method::GET, path).header("host", "track.example");
    assert_eq!(Reply::of(ask("/couriers")).await.problem("unauthorized").status, 401);
    assert_eq!(Reply::of(ask(&path)).await.problem("unauthorized").status, 401);
    let bearer = format!("Bearer {token}");
    assert_eq!(Reply::of(ask(&path).header("authorization", &bearer)).await.status, 200);
    assert_eq!(Reply::of(ask("//track")).await.header("content-type").split(';').next(), Some("text/html"));

    let headers = [("sec-websocket-protocol", "code-delivery.v1"), ("host", "track.example")];
    let mut socket = Socket::try_connect(backend, &headers).await.unwrap();
    socket.say(json!({ "type": "hello", "token": null, "cursor": null })).await;
    assert_eq!(socket.close_code().await, close::UNAUTHORIZED.code);
    let mut socket = Socket::try_connect(backend, &headers).await.unwrap();
    socket.say(json!({ "type": "hello", "token": token, "cursor": null })).await;
    socket.until("the delivery", |socket| !socket.followed.is_empty()).await;
}

#[tokio::test]
async fn the_socket_refuses_what_is_not_good() {
    let world = World::open().await;
    let own = world.known(delivery("gate", DeliveryStatus::InTransit)).await.delivery;
    let good = world.token(own, now() + HOUR);
    let (head, _) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let expired = world.token(own, now() - 1_000);
    let unknown = world.token(DeliveryId::from_parts(now(), 99), now() + HOUR);
    for (token, code) in [
        ("garbage", close::UNAUTHORIZED.code),
        ("", close::UNAUTHORIZED.code),
        (unsigned.as_str(), close::UNAUTHORIZED.code),
        (expired.as_str(), close::UNAUTHORIZED.code),
        (&world.sign(Role::Customer, None, None, now() + HOUR), close::UNAUTHORIZED.code),
        (&world.sign(Role::Courier, Some("gate"), None, now() + HOUR), close::FORBIDDEN.code),
        (&unknown, close::ENDED.code),
    ] {
        let mut socket = world.hello(token).await;
        assert_eq!(socket.close_code().await, code, "{token}");
        assert!(
            socket.followed.is_empty() && socket.events.is_empty() && socket.summaries.is_empty() && socket.frames == 0
        );
    }
}

/// The whole life of a delivery on its customer's socket, with another courier and the courier's other run beside it.
#[tokio::test]
async fn a_customer_hears_of_one_delivery_until_its_end() {
    let world = World::open().await;
    let feed = &world.backend.feed;
    let mut own = delivery("bearer-own", DeliveryStatus::Requested);
    own.reference = Some("order-991".into());
    let own = world.known(own).await;
    let mut socket = world.hello(&world.token(own.delivery, now() + HOUR)).await;
    socket.until("the delivery", |socket| !socket.followed.is_empty()).await;
    assert_eq!((socket.welcome[0]["cursor"].as_str(), socket.welcome[0]["server"].as_str()), (Some(""), Some("")));

    // Before its start: where the courier is now is nobody's business.
    let started = now() + 300;
    feed.position(&Position { at: started - 200, ..fix("bearer-own", 60.16, 24.91) }).await;
    feed.position(&fix("bearer-strange", 60.17, 24.92)).await;
    let under_way = Delivery { status: DeliveryStatus::InTransit, started_at: Some(started), ..own.clone() };
    feed.delivery(&under_way).await;
    socket.until("it is under way", |socket| socket.status() == "in_transit").await;
    assert_eq!(socket.followed.last().unwrap()["position"], Value::Null);
    assert!(socket.followed.last().unwrap()["eta"].is_object());

    // A fix of the run, and one that says to be of another.
    feed.position(&Position { at: started + 10, ..fix("bearer-own", 60.17, 24.931) }).await;
    socket.until("a position", |socket| socket.followed.last().unwrap()["position"].is_object()).await;
    let other_run = Some(DeliveryId::from_parts(now(), 12_345));
    feed.position(&Position { at: started + 20, delivery: other_run, ..fix("bearer-own", 60.18, 24.95) }).await;

    // What a link does not open is answered, and nothing comes of it.
    socket.look(24.0, 60.0, 26.0, 61.0, 14.0).await;
    socket.say(json!({ "type": "watch", "courier": "bearer-strange" })).await;
    socket.say(json!({ "type": "unwatch", "courier": "bearer-strange" })).await;
    socket.say(json!({ "type": "hello", "token": null, "cursor": null })).await;
    socket.settle().await;
    let statuses: Vec<_> =
        socket.errors.iter().map(|error| (error["re"].clone(), error["problem"]["status"].clone())).collect();
    assert_eq!(
        statuses,
        [
            (json!("view"), json!(403)),
            (json!("watch"), json!(403)),
            (json!("unwatch"), json!(403)),
            (json!("hello"), json!(409))
        ]
    );

    let finished = now();
    feed.delivery(&Delivery {
        status: DeliveryStatus::Delivered,
        finished_at: Some(finished),
        positions: Some(2),
        ..under_way.clone()
    })
    .await;
    assert_eq!(socket.close_code().await, close::ENDED.code);
    assert_eq!(socket.status(), "delivered");

    // After the end: the courier goes on, and is not seen any more.
    feed.position(&Position { at: finished + 1_000, ..fix("bearer-own", 60.19, 24.96) }).await;
    let mut again = world.hello(&world.token(own.delivery, now() + HOUR)).await;
    assert_eq!(again.close_code().await, close::ENDED.code);
    assert_eq!((again.status(), &again.followed.last().unwrap()["eta"]), ("delivered", &Value::Null));
    assert!(again.followed[0]["delivery"]["path"].as_str().is_some_and(|path| !path.is_empty()));

    for socket in [&socket, &again] {
        assert!(socket.events.is_empty() && socket.summaries.is_empty() && socket.frames == 0, "a viewer's messages");
        for message in &socket.followed {
            assert_eq!(message["delivery"]["delivery"], json!(own.delivery.to_string()));
            let at = message["position"]["at"].as_i64();
            assert!(at.is_none_or(|at| (started..=finished).contains(&at)), "{message}");
            let text = message.to_string();
            for hidden in ["order-991", "bearer-strange", "60.18", "60.19", "60.16,", "12345"] {
                assert!(!text.contains(hidden), "{hidden} in {text}");
            }
        }
    }
    // The way comes once a connection; it is most of the bytes.
    let ways = socket.followed.iter().filter(|message| message["delivery"]["path"] != "").count();
    assert_eq!(ways, 1);
    assert!(socket.followed.len() >= 4, "{:?}", socket.followed);
}

#[tokio::test]
async fn a_customer_hears_at_most_once_a_second() {
    let world = World::open().await;
    let own = world.known(delivery("hasty", DeliveryStatus::InTransit)).await;
    let mut socket = world.hello(&world.token(own.delivery, now() + HOUR)).await;
    socket.until("the delivery", |socket| !socket.followed.is_empty()).await;
    let began = std::time::Instant::now();
    let start = own.started_at.unwrap();
    for step in 0..40 {
        let at = start + 10 * (step + 1);
        world.backend.feed.position(&Position { at, ..fix("hasty", 60.17 + 1e-5 * step as f64, 24.93) }).await;
        socket.listen(Duration::from_millis(50)).await;
    }
    let heard = socket.followed.len() as u128;
    assert!((2..=began.elapsed().as_millis() / 1_000 + 2).contains(&heard), "{heard} in {:?}", began.elapsed());
}
