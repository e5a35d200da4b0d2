//! The REST interface, typed by [`contract::rest`]. Every failure is a [`Problem`]: the server's own, or one that says
//! that the network or the answer was at fault.

use contract::{
    CourierId, Delivery, DeliveryId, Problem, RouteId,
    rest::{Audit, CancelRequest, DeliveryPage, DeliveryRequest, LiveCourier, LiveDeliveries, Page, Route, RouteLine, Status, Trail},
};

/// GET /routes.
pub async fn routes() -> Result<Page<Route>, Problem> {
    Err(unreached())
}

/// GET /routes/{route}, with its line.
pub async fn route_line(_route: &RouteId) -> Result<RouteLine, Problem> {
    Err(unreached())
}

/// PUT /deliveries/{id}: the id is the caller's ([`crate::live::Live::new_delivery_id`]), so that a repeated attempt
/// cannot start a second run.
pub async fn put_delivery(_id: DeliveryId, _body: &DeliveryRequest) -> Result<Delivery, Problem> {
    Err(unreached())
}

/// POST /deliveries/{id}/cancel.
pub async fn cancel(_id: DeliveryId, _body: &CancelRequest) -> Result<Delivery, Problem> {
    Err(unreached())
}

/// GET /deliveries/{id}.
pub async fn delivery(_id: DeliveryId) -> Result<Delivery, Problem> {
    Err(unreached())
}

/// GET /deliveries/live.
pub async fn live_deliveries() -> Result<LiveDeliveries, Problem> {
    Err(unreached())
}

/// GET /deliveries?from&to&limit=200&after: stored ones, newest first; the time bar walks through the pages.
pub async fn deliveries(_from: i64, _to: i64, _after: Option<&str>) -> Result<DeliveryPage, Problem> {
    Err(unreached())
}

/// GET /deliveries/{id}/trail.
pub async fn delivery_trail(_id: DeliveryId, _max_points: u32) -> Result<Trail, Problem> {
    Err(unreached())
}

/// GET /couriers/{id}/trail?from&to.
pub async fn courier_trail(_id: &CourierId, _from: i64, _to: i64, _max_points: u32) -> Result<Trail, Problem> {
    Err(unreached())
}

/// GET /deliveries/{id}/audit.
pub async fn audit(_id: DeliveryId) -> Result<Audit, Problem> {
    Err(unreached())
}

/// GET /couriers/{id}.
pub async fn courier(_id: &CourierId) -> Result<LiveCourier, Problem> {
    Err(unreached())
}

/// GET /couriers, late first: the first page, or the one after `after`.
pub async fn couriers(_after: Option<&str>, _limit: u32) -> Result<Page<LiveCourier>, Problem> {
    Err(unreached())
}

/// GET /status.
pub async fn status() -> Result<Status, Problem> {
    Err(unreached())
}

fn unreached() -> Problem {
    Problem {
        kind: "/problems/unreachable".into(),
        title: "Server not reached".into(),
        status: 0,
        detail: "the server cannot be reached".into(),
        instance: None,
        errors: Vec::new(),
        until: None,
    }
}
