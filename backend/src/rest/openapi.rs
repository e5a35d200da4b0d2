//! GET /openapi.json: OpenAPI 3.1, made from the handlers and bodies themselves.

use axum::Json;
use contract::{Driver, rest};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

use super::{couriers, deliveries, figures, link, me, past, query::NoParameters, replay, routes, status};

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
        link::create,
        past::deliveries,
        past::delivery_trail,
        past::courier_trail,
        past::audit,
        couriers::list,
        couriers::one,
        replay::replay,
        figures::deliveries,
        status::status,
        me::me,
        document,
        crate::socket::connect
    )
)]
struct Document;

/// GET /openapi.json.
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, description = "this document")))]
pub async fn document(_: NoParameters) -> Json<Value> {
    Json(polished(serde_json::to_value(Document::openapi()).unwrap_or_default()))
}

/// What the macros cannot know: names of operations that are unique, what statuses mean, and that every answer from 400
/// on is a problem.
fn polished(mut document: Value) -> Value {
    for (path, operations) in fields(&mut document["paths"]) {
        let parts = path.trim_start_matches("/api/v1/").split(['/', '.']).map(|part| part.trim_matches(['{', '}']));
        let name = parts.collect::<Vec<_>>().join("_");
        let room = name.split('_').next().unwrap_or_default().to_owned();
        for (method, operation) in fields(operations) {
            operation["operationId"] = format!("{method}_{name}").into();
            operation["tags"] = json!([room]);
            for (status, response) in fields(&mut operation["responses"]) {
                if response["description"].as_str().is_none_or(str::is_empty) {
                    response["description"] = meaning(status).into();
                }
                if status.starts_with(['4', '5'])
                    && let Some(content) = response["content"].as_object_mut()
                    && let Some(problem) = content.remove("application/json")
                {
                    content.insert("application/problem+json".into(), problem);
                }
            }
        }
    }
    // The alias of times in the code, which is no name for readers.
    let text = document.to_string().replace("#/components/schemas/i64", "#/components/schemas/Millis");
    let mut document: Value = serde_json::from_str(&text).unwrap_or(document);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.remove("i64");
        let millis =
            json!({ "type": "integer", "format": "int64", "description": "Milliseconds since 1970-01-01 UTC." });
        schemas.insert("Millis".into(), millis);
    }
    document
}

fn fields(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "as asked, or done before",
        "201" => "made",
        "202" => "durable",
        "400" => "malformed",
        "401" => "the token is not good, or not any more",
        "403" => "not allowed",
        "404" => "not known here",
        "409" => "in conflict with what is there",
        "410" => "it is over",
        "429" => "too often: again after Retry-After",
        "422" => "the wrong fields are named",
        "503" => "something is away: try again after Retry-After",
        _ => "see docs/protocol.md",
    }
}
