//! Bodies that the page sends, as JSON. The server reads them with [`contract::rest`].

use contract::rest::{CancelRequest, DeliveryRequest, PathChoice};
use serde_json::{Value, json};

/// The body of PUT /deliveries/{id}.
pub fn delivery(request: &DeliveryRequest) -> String {
    let mut body = json!({
        "courier": request.courier,
        "driver": request.driver,
        "speed": request.speed,
    });
    match &request.path {
        PathChoice::Route(route) => body["route"] = json!(route),
        PathChoice::Path(path) => body["path"] = json!(path),
    }
    if let Some(interval_ms) = request.interval_ms {
        body["interval_ms"] = json!(interval_ms);
    }
    if let Some(reference) = &request.reference {
        body["reference"] = json!(reference);
    }
    if let Some(promised_at) = request.promised_at {
        body["promised_at"] = json!(promised_at);
    }
    text(&body)
}

/// The body of POST /deliveries/{id}/cancel.
pub fn cancel(request: &CancelRequest) -> String {
    match &request.reason {
        Some(reason) => text(&json!({ "reason": reason })),
        None => "{}".into(),
    }
}

/// Not `to_string`, which brings the errors of input and output with it.
fn text(body: &Value) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{CourierId, Driver, RouteId};

    #[test]
    fn the_server_reads_what_the_page_writes() {
        let mut request = DeliveryRequest {
            courier: CourierId::new("c-17").unwrap(),
            path: PathChoice::Route(RouteId::new("station-to-market").unwrap()),
            driver: Driver::Simulator,
            speed: 2.5,
            interval_ms: Some(500),
            reference: Some("order \"9\"".into()),
            promised_at: Some(1_763_683_200_000),
        };
        assert_eq!(DeliveryRequest::from_json(delivery(&request).as_bytes()).unwrap(), request);
        request = DeliveryRequest { interval_ms: None, reference: None, promised_at: None, ..request };
        assert_eq!(DeliveryRequest::from_json(delivery(&request).as_bytes()).unwrap(), request);
        let reason = CancelRequest { reason: Some("customer moved".into()) };
        assert_eq!(CancelRequest::from_json(cancel(&reason).as_bytes()).unwrap(), reason);
        assert!(CancelRequest::from_json(cancel(&CancelRequest { reason: None }).as_bytes()).is_ok());
    }
}
