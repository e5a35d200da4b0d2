//! One request to the server: its time limit, and what its errors say.

use std::{error::Error as _, fmt, time::Duration};

use bytes::Bytes;
use elasticsearch::{
    auth::Credentials,
    cert::{Certificate, CertificateValidation},
    http::{
        Method, Url,
        headers::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue},
        transport::{SingleNodeConnectionPool, Transport, TransportBuilder},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::names::Names;
use crate::{OpenError, Options, Unavailable};

/// Longest that a question, or a change of settings, may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Longest that a bulk may take. A server with a full disk that has to make an index never answers; what was sent then
/// counts as perhaps stored.
const BULK_WITHIN: Duration = Duration::from_secs(30);
/// How long the server itself waits for a shard that is not there, before it says so for each item.
pub(super) const SHARD_WITHIN: &str = "10s";

/// A connection to one cluster, with the names of one installation's indices.
pub(super) struct Client {
    transport: Transport,
    pub(super) names: Names,
}

/// What the server answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// Body as it came; empty for 413.
    pub(super) body: Bytes,
}

/// An error as Elasticsearch words it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Fault {
    /// Its type, by which it is judged.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Its text, which may quote values of fields.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{}: {}", self.kind, short(reason)),
            None => f.write_str(&self.kind),
        }
    }
}

/// The beginning of a text that may be long.
pub(super) fn short(text: &str) -> &str {
    let end = text.char_indices().nth(400).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

impl Client {
    /// Reads the secrets and prepares the connection; nothing is sent yet.
    pub(super) fn new(options: &Options) -> Result<Self, OpenError> {
        let wrong = |reason| OpenError::Url { url: options.url.clone(), reason };
        let url = Url::parse(&options.url).map_err(|_| wrong("must be sqlite:PATH or https://HOST:PORT"))?;
        if !url.has_host() {
            return Err(wrong("must be https://HOST:PORT"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OpenError::Options(
                "the history URL must hold no password: use CD_HISTORY_PASSWORD_FILE".into(),
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("must have neither query nor fragment"));
        }
        if let Some(rule) = Names::fault(&options.prefix) {
            return Err(OpenError::Options(format!("CD_HISTORY_PREFIX {:?}: {rule}", options.prefix)));
        }
        // A system's proxy is for the web; and a store is no place to be sent elsewhere by an environment name.
        let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(url))
            .disable_proxy()
            .enable_meta_header(false)
            .request_body_compression(options.gzip)
            .timeout(BULK_WITHIN);
        if let Some(credentials) = credentials(options)? {
            builder = builder.auth(credentials);
        }
        if let Some(path) = Options::file(&options.ca_file) {
            let pem = options.read(path)?;
            let broken = |error| OpenError::Options(format!("CD_HISTORY_CA_FILE {}: {error}", path.display()));
            let authority = Certificate::from_pem(&pem).map_err(|error| broken(chain(&error)))?;
            builder = builder.cert_validation(CertificateValidation::Full(authority));
        }
        let transport = builder.build().map_err(|error| OpenError::Options(format!("history: {error}")))?;
        Ok(Self { transport, names: Names::new(&options.prefix) })
    }

    /// Sends a request with a JSON body. The answer may be an error of any kind.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Unavailable> {
        let body = body.map(|body| Bytes::from(body.to_string()));
        self.exchange(method, path, HeaderMap::new(), body, ANSWER_WITHIN).await
    }

    /// Sends a request and reads the answer, which must be a success.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Unavailable> {
        self.send(method, path, body).await?.read(path)
    }

    /// Sends lines for `_bulk`. `filter` names the parts of the answer that are wanted; `refresh` makes what is written
    /// visible before the answer.
    pub(super) async fn bulk(&self, lines: Bytes, filter: &str, refresh: bool) -> Result<Answer, Unavailable> {
        let refresh = if refresh { "&refresh=true" } else { "" };
        let path = format!("_bulk?timeout={SHARD_WITHIN}&filter_path={filter}{refresh}");
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        // A status for each item: not worth the server's time to compress.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        self.exchange(Method::Post, &path, headers, Some(lines), BULK_WITHIN).await
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Option<Bytes>,
        within: Duration,
    ) -> Result<Answer, Unavailable> {
        let away = |error| Unavailable::new(chain(&error));
        let sent = self.transport.send(method, path, headers, None::<&()>, body, Some(within));
        let response = sent.await.map_err(away)?;
        let status = response.status_code().as_u16();
        Ok(Answer { status, body: response.bytes().await.map_err(away)? })
    }
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a success; an error of the server's in its own words otherwise. `what` says what was asked.
    pub(super) fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T, Unavailable> {
        if !self.is_success() {
            return Err(self.refused(what));
        }
        let unread = |error| Unavailable::new(format!("{}: the answer cannot be read: {error}", place(what)));
        serde_json::from_slice(&self.body).map_err(unread)
    }

    /// The error that the server told, where it told one.
    pub(super) fn fault(&self) -> Option<Fault> {
        #[derive(Deserialize)]
        struct Body {
            error: Fault,
        }
        serde_json::from_slice::<Body>(&self.body).ok().map(|body| body.error)
    }

    /// An answer that is no success, as the reason why nothing was done.
    pub(super) fn refused(&self, what: &str) -> Unavailable {
        let (status, place) = (self.status, place(what));
        match self.fault() {
            Some(fault) => Unavailable::new(format!("{place}: {status} {fault}")),
            None => Unavailable::new(format!("{place}: {status} {}", short(&String::from_utf8_lossy(&self.body)))),
        }
    }
}

/// A path without its query.
fn place(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

fn credentials(options: &Options) -> Result<Option<Credentials>, OpenError> {
    let wrong = |line: &str| Err(OpenError::Options(line.into()));
    let user = options.user.as_ref().filter(|user| !user.is_empty());
    match (user, Options::file(&options.password_file), Options::file(&options.api_key_file)) {
        (None, None, None) => Ok(None),
        (Some(user), Some(file), None) => Ok(Some(Credentials::Basic(user.clone(), options.secret(file)?))),
        (None, None, Some(file)) => {
            let key = options.secret(file)?;
            // As `POST _security/api_key` answers in `encoded`.
            if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte)) {
                return wrong("CD_HISTORY_API_KEY_FILE: must hold the key as it is encoded (base64 of id:key)");
            }
            Ok(Some(Credentials::EncodedApiKey(key)))
        }
        (Some(_), None, None) => wrong("CD_HISTORY_USER needs CD_HISTORY_PASSWORD_FILE"),
        (None, Some(_), None) => wrong("CD_HISTORY_PASSWORD_FILE needs CD_HISTORY_USER"),
        _ => wrong("CD_HISTORY_API_KEY_FILE must not stand beside CD_HISTORY_USER or CD_HISTORY_PASSWORD_FILE"),
    }
}

/// An error with its causes: the client's own text stops at "error sending request".
fn chain(error: &elasticsearch::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line
}
