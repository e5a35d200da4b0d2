//! Whether a server answers, asked in its own protocol: an open port says nothing about a broker that waits for the
//! others, nor about an Elasticsearch that still reads its data. Also the one thing that we tell Kafka: who may do what.

mod elasticsearch;
mod kafka;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};

pub use elasticsearch::health;
pub use kafka::{Operation, Resource, Rule, allow, brokers};

/// How long a server may take over one answer: less than the patience of whoever waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A way to a server on this machine.
#[derive(Debug, Clone)]
pub struct Way {
    /// Its port.
    pub port: u16,
    /// With whose certificates, where it speaks TLS.
    pub tls: Option<Arc<ClientConfig>>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Way {
    fn open(&self) -> Result<Box<dyn Stream>> {
        let addr = SocketAddr::from(([127, 0, 0, 1], self.port));
        let tcp = TcpStream::connect_timeout(&addr, PATIENCE).context("cannot connect")?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        Ok(match &self.tls {
            None => Box::new(tcp),
            Some(config) => {
                let name = ServerName::from(addr.ip());
                Box::new(StreamOwned::new(ClientConnection::new(config.clone(), name)?, tcp))
            }
        })
    }
}
