//! Live couriers.

use std::sync::Arc;

use axum::{Json, extract::State};
use contract::{
    CourierId, Problem,
    frame::CourierStatus,
    problem::FieldError,
    rest::{LiveCourier, Page},
};

use super::{
    problem::{Answer, Result},
    query::{Named, NoParameters, Parameters},
};
use crate::App;

/// In which order couriers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// By name.
    Courier,
    /// Alarm, late (worst first), on delivery by ETA, idle, offline.
    Late,
}

/// GET /couriers?status&q&sort=late,courier&limit<=200&after.
#[utoipa::path(get, path = "/api/v1/couriers",
    params(("status" = Option<String>, Query), ("q" = Option<String>, Query), ("sort" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<LiveCourier>), (status = 422, body = Problem)))]
pub async fn list(State(app): State<Arc<App>>, mut query: Parameters) -> Result<Json<Page<LiveCourier>>> {
    let status = query.take("status", |name| {
        CourierStatus::from_name(name).ok_or_else(|| "must be idle, on_delivery, late, alarm or offline".into())
    });
    let words = query.take("q", |text| Ok(text.to_lowercase()));
    let sort = query.take("sort", |name| match name {
        "late" => Ok(Sort::Late),
        "courier" => Ok(Sort::Courier),
        _ => Err("must be late or courier".into()),
    });
    let sort = sort.unwrap_or(Sort::Courier);
    let limit = query.count("limit", 100, 200);
    let after = query.take("after", |text| CourierId::new(text).map_err(|_| "must be the `next` of a page".into()));
    query.finish()?;
    app.caught_up()?;
    let state = app.live.state.read();
    let fleet = &state.fleet;
    let mut found: Vec<_> = fleet
        .couriers()
        .iter()
        .filter(|(_, row, _)| status.is_none_or(|status| row.status == status))
        .filter(|(_, _, details)| {
            words.as_ref().is_none_or(|words| details.courier.as_str().to_lowercase().contains(words))
        })
        .collect();
    match sort {
        Sort::Courier => found.sort_by(|(_, _, a), (_, _, b)| a.courier.cmp(&b.courier)),
        Sort::Late => found.sort_by_cached_key(|(_, row, details)| {
            let over = details.task.as_ref().and_then(|task| Some(task.due? - task.eta?));
            (urgency(row.status), over, row.eta_s, details.courier.clone())
        }),
    }
    let start = match (&after, sort) {
        (None, _) => 0,
        // By name the place is there even if the courier has gone.
        (Some(after), Sort::Courier) => found.partition_point(|(_, _, details)| details.courier <= *after),
        (Some(after), Sort::Late) => {
            let at = found.iter().position(|(_, _, details)| details.courier == *after);
            at.ok_or_else(|| wrong_after(after))? + 1
        }
    };
    let page = &found[start..found.len().min(start + limit)];
    let more = start + page.len() < found.len();
    let next = page.last().filter(|_| more).map(|(_, _, details)| details.courier.to_string());
    let items = page.iter().map(|(_, row, details)| fleet.describe(row, details)).collect();
    Ok(Json(Page { items, next }))
}

/// A list by urgency has no place for a courier that is not in it any more.
fn wrong_after(after: &CourierId) -> Answer {
    let detail = format!("{after} has left this list: begin with its first page again");
    Problem::invalid(vec![FieldError { pointer: "?after".into(), detail }]).into()
}

fn urgency(status: CourierStatus) -> u8 {
    match status {
        CourierStatus::Alarm => 0,
        CourierStatus::Late => 1,
        CourierStatus::OnDelivery => 2,
        CourierStatus::Idle => 3,
        CourierStatus::Offline => 4,
    }
}

/// GET /couriers/{id}.
#[utoipa::path(get, path = "/api/v1/couriers/{courier}", params(("courier" = String, Path)),
    responses((status = 200, body = LiveCourier), (status = 404, body = Problem)))]
pub async fn one(State(app): State<Arc<App>>, Named(courier): Named, _: NoParameters) -> Result<Json<LiveCourier>> {
    app.caught_up()?;
    let id = CourierId::new(&courier).ok();
    let state = app.live.state.read();
    let known = id.and_then(|id| state.fleet.live_courier(&id));
    known.map(Json).ok_or_else(|| Answer::not_found(format_args!("courier {courier}")))
}
