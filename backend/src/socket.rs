//! The live socket: the handshake. What happens on an open socket is `session`'s, one task for each, and only that task
//! writes to it.

mod follow;
mod inbox;
mod session;

use std::{net::IpAddr, pin::Pin, sync::Arc};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    http::{Extensions, HeaderMap, header},
    response::{IntoResponse, Response},
};
use contract::{Problem, ProblemKind, close, live};

use crate::{App, access, rest::problem::Answer};

pub use session::{Session, SessionContext};

/// Buffer for what a client sends: its messages are short, and there may be 20,000 clients.
const READ_BUFFER: usize = 256;
/// Messages of one turn (events, summary, frame) are gathered up to this size before they are written, so that a turn is
/// one system call.
const WRITE_BUFFER: usize = 16 * 1024;
/// A server frame may be this large: 20,000 couriers with their names.
const MAX_FRAME: usize = 4 * 1024 * 1024;

/// A message may be this large before the connection breaks off. Larger than the protocol's limit, so that a client that
/// sends a little too much can be told so in a close frame.
const MAX_READ: usize = 4 * live::MAX_CLIENT_MESSAGE;

/// GET /api/v1/live: a WebSocket, see docs/protocol.md.
#[utoipa::path(get, path = "/api/v1/live",
    responses((status = 101, description = "the WebSocket of docs/protocol.md"), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn connect(
    State(app): State<Arc<App>>,
    extensions: Extensions,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(error) => {
            let detail = format!("this is a WebSocket: {}", error.body_text());
            return Answer::new(ProblemKind::Malformed, detail).into_response();
        }
    };
    let public =
        app.access.public_url().is_some_and(|url| headers.get(header::ORIGIN).is_some_and(|origin| origin == url));
    if !public && !origin_allowed(&headers, &app.allowed_origins) {
        return Answer(Problem::new(ProblemKind::Forbidden, "this Origin may not open a socket here")).into_response();
    }
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_FRAME)
        .max_message_size(MAX_READ)
        .max_frame_size(MAX_READ)
        .protocols([live::SUBPROTOCOL]);
    let spoken = upgrade.selected_protocol().is_some();
    let open = !app.access.needs_token(&headers, &app.allowed_origins);
    let from = access::address(&extensions);
    // What axum's task holds for as long as the socket lives is one pointer: with the futures themselves in it, it would
    // be several times larger than what a socket needs.
    upgrade
        .on_failed_upgrade(|error| tracing::debug!(%error, "a socket failed in its handshake"))
        .on_upgrade(move |socket| serve(socket, &app, spoken, from, open))
}

fn serve(
    socket: WebSocket,
    app: &Arc<App>,
    spoken: bool,
    from: IpAddr,
    open: bool,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    if !spoken {
        return Box::pin(refuse(socket, close::NOT_SPOKEN));
    }
    let Some(own) = app.access.limits().seat(from) else { return Box::pin(refuse(socket, close::CROWDED)) };
    let Some(seat) = Seat::take(app) else { return Box::pin(refuse(socket, close::OVERLOAD)) };
    let session = Box::new(Session::new(socket, app.session_context(from, open)));
    Box::pin(async move {
        session.run().await;
        drop((seat, own));
    })
}

async fn refuse(mut socket: WebSocket, with: close::Close) {
    metrics::counter!("cd_sockets_closed_total", "code" => with.code.to_string()).increment(1);
    let frame = CloseFrame { code: with.code, reason: with.reason.into() };
    // The client may be gone already: then nobody is there to be told.
    let _ = tokio::time::timeout(session::CLOSE_WITHIN, socket.send(Message::Close(Some(frame)))).await;
}

/// A browser names the page that opens a socket. Ours is served by the same host; others must be listed.
fn origin_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        // No browser: scripts and phones send none.
        return !headers.contains_key(header::ORIGIN);
    };
    let same_host = origin.split_once("://").map(|(_, host)| host) == text(header::HOST);
    same_host || allowed.iter().any(|known| known == origin)
}

/// One of the sockets that may be open; given back when it is dropped.
struct Seat(Arc<App>);

impl Seat {
    fn take(app: &Arc<App>) -> Option<Self> {
        let free = app.live.sockets.send_if_modified(|open| {
            let free = *open < app.max_sockets;
            *open += u32::from(free);
            free
        });
        free.then(|| Self(app.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.live.sockets.send_modify(|open| *open -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_hosts_may_not_connect() {
        let headers = |origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:8080".parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            headers
        };
        let allowed = ["https://dispatch.example".to_owned()];
        assert!(origin_allowed(&headers("http://127.0.0.1:8080"), &[]));
        assert!(origin_allowed(&headers("https://dispatch.example"), &allowed));
        assert!(!origin_allowed(&headers("https://evil.example"), &allowed));
        assert!(!origin_allowed(&headers("null"), &[]));
        assert!(origin_allowed(&HeaderMap::new(), &[]));
    }
}
