//! The admin address: `/livez`, `/readyz`, `/metrics`, nothing else.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};

use crate::{Health, StartError, Tasks, start};

/// How often recorded samples are sorted into their histograms.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The three pages.
pub fn admin_router(health: Health) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// Serves the three pages on `addr` until shutdown; returns the address (with its real port where 0 was asked for).
/// Fails with [`StartError::Bind`] where the port is in use.
///
/// The pages answer during the whole drain, until all other tasks have ended.
pub async fn serve_admin(addr: SocketAddr, health: Health, tasks: &mut Tasks) -> Result<SocketAddr, StartError> {
    let listener = start::bind("CD_ADMIN_ADDR", addr).await?;
    let addr = listener.local_addr().map_err(StartError::failure)?;
    tasks.spawn_companion("metrics-upkeep", upkeep(health.clone()));
    tasks.spawn_companion("admin", async move { axum::serve(listener, admin_router(health)).await });
    Ok(addr)
}

async fn upkeep(health: Health) -> Result<(), Infallible> {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        health.0.metrics.upkeep();
    }
}

async fn livez(State(health): State<Health>) -> (StatusCode, String) {
    let stuck = health.stuck();
    match stuck.is_empty() {
        true => (StatusCode::OK, "ok\n".into()),
        false => (StatusCode::SERVICE_UNAVAILABLE, format!("stuck: {}\n", stuck.join(", "))),
    }
}

async fn readyz(State(health): State<Health>) -> (StatusCode, &'static str) {
    match health.is_ready() {
        true => (StatusCode::OK, "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], health.metrics())
}
