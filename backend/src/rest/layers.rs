//! What surrounds every request, outermost last: one place, so that no handler can be forgotten.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use contract::{Problem, ProblemKind};
use service::telemetry::AUDIT;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::TraceLayer,
};

use super::problem::Answer;
use crate::App;

/// Largest body of a request, bytes: a path of 10,000 points fits.
pub const MAX_BODY: usize = 64 * 1024;
/// Longest that a request may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// Bytes of a request's id that a line of the log takes.
const REQUEST_ID_SHOWN: usize = 64;

/// The page may load from its own host alone, wasm and workers included; data of the map's ground from one more. Sockets are
/// of the name by which the page was asked for, which not every browser takes `'self'` to mean.
fn content_security_policy(basemap: Option<&str>, host: Option<&str>) -> HeaderValue {
    let also = basemap.map_or(String::new(), |origin| format!(" {origin}"));
    let plain = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let sockets = host.filter(plain).map_or(String::new(), |host| format!(" ws://{host} wss://{host}"));
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:{also}; connect-src 'self'{sockets}{also}; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    // An origin is made of letters that a header may hold; with none there is the strictest rule.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Layers of REST requests, not of the socket.
pub fn for_requests(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .layer(middleware::from_fn(within_time))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// Layers of everything. `basemap` is a host of which the page may load data.
pub fn for_all(router: Router<Arc<App>>, basemap: Option<&str>) -> Router<Arc<App>> {
    let compressible = DefaultPredicate::new().and(NotForContentType::new("application/octet-stream"));
    let request_id = HeaderName::from_static("x-request-id");
    let fixed = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(name_instance))
        // Outside the layer above, which reads bodies. What is compressed already (the page) and what has no body (an
        // opened socket) passes as it is.
        .layer(CompressionLayer::new().compress_when(compressible))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(basemap.map(Arc::from), policed))
        .layer(middleware::from_fn(over_tls))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(self)"))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(answered).on_failure(()))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
}

/// What every line of a request begins with, the audit's above all: so it is there whatever level is asked for. The id may be
/// the caller's own, of which a line takes the beginning.
fn span(request: &Request) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or("-");
    let id = id.get(..REQUEST_ID_SHOWN).unwrap_or(id);
    tracing::info_span!(target: AUDIT, "http", method = %request.method(), path = request.uri().path(), request = id)
}

/// A line for each fault of ours; the rest at debug.
fn answered(response: &Response, took: Duration, _: &tracing::Span) {
    let (status, ms) = (response.status().as_u16(), took.as_millis() as u64);
    metrics::counter!("cd_http_requests_total", "status" => status.to_string()).increment(1);
    // What is away (503) was told where it was found missing.
    if status >= 500 && status != 503 {
        tracing::warn!(status, ms, "answered");
    } else {
        tracing::debug!(status, ms, "answered");
    }
}

async fn within_time(request: Request, next: Next) -> Response {
    // What a question waits for is the store, what a command waits for is Kafka (or a client that sends its body slowly).
    // Each has a shorter time of its own: this is for what nobody thought of. Either way the same again is harmless.
    let kind = match request.method().is_safe() {
        true => ProblemKind::HistoryUnavailable,
        false => ProblemKind::BrokerUnavailable,
    };
    match tokio::time::timeout(REQUEST_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("no answer within {} s; send the same again", REQUEST_WITHIN.as_secs());
            Answer::new(kind, detail).into_response()
        }
    }
}

/// States the page's rules.
async fn policed(State(basemap): State<Option<Arc<str>>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let policy = content_security_policy(basemap.as_deref(), host);
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// A browser that came over TLS comes back over TLS alone. That it did, the proxy that ends TLS says; who says so without
/// one tells it to himself.
async fn over_tls(request: Request, next: Next) -> Response {
    let tls = request.headers().get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let mut response = next.run(request).await;
    if tls {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Writes the asked path into a problem's `instance`, so that handlers need not carry it.
async fn name_instance(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    let (mut parts, body) = response.into_parts();
    if !is_problem || parts.headers.contains_key(header::CONTENT_ENCODING) || body.is_end_stream() {
        return Response::from_parts(parts, body);
    }
    let Ok(bytes) = axum::body::to_bytes(body, MAX_BODY).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let named = serde_json::from_slice::<Problem>(&bytes)
        .ok()
        .and_then(|problem| serde_json::to_vec(&Problem { instance: Some(path), ..problem }).ok());
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(named.unwrap_or_else(|| bytes.to_vec())))
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("of unknown kind"), "a handler panicked");
    Answer::new(ProblemKind::Internal, "the fault was written to the log").into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        http::Method,
        routing::{any, get},
    };
    use tower::ServiceExt;

    use super::*;

    /// A router as that of REST, where one path never answers.
    fn router() -> Router {
        let hanging = any(|| async { std::future::pending::<StatusCode>().await });
        let router = Router::new().route("/hangs", hanging).route("/answers", get(|| async { "here" }));
        router.layer(middleware::from_fn(within_time))
    }

    async fn ask(method: Method, path: &str) -> (Response, Duration) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let began = tokio::time::Instant::now();
        let Ok(response) = router().oneshot(request).await;
        (response, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_is_answered_in_time_with_what_it_waited_for() {
        for (method, slug) in [
            (Method::GET, "history-unavailable"),
            (Method::PUT, "broker-unavailable"),
            (Method::POST, "broker-unavailable"),
        ] {
            let (response, took) = ask(method.clone(), "/hangs").await;
            assert!((REQUEST_WITHIN..REQUEST_WITHIN + Duration::from_secs(1)).contains(&took), "{took:?}");
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(response.headers().contains_key(header::RETRY_AFTER));
            let body = axum::body::to_bytes(response.into_body(), MAX_BODY).await.unwrap();
            let problem: Problem = serde_json::from_slice(&body).unwrap();
            assert_eq!((problem.slug(), problem.detail.as_str()), (slug, "no answer within 30 s; send the same again"));
        }
        let (response, took) = ask(Method::GET, "/answers").await;
        assert_eq!((response.status(), took), (StatusCode::OK, Duration::ZERO));
    }
}
