//! The way out: OTLP over HTTP, from the thread that gathers spans.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::{Client as Http, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::Runtime;

use crate::BoxError;

/// How long one request may take, its repetitions included.
const WITHIN: Duration = Duration::from_secs(5);
/// More than that of an answer is not read, bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Sends spans to the collector at `endpoint`, which has no slash at its end. Connects with the first batch.
pub(super) fn exporter(endpoint: &str) -> Result<impl SpanExporter + 'static, BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client { runtime, inner: Http::builder(TokioExecutor::new()).build_http() };
    let inner = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .with_timeout(WITHIN)
        .build()?;
    Ok(Told { inner, endpoint: endpoint.into(), away: AtomicBool::new(false) })
}

/// An exporter that says once that nothing is taken, and once that it is again.
#[derive(Debug)]
struct Told<E> {
    inner: E,
    endpoint: Arc<str>,
    away: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.inner.export(batch).await;
        match &result {
            Ok(()) if self.away.swap(false, Ordering::Relaxed) => {
                tracing::info!(endpoint = %self.endpoint, "traces are taken again");
            }
            Err(error) if !self.away.swap(true, Ordering::Relaxed) => {
                tracing::warn!(endpoint = %self.endpoint, "traces are not taken, and dropped until they are: {error}");
            }
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// An HTTP client with a runtime of its own: the thread that gathers spans has none, and waits for each answer.
struct Client {
    runtime: Runtime,
    inner: Http<HttpConnector, Full<Bytes>>,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = async {
            let (head, body) = self.inner.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        self.runtime.block_on(async { tokio::time::timeout(WITHIN, sent).await? })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::error::OTelSdkError;
    use std::sync::Mutex;

    use super::*;
    use crate::heard::Lines;

    /// Answers as it is told to.
    #[derive(Debug)]
    struct Scripted(Mutex<Vec<bool>>);

    impl SpanExporter for Scripted {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            match self.0.lock().unwrap().pop() {
                Some(true) => Ok(()),
                _ => Err(OTelSdkError::InternalFailure("refused".into())),
            }
        }
    }

    #[tokio::test]
    async fn a_collector_that_is_away_is_told_of_once() {
        let lines = Lines::default();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(lines.clone()).finish();
        let _log = tracing::subscriber::set_default(log);
        // The last comes first.
        let script = vec![false, false, true, true, false, false, false, true];
        let told =
            Told { inner: Scripted(Mutex::new(script)), endpoint: "http://c".into(), away: AtomicBool::new(false) };
        for _ in 0..8 {
            let _ = told.export(Vec::new()).await;
        }
        let log = lines.text();
        let (away, again) =
            (log.matches("traces are not taken").count(), log.matches("traces are taken again").count());
        assert_eq!((away, again, log.lines().count()), (2, 1, 3), "{log}");
        assert!(log.contains("http://c") && log.contains("refused"), "{log}");
    }
}
