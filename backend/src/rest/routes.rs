//! Routes: what couriers can be sent along.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use contract::{RouteId, rest};

use super::{
    problem::{Answer, Result},
    query::{Named, NoParameters},
};
use crate::App;

/// GET /routes.
#[utoipa::path(get, path = "/api/v1/routes", responses((status = 200, body = rest::Page<rest::Route>)))]
pub async fn list(State(app): State<Arc<App>>, _: NoParameters) -> Json<rest::Page<rest::Route>> {
    Json(rest::Page { items: app.routes.iter().map(fleet::routes::Route::summary).collect(), next: None })
}

/// GET /routes/{route}: with its line; as GeoJSON where the client accepts that.
#[utoipa::path(get, path = "/api/v1/routes/{route}", params(("route" = String, Path)),
    responses((status = 200, body = rest::RouteLine), (status = 404, body = contract::Problem)))]
pub async fn one(
    State(app): State<Arc<App>>,
    Named(route): Named,
    _: NoParameters,
    headers: HeaderMap,
) -> Result<Response> {
    let known = RouteId::new(&route).ok().and_then(|id| app.routes.get(&id));
    let route = known.ok_or_else(|| Answer::not_found(format_args!("route {route}")))?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accept.contains("application/geo+json") {
        return Ok(Json(rest::RouteLine { route: route.summary(), path: route.polyline() }).into_response());
    }
    let coordinates = route.path.points().iter().copied().map(rest::LonLat).collect();
    let feature = rest::RouteFeature { properties: route.summary(), geometry: rest::LineString { coordinates } };
    let mut response = Json(feature).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/geo+json"));
    Ok(response)
}
