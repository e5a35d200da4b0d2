//! A client of the live socket: what it was sent, and the picture that `fleet::client` makes of it.

use std::time::Duration;

use contract::{Delivery, frame::Frame, live::ServerMessage, live::Summary};
use fleet::client::Client;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest},
};

use super::{Backend, DEADLINE};

pub struct Socket {
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub picture: Client,
    pub frames: usize,
    pub welcome: Vec<Value>,
    pub cursor: Option<String>,
    pub events: Vec<Delivery>,
    /// What a customer is told.
    pub followed: Vec<Value>,
    pub summaries: Vec<Summary>,
    pub pongs: Vec<Value>,
    pub errors: Vec<Value>,
    pub pings: usize,
    /// Close code, 1006 for an end without one.
    pub closed: Option<u16>,
}

impl Socket {
    pub async fn try_connect(backend: &Backend, headers: &[(&'static str, &str)]) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{}/api/v1/live", backend.addr).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (stream, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self {
            stream,
            picture: Client::default(),
            frames: 0,
            welcome: Vec::new(),
            cursor: None,
            events: Vec::new(),
            followed: Vec::new(),
            summaries: Vec::new(),
            pongs: Vec::new(),
            errors: Vec::new(),
            pings: 0,
            closed: None,
        })
    }

    /// An open socket that has said nothing.
    pub async fn connect(backend: &Backend) -> Self {
        Self::try_connect(backend, &[("sec-websocket-protocol", "code-delivery.v1")]).await.unwrap()
    }

    /// An open socket that has been welcomed.
    pub async fn open(backend: &Backend, cursor: Option<&str>) -> Self {
        let mut socket = Self::connect(backend).await;
        socket.say(json!({ "type": "hello", "token": null, "cursor": cursor })).await;
        socket.until("a welcome", |socket| !socket.welcome.is_empty()).await;
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub async fn send(&mut self, message: Message) {
        // A server that has closed already is found out by reading.
        let _ = self.stream.send(message).await;
    }

    pub async fn look(&mut self, west: f64, south: f64, east: f64, north: f64, zoom: f64) {
        let bounds = json!({ "west": west, "south": south, "east": east, "north": north });
        self.say(json!({ "type": "view", "bounds": bounds, "zoom": zoom })).await;
    }

    /// Takes one message in.
    pub async fn take(&mut self) {
        let message = match self.stream.next().await {
            Some(Ok(message)) => message,
            Some(Err(_)) | None => {
                self.closed.get_or_insert(1006);
                return;
            }
        };
        match message {
            Message::Text(text) => self.text(&text),
            Message::Binary(bytes) => {
                self.frames += 1;
                let changes = self.picture.apply(&Frame::parse(&bytes).unwrap());
                assert_eq!(changes.ignored, 0, "a record that no client can use");
            }
            Message::Ping(_) => self.pings += 1,
            Message::Close(frame) => self.closed = Some(frame.map_or(1005, |frame| frame.code.into())),
            other => panic!("{other:?}"),
        }
    }

    fn text(&mut self, text: &str) {
        let value: Value = serde_json::from_str(text).unwrap();
        match serde_json::from_str(text).unwrap() {
            ServerMessage::Welcome { cursor, .. } => {
                self.cursor = Some(cursor);
                self.welcome.push(value);
            }
            ServerMessage::Events { cursor, deliveries } => {
                self.cursor = Some(cursor);
                self.events.extend(deliveries);
            }
            ServerMessage::Delivery { .. } => self.followed.push(value),
            ServerMessage::Summary(summary) => self.summaries.push(summary),
            ServerMessage::Pong { .. } => self.pongs.push(value),
            ServerMessage::Error { .. } => self.errors.push(value),
            other => panic!("{other:?}"),
        }
    }

    /// Takes messages until `good`; fails at the deadline, or where the server closes before.
    pub async fn until(&mut self, what: &str, good: impl Fn(&Self) -> bool) {
        let all = async {
            while !good(self) {
                assert_eq!(self.closed, None, "closed before {what}");
                self.take().await;
            }
        };
        if tokio::time::timeout(DEADLINE, all).await.is_err() {
            panic!("not within {DEADLINE:?}: {what}; {} couriers, {} frames", self.picture.len(), self.frames);
        }
    }

    /// The code that the server closes with.
    pub async fn close_code(&mut self) -> u16 {
        let all = async {
            while self.closed.is_none() {
                self.take().await;
            }
        };
        tokio::time::timeout(DEADLINE, all).await.expect("the server does not close");
        self.closed.unwrap()
    }

    /// Takes messages for as long as `time`.
    pub async fn listen(&mut self, time: Duration) {
        let all = async {
            while self.closed.is_none() {
                self.take().await;
            }
        };
        let _ = tokio::time::timeout(time, all).await;
    }

    /// Says ping and waits for its pong: everything that the server had to say before has come.
    pub async fn settle(&mut self) {
        let before = self.pongs.len();
        self.say(json!({ "type": "ping", "t": before })).await;
        self.until("a pong", |socket| socket.pongs.len() > before).await;
    }

    /// Status of the delivery as a customer was told it last.
    pub fn status(&self) -> &str {
        self.followed.last().and_then(|message| message["delivery"]["status"].as_str()).unwrap_or_default()
    }

    pub fn resume(&self) -> &str {
        self.welcome.last().unwrap()["resume"].as_str().unwrap()
    }

    /// Names of the couriers in the picture, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.picture.couriers().map(|(_, seen)| seen.courier.to_string()).collect();
        names.sort();
        names
    }
}
