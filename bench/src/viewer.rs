//! A viewer: a WebSocket client that says hello, names its rectangle and counts what comes.

use std::{cell::RefCell, rc::Rc};

use anyhow::{Context as _, Result};
use contract::{
    Bounds,
    live::{ClientMessage, SUBPROTOCOL, View},
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

use crate::{
    reading::{Dialect, Known},
    server::{Server, now_ms},
    tally::Tally,
};

/// The map's zoom: couriers are shown one by one.
const ZOOM: f64 = 14.0;

/// A connection that is open.
pub type Socket = WebSocketStream<TcpStream>;

/// Connects a viewer and tells the server what it looks at.
pub async fn connect(server: &Server, bounds: Bounds) -> Result<Socket> {
    let mut request = server.socket_url().into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse()?);
    let stream = TcpStream::connect(("127.0.0.1", server.port)).await?;
    let config = WebSocketConfig::default().read_buffer_size(1_024).write_buffer_size(0);
    let answer = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    let (mut socket, _) = answer.context("handshake")?;
    for message in
        [ClientMessage::Hello { token: None, cursor: None }, ClientMessage::View(View { bounds, zoom: ZOOM })]
    {
        socket.send(Message::Text(serde_json::to_string(&message)?.into())).await?;
    }
    Ok(socket)
}

/// Counts what comes until the connection ends.
pub async fn watch(mut socket: Socket, dialect: Dialect, tally: Rc<RefCell<Tally>>) {
    let mut known = Known::default();
    while let Some(Ok(message)) = socket.next().await {
        let now = now_ms();
        let mut tally = tally.borrow_mut();
        tally.message(message.len(), now);
        let seen = |at, new: bool| if new { tally.update(at, now) } else { tally.repeated += 1 };
        match (&message, dialect) {
            (Message::Binary(bytes), _) => known.frame(bytes, dialect, seen),
            (Message::Text(text), Dialect::Json) => known.json(text.as_bytes(), seen),
            _ => {}
        }
    }
    tally.borrow_mut().lost += 1;
}
