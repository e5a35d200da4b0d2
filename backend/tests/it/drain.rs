//! The end of a backend, asked for or not.

use std::time::{Duration, Instant};

use service::Outcome;

use crate::harness::{Backend, Socket, samples::fix, until};

#[tokio::test]
async fn a_drain_is_announced_serves_on_and_closes_sockets() {
    let backend = Backend::start_with(|setup| {
        setup.surroundings.drain_notice = Duration::from_secs(1);
        setup.surroundings.drain_spread = Duration::from_millis(500);
    })
    .await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        let mut socket = Socket::open(&backend, None).await;
        socket.look(24.9, 60.1, 25.0, 60.2, 14.0).await;
        sockets.push(socket);
    }
    let silent = Socket::connect(&backend).await;
    let api = backend.api();
    backend.shutdown.request();
    until("not ready", async || backend.health.is_ready(), |ready| !ready).await;
    // During the notice requests and frames go on.
    assert_eq!(api.get("/status").await.status, 200);
    backend.feed.position(&fix("dr-1", 60.15, 24.95)).await;
    for socket in &mut sockets {
        socket.until("a frame during the drain", |socket| socket.picture.len() == 1).await;
    }
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await, 1012);
    }
    drop(silent);
    assert_eq!(backend.running.await.unwrap().unwrap(), Outcome::Done);
}

#[tokio::test]
async fn the_end_waits_until_every_socket_is_told() {
    let backend = Backend::start_with(|setup| setup.surroundings.drain_spread = Duration::from_secs(2)).await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(Socket::open(&backend, None).await);
    }
    let began = Instant::now();
    let listening = sockets.into_iter().map(|mut socket| tokio::spawn(async move { socket.close_code().await }));
    let listening: Vec<_> = listening.collect();
    assert_eq!(backend.stop().await, Outcome::Done);
    assert!(began.elapsed() > Duration::from_millis(500), "the spread is kept: {:?}", began.elapsed());
    for code in listening {
        assert_eq!(code.await.unwrap(), 1012);
    }
}

#[tokio::test]
async fn a_socket_that_does_not_answer_the_close_does_not_hold_the_end() {
    let backend = Backend::start().await;
    // Open, and never read again.
    let _deaf = Socket::open(&backend, None).await;
    assert_eq!(backend.stop().await, Outcome::Done);
}
