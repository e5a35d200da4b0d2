//! POST /deliveries/{id}/link: the address by which a customer follows one delivery.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use contract::{
    Delivery, Millis, Problem, ProblemKind, Role,
    rest::{Link, expect_no_fields},
};
use fleet::customer;

use super::{
    deliveries::find,
    past::delivery_id,
    problem::{Answer, Result},
    query::{JsonBody, Named, NoParameters},
};
use crate::{App, access::Claims};

/// What is said of a link that a secret of this process has signed.
const NOT_KEPT: &str =
    "This link opens on this machine only, until the server restarts: no secret is set (CD_AUTH_SECRET_FILE).";
/// What is said of a link to this machine.
const LOOPBACK: &str = "This link opens on this machine only: no address for customers is set (CD_PUBLIC_URL).";

/// POST /deliveries/{id}/link. It writes nothing: whoever holds the link holds the right.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/link", params(("id" = String, Path)),
    responses((status = 201, body = Link), (status = 404, body = Problem), (status = 410, body = Problem)))]
pub async fn create(
    State(app): State<Arc<App>>,
    Named(id): Named,
    _: NoParameters,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Link>)> {
    expect_no_fields(&body)?;
    let delivery = find(&app, delivery_id(&id)?).await?;
    expect_open(&delivery, app.clock.now())?;
    let exp = customer::link_until(&delivery) / 1000;
    let delivery = Some(delivery.delivery);
    let claims = Claims { sub: "customer".into(), role: Role::Customer, courier: None, delivery, exp };
    let Some(token) = app.access.sign(&claims) else {
        return Err(Answer::new(ProblemKind::Internal, "the link cannot be signed"));
    };
    let (origin, notice) = address(&app, &headers);
    let url = format!("{origin}/track#{token}");
    Ok((StatusCode::CREATED, Json(Link { url, expires_at: exp * 1000, notice: notice.map(str::to_owned) })))
}

/// Fails with `link-ended` where the time of the delivery's links is over.
pub fn expect_open(delivery: &Delivery, now: Millis) -> Result<()> {
    if now < customer::link_until(delivery) {
        return Ok(());
    }
    Err(Answer::new(ProblemKind::LinkEnded, "this delivery's link has ended: it is shown until 2 h after the end"))
}

/// Where the page is reached, and what is to be known about that.
fn address(app: &App, headers: &HeaderMap) -> (String, Option<&'static str>) {
    if !app.access.is_kept() {
        return (format!("http://{}", app.addr), Some(NOT_KEPT));
    }
    if let Some(url) = app.access.public_url() {
        return (url.to_owned(), None);
    }
    // By the name that the dispatcher uses: it was held against those that are known.
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let known = |host: &str| {
        app.allowed_origins.iter().find(|origin| origin.split_once("://").is_some_and(|(_, known)| known == host))
    };
    match asked.and_then(known) {
        Some(origin) => (origin.clone(), None),
        None => (format!("http://{}", app.addr), Some(LOOPBACK)),
    }
}
