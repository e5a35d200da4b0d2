//! A way between two parties that can be cut: every connection at once, and for a while none comes through.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A proxy, as long as the runtime lives.
#[derive(Debug)]
pub struct Proxy {
    /// What lies behind it.
    pub name: String,
    /// Where it listens: `127.0.0.1:PORT`.
    pub address: String,
    cut: Arc<watch::Sender<Instant>>,
}

impl Proxy {
    /// A way from `at` (HOST:PORT; port 0 is one that is free) to `to` (HOST:PORT).
    ///
    /// # Errors
    /// Where the port is not to be had.
    pub async fn start(name: &str, at: &str, to: &str) -> Result<Self> {
        let to = to.to_owned();
        let listener = TcpListener::bind(at).await.with_context(|| format!("{at} is not free"))?;
        let address = listener.local_addr()?.to_string();
        let cut = Arc::new(watch::channel(Instant::now()).0);
        let ended = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (to, mut until) = (to.clone(), ended.subscribe());
                if *until.borrow_and_update() > Instant::now() {
                    // Dropping it closes it.
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(&to).await else { return };
                    let _ = (client.set_nodelay(true), server.set_nodelay(true));
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = until.changed() => {}
                    }
                });
            }
        });
        Ok(Self { name: name.to_owned(), address, cut })
    }

    /// Where it listens, for clients of HTTP.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes all connections, and each new one at once for this long.
    pub fn cut(&self, lasts: Duration) {
        self.cut.send_replace(Instant::now() + lasts);
    }
}
