//! Floods and brute force, on the real port: what is limited, and that the limit is one address's own.

use std::time::Instant;

use contract::{Role, close};
use reqwest::Method;
use serde_json::json;

use crate::harness::{
    Reply, Socket,
    samples::now,
    until,
    world::{HOUR, World},
};

async fn status(world: &World, token: &str, from: &str) -> Reply {
    Reply::of(world.api.ask(Method::GET, "/status").bearer_auth(token).header("x-forwarded-for", from)).await
}

#[tokio::test]
async fn wrong_tokens_of_an_address_are_soon_not_looked_at() {
    let world = World::locked().await;
    let token = world.sign(Role::Viewer, None, None, now() + HOUR);
    let began = Instant::now();
    let mut looked_at = 0;
    for _ in 0..100 {
        let reply = status(&world, "a.b.c", "203.0.113.5").await;
        match reply.status {
            401 => looked_at += 1,
            _ => assert_eq!(reply.problem("too-many-requests").status, 429),
        }
    }
    let more = began.elapsed().as_secs() / 3 + 1;
    assert!((20..=20 + more).contains(&looked_at), "{looked_at} in {:?}", began.elapsed());
    // The address, whatever it brings and wherever it knocks: a guess that is right must not be told from a wrong one.
    let guessed = status(&world, &token, "203.0.113.5").await.status;
    assert!(guessed == 429 || began.elapsed().as_secs() >= 3, "{guessed}");
    assert_eq!(status(&world, &token, "203.0.113.6").await.status, 200, "others go on");
}

#[tokio::test]
async fn a_flood_from_one_address_is_cut_off_and_others_are_served() {
    let world = World::start_with(|access| access.rate_per_address = 4).await;
    let token = world.sign(Role::Viewer, None, None, now() + HOUR);
    let began = Instant::now();
    let mut taken = 0;
    for _ in 0..200 {
        let reply = status(&world, &token, "203.0.113.7").await;
        match reply.status {
            200 => taken += 1,
            _ => assert_eq!(reply.problem("too-many-requests").detail, "too many requests from this address"),
        }
    }
    let more = began.elapsed().as_secs() * 4 + 5;
    assert!((40..=40 + more).contains(&taken), "{taken} in {:?}", began.elapsed());
    assert_eq!(status(&world, &token, "203.0.113.8").await.status, 200);
    // The page and the socket are knocked at no more often.
    let reply = Reply::of(world.api.ask(Method::GET, "//track").header("x-forwarded-for", "203.0.113.9")).await;
    assert_ne!(reply.status, 429);
}

#[tokio::test]
async fn a_token_asks_no_more_often_from_many_addresses() {
    let world = World::start_with(|access| access.rate_per_token = 2).await;
    let token = |name: Role| world.sign(name, None, None, now() + HOUR);
    let (busy, idle) = (token(Role::Viewer), token(Role::Operator));
    let began = Instant::now();
    let mut taken = 0;
    for n in 0..100 {
        taken += u64::from(status(&world, &busy, &format!("203.0.113.{n}")).await.status == 200);
    }
    let more = began.elapsed().as_secs() * 2 + 3;
    assert!((20..=20 + more).contains(&taken), "{taken} in {:?}", began.elapsed());
    let reply = status(&world, &idle, "203.0.113.1").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[tokio::test]
async fn one_address_has_so_many_sockets_and_no_more() {
    let world = World::start_with(|access| access.max_sockets_per_address = 3).await;
    let token = world.sign(Role::Viewer, None, None, now() + HOUR);
    let open = async |from: &str| {
        let headers = [("sec-websocket-protocol", "code-delivery.v1"), ("x-forwarded-for", from)];
        let mut socket = Socket::try_connect(&world.backend, &headers).await.unwrap();
        socket.say(json!({ "type": "hello", "token": token, "cursor": null })).await;
        socket
    };
    let mut seated = Vec::new();
    for _ in 0..3 {
        let mut socket = open("203.0.113.5").await;
        socket.until("a welcome", |socket| !socket.welcome.is_empty()).await;
        seated.push(socket);
    }
    assert_eq!(open("203.0.113.5").await.close_code().await, close::CROWDED.code);
    let mut other = open("203.0.113.6").await;
    other.until("a welcome", |socket| !socket.welcome.is_empty()).await;
    // A seat that is given up is free again.
    drop(seated.pop());
    let welcomed = async || {
        let mut socket = open("203.0.113.5").await;
        while socket.closed.is_none() && socket.welcome.is_empty() {
            socket.take().await;
        }
        socket.closed.is_none()
    };
    until("the free seat is taken", welcomed, |welcomed| *welcomed).await;
}
