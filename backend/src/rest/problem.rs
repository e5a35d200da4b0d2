//! Problems as answers: `application/problem+json` (RFC 9457).

use axum::{
    Json,
    extract::OriginalUri,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{Millis, Problem, ProblemKind};

/// Seconds after which a client may try again when something is away.
const RETRY_AFTER_S: &str = "2";

/// A problem on its way to the client.
#[derive(Debug)]
pub struct Answer(pub Problem);

/// What handlers return.
pub type Result<T> = std::result::Result<T, Answer>;

impl Answer {
    /// A problem of a kind, in words.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Problem::new(kind, detail))
    }

    /// No such thing.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(ProblemKind::NotFound, format!("{what} is not known here"))
    }

    /// The courier is on another delivery.
    pub fn courier_busy(detail: String, until: Option<Millis>) -> Self {
        Self(Problem { until, ..Problem::new(ProblemKind::CourierBusy, detail) })
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<history::Unavailable> for Answer {
    fn from(error: history::Unavailable) -> Self {
        tracing::warn!(error = %service::supervise::chain(&error), "the store does not answer");
        Self::new(ProblemKind::HistoryUnavailable, "the store does not answer; live data goes on")
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let unauthorized = status == StatusCode::UNAUTHORIZED;
        let away = status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS;
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if away {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        response
    }
}

/// The answer to a path that is none.
pub async fn no_such_path(OriginalUri(uri): OriginalUri) -> Answer {
    Answer::not_found(format_args!("path {}", uri.path()))
}

/// The answer to a method that a path does not have.
pub async fn method_not_allowed() -> Answer {
    Answer::new(ProblemKind::MethodNotAllowed, "this path has other methods; see /api/v1/openapi.json")
}
