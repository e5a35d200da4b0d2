//! The wish to stop, shared by all tasks of a service: from a signal, from a failed task, or from a test.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A wish to stop that is made once and seen by all clones.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// A wish that nobody has made yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the stop. Asking again does nothing.
    pub fn request(&self) {
        self.0.cancel();
    }

    /// Ends when the stop has been asked for.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// True once the stop has been asked for: for threads, which look at it in each turn.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits for `time`; `false` at once where the stop is asked for meanwhile.
    pub async fn sleep(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.requested() => false,
            () = tokio::time::sleep(time) => !self.is_requested(),
        }
    }

    /// The token itself, for libraries that take one.
    pub fn token(&self) -> CancellationToken {
        self.0.clone()
    }
}

/// Asks for the stop on SIGTERM and SIGINT. A second signal ends the process at once, for an operator who will not wait.
/// The task lives as long as the runtime. Fails where the handlers cannot be installed.
pub fn on_signals(shutdown: &Shutdown) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        let mut asked = false;
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if asked {
                tracing::warn!("{name} again: stopping at once");
                std::process::exit(1);
            }
            asked = true;
            tracing::info!("{name}: draining");
            shutdown.request();
        }
    });
    Ok(())
}
