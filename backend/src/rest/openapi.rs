//! GET /openapi.json: OpenAPI 3.1, made from the handlers and bodies themselves.

use axum::Json;
use contract::{Driver, rest};
use utoipa::{OpenApi, ToSchema};

use super::{couriers, deliveries, past, routes, status};

/// The body of PUT and POST /deliveries as a document; `contract` reads it by hand to name every wrong field.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct DeliveryBody {
    /// Who carries it.
    courier: contract::CourierId,
    /// A route of /routes; or else `path`.
    route: Option<contract::RouteId>,
    /// An encoded polyline of precision 6; or else `route`.
    path: Option<String>,
    /// simulator where it is missing.
    driver: Option<Driver>,
    /// 0.1 to 100; 1 where it is missing.
    speed: Option<f64>,
    /// 50 to 60000; 1000 where it is missing.
    interval_ms: Option<u32>,
    /// At most 128 characters.
    reference: Option<String>,
    /// ms UTC.
    promised_at: Option<i64>,
}

/// The body of POST /deliveries/{id}/finish.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct FinishBody {
    /// delivered or failed.
    outcome: rest::Outcome,
    /// Needed where it failed.
    reason: Option<String>,
}

/// The body of POST /deliveries/{id}/cancel.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct CancelBody {
    /// Why.
    reason: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Code Delivery",
        description = "Real-time delivery tracking. Positions travel over the WebSocket /api/v1/live; see docs/protocol.md.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        routes::list,
        routes::one,
        deliveries::put,
        deliveries::create,
        deliveries::one,
        deliveries::live,
        deliveries::start,
        deliveries::finish,
        deliveries::cancel,
        past::deliveries,
        past::delivery_trail,
        past::courier_trail,
        past::audit,
        couriers::list,
        couriers::one,
        status::status,
        document,
        crate::socket::connect
    )
)]
struct Document;

/// GET /openapi.json.
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, description = "this document")))]
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
