//! The REST interface, typed by [`contract::rest`]. Every failure is a [`Problem`]: the server's own, or one that says
//! that the network (`unreachable`, status 0) or the answer (`unexpected`) was at fault.

use contract::{
    CourierId, Delivery, DeliveryId, Millis, Problem, RouteId,
    rest::{
        Audit, CancelRequest, DeliveryPage, DeliveryRequest, Figures, Link, LiveCourier, LiveDeliveries, Page, Route,
        RouteLine, Status, Trail,
    },
};
use model::request;

use super::http::json;

/// GET /routes.
pub async fn routes() -> Result<Page<Route>, Problem> {
    json("GET", "/routes", None).await
}

/// GET /routes/{route}, with its line.
pub async fn route_line(route: &RouteId) -> Result<RouteLine, Problem> {
    json("GET", &format!("/routes/{route}"), None).await
}

/// PUT /deliveries/{id}: the id is the caller's ([`crate::live::Live::new_delivery_id`]), so that a repeated attempt
/// cannot start a second run.
pub async fn put_delivery(id: DeliveryId, body: &DeliveryRequest) -> Result<Delivery, Problem> {
    json("PUT", &format!("/deliveries/{id}"), Some(request::delivery(body))).await
}

/// POST /deliveries/{id}/cancel.
pub async fn cancel(id: DeliveryId, body: &CancelRequest) -> Result<Delivery, Problem> {
    json("POST", &format!("/deliveries/{id}/cancel"), Some(request::cancel(body))).await
}

/// POST /deliveries/{id}/link.
pub async fn link(id: DeliveryId) -> Result<Link, Problem> {
    json("POST", &format!("/deliveries/{id}/link"), None).await
}

/// GET /deliveries/{id}.
pub async fn delivery(id: DeliveryId) -> Result<Delivery, Problem> {
    json("GET", &format!("/deliveries/{id}"), None).await
}

/// GET /deliveries/live.
pub async fn live_deliveries() -> Result<LiveDeliveries, Problem> {
    json("GET", "/deliveries/live", None).await
}

/// GET /deliveries?from&to&limit=200&after: stored ones, newest first, `from` and `to` in ms UTC, inclusive.
pub async fn deliveries(from: Millis, to: Millis, after: Option<&str>) -> Result<DeliveryPage, Problem> {
    let after = next_page(after);
    json("GET", &format!("/deliveries?from={from}&to={to}&limit=200{after}"), None).await
}

/// GET /deliveries?{query}&after: the page after `after`.
pub async fn deliveries_of(query: &str, after: Option<&str>) -> Result<DeliveryPage, Problem> {
    let after = next_page(after);
    json("GET", &format!("/deliveries?{query}{after}"), None).await
}

/// GET /analytics/deliveries from and to, ms UTC, inclusive; `by` may be empty.
pub async fn figures(from: Millis, to: Millis, bucket: &str, by: &str) -> Result<Figures, Problem> {
    json("GET", &format!("/analytics/deliveries?from={from}&to={to}&bucket={bucket}&by={by}"), None).await
}

/// GET /deliveries/{id}/trail.
pub async fn delivery_trail(id: DeliveryId, max_points: u32) -> Result<Trail, Problem> {
    json("GET", &format!("/deliveries/{id}/trail?max_points={max_points}"), None).await
}

/// GET /couriers/{id}/trail from and to, ms UTC, inclusive.
pub async fn courier_trail(id: &CourierId, from: Millis, to: Millis, max_points: u32) -> Result<Trail, Problem> {
    json("GET", &format!("/couriers/{id}/trail?from={from}&to={to}&max_points={max_points}"), None).await
}

/// GET /deliveries/{id}/audit.
pub async fn audit(id: DeliveryId) -> Result<Audit, Problem> {
    json("GET", &format!("/deliveries/{id}/audit"), None).await
}

/// GET /couriers/{id}.
pub async fn courier(id: &CourierId) -> Result<LiveCourier, Problem> {
    json("GET", &format!("/couriers/{id}"), None).await
}

/// GET /couriers, late first: the first page, or the one after `after`.
pub async fn couriers(after: Option<&str>, limit: u32) -> Result<Page<LiveCourier>, Problem> {
    let after = next_page(after);
    json("GET", &format!("/couriers?sort=late&limit={limit}{after}"), None).await
}

/// GET /status.
pub async fn status() -> Result<Status, Problem> {
    json("GET", "/status", None).await
}

fn next_page(after: Option<&str>) -> String {
    after.map(|after| format!("&after={}", js_sys::encode_uri_component(after))).unwrap_or_default()
}
