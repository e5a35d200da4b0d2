//! Commands on deliveries, and the live ones.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{
    Delivery, DeliveryId, DeliveryStatus, Driver, Invalid, Millis, Problem, ProblemKind,
    problem::FieldError,
    rest::{CancelRequest, DeliveryRequest, FinishRequest, LiveDeliveries, Outcome, PathChoice, expect_no_fields},
};
use fleet::{Fleet, customer, deliveries::KEEP_ENDED_MS, drive, eta, path};

use super::{
    link,
    past::delivery_id,
    problem::{Answer, Result},
    query::{JsonBody, Named, NoParameters},
};
use crate::{
    App,
    access::{Caller, Right},
    commands::{Now, Step, Submitted},
};

/// Time between two fixes where the request does not say, ms.
const INTERVAL_MS: u32 = 1_000;
/// How long a finish waits for the trail.
const TRAIL_WITHIN: Duration = Duration::from_secs(2);
/// Longest path that is taken, metres.
const MAX_LENGTH_M: f64 = drive::MAX_LENGTH_M;

/// PUT /deliveries/{id}: 202 when it is durable; the same again 200; other content 409.
#[utoipa::path(put, path = "/api/v1/deliveries/{id}", params(("id" = String, Path)), request_body = super::openapi::DeliveryBody,
    responses((status = 202, body = Delivery), (status = 200, body = Delivery), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
pub async fn put(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    _: NoParameters,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let id: DeliveryId = id.parse().map_err(|_| {
        let detail = "must be a UUID of version 7 with hyphens".into();
        Answer(Problem::invalid(vec![FieldError { pointer: "id in the path".into(), detail }]))
    })?;
    let request = DeliveryRequest::from_json(&body)?;
    request_delivery(&app, &caller, id, &request).await
}

/// POST /deliveries: the same with an id of the server's.
#[utoipa::path(post, path = "/api/v1/deliveries", request_body = super::openapi::DeliveryBody,
    responses((status = 202, body = Delivery), (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    _: NoParameters,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let request = DeliveryRequest::from_json(&body)?;
    let id = DeliveryId::from_parts(app.clock.now(), uuid::Uuid::new_v4().as_u128());
    let mut response = request_delivery(&app, &caller, id, &request).await?;
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/deliveries/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn request_delivery(app: &App, caller: &Caller, id: DeliveryId, request: &DeliveryRequest) -> Result<Response> {
    let now = app.clock.now();
    let planned = plan(app, id, request, now)?;
    let asked = Arc::new(Delivery { requested_by: Some(caller.to_string()), ..planned });
    app.caught_up()?;
    // An id that this state does not hold may be one of long ago. While the store is away a fresh id is believed:
    // starting deliveries must not depend on it.
    let live = app.known(&id);
    let stored = if live.is_some() || is_fresh(id, now) { None } else { app.history.delivery(id).await? };
    let stored = stored.map(Arc::new);
    let decide = |at: Now<'_>| {
        if let Some(known) = at.known(&id).or_else(|| stored.clone()) {
            return if same_request(&known, &asked) { Ok(Step::Done(known)) } else { Err(exists(id)) };
        }
        if let Some(before) = at.attempted(&id) {
            return if same_request(before, &asked) { Ok(Step::Write(before.clone())) } else { Err(exists(id)) };
        }
        match at.busy_with(&asked.courier, id) {
            Some(other) => Err(busy(at.fleet(), &other, now)),
            None => Ok(Step::Write(asked.clone())),
        }
    };
    let submitted = app.commands.submit(&app.live, id, now, decide).await?;
    if let Submitted::Written(delivery) = &submitted {
        tracing::info!(delivery = %id, courier = %delivery.courier, "delivery requested");
    }
    Ok(answer(submitted))
}

fn exists(id: DeliveryId) -> Answer {
    Answer::new(ProblemKind::DeliveryExists, format!("{id} was asked for with other content"))
}

/// 202 with what was written, 200 with what had been done before.
fn answer(submitted: Submitted) -> Response {
    match submitted {
        Submitted::Written(delivery) => (StatusCode::ACCEPTED, Json(delivery)).into_response(),
        Submitted::Done(delivery) => (StatusCode::OK, Json(delivery)).into_response(),
    }
}

/// Ids carry their time: one made within the live state's memory that is not there was never written.
fn is_fresh(id: DeliveryId, now: Millis) -> bool {
    (now - id.made_at()).abs() < KEEP_ENDED_MS
}

/// The document that a request asks for.
fn plan(app: &App, id: DeliveryId, request: &DeliveryRequest, now: Millis) -> Result<Delivery> {
    let wrong =
        |pointer: &str, detail: String| Answer(Problem::invalid(vec![FieldError { pointer: pointer.into(), detail }]));
    let (route, path, line) = match &request.path {
        PathChoice::Route(id) => {
            let route = app
                .routes
                .get(id)
                .ok_or_else(|| wrong("/route", format!("{id} is not known here; see /api/v1/routes")))?;
            (Some(id.clone()), route.polyline(), route.path.clone())
        }
        PathChoice::Path(text) => {
            let line = path::Path::from_polyline(text).map_err(|error| wrong("/path", rule_of(error)))?;
            (None, text.clone(), line)
        }
    };
    if !(1.0..=MAX_LENGTH_M).contains(&line.length_m()) {
        return Err(wrong("/path", format!("must be 1 m to {:.0} km long", MAX_LENGTH_M / 1000.0)));
    }
    Ok(Delivery {
        delivery: id,
        courier: request.courier.clone(),
        status: DeliveryStatus::Requested,
        driver: request.driver,
        reference: request.reference.clone(),
        route,
        path,
        distance_m: line.length_m().round() as u32,
        planned_s: drive::planned_s(&line, request.speed),
        speed: request.speed,
        interval_ms: request.interval_ms.unwrap_or(INTERVAL_MS),
        promised_at: request.promised_at,
        requested_at: now,
        requested_by: None,
        started_at: None,
        finished_at: None,
        reason: None,
        positions: None,
        eta_half_way: None,
    })
}

/// The rule without the field's name, which the pointer says.
fn rule_of(error: Invalid) -> String {
    match error {
        Invalid::Field { rule, .. } => rule,
        other => other.to_string(),
    }
}

/// Whether the client asks for what is there already, whatever became of it since.
fn same_request(known: &Delivery, asked: &Delivery) -> bool {
    known.courier == asked.courier
        && known.route == asked.route
        && known.path == asked.path
        && known.driver == asked.driver
        && known.speed == asked.speed
        && known.interval_ms == asked.interval_ms
        && known.reference == asked.reference
        && known.promised_at == asked.promised_at
}

fn busy(fleet: &Fleet, other: &Delivery, now: Millis) -> Answer {
    let couriers = fleet.couriers();
    let courier = couriers.handle(&other.courier).and_then(|handle| couriers.details(handle));
    let arrival = courier.and_then(|details| details.task.as_ref()).and_then(|task| task.eta);
    let planned = other.started_at.unwrap_or(other.requested_at) + Millis::from(other.planned_s) * 1000;
    let until = eta::range(arrival.unwrap_or(planned), now).to;
    let time = eta::clock_utc(until);
    let detail = format!("{} is on {} until about {time} UTC", other.courier, other.delivery);
    Answer::courier_busy(detail, Some(until))
}

/// GET /deliveries/{id}: live, else from the store. A customer gets what is theirs to know.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Delivery), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 410, body = Problem), (status = 503, body = Problem)))]
pub async fn one(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    _: NoParameters,
) -> Result<Json<Arc<Delivery>>> {
    let found = find(&app, delivery_id(&id)?).await?;
    caller.expect_theirs(&found)?;
    Ok(Json(match caller.right {
        Right::Customer(_) => {
            link::expect_open(&found, app.clock.now())?;
            customer::reduced(&found).into()
        }
        _ => found,
    }))
}

/// The delivery, live or from the store.
pub(super) async fn find(app: &App, id: DeliveryId) -> Result<Arc<Delivery>> {
    app.caught_up()?;
    if let Some(known) = app.known(&id) {
        return Ok(known);
    }
    if let Some(stored) = app.history.delivery(id).await? {
        return Ok(Arc::new(stored));
    }
    after_all(app, id).await
}

/// A delivery that neither the live state nor the store knows: another replica may have acknowledged it a moment ago, and
/// "not found" would be wrong.
pub(super) async fn after_all(app: &App, id: DeliveryId) -> Result<Arc<Delivery>> {
    if is_fresh(id, app.clock.now()) {
        let is_whole = app.live.end.reached(&app.live).await;
        if let Some(known) = app.known(&id) {
            return Ok(known);
        }
        if !is_whole {
            let detail = format!("delivery {id} is not known here yet, and Kafka does not tell whether there is more");
            return Err(Answer::new(ProblemKind::Starting, detail));
        }
    }
    Err(Answer::not_found(format_args!("delivery {id}")))
}

/// GET /deliveries/live: open ones and those that ended in the last 15 min, with the cursor they belong to.
#[utoipa::path(get, path = "/api/v1/deliveries/live", responses((status = 200, body = LiveDeliveries)))]
pub async fn live(State(app): State<Arc<App>>, _: NoParameters) -> Result<Json<LiveDeliveries>> {
    app.caught_up()?;
    let (known, cursor) = {
        let state = app.live.state.read();
        let known: Vec<Arc<Delivery>> = state.fleet.deliveries().iter().map(|known| known.delivery.clone()).collect();
        (known, state.ring.cursor().encode())
    };
    // Copied outside the lock: the documents hold their paths.
    let mut items: Vec<Delivery> = known.into_iter().map(Arc::unwrap_or_clone).collect();
    items.sort_unstable_by_key(|delivery| std::cmp::Reverse(delivery.delivery));
    Ok(Json(LiveDeliveries { items, next: None, cursor }))
}

/// POST /deliveries/{id}/start: a courier with a phone sets off.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/start", params(("id" = String, Path)),
    responses((status = 202, body = Delivery), (status = 409, body = Problem)))]
pub async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    _: NoParameters,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    expect_no_fields(&body)?;
    let now = app.clock.now();
    change(&app, &caller, &id, |known, at| {
        driven_by_courier(known)?;
        if known.status == DeliveryStatus::InTransit {
            return Ok(None);
        }
        expect(known, &[DeliveryStatus::Requested])?;
        // Two requests that two replicas took at the same time: the first one to start has the courier.
        let other = at.busy_with(&known.courier, known.delivery);
        if let Some(other) = other.filter(|other| other.status == DeliveryStatus::InTransit) {
            return Err(busy(at.fleet(), &other, now));
        }
        Ok(Some(Delivery { status: DeliveryStatus::InTransit, started_at: Some(now), ..known.clone() }))
    })
    .await
}

/// POST /deliveries/{id}/finish: a courier with a phone says how it ended.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/finish", params(("id" = String, Path)), request_body = super::openapi::FinishBody,
    responses((status = 202, body = Delivery), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn finish(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    _: NoParameters,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let request = FinishRequest::from_json(&body)?;
    let now = app.clock.now();
    let (status, eta_half_way) = match request.outcome {
        Outcome::Delivered => (DeliveryStatus::Delivered, half_way(&app, &id).await),
        Outcome::Failed => (DeliveryStatus::Failed, None),
    };
    change(&app, &caller, &id, |known, _| {
        driven_by_courier(known)?;
        if known.status == status {
            return Ok(None);
        }
        expect(known, &[DeliveryStatus::InTransit])?;
        let (finished_at, reason) = (Some(now), request.reason.clone());
        Ok(Some(Delivery { status, finished_at, reason, eta_half_way, ..known.clone() }))
    })
    .await
}

/// What was predicted half-way, from the stored trail. A store that is away, or slow, holds up no courier: then it is not
/// known.
async fn half_way(app: &App, id: &str) -> Option<Millis> {
    let known = app.known(&id.parse().ok()?)?;
    let line = path::Path::from_polyline(&known.path).ok()?;
    let (from, to) = (known.started_at?, app.clock.now());
    let asked = app.history.trail_of_courier(&known.courier, from, to, history::MAX_POINTS);
    let trail = tokio::time::timeout(TRAIL_WITHIN, asked).await.ok()?.ok()?;
    eta::half_way(&known, &line, trail.points.iter().map(|fix| (fix.at, fix.place, fix.speed_mps)))
}

/// POST /deliveries/{id}/cancel.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/cancel", params(("id" = String, Path)), request_body = super::openapi::CancelBody,
    responses((status = 202, body = Delivery), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(id): Named,
    _: NoParameters,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let request = CancelRequest::from_json(&body)?;
    let now = app.clock.now();
    change(&app, &caller, &id, |known, _| {
        if known.status == DeliveryStatus::Cancelled {
            return Ok(None);
        }
        expect(known, &[DeliveryStatus::Requested, DeliveryStatus::InTransit])?;
        let cancelled = Delivery {
            status: DeliveryStatus::Cancelled,
            finished_at: Some(now),
            reason: request.reason.clone(),
            ..known.clone()
        };
        Ok(Some(cancelled))
    })
    .await
}

/// One step of a delivery's story. `step` gives the next document, `None` where it is there already (a repeated command:
/// 200), or a refusal.
async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    step: impl Fn(&Delivery, &Now<'_>) -> Result<Option<Delivery>>,
) -> Result<Response> {
    let id = delivery_id(id)?;
    let found = find(app, id).await?;
    caller.expect_theirs(&found)?;
    let decide = |at: Now<'_>| {
        let known = at.known(&id).unwrap_or_else(|| found.clone());
        Ok(step(&known, &at)?.map_or(Step::Done(known), |next| Step::Write(next.into())))
    };
    let submitted = app.commands.submit(&app.live, id, app.clock.now(), decide).await?;
    if let Submitted::Written(written) = &submitted {
        let Delivery { delivery, courier, status, .. } = &**written;
        tracing::info!(%delivery, %courier, %status, "delivery changed");
    }
    Ok(answer(submitted))
}

fn expect(known: &Delivery, allowed: &[DeliveryStatus]) -> Result<()> {
    if allowed.contains(&known.status) {
        return Ok(());
    }
    let allowed: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
    let detail = format!("{} is {}; this needs it {}", known.delivery, known.status, allowed.join(" or "));
    Err(Answer::new(ProblemKind::WrongState, detail))
}

fn driven_by_courier(known: &Delivery) -> Result<()> {
    match known.driver {
        Driver::Courier => Ok(()),
        Driver::Simulator => {
            Err(Answer::new(ProblemKind::WrongState, format!("{} is driven by the simulator", known.delivery)))
        }
    }
}
