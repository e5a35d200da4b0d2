//! The REST interface under `/api/v1`, and what surrounds every answer: one module for each kind of thing.

pub mod couriers;
pub mod deliveries;
pub mod figures;
mod host;
pub mod layers;
pub mod link;
pub mod me;
pub mod openapi;
pub mod past;
pub mod problem;
pub mod query;
pub mod replay;
pub mod routes;
pub mod status;
mod trace;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post, put},
};

use tower_http::services::ServeFile;

use crate::{App, access, basemap::FILE_PATH, page, socket};

/// The whole of the public port: REST, the socket, the page.
pub fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/routes", get(routes::list))
        .route("/routes/{route}", get(routes::one))
        .route("/deliveries", get(past::deliveries).post(deliveries::create))
        .route("/deliveries/live", get(deliveries::live))
        .route("/deliveries/{id}", put(deliveries::put).get(deliveries::one))
        .route("/deliveries/{id}/start", post(deliveries::start))
        .route("/deliveries/{id}/finish", post(deliveries::finish))
        .route("/deliveries/{id}/cancel", post(deliveries::cancel))
        .route("/deliveries/{id}/link", post(link::create))
        .route("/deliveries/{id}/trail", get(past::delivery_trail))
        .route("/deliveries/{id}/audit", get(past::audit))
        .route("/couriers", get(couriers::list))
        .route("/couriers/{courier}", get(couriers::one))
        .route("/couriers/{courier}/trail", get(past::courier_trail))
        .route("/replay", get(replay::replay))
        .route("/analytics/deliveries", get(figures::deliveries))
        .route("/status", get(status::status))
        .route("/me", get(me::me))
        .route("/openapi.json", get(openapi::document))
        .method_not_allowed_fallback(problem::method_not_allowed)
        .fallback(problem::no_such_path);
    let api = layers::for_requests(api);
    // The socket is outside the layers that bound a request's time and compress its answer.
    let api = api.route("/live", get(socket::connect).fallback(problem::method_not_allowed));
    // Around every path: what a role may not ask for is decided there, also for one that is added later.
    let api = api.layer(middleware::from_fn_with_state(app.clone(), access::guard));
    // Around that, so that the line that says who did what names the trace.
    let api = api.layer(middleware::from_fn(trace::command));
    let all = Router::new().nest("/api/v1", api);
    let all = ["/api", "/api/", "/api/{*rest}"]
        .into_iter()
        .fold(all, |all, path| all.route(path, axum::routing::any(problem::no_such_path)));
    let all = match app.basemap.as_ref().and_then(|basemap| basemap.file.as_ref()) {
        Some(file) => all.route_service(FILE_PATH, ServeFile::new(file)),
        None => all,
    };
    let all = all.fallback(page::serve).layer(middleware::from_fn_with_state(app.clone(), host::known));
    let all = all.layer(middleware::from_fn_with_state(app.clone(), access::admit));
    let origin = app.basemap.as_ref().and_then(|basemap| basemap.origin.clone());
    layers::for_all(all, origin.as_deref()).with_state(app)
}
