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
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    cut: Arc<watch::Sender<Instant>>,
}

impl Proxy {
    /// A way to `http://HOST:PORT`, on a port that was free.
    ///
    /// # Errors
    /// Where no port is to be had.
    pub async fn start(name: &str, to: &str) -> Result<Self> {
        let to = to.strip_prefix("http://").context("not http")?.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
        let url = format!("http://{}", listener.local_addr()?);
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
        Ok(Self { name: name.to_owned(), url, cut })
    }

    /// Closes all connections, and each new one at once for this long.
    pub fn cut(&self, lasts: Duration) {
        self.cut.send_replace(Instant::now() + lasts);
    }
}
