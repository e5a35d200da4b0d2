//! How this replica is doing.

use std::sync::{Arc, atomic::Ordering};

use axum::{Json, extract::State};
use contract::rest::Status;

use super::query::NoParameters;
use crate::App;

/// GET /status.
#[utoipa::path(get, path = "/api/v1/status", responses((status = 200, body = Status)))]
pub async fn status(State(app): State<Arc<App>>, _: NoParameters) -> Json<Status> {
    let live = &app.live;
    let named = |up: bool| if up { "up" } else { "away" }.to_owned();
    let patience = std::time::Duration::from_secs(2);
    let history = tokio::time::timeout(patience, app.history.healthy()).await;
    let couriers = live.state.read().fleet.couriers().len() as u32;
    Json(Status {
        broker: named(live.connected.load(Ordering::Relaxed)),
        history: named(matches!(history, Ok(Ok(())))),
        behind_ms: live.behind_ms.load(Ordering::Relaxed),
        couriers,
        lost: live.lost.load(Ordering::Relaxed),
        sockets: *live.sockets.borrow(),
        version: env!("CARGO_PKG_VERSION").into(),
        now: app.clock.now(),
    })
}
