//! Spans of requests over HTTP.

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanBuilder, SpanKind};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;

use super::{Span, on};

impl Span {
    /// Begins the answer to a request: within the trace that its headers name, or one of its own. `route` is the pattern
    /// that the path matches. None where traces are off.
    pub fn serving(headers: &HeaderMap, method: &str, route: &str, path: &str) -> Self {
        if !on() {
            return Self::none();
        }
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
        let attributes = vec![
            KeyValue::new("http.request.method", method.to_owned()),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("url.path", path.to_owned()),
            KeyValue::new("url.scheme", "http"),
        ];
        let builder =
            SpanBuilder::from_name(format!("{method} {route}")).with_kind(SpanKind::Server).with_attributes(attributes);
        Self::begin(builder, &parent)
    }

    /// With which status the request was answered. From 500 on it is a fault of ours.
    pub fn answered(&self, status: u16) {
        self.set("http.response.status_code", i64::from(status));
        if status >= 500 {
            self.fail(&status.to_string());
        }
    }
}
