//! What every request passes: who it is from, whether that address asks too often, and for REST whose token it brings, what
//! that one opens, and a line in the log about each command.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::ProblemKind;
use service::telemetry::AUDIT;
use tokio::time::Instant;

use super::{Caller, peer};
use crate::{App, rest::problem::Answer};

/// Path of everything that access is asked for.
const API: &str = "/api/v1";

/// Where a request comes from, among its extensions.
#[derive(Debug, Clone, Copy)]
struct Sender(IpAddr);

/// Finds out where a request comes from, and turns away those of an address that asks too often.
pub async fn admit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let from = peer::of(&request, &app.access.proxies);
    if !app.access.limits.request(from, Instant::now()) {
        metrics::counter!("cd_refused_total", "why" => "address").increment(1);
        return Answer::new(ProblemKind::TooManyRequests, "too many requests from this address").into_response();
    }
    request.extensions_mut().insert(Sender(from));
    next.run(request).await
}

/// Where a request comes from; [`admit`] has put it down.
pub fn address(extensions: &axum::http::Extensions) -> IpAddr {
    extensions.get::<Sender>().map_or(IpAddr::from([0, 0, 0, 0]), |sender| sender.0)
}

/// Reads the token of every REST request and lets it through where its role opens what is asked for. Handlers find the
/// [`Caller`] among the request's extensions.
pub async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let from = address(request.extensions());
    let token = bearer(request.headers());
    // The socket takes its token in `hello`: browsers can send none with the request.
    let open = is_socket(&request) || !app.access.needs_token(request.headers(), &app.allowed_origins);
    let caller = match app.access.judge(token, open, from, app.clock.now()) {
        Ok(caller) => caller,
        Err(refused) => return Answer::from(refused).into_response(),
    };
    let (method, path) = (request.method().clone(), path(&request).to_owned());
    let asked = path.strip_prefix(API).unwrap_or_default();
    let is_command = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !caller.right.opens(&method, asked) {
        metrics::counter!("cd_refused_total", "why" => "role").increment(1);
        if is_command {
            told(&caller, from, &method, asked, &caller.right.refusal().into_response());
        }
        return caller.right.refusal().into_response();
    }
    let who = is_command.then(|| caller.clone());
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    if let Some(caller) = who {
        told(&caller, from, &method, asked, &response);
    }
    response
}

/// A line of the audit: who started, cancelled or shared what, and what became of it. The id of a delivery that the server
/// named itself stands in the answer's `Location`.
fn told(caller: &Caller, from: IpAddr, method: &Method, path: &str, response: &Response) {
    let made = response.headers().get(header::LOCATION).and_then(|at| at.to_str().ok());
    let path = made.and_then(|made| made.strip_prefix(API)).unwrap_or(path);
    let status = response.status().as_u16();
    tracing::info!(target: AUDIT, who = %caller, %from, %method, path, status, "command");
}

/// The whole path that was asked for: a nested router sees the rest only.
fn path(request: &Request) -> &str {
    request.extensions().get::<OriginalUri>().map_or(request.uri().path(), |uri| uri.0.path())
}

fn is_socket(request: &Request) -> bool {
    path(request).strip_prefix(API) == Some("/live")
}

/// The token of `Authorization: Bearer`. Other schemes are a proxy's own business.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    // What is no text is no token of ours either.
    let (scheme, token) = value.to_str().unwrap_or("Bearer ?").split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearers_are_read() {
        let read = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, header::HeaderValue::from_bytes(value).unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(b"Bearer abc").as_deref(), Some("abc"));
        assert_eq!(read(b"bearer  abc").as_deref(), Some("abc"));
        assert_eq!(read(b"Basic abc"), None);
        assert_eq!(read(b"Bearer \xff").as_deref(), Some("?"), "it is refused, not passed over");
    }
}
