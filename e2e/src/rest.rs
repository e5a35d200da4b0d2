//! REST as an integrator uses it: JSON in, JSON out.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::{Client, Method};
use serde_json::Value;

/// A server's REST interface.
#[derive(Clone)]
pub struct Rest {
    client: Client,
    url: String,
}

impl Rest {
    /// The interface of the server at `http://HOST:PORT`.
    ///
    /// # Panics
    /// Where no HTTP client can be made.
    pub fn new(url: &str) -> Self {
        let client = Client::builder().no_proxy().build().expect("an HTTP client can be made");
        Self { client, url: format!("{url}/api/v1") }
    }

    /// Status and body; `None` where nobody answers.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// The body of a GET that succeeds.
    ///
    /// # Panics
    /// Where nobody answers, or not with 200.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await.expect("the server answers");
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Sends a PUT until it is acknowledged, as a client does that wants no delivery lost.
    pub async fn put_until_taken(&self, path: &str, body: &Value) -> Value {
        crate::eventually(path, std::time::Duration::from_secs(60), async || {
            match self.ask(Method::PUT, path, Some(body)).await {
                Some((200 | 202, answer)) => Some(answer),
                Some((503, _)) | None => None,
                Some((status, answer)) => panic!("PUT {path}: {status} {answer}"),
            }
        })
        .await
    }
}

/// A UUID of version 7.
pub fn uuid7() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let random = uuid::Uuid::new_v4().as_u128();
    let id = (now << 80) | (random & 0x0fff_3fff_ffff_ffff_ffff) | (0x7 << 76) | (0b10 << 62);
    uuid::Uuid::from_u128(id).to_string()
}
