//! A real Elasticsearch, at the address in E2E_ELASTICSEARCH (`http://127.0.0.1:19200`), and each test's own indices on it.
//! The tests that need one are marked as ignored: `cargo xtask test` runs them where there is a server, and names them
//! where there is none.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use history::{Options, open_reader, open_writer};
use serde_json::Value;

use crate::contract::{Engine, Store};

/// Why a test is ignored.
macro_rules! needs_a_cluster {
    ($($body:item)*) => { $( #[tokio::test] #[ignore = "needs a real Elasticsearch: E2E_ELASTICSEARCH"] $body )* };
}
pub(crate) use needs_a_cluster;

/// Indices of one test: they go with it.
pub struct Cluster {
    address: String,
    pub prefix: String,
}

impl Cluster {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { address: Self::address(), prefix: format!("t{}-{number}.", std::process::id()) }
    }

    pub fn address() -> String {
        std::env::var("E2E_ELASTICSEARCH").expect("E2E_ELASTICSEARCH is the address of an Elasticsearch")
    }

    pub fn options(&self) -> Options {
        Options { prefix: self.prefix.clone(), ..Options::new(&self.address) }
    }

    pub fn index(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A request to the server: (status, body).
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        request(&self.address, method, path, body)
    }

    /// A request that must work.
    pub fn must(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    pub fn refresh(&self) {
        self.must("POST", &format!("/{}*/_refresh", self.prefix), "");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let (_, indices) = self.ask("GET", &format!("/_cat/indices/{}*?format=json&h=index", self.prefix), "");
        for index in indices.as_array().into_iter().flatten().filter_map(|index| index["index"].as_str()) {
            self.ask("DELETE", &format!("/{index}"), "");
        }
        for template in ["positions", "deliveries", "couriers", "marks"] {
            self.ask("DELETE", &format!("/_index_template/{}{template}", self.prefix), "");
        }
    }
}

/// Waits for a condition.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < Duration::from_secs(60), "not within 60 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One HTTP request over a connection of its own.
pub fn request(address: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let host = address.strip_prefix("http://").expect("an http:// address");
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    // It sends chunks even to those who have not learned of them.
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { whole(body) } else { body.to_owned() };
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// A body that came in chunks.
fn whole(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        body.push_str(&rest[..size]);
        chunks = rest[size..].trim_start_matches("\r\n");
    }
    body
}

pub struct Elastic;

impl Engine for Elastic {
    async fn fresh(&self) -> Store {
        let cluster = Cluster::new();
        let (writer, reader) = (open_writer(&cluster.options()).unwrap(), open_reader(&cluster.options()).unwrap());
        // Its indices come with the first thing that is written.
        writer.checkpoint(&[]).await.unwrap();
        Store { writer, reader, _keep: Box::new(cluster) }
    }

    async fn settle(&self, _: &Store) {
        // What was stored is found after a refresh of the cluster's own, seconds later; nobody needs to wait for that.
        request(&Cluster::address(), "POST", "/_refresh", "");
    }
}
