//! What tests are made of: a broker, a backend, someone who feeds Kafka, and clients.

pub mod api;
pub mod broker;
pub mod bystander;
pub mod feed;
pub mod pipe;
pub mod samples;
pub mod server;
pub mod socket;
pub mod world;

use std::time::{Duration, Instant};

pub use api::{Api, Reply};
pub use broker::Broker;
pub use bystander::Bystander;
pub use feed::Feed;
pub use server::{Backend, Setup, shared};
pub use socket::Socket;

/// Long enough for a busy machine; nothing waits for it unless something is broken.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until the answer of `ask` satisfies `good`; fails with the last answer.
pub async fn until<T: std::fmt::Debug>(what: &str, mut ask: impl AsyncFnMut() -> T, good: impl Fn(&T) -> bool) -> T {
    let began = Instant::now();
    loop {
        let answer = ask().await;
        if good(&answer) {
            return answer;
        }
        assert!(began.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}; last: {answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
