//! A span for each command over HTTP, where traces are on: the trace goes on from here into Kafka. Questions are not traced;
//! there are many, and they end here.

use axum::{
    extract::{MatchedPath, OriginalUri, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use service::traces::{self, Span};

/// The layer around the paths of commands.
pub async fn command(request: Request, next: Next) -> Response {
    if !traces::on() || !matches!(*request.method(), Method::POST | Method::PUT) {
        return next.run(request).await;
    }
    // What is nested sees the rest of the path alone.
    let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |whole| &whole.0);
    let path = uri.path();
    let route = request.extensions().get::<MatchedPath>().map_or(path, MatchedPath::as_str);
    let span = Span::serving(request.headers(), request.method().as_str(), route, path);
    let response = span.around(next.run(request)).await;
    span.answered(response.status().as_u16());
    response
}
