//! The ceiling: a program that does nothing but send. One frame is made each tick and sent to everybody by a plain
//! write each, with the product's message rate and sizes; nobody can pay less who writes to each viewer once a tick.

use std::{
    io::Write,
    net::TcpListener,
    time::{Duration, Instant},
};

use anyhow::Result;
use contract::frame::{Blocks, HEADER, Kind, Record};
use tokio_tungstenite::tungstenite::{
    self,
    handshake::server::{Request, Response},
};

use crate::server::now_ms;

/// Time between two frames.
const TICK: Duration = Duration::from_millis(100);

/// The bare loop of sends
#[derive(Debug, clap::Args)]
pub struct RawServer {
    /// Port
    #[arg(long)]
    port: u16,
    /// How many viewers to wait for
    #[arg(long)]
    viewers: u32,
    /// Records in a frame
    #[arg(long)]
    records: u32,
}

/// Runs until it is killed.
pub fn run(raw: &RawServer) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", raw.port))?;
    let mut streams = Vec::new();
    while streams.len() < raw.viewers as usize {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        // The client insists on its subprotocol.
        #[allow(clippy::result_large_err, reason = "the library's own signature")]
        let answer = |request: &Request, mut response: Response| {
            if let Some(protocol) = request.headers().get("Sec-WebSocket-Protocol") {
                response.headers_mut().insert("Sec-WebSocket-Protocol", protocol.clone());
            }
            Ok(response)
        };
        let socket = tungstenite::accept_hdr(stream, answer).map_err(|error| anyhow::anyhow!("{error}"))?;
        socket.get_ref().set_nonblocking(true)?;
        streams.push(socket);
    }
    let mut next = Instant::now();
    loop {
        let message = message(raw.records);
        for socket in &mut streams {
            // A viewer that does not read misses frames: this loop waits for nobody.
            let _ = socket.get_mut().write(&message);
        }
        next += TICK;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// A WebSocket message with a delta frame of so many records.
fn message(records: u32) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    for slot in 0..records {
        let record = Record { slot: slot as u16, heading: 0, speed: 0, age_ms: 0, bits: 0, lat_e7: 0, lon_e7: 0 };
        frame.extend_from_slice(&record.to_bytes());
    }
    Blocks::default().finish(&mut frame, 0, Kind::Delta, 1, now_ms());
    // RFC 6455: final binary frame, unmasked, 16-bit length.
    let mut message = vec![0x82, 126];
    message.extend_from_slice(&(frame.len() as u16).to_be_bytes());
    message.extend_from_slice(&frame);
    message
}
