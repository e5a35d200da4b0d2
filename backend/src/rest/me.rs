//! As whom the server knows the client: what the page asks before it keeps a token.

use axum::{Extension, Json};
use contract::{Problem, You};

use super::query::NoParameters;
use crate::access::Caller;

/// GET /me.
#[utoipa::path(get, path = "/api/v1/me",
    responses((status = 200, body = You), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub async fn me(Extension(caller): Extension<Caller>, _: NoParameters) -> Json<You> {
    Json(caller.you())
}
