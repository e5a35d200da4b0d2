//! A collector of traces: takes OTLP over HTTP and keeps what it was sent.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{Span as Sent, span::SpanKind, status::StatusCode as SpanStatus},
};
use prost::Message;

type Kept = Arc<Mutex<Vec<Span>>>;

/// A span as it was sent. Ids are in hexadecimal; that of a parent that is not there is empty.
#[derive(Debug, Clone)]
pub struct Span {
    pub service: String,
    pub name: String,
    pub kind: SpanKind,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub state: String,
    pub begins: u64,
    pub ends: u64,
    pub is_error: bool,
    pub attributes: BTreeMap<String, String>,
}

pub struct Collector {
    pub url: String,
    kept: Kept,
}

impl Collector {
    pub async fn start() -> Self {
        let kept = Kept::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(kept.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, kept }
    }

    /// Everything that came so far.
    pub fn spans(&self) -> Vec<Span> {
        self.kept.lock().unwrap().clone()
    }
}

async fn take(State(kept): State<Kept>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    for of_resource in request.resource_spans {
        let resource = attributes(of_resource.resource.unwrap_or_default().attributes);
        let service = resource.get("service.name").cloned().unwrap_or_default();
        let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        kept.lock().unwrap().extend(spans.map(|span| read(&service, span)));
    }
    StatusCode::OK
}

fn read(service: &str, span: Sent) -> Span {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Span {
        service: service.to_owned(),
        kind: span.kind(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        state: span.trace_state,
        begins: span.start_time_unix_nano,
        ends: span.end_time_unix_nano,
        is_error: span.status.is_some_and(|status| status.code() == SpanStatus::Error),
        name: span.name,
        attributes: attributes(span.attributes),
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    pairs.into_iter().map(|pair| (pair.key, text(pair.value))).collect()
}
