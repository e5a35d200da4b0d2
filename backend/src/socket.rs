//! The live socket: the handshake. What happens on an open socket is `session`'s, one task for each, and only that task
//! writes to it.

mod inbox;
mod session;

use std::sync::{Arc, atomic::Ordering};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use contract::{Problem, ProblemKind, close, live};

use crate::{App, rest::problem::Answer};

pub use session::{Session, SessionContext};

/// Buffer for what a client sends: its messages are short, and there may be 20,000 clients.
const READ_BUFFER: usize = 256;
/// Messages of one turn (events, summary, frame) are gathered up to this size before they are written, so that a turn is
/// one system call.
const WRITE_BUFFER: usize = 16 * 1024;
/// A server frame may be this large: 20,000 couriers with their names.
const MAX_FRAME: usize = 4 * 1024 * 1024;

/// GET /api/v1/live.
pub async fn connect(State(app): State<Arc<App>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !origin_allowed(&headers, &app.allowed_origins) {
        return Answer(Problem::new(ProblemKind::Forbidden, "this Origin may not open a socket here")).into_response();
    }
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_FRAME)
        .max_message_size(live::MAX_CLIENT_MESSAGE)
        .max_frame_size(live::MAX_CLIENT_MESSAGE)
        .protocols([live::SUBPROTOCOL]);
    let spoken = upgrade.selected_protocol().is_some();
    upgrade.on_failed_upgrade(|error| tracing::debug!(%error, "a socket failed in its handshake")).on_upgrade(
        async move |socket| {
            if !spoken {
                return refuse(socket, close::NOT_SPOKEN).await;
            }
            let Some(place) = Seat::take(&app) else { return refuse(socket, close::OVERLOAD).await };
            // The session is made on the heap: the task's own future stays small for the many that idle.
            Box::pin(Session::new(socket, app.session_context()).run()).await;
            drop(place);
        },
    )
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
        let before = app.live.sockets.fetch_add(1, Ordering::Relaxed);
        let seat = Self(app.clone());
        (before < app.max_sockets).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.live.sockets.fetch_sub(1, Ordering::Relaxed);
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
