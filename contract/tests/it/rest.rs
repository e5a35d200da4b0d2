//! Bodies of the REST interface.

use contract::{
    Driver, Place, Role, You,
    live::EtaRange,
    rest::{
        Audit, CancelRequest, DeliveryPage, DeliveryRequest, Figures, FiguresRow, FinishRequest, Gap, LineString, Link,
        LiveCourier, LiveDeliveries, LonLat, Outcome, Page, PathChoice, Replay, Route, RouteFeature, RouteLine, Status,
        Trail, expect_no_fields,
    },
};

use crate::{golden, sample};

const THROUGH: i64 = 1_763_683_201_000;

fn route() -> Route {
    Route {
        route: "station-to-market".parse().unwrap(),
        name: "Railway Square to Market Hall".into(),
        distance_m: 1_240,
        planned_s: 260,
        origin: sample::place(60.17, 24.94),
        destination: sample::place(60.16, 24.95),
    }
}

#[test]
fn routes() {
    golden::from_the_protocol(
        r#"{"route":"station-to-market","name":"Railway Square to Market Hall","distance_m":1240,"planned_s":260,"origin":{"lat":60.17,"lon":24.94},"destination":{"lat":60.16,"lon":24.95}}"#,
        &route(),
    );
    golden::json("rest/routes.json", &Page { items: vec![route()], next: None });
    golden::json("rest/route.json", &RouteLine { route: route(), path: sample::path() });
    let line = contract::polyline::decode(&sample::path()).unwrap();
    let geometry = LineString { coordinates: line.into_iter().map(LonLat).collect() };
    golden::json("rest/route-feature.json", &RouteFeature { properties: route(), geometry });
    // Longitude comes first, and what is no place is none here either.
    let north = golden::read("rest/route-feature.json").replace("24.9414", "190.0");
    assert!(serde_json::from_str::<RouteFeature>(&north).is_err(), "{north}");
}

#[test]
fn deliveries() {
    let (items, cursor) = (vec![sample::delivery()], "Aa3...".to_owned());
    golden::json("rest/deliveries-live.json", &LiveDeliveries { items: items.clone(), next: None, cursor });
    golden::json("rest/deliveries.json", &DeliveryPage { items, next: Some("MTc2MzY4".into()), through: THROUGH });
    golden::json("rest/deliveries-none.json", &DeliveryPage { items: vec![], next: None, through: THROUGH });
    golden::json("rest/delivery.json", &sample::delivery());
    let url = "https://host/track#eyJ...".to_owned();
    golden::json("rest/link.json", &Link { url: url.clone(), expires_at: THROUGH, notice: None });
    golden::json("rest/link-notice.json", &Link { url, expires_at: THROUGH, notice: Some("until the restart".into()) });
}

#[test]
fn couriers() {
    let on_delivery = LiveCourier {
        courier: sample::courier(),
        status: "on_delivery".into(),
        position: sample::position(),
        delivery: Some(sample::delivery_id()),
        eta: Some(EtaRange { from: 1_763_683_500_000, to: 1_763_683_700_000 }),
        age_ms: 800,
        reason: None,
    };
    let offline = LiveCourier {
        status: "offline".into(),
        position: sample::bare_position(),
        delivery: None,
        eta: None,
        age_ms: 380_000,
        reason: Some("no fix for 6 min".into()),
        ..on_delivery.clone()
    };
    golden::json("rest/courier.json", &on_delivery);
    golden::json("rest/couriers.json", &Page { items: vec![on_delivery, offline], next: Some("c-17".into()) });
}

#[test]
fn history() {
    let gaps = vec![Gap { from: 1_763_683_200_123, to: 1_763_683_290_123 }];
    golden::json("rest/trail.json", &Trail { points: vec![sample::position()], gaps, through: THROUGH });
    let whole = Audit { expected: Some(541), stored: 541, missing: vec![], through: THROUGH };
    golden::json("rest/audit.json", &whole);
    let holes = Audit { expected: None, stored: 529, missing: vec![(7, 7), (20, 30)], through: THROUGH };
    golden::json("rest/audit-holes.json", &holes);
    golden::json("rest/delivery-customer.json", &sample::delivery_of_customer());
    let points = vec![sample::position_of_customer()];
    golden::json("rest/trail-customer.json", &Trail { points, gaps: vec![], through: THROUGH });
}

#[test]
fn replay_and_figures() {
    let items = vec![sample::position(), sample::bare_position()];
    golden::json("rest/replay.json", &Replay { at: THROUGH, items, more: false, through: THROUGH });
    let row = FiguresRow {
        t: 1_763_683_200_000,
        key: "station-to-market".into(),
        count: 12,
        delivered: 11,
        mean_s: Some(540.5),
        promised: 10,
        on_time: Some(0.9),
        predicted: 11,
        mean_eta_error_s: Some(35.0),
    };
    let none = FiguresRow {
        key: String::new(),
        count: 1,
        delivered: 0,
        mean_s: None,
        promised: 0,
        on_time: None,
        predicted: 0,
        mean_eta_error_s: None,
        ..row.clone()
    };
    golden::json("rest/figures.json", &Figures { rows: vec![none, row], more: false, through: THROUGH });
}

#[test]
fn status() {
    let status = Status {
        broker: "up".into(),
        history: "away".into(),
        behind_ms: 40,
        couriers: 12,
        lost: 0,
        sockets: 3,
        version: "0.1.0".into(),
        now: THROUGH,
    };
    golden::json("rest/status.json", &status);
}

/// Requests are other people's words: they are read here and never written, so the golden files are what clients send.
#[test]
fn requests() {
    let request = |name: &str| DeliveryRequest::from_json(golden::read(name).as_bytes()).unwrap();
    let short = DeliveryRequest {
        courier: sample::courier(),
        path: PathChoice::Route("station-to-market".parse().unwrap()),
        driver: Driver::Simulator,
        speed: 1.0,
        interval_ms: None,
        reference: None,
        promised_at: None,
    };
    assert_eq!(request("rest/request/delivery-short.json"), short);
    // The protocol's own example names every field.
    assert_eq!(request("rest/request/delivery-route.json"), short);
    let line: Vec<Place> = contract::polyline::decode(&sample::path()).unwrap();
    let by_path = DeliveryRequest {
        path: PathChoice::Path(contract::polyline::encode(&line)),
        driver: Driver::Courier,
        speed: 2.5,
        interval_ms: Some(500),
        reference: Some("order-991".into()),
        promised_at: Some(1_763_684_400_000),
        ..short
    };
    assert_eq!(request("rest/request/delivery-path.json"), by_path);

    // Those of start and link: no body, or one without fields.
    for name in ["rest/request/start.json", "rest/request/link.json"] {
        assert!(expect_no_fields(golden::read(name).as_bytes()).is_ok(), "{name}");
    }
    let errors = expect_no_fields(br#"{"reason":"x"}"#).unwrap_err().errors;
    assert_eq!(errors[0].pointer, "/reason");

    let finish = |name: &str| FinishRequest::from_json(golden::read(name).as_bytes()).unwrap();
    let delivered = FinishRequest { outcome: Outcome::Delivered, reason: None };
    assert_eq!(finish("rest/request/finish-delivered.json"), delivered);
    let failed = FinishRequest { outcome: Outcome::Failed, reason: Some("nobody home".into()) };
    assert_eq!(finish("rest/request/finish-failed.json"), failed);
    let cancel = CancelRequest::from_json(golden::read("rest/request/cancel.json").as_bytes()).unwrap();
    assert_eq!(cancel, CancelRequest { reason: Some("ordered twice".into()) });
}

#[test]
fn who_one_is() {
    let ana = You { role: Role::Dispatcher, name: Some("ana".into()), until: Some(1_763_712_000_000) };
    golden::json("rest/me.json", &ana);
    golden::json("rest/me-open.json", &You { role: Role::Dispatcher, name: None, until: None });
    for role in Role::ALL {
        let written = serde_json::to_value(role).unwrap();
        assert_eq!((written.as_str(), Role::from_name(role.as_str())), (Some(role.as_str()), Some(role)));
    }
    assert_eq!(Role::from_name("king"), None);
}
