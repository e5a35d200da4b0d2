//! A client of the live socket, written from docs/protocol.md alone: it follows the deliveries, over restarts too.

use std::{collections::HashMap, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::rest::Rest;

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// What a follower knows.
pub struct Follower {
    url: String,
    rest: Rest,
    cursor: Option<String>,
    /// The document of greatest rank of each delivery.
    pub deliveries: HashMap<String, Value>,
    /// How often each answer to a hello came: new, resumed, reset.
    pub resumes: HashMap<String, u32>,
}

impl Follower {
    /// A follower of the server at `http://HOST:PORT`.
    pub fn new(url: &str) -> Self {
        let (deliveries, resumes) = (HashMap::new(), HashMap::new());
        Self { url: url.to_owned(), rest: Rest::new(url), cursor: None, deliveries, resumes }
    }

    /// Follows another replica from now on, from the same cursor.
    pub fn go_to(&mut self, url: &str) {
        (self.url, self.rest) = (url.to_owned(), Rest::new(url));
    }

    /// Follows until `done` says so of the deliveries, coming back whenever the connection breaks.
    ///
    /// # Panics
    /// Where that takes longer than `within`.
    pub async fn until(&mut self, within: Duration, done: impl Fn(&HashMap<String, Value>) -> bool) {
        let follow = async {
            while !done(&self.deliveries) {
                if let Some(mut socket) = connect(&self.url).await {
                    self.listen(&mut socket, &done).await;
                } else {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        };
        let ended = tokio::time::timeout(within, follow).await.is_ok();
        let statuses: Vec<&str> = self.deliveries.values().filter_map(|document| document["status"].as_str()).collect();
        assert!(ended, "gave up after {within:?}; known: {statuses:?}");
    }

    async fn listen(&mut self, socket: &mut Socket, done: &impl Fn(&HashMap<String, Value>) -> bool) {
        let hello = json!({"type": "hello", "token": null, "cursor": self.cursor});
        if socket.send(Message::Text(hello.to_string().into())).await.is_err() {
            return;
        }
        // The summary comes every second: five seconds of nothing are a dead connection.
        while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(5), socket.next()).await {
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("text messages are JSON");
            match message["type"].as_str() {
                Some("welcome") => {
                    let resume = message["resume"].as_str().unwrap_or_default().to_owned();
                    *self.resumes.entry(resume.clone()).or_default() += 1;
                    self.cursor = message["cursor"].as_str().map(str::to_owned);
                    if resume != "resumed" && !self.start_over().await {
                        return;
                    }
                }
                Some("events") => {
                    self.cursor = message["cursor"].as_str().map(str::to_owned);
                    for document in message["deliveries"].as_array().into_iter().flatten() {
                        self.note(document);
                    }
                }
                _ => {}
            }
            if done(&self.deliveries) {
                return;
            }
        }
    }

    /// Without a cursor that counts, the list of what is live is where to begin.
    async fn start_over(&mut self) -> bool {
        match self.rest.ask(reqwest::Method::GET, "/deliveries/live", None).await {
            Some((200, live)) => {
                live["items"].as_array().into_iter().flatten().for_each(|document| self.note(document));
                true
            }
            _ => false,
        }
    }

    /// Folds a document in: one of greater rank replaces the known one, of the same rank the first heard stays.
    fn note(&mut self, document: &Value) {
        let Some(id) = document["delivery"].as_str() else { return };
        if self.deliveries.get(id).is_none_or(|known| rank(document) > rank(known)) {
            self.deliveries.insert(id.to_owned(), document.clone());
        }
    }
}

/// How far a delivery's story has come: 1 to 3.
fn rank(document: &Value) -> u8 {
    match document["status"].as_str() {
        Some("requested") => 1,
        Some("in_transit") => 2,
        _ => 3,
    }
}

/// Opens the socket with its subprotocol; `None` where nobody answers.
pub async fn connect(url: &str) -> Option<Socket> {
    let url = format!("{}/api/v1/live", url.replacen("http", "ws", 1));
    let mut request = url.into_client_request().ok()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("code-delivery.v1"));
    Some(connect_async(request).await.ok()?.0)
}
