//! Traces of commands: a collector of the test's own sees one trace from the request through Kafka to the simulator and
//! back. And what traces must not do: write a header or a thread where they are off, or disturb anybody where their
//! collector is away.

mod collector;
mod world;

use std::{
    fs,
    net::TcpListener,
    time::{Duration, Instant},
};

use collector::{Collector, Span};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use world::World;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_leads_from_the_request_to_the_simulator_and_back() {
    let collector = Collector::start().await;
    let world = World::start(Some(&collector.url)).await;
    let thread = [("traceparent", format!("00-{TRACE}-{CALLER}-01")), ("tracestate", "shop=order-7".to_owned())];
    let (id, status) = world.ask_for_a_delivery("traced", &thread).await;
    assert_eq!(status, 202);

    // Each is found as a child of the one before: what is waited for is the whole chain.
    let chain = e2e::eventually("the whole trace", Duration::from_secs(60), async || {
        let spans = collector.spans();
        let served = child(&spans, CALLER, "backend", SpanKind::Server)?;
        let asked = child(&spans, &served.id, "backend", SpanKind::Producer)?;
        let taken_up = child(&spans, &asked.id, "simulator", SpanKind::Consumer)?;
        let answered = child(&spans, &taken_up.id, "simulator", SpanKind::Producer)?;
        let seen = child(&spans, &answered.id, "backend", SpanKind::Consumer)?;
        // The backend reads its own record, too.
        child(&spans, &asked.id, "backend", SpanKind::Consumer)?;
        Some([served, asked, taken_up, answered, seen])
    })
    .await;
    for span in &chain {
        assert_eq!((span.trace.as_str(), span.state.as_str()), (TRACE, "shop=order-7"), "{span:?}");
        assert!(span.ends >= span.begins && !span.is_error, "{span:?}");
    }
    let [served, asked, taken_up, answered, seen] = &chain;
    assert_eq!(served.name, "PUT /api/v1/deliveries/{id}");
    for (name, value) in [
        ("http.request.method", "PUT"),
        ("http.route", "/api/v1/deliveries/{id}"),
        ("http.response.status_code", "202"),
        ("url.path", format!("/api/v1/deliveries/{id}").as_str()),
    ] {
        assert_eq!(served.attributes.get(name).map(String::as_str), Some(value), "{served:?}");
    }
    for (span, operation) in [(asked, "send"), (taken_up, "process"), (answered, "send"), (seen, "process")] {
        assert_eq!(span.name, format!("{operation} deliveries"));
        for (name, value) in [("messaging.system", "kafka"), ("messaging.operation.type", operation)] {
            assert_eq!(span.attributes.get(name).map(String::as_str), Some(value), "{span:?}");
        }
        assert!(span.attributes.contains_key("messaging.kafka.offset"), "{span:?}");
        assert_eq!(
            span.attributes.get("messaging.destination.partition.id"),
            asked.attributes.get("messaging.destination.partition.id")
        );
    }
    assert_eq!(taken_up.attributes.get("messaging.consumer.group.name").map(String::as_str), Some("simulator"));

    // A question begins no span, and a position carries no header.
    assert_eq!(world.get("/deliveries/live").await, 200);
    let positions = world.records("positions", 3).await;
    assert!(positions.iter().all(|record| record.headers.is_empty()), "{positions:?}");
    let names = world.records("deliveries", 2).await;
    assert!(names.iter().all(|record| record.headers == ["traceparent", "tracestate"]), "{names:?}");
    assert!(collector.spans().iter().all(|span| !span.name.starts_with("GET") && !span.name.contains("positions")));

    let log = world.backend.log();
    for told in ["delivery requested", "audit: command"] {
        let line = log.lines().find(|line| line.contains(told)).expect("the log tells of it");
        assert!(line.contains(&format!("trace_id={TRACE} span_id={}", served.id)), "{line}");
    }
}

/// A trace that nobody began outside begins with the request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_a_trace_begins_one() {
    let collector = Collector::start().await;
    let mut world = World::start(Some(&collector.url)).await;
    let (_, status) = world.ask_for_a_delivery("first", &[]).await;
    assert_eq!(status, 202);
    let (_, status) = world.ask_for_a_delivery("first", &[("traceparent", "nonsense".to_owned())]).await;
    assert_eq!(status, 409, "the courier is busy");
    let served = e2e::eventually("both requests", Duration::from_secs(60), async || {
        let served: Vec<Span> = collector.spans().into_iter().filter(|span| span.parent.is_empty()).collect();
        (served.len() == 2).then_some(served)
    })
    .await;
    assert!(served.iter().all(|span| span.kind == SpanKind::Server && !span.is_error), "{served:?}");
    assert_ne!(served[0].trace, served[1].trace);
    // What is left at the end is sent before the end.
    let (_, status) = world.ask_for_a_delivery("last", &[]).await;
    assert_eq!(status, 202);
    world.stop();
    let all = collector.spans().into_iter().filter(|span| span.parent.is_empty()).count();
    assert_eq!(all, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_collector_there_is_no_header_and_no_thread() {
    let world = World::start(None).await;
    let thread = [("traceparent", format!("00-{TRACE}-{CALLER}-01"))];
    let (_, status) = world.ask_for_a_delivery("untraced", &thread).await;
    assert_eq!(status, 202);
    for (topic, count) in [("deliveries", 2), ("positions", 3)] {
        let records = world.records(topic, count).await;
        assert!(records.iter().all(|record| record.headers.is_empty()), "{records:?}");
    }
    for process in [&world.backend, &world.simulator] {
        assert_eq!(threads(process.id()), Some(0), "{}", process.log());
        assert!(!process.log().contains("trace_id"), "{}", process.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_costs_one_line() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut world = World::start(Some(&format!("http://{nobody}"))).await;
    let mut quick = 0;
    for n in 0..5 {
        let began = Instant::now();
        let (_, status) = world.ask_for_a_delivery(&format!("c-{n}"), &[]).await;
        assert_eq!(status, 202);
        quick += usize::from(began.elapsed() < Duration::from_secs(5));
        // Another batch: what is told is told of the first.
        world.records("deliveries", 2 * (n + 1)).await;
    }
    // One may be slow where the machine stalls.
    assert!(quick >= 4, "commands waited for the collector: {quick} of 5 did not");
    let told = |log: &str| log.lines().filter(|line| line.contains("traces are not taken")).count();
    e2e::eventually("both to say that nobody takes traces", Duration::from_secs(60), async || {
        [&world.backend, &world.simulator].iter().all(|process| told(&process.log()) == 1).then_some(())
    })
    .await;
    if let Some(count) = threads(world.backend.id()) {
        assert!(count > 0, "what the other test counts is not there where traces are on");
    }
    let logs = world.stop();
    for log in logs {
        assert_eq!(told(&log), 1, "{log}");
        let noise = log.lines().filter(|line| ["WARN", "ERROR", "panicked"].iter().any(|word| line.contains(word)));
        assert_eq!(noise.count(), 1, "{log}");
    }
}

/// The child of a span that a service made, of a kind.
fn child(spans: &[Span], parent: &str, service: &str, kind: SpanKind) -> Option<Span> {
    spans.iter().find(|span| span.parent == parent && span.service == service && span.kind == kind).cloned()
}

/// Threads of a process that gather spans; `None` where the system does not tell. Names of threads are cut after 15 letters.
fn threads(id: u32) -> Option<usize> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).ok()?;
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    Some(names.filter(|name| name.starts_with("OpenTelemetry")).count())
}
