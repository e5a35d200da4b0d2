//! A socket in memory: what `Session` is given in tests that pause the clock, and the other end of it.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};

#[derive(Default)]
struct Shared {
    to_server: VecDeque<Message>,
    to_client: VecDeque<Message>,
    /// While true the client reads nothing: a flush never ends.
    stuck: bool,
    hung_up: bool,
    wakers: Vec<Waker>,
}

/// The server's end.
pub struct Pipe(Arc<Mutex<Shared>>);

/// The client's end.
pub struct Far(Arc<Mutex<Shared>>);

pub fn pipe() -> (Pipe, Far) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    (Pipe(shared.clone()), Far(shared))
}

impl Far {
    fn change<T>(&self, change: impl FnOnce(&mut Shared) -> T) -> T {
        let mut shared = self.0.lock().unwrap();
        let result = change(&mut shared);
        shared.wakers.drain(..).for_each(Waker::wake);
        result
    }

    pub fn say(&self, text: &str) {
        self.change(|shared| shared.to_server.push_back(Message::Text(text.into())));
    }

    pub fn send(&self, message: Message) {
        self.change(|shared| shared.to_server.push_back(message));
    }

    pub fn stick(&self, stuck: bool) {
        self.change(|shared| shared.stuck = stuck);
    }

    /// Everything that has come since the last call.
    pub fn heard(&self) -> Vec<Message> {
        self.change(|shared| shared.to_client.drain(..).collect())
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.change(|shared| shared.hung_up = true);
    }
}

impl Stream for Pipe {
    type Item = Result<Message, axum::Error>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = self.0.lock().unwrap();
        match shared.to_server.pop_front() {
            Some(message) => Poll::Ready(Some(Ok(message))),
            None if shared.hung_up => Poll::Ready(None),
            None => {
                shared.wakers.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Sink<Message> for Pipe {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        self.0.lock().unwrap().to_client.push_back(message);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        let mut shared = self.0.lock().unwrap();
        if !shared.stuck {
            return Poll::Ready(Ok(()));
        }
        shared.wakers.push(cx.waker().clone());
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.poll_flush(cx)
    }
}
