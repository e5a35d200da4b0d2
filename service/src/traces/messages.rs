//! Spans of Kafka's records, with the thread between them in the records' headers.

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use crate::kafka::record::Headers;
use crate::kafka::{Ack, Record, SendError};

use super::{Span, on};

/// The header without which there is nothing to go on from.
const PARENT: &str = "traceparent";

impl Span {
    /// Begins the sending of a record to `topic` (its Kafka name): a child of this span, and none where this is none.
    pub fn sending(&self, topic: &str, key: Option<&[u8]>) -> Self {
        let Some(parent) = &self.0 else { return Self::none() };
        let mut attributes = attributes("send", topic);
        if let Some(key) = key.and_then(|key| std::str::from_utf8(key).ok()) {
            attributes.push(KeyValue::new("messaging.kafka.message.key", key.to_owned()));
        }
        let builder =
            SpanBuilder::from_name(format!("send {topic}")).with_kind(SpanKind::Producer).with_attributes(attributes);
        Self::begin(builder, parent)
    }

    /// Begins the processing of a record of `topic` (its Kafka name), as a child of what sent it. None where the record
    /// carries no trace, or traces are off: then its headers are not looked at.
    pub fn processing(record: &Record<'_>, topic: &str, group: Option<&str>) -> Self {
        if !on() {
            return Self::none();
        }
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Carried(record.headers));
        if !parent.has_active_span() {
            return Self::none();
        }
        let mut attributes = attributes("process", topic);
        attributes.push(partition(record.partition));
        attributes.push(offset(record.offset));
        if let Some(group) = group {
            attributes.push(KeyValue::new("messaging.consumer.group.name", group.to_owned()));
        }
        let builder = SpanBuilder::from_name(format!("process {topic}"))
            .with_kind(SpanKind::Consumer)
            .with_attributes(attributes);
        Self::begin(builder, &parent)
    }

    /// What a record that is sent within this span carries: names and values of headers; nothing where this is none.
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut headers = Written(Vec::new());
        if let Some(context) = &self.0 {
            TraceContextPropagator::new().inject_context(context, &mut headers);
            // An empty tracestate says nothing.
            headers.0.retain(|(_, value)| !value.is_empty());
        }
        headers.0
    }

    /// What became of the record that was sent within this span.
    pub fn sent(&self, result: &Result<Ack, SendError>) {
        let Some(context) = &self.0 else { return };
        match result {
            Ok(ack) => {
                context.span().set_attribute(partition(ack.partition));
                context.span().set_attribute(offset(ack.offset));
            }
            Err(error) => self.fail(&error.to_string()),
        }
    }
}

fn attributes(operation: &'static str, topic: &str) -> Vec<KeyValue> {
    vec![
        KeyValue::new("messaging.system", "kafka"),
        KeyValue::new("messaging.operation.name", operation),
        KeyValue::new("messaging.operation.type", operation),
        KeyValue::new("messaging.destination.name", topic.to_owned()),
    ]
}

fn partition(partition: i32) -> KeyValue {
    KeyValue::new("messaging.destination.partition.id", partition.to_string())
}

fn offset(offset: i64) -> KeyValue {
    KeyValue::new("messaging.kafka.offset", offset)
}

/// Headers of a record that came.
struct Carried<'a>(Headers<'a>);

impl Extractor for Carried<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| std::str::from_utf8(value).ok())
    }

    fn keys(&self) -> Vec<&str> {
        vec![PARENT]
    }
}

/// Headers of a record that goes.
struct Written(Vec<(String, String)>);

impl Injector for Written {
    fn set(&mut self, key: &str, value: String) {
        self.0.push((key.to_owned(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_trace_nothing_is_written() {
        assert!(Span::none().sending("t", Some(b"k")).is_none());
        assert!(Span::none().headers().is_empty());
        assert!(Span::current().is_none());
    }
}
