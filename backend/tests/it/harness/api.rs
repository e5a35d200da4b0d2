//! A client of the REST interface that keeps what an answer said.

use std::net::SocketAddr;

use contract::Problem;
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub struct Api {
    client: Client,
    base: String,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Api {
    pub fn new(addr: SocketAddr) -> Self {
        // What is compressed is looked at as it came, whatever other crates of the workspace ask of the client.
        let client = Client::builder().no_gzip().build().unwrap();
        Self { client, base: format!("http://{addr}") }
    }

    /// A request for a path under /api/v1, or for any path that begins with `//`.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let path =
            path.strip_prefix('/').filter(|rest| rest.starts_with('/')).map_or(format!("/api/v1{path}"), str::to_owned);
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.ask(Method::GET, path)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.ask(Method::PUT, path).json(body)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.ask(Method::POST, path).json(body)).await
    }

    /// PUT of exactly these bytes as JSON.
    pub async fn put_text(&self, path: &str, body: impl Into<String>) -> Reply {
        let request = self.ask(Method::PUT, path).header("content-type", "application/json");
        Reply::of(request.body(body.into())).await
    }
}

impl Reply {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The problem of an answer that must be one of this kind, whole by the rules that hold for all.
    #[track_caller]
    pub fn problem(&self, kind: &str) -> Problem {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text());
        let problem: Problem = self.expect(self.status);
        assert_eq!((problem.slug(), problem.status), (kind, self.status), "{problem:?}");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty(), "{problem:?}");
        assert!(problem.instance.is_some(), "{problem:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("retry-after").is_empty(), !matches!(self.status, 429 | 503), "{problem:?}");
        problem
    }

    /// The wrong fields of a 422: pointer and rule.
    #[track_caller]
    pub fn wrong(&self) -> Vec<(String, String)> {
        assert_eq!(self.status, 422, "{}", self.text());
        self.problem("invalid").errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
    }
}
