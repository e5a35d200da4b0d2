//! What the store knows: lists, trails, audits. The backend only reads it.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use contract::{
    CourierId, DeliveryId, DeliveryStatus, Millis, RouteId,
    rest::{Audit, DeliveryPage, Trail},
};
use fleet::customer;
use history::{Along, DeliveryQuery};

use super::{
    deliveries, link,
    problem::{Answer, Result},
    query::{Named, NoParameters, Parameters},
};
use crate::{
    App,
    access::{Caller, Right},
};

/// How far back a courier's trail reaches where nothing else is asked for, ms.
const DEFAULT_TRAIL_MS: Millis = 60 * 60 * 1000;

/// GET /deliveries?status&courier&reference&route&own_path&on_time&predicted&from&to&limit<=200&after: stored ones, newest first.
#[utoipa::path(get, path = "/api/v1/deliveries",
    params(("status" = Option<String>, Query), ("courier" = Option<String>, Query), ("reference" = Option<String>, Query),
        ("route" = Option<String>, Query), ("own_path" = Option<bool>, Query), ("on_time" = Option<bool>, Query), ("predicted" = Option<bool>, Query),
        ("from" = Option<i64>, Query), ("to" = Option<i64>, Query), ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = DeliveryPage), (status = 422, body = contract::Problem), (status = 503, body = contract::Problem)))]
pub async fn deliveries(State(app): State<Arc<App>>, mut query: Parameters) -> Result<Json<DeliveryPage>> {
    let route = query.take("route", |text| RouteId::new(text).map_err(|error| error.to_string()));
    let own_path = query.take("own_path", |text| match text {
        "true" => Ok(Along::OwnPath),
        _ => Err("must be true".into()),
    });
    if own_path.is_some() && route.is_some() {
        query.wrong("own_path", "is along no route");
    }
    let wanted = DeliveryQuery {
        status: query.take("status", |name| {
            DeliveryStatus::from_name(name).ok_or_else(|| "must be a status of a delivery".into())
        }),
        courier: query.take("courier", |text| CourierId::new(text).map_err(|error| error.to_string())),
        reference: query.take("reference", |text| Ok(text.to_owned())),
        along: own_path.or(route.map(Along::Route)),
        on_time: query.yes_or_no("on_time"),
        predicted: query.yes_or_no("predicted"),
        from: query.time("from"),
        to: query.time("to"),
        limit: query.count("limit", 100, history::MAX_PAGE),
        after: query.take("after", |text| text.parse().map_err(|_| "must be the `next` of a page".into())),
    };
    query.finish()?;
    Ok(Json(app.history.deliveries(wanted).await?))
}

/// GET /deliveries/{id}/trail?max_points<=2000.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}/trail",
    params(("id" = String, Path), ("max_points" = Option<u32>, Query)),
    responses((status = 200, body = Trail), (status = 404, body = contract::Problem), (status = 410, body = contract::Problem)))]
pub async fn delivery_trail(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    mut query: Parameters,
) -> Result<Json<Trail>> {
    let max_points = query.count("max_points", history::MAX_POINTS, history::MAX_POINTS);
    query.finish()?;
    let delivery = delivery_id(&id)?;
    if let Right::Courier(_) = caller.right {
        caller.expect_theirs(&*deliveries::find(&app, delivery).await?)?;
    }
    if let Right::Customer(_) = caller.right {
        let known = deliveries::find(&app, delivery).await?;
        link::expect_open(&known, app.clock.now())?;
        let trail = trail_of(&app, delivery, max_points).await?;
        return Ok(Json(customer::reduced_trail(&known, trail)));
    }
    trail_of(&app, delivery, max_points).await.map(Json)
}

async fn trail_of(app: &App, delivery: DeliveryId, max_points: usize) -> Result<Trail> {
    if let Some(trail) = app.history.trail_of_delivery(delivery, max_points).await? {
        return Ok(trail);
    }
    // The store is a little behind: what lives has fixes there soon, or has some under its courier's name already.
    let live = match app.known(&delivery) {
        Some(live) => live,
        None => deliveries::after_all(app, delivery).await?,
    };
    let (from, to) = match live.started_at {
        Some(start) => (start, live.finished_at.unwrap_or(Millis::MAX)),
        None => (Millis::MAX, Millis::MIN),
    };
    Ok(app.history.trail_of_courier(&live.courier, from, to, max_points).await?)
}

/// GET /couriers/{id}/trail?from&to&max_points<=2000: the last hour where no times are given.
#[utoipa::path(get, path = "/api/v1/couriers/{courier}/trail",
    params(("courier" = String, Path), ("from" = Option<i64>, Query), ("to" = Option<i64>, Query), ("max_points" = Option<u32>, Query)),
    responses((status = 200, body = Trail), (status = 422, body = contract::Problem)))]
pub async fn courier_trail(
    State(app): State<Arc<App>>,
    Named(courier): Named,
    mut query: Parameters,
) -> Result<Json<Trail>> {
    let courier = CourierId::new(&courier).map_err(|_| Answer::not_found(format_args!("courier {courier}")))?;
    let to = query.time("to").unwrap_or_else(|| app.clock.now());
    let from = query.time("from").unwrap_or(to - DEFAULT_TRAIL_MS);
    if from > to {
        query.wrong("from", "must not be after to");
    }
    let max_points = query.count("max_points", history::MAX_POINTS, history::MAX_POINTS);
    query.finish()?;
    Ok(Json(app.history.trail_of_courier(&courier, from, to, max_points).await?))
}

/// GET /deliveries/{id}/audit: whether every fix of the run is stored.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}/audit", params(("id" = String, Path)),
    responses((status = 200, body = Audit), (status = 404, body = contract::Problem)))]
pub async fn audit(State(app): State<Arc<App>>, Named(id): Named, _: NoParameters) -> Result<Json<Audit>> {
    let known = app.history.audit(delivery_id(&id)?).await?;
    known.map(Json).ok_or_else(|| Answer::not_found(format_args!("delivery {id}")))
}

/// An id in a path; one that is none names nothing.
pub fn delivery_id(text: &str) -> Result<DeliveryId> {
    text.parse().map_err(|_| Answer::not_found(format_args!("delivery {text} (ids are UUIDs of version 7)")))
}
