//! The fleet at a moment that is past.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use contract::{Bounds, Millis, rest::Replay};
use history::SliceQuery;

use super::{problem::Result, query::Parameters};
use crate::App;

/// How old a position may be where nothing else is asked for, ms: what is older is offline.
const DEFAULT_SINCE_MS: Millis = 5 * 60 * 1000;
/// How old it may be at most, ms.
const MAX_SINCE_MS: Millis = 24 * 60 * 60 * 1000;
/// Most couriers of an answer.
const MAX_COURIERS: usize = 20_000;

/// GET /replay?at&since&west&south&east&north: the newest position of each courier with since < at' <= at, as a full frame of
/// the live socket; as JSON where the client accepts that.
#[utoipa::path(get, path = "/api/v1/replay",
    params(("at" = i64, Query), ("since" = Option<i64>, Query), ("west" = Option<f64>, Query), ("south" = Option<f64>, Query),
        ("east" = Option<f64>, Query), ("north" = Option<f64>, Query)),
    responses(
        (status = 200, content((Vec<u8> = "application/octet-stream"), (Replay = "application/json")),
            headers(("through" = i64, description = "all that was appended before this time is included"),
                ("more" = bool, description = "whether there were more couriers than the limit"))),
        (status = 422, body = contract::Problem), (status = 503, body = contract::Problem)))]
pub async fn replay(State(app): State<Arc<App>>, headers: HeaderMap, mut query: Parameters) -> Result<Response> {
    let wanted = wanted(&mut query);
    query.finish()?;
    let slice = app.history.slice(wanted).await?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let mut response = if accept.contains("application/json") {
        let (items, more, through) = (slice.positions, slice.more, slice.through);
        Json(Replay { at: wanted.at, items, more, through }).into_response()
    } else {
        let frame = fleet::slice::frame_of(&slice.positions, wanted.at);
        ([(header::CONTENT_TYPE, "application/octet-stream")], frame).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert("through", slice.through.into());
    headers.insert("more", HeaderValue::from_static(if slice.more { "true" } else { "false" }));
    Ok(response)
}

/// What is asked for; whatever is wrong is named in `query`, and then this is not used.
fn wanted(query: &mut Parameters) -> SliceQuery {
    let given = query.time("at");
    if given.is_none() {
        query.needed("at");
    }
    let at = given.unwrap_or(MAX_SINCE_MS);
    let since = query.time("since").unwrap_or(at - DEFAULT_SINCE_MS);
    if given.is_some() && !(at - MAX_SINCE_MS..at).contains(&since) {
        query.wrong("since", "must be before at, and at most a day before it");
    }
    let edges = ["west", "south", "east", "north"].map(|edge| query.number(edge));
    let bounds = match edges {
        [None, None, None, None] => Bounds::WORLD,
        [Some(west), Some(south), Some(east), Some(north)] => match Bounds::new(west, south, east, north) {
            Ok(bounds) => bounds,
            Err(error) => {
                query.wrong("west", error.to_string());
                Bounds::WORLD
            }
        },
        edges => {
            for (name, _) in ["west", "south", "east", "north"].iter().zip(edges).filter(|(_, edge)| edge.is_none()) {
                query.needed(name);
            }
            Bounds::WORLD
        }
    };
    SliceQuery { at, since, bounds, limit: MAX_COURIERS }
}
