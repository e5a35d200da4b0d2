//! Traces of commands, in OpenTelemetry's words: one trace from the request over HTTP through Kafka to whoever acts on it,
//! and back.
//!
//! The thread is W3C's `traceparent` and `tracestate`, in the headers of requests and of Kafka's records. What is rare is
//! traced: commands and what answers them. Records that carry no such header, as all positions, are never looked at for one
//! ([`crate::kafka::record::Headers`] reads them on demand).
//!
//! Off by default: then [`Span`]s are nothing, no header is written, no thread runs and nothing is connected to. A collector
//! that is away is told of once in the log; its spans are dropped, and nothing waits for it.

mod export;
mod messages;
mod requests;

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{FutureExt, SpanBuilder, Status, TraceContextExt, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, ContextGuard, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::settings::TraceSettings;

/// How long the spans of the last moments may take to leave at the end.
const FLUSH_WITHIN: Duration = Duration::from_secs(3);

/// Makes spans; not there where traces are off.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Sends the spans of the last moments when it is dropped, at the end of the process.
#[must_use = "traces end when this is dropped"]
pub struct Traces(Option<SdkTracerProvider>);

/// Starts traces of the service `name` where a collector is set. It is connected to with the first span. A second call in
/// one process changes nothing. Traces must not stop a service: what hinders them is a warning.
pub fn start(settings: &TraceSettings, name: &'static str) -> Traces {
    let Some(endpoint) = settings.endpoint() else { return Traces(None) };
    let exporter = match export::exporter(endpoint) {
        Ok(exporter) => exporter,
        Err(error) => {
            tracing::warn!("CD_OTLP_ENDPOINT: no traces: {error}");
            return Traces(None);
        }
    };
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.name", name))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", instance()));
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    if TRACER.set(provider.tracer("code-delivery")).is_err() {
        return Traces(None);
    }
    tracing::info!(endpoint, "traces of commands are sent");
    Traces(Some(provider))
}

/// Whether traces are on: a look at one word.
pub fn on() -> bool {
    TRACER.get().is_some()
}

/// Trace and span that the current thread works in, in hexadecimal, for its lines in the log.
pub(crate) fn current_ids() -> Option<(String, String)> {
    let context = on().then(Context::current)?;
    let of = context.span().span_context().clone();
    of.is_valid().then(|| (of.trace_id().to_string(), of.span_id().to_string()))
}

impl Drop for Traces {
    fn drop(&mut self) {
        // What cannot be sent any more has been told of.
        let _ = self.0.take().map(|provider| provider.shutdown_with_timeout(FLUSH_WITHIN));
    }
}

/// A piece of work under way, or nothing where traces are off or nobody began one. It ends when its last clone is dropped.
#[derive(Debug, Clone, Default)]
pub struct Span(Option<Context>);

impl Span {
    /// No span: its children are none either.
    pub const fn none() -> Self {
        Self(None)
    }

    /// The span that the current thread works in.
    pub fn current() -> Self {
        Self(on().then(Context::current).filter(Context::has_active_span))
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Does `work` within this span: its children, and its lines in the log, find it.
    pub async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(context) => work.with_context(context.clone()).await,
            None => work.await,
        }
    }

    /// The current thread works within this span until the guard is dropped.
    pub fn enter(&self) -> Option<ContextGuard> {
        self.0.clone().map(Context::attach)
    }

    /// What went wrong with the work.
    pub fn fail(&self, kind: &str) {
        if let Some(context) = &self.0 {
            context.span().set_status(Status::error(kind.to_owned()));
            context.span().set_attribute(KeyValue::new("error.type", kind.to_owned()));
        }
    }

    fn set(&self, name: &'static str, value: impl Into<Value>) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(name, value));
        }
    }

    /// A child of `parent`; a trace of its own where that holds no span.
    fn begin(builder: SpanBuilder, parent: &Context) -> Self {
        let begun = TRACER.get().map(|tracer| {
            let span = tracer.build_with_context(builder, parent);
            parent.with_span(span)
        });
        Self(begun)
    }
}

/// Which process of a service this is: the host's (a pod's) name and the process.
fn instance() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}-{}", host.trim(), std::process::id())
}
