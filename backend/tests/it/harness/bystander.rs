//! Somebody who looks on while others send what they should not.

use contract::{Millis, Position};

use super::{
    Backend, Socket,
    samples::{courier, fix, now},
};

/// A socket with one courier in its view, which moves on when it is asked to.
pub struct Bystander {
    backend: &'static Backend,
    socket: Socket,
    name: String,
    steps: u32,
    at: Millis,
}

impl Bystander {
    /// One who watches courier `name`, of whom nobody else knows.
    pub async fn of(backend: &'static Backend, name: &str) -> Self {
        let mut socket = Socket::open(backend, None).await;
        // Far from what other tests look at.
        socket.look(-30.0, -50.0, -20.0, -40.0, 14.0).await;
        let mut bystander = Self { backend, socket, name: name.into(), steps: 0, at: 0 };
        bystander.goes_on().await;
        bystander
    }

    /// The courier moves, and the socket that has been open all the time shows it.
    pub async fn goes_on(&mut self) {
        self.steps += 1;
        self.at = now().max(self.at + 1);
        let place = (-45.0 + f64::from(self.steps) / 1e3, -25.0);
        let moved = Position { at: self.at, ..fix(&self.name, place.0, place.1) };
        self.backend.feed.position(&moved).await;
        let name = courier(&self.name);
        let there = |socket: &Socket| socket.picture.courier(&name).is_some_and(|seen| seen.at == moved.at);
        self.socket.until("the courier goes on", there).await;
        assert!(self.socket.errors.is_empty() && self.socket.welcome.len() == 1, "it is somebody else's fault");
    }
}
