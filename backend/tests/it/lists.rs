//! Lists and single things: routes, live couriers and deliveries, and what the store knows.

use std::sync::Arc;

use contract::{
    Delivery, DeliveryStatus, RouteId,
    rest::{Audit, DeliveryPage, LiveCourier, LiveDeliveries, Page, Route, RouteLine, Status, Trail},
};
use history::{Item, PartitionMark};
use reqwest::Method;

use crate::harness::{
    Backend, Reply,
    samples::{ROUTE, courier, delivery, fix, now},
    shared, until,
};

#[tokio::test]
async fn routes_have_a_list_a_line_and_a_geojson() {
    let api = shared().api();
    let page: Page<Route> = api.get("/routes").await.expect(200);
    assert!(page.items.len() >= 24 && page.next.is_none());
    let one: RouteLine = api.get(&format!("/routes/{ROUTE}")).await.expect(200);
    assert_eq!(one.route.route, RouteId::new(ROUTE).unwrap());
    assert!(page.items.contains(&one.route) && contract::polyline::decode(&one.path).unwrap().len() > 2);
    let asked = api.ask(Method::GET, &format!("/routes/{ROUTE}")).header("accept", "application/geo+json");
    let feature = Reply::of(asked).await;
    assert_eq!(feature.header("content-type"), "application/geo+json");
    let feature = feature.json();
    assert_eq!(feature["geometry"]["type"], "LineString");
    let lon = feature["geometry"]["coordinates"][0][0].as_f64().unwrap();
    assert!((24.0..26.0).contains(&lon), "longitude comes first in GeoJSON: {lon}");
    for name in ["nowhere", "a%20b", "%00"] {
        api.get(&format!("/routes/{name}")).await.problem("not-found");
    }
}

#[tokio::test]
async fn couriers_are_filtered_sorted_and_paged() {
    let backend = shared();
    let api = backend.api();
    let names = ["zebra-1", "zebra-2", "zebra-3", "zebra-4", "ZEBRA-5"];
    let fixes: Vec<_> = names.iter().map(|name| fix(name, 10.0, 10.0)).collect();
    backend.feed.positions(&fixes).await;
    backend.feed.delivery(&delivery("zebra-3", DeliveryStatus::InTransit)).await;
    let list = async |query: &str| api.get(&format!("/couriers?{query}")).await.expect::<Page<LiveCourier>>(200);
    let shown = |page: &Page<LiveCourier>| page.items.iter().map(|one| one.courier.to_string()).collect::<Vec<_>>();
    until("all five", async || list("q=zebra-").await.items.len(), |count| *count == 5).await;
    let on_delivery = async || shown(&list("q=zebra-&status=on_delivery").await);
    until("one on a delivery", on_delivery, |names| names == &["zebra-3"]).await;
    assert_eq!(shown(&list("q=ZeBrA-&sort=courier").await), ["ZEBRA-5", "zebra-1", "zebra-2", "zebra-3", "zebra-4"]);
    assert_eq!(shown(&list("q=zebra-&sort=late").await)[0], "zebra-3");
    for sort in ["courier", "late"] {
        let (mut all, mut query) = (Vec::new(), format!("q=zebra-&sort={sort}&limit=2"));
        loop {
            let page = list(&query).await;
            all.extend(shown(&page));
            let Some(next) = page.next else { break };
            query = format!("q=zebra-&sort={sort}&limit=2&after={next}");
        }
        all.sort();
        assert_eq!(all, ["ZEBRA-5", "zebra-1", "zebra-2", "zebra-3", "zebra-4"], "{sort}");
    }
    // By name a page goes on behind a courier that has left meanwhile.
    assert_eq!(shown(&list("q=zebra-&after=zebra-2x").await), ["zebra-3", "zebra-4"]);
    let wrong = api.get("/couriers?q=zebra-&sort=late&after=nobody").await.wrong();
    assert_eq!(wrong[0].0, "?after");
    let one: LiveCourier = api.get("/couriers/zebra-1").await.expect(200);
    assert_eq!((one.status.as_str(), one.position.place.lat(), one.delivery), ("idle", 10.0, None));
    api.get("/couriers/nobody").await.problem("not-found");
    api.get("/couriers/no%20body").await.problem("not-found");
}

#[tokio::test]
async fn a_courier_on_a_delivery_has_an_arrival() {
    let backend = shared();
    let under_way = delivery("eta-1", DeliveryStatus::InTransit);
    backend.feed.delivery(&under_way).await;
    backend.feed.position(&fix("eta-1", 60.17, 24.93)).await;
    let api = backend.api();
    let look = async || {
        let reply = api.get("/couriers/eta-1").await;
        (reply.status == 200).then(|| reply.expect::<LiveCourier>(200))
    };
    let seen = until("an ETA", look, |seen| seen.as_ref().is_some_and(|seen| seen.eta.is_some())).await.unwrap();
    let eta = seen.eta.unwrap();
    assert!(eta.from <= eta.to && eta.to > now() && eta.to < now() + 600_000);
    assert_eq!((seen.delivery, seen.status.as_str()), (Some(under_way.delivery), "on_delivery"));
}

#[tokio::test]
async fn live_deliveries_are_whole_and_carry_a_cursor() {
    let backend = shared();
    let open = delivery("live-1", DeliveryStatus::InTransit);
    let ended = delivery("live-2", DeliveryStatus::Delivered);
    backend.feed.delivery(&open).await;
    backend.feed.delivery(&ended).await;
    let api = backend.api();
    let look = async || api.get("/deliveries/live").await.expect::<LiveDeliveries>(200);
    let all = until("both", look, |all| all.items.contains(&open) && all.items.contains(&ended)).await;
    assert!(all.next.is_none() && all.cursor.len() > 20);
    assert!(all.items.is_sorted_by(|a, b| a.delivery >= b.delivery), "newest first");
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let api = shared().api();
    let id = "/deliveries/019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a";
    let cases = [
        ("/couriers?limit=0".to_owned(), vec!["?limit"]),
        ("/couriers?limit=201&sort=best&status=busy&colour=red".into(), vec!["?status", "?sort", "?limit", "?colour"]),
        ("/couriers?after=a%20b&q=x&q=y".into(), vec!["?after", "?q"]),
        ("/deliveries?limit=201".into(), vec!["?limit"]),
        (
            "/deliveries?status=gone&courier=a%20b&from=yesterday&to=1e9&after=x&page=2".into(),
            vec!["?status", "?courier", "?from", "?to", "?after", "?page"],
        ),
        (format!("{id}/trail?max_points=2001"), vec!["?max_points"]),
        (format!("{id}/trail?from=1"), vec!["?from"]),
        ("/couriers/c/trail?from=5&to=4".into(), vec!["?from"]),
        ("/couriers/c/trail?to=-9223372036854775808".into(), vec!["?to"]),
        ("/couriers/c/trail?from=9223372036854775807".into(), vec!["?from"]),
    ];
    for (path, expected) in cases {
        let wrong = api.get(&path).await.wrong();
        let pointers: Vec<&str> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, expected, "{path}");
    }
    // What has no parameters says so, too.
    for path in ["/routes?x=1", "/status?x=1", "/deliveries/live?x=1", &format!("{id}?x=1"), &format!("{id}/audit?x=1")]
    {
        assert_eq!(api.get(path).await.wrong()[0].0, "?x", "{path}");
    }
}

#[tokio::test]
async fn the_store_answers_lists_trails_and_audits() {
    let backend = Backend::start().await;
    let (api, writer) = (backend.api(), backend.history.clone().unwrap());
    let run = Delivery { positions: Some(10), ..delivery("past-1", DeliveryStatus::Delivered) };
    let start = run.started_at.unwrap();
    let run = Delivery { finished_at: Some(start + 9_000), reference: Some("order 7".into()), ..run };
    let others = (0..4).map(|n| delivery(&format!("past-{}", n + 2), DeliveryStatus::Cancelled));
    let fixes = (0..10u32).filter(|seq| *seq != 4).map(|seq| {
        let mut position = fix("past-1", 60.17, 24.93 + f64::from(seq) / 1e3);
        (position.at, position.seq) = (start + i64::from(seq) * 1_000, Some(seq));
        position.delivery = Some(run.delivery);
        Item::Position { position, broker_time: now() }
    });
    let documents = others.chain([run.clone()]);
    let documents = documents.map(|delivery| Item::Delivery { delivery: Box::new(delivery), broker_time: now() });
    let items: Arc<[Item]> = fixes.chain(documents).collect();
    writer.store(items).await.unwrap();
    let mark = PartitionMark { topic: "positions".into(), partition: 0, next_offset: 1, through: start };
    writer.checkpoint(&[mark]).await.unwrap();

    let page: DeliveryPage = api.get("/deliveries").await.expect(200);
    assert_eq!((page.items.len(), page.next, page.through), (5, None, start));
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page: DeliveryPage = api.get(&format!("/deliveries?{query}")).await.expect(200);
        seen.extend(page.items.iter().map(|delivery| delivery.delivery));
        let Some(next) = page.next else { break };
        query = format!("limit=2&after={next}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let found: DeliveryPage = api.get("/deliveries?reference=order%207&status=delivered").await.expect(200);
    assert_eq!(found.items, std::slice::from_ref(&run));
    for (query, found) in
        [("route=no-such", 0), ("own_path=true", 5), ("on_time=true", 0), ("predicted=false", 1), ("predicted=true", 0)]
    {
        let page: DeliveryPage = api.get(&format!("/deliveries?{query}")).await.expect(200);
        assert_eq!(page.items.len(), found, "{query}");
    }
    for (query, pointer, rule) in [
        ("on_time=late", "?on_time", "must be true or false"),
        ("own_path=false", "?own_path", "must be true"),
        ("own_path=true&route=harbour", "?own_path", "is along no route"),
    ] {
        let wrong = api.get(&format!("/deliveries?{query}")).await.wrong();
        assert_eq!(wrong, [(pointer.to_owned(), rule.to_owned())], "{query}");
    }
    let trail: Trail = api.get(&format!("/deliveries/{}/trail", run.delivery)).await.expect(200);
    assert_eq!((trail.points.len(), trail.through), (9, start));
    let thin: Trail = api.get(&format!("/deliveries/{}/trail?max_points=3", run.delivery)).await.expect(200);
    assert_eq!(thin.points.len(), 3);
    let of: Trail = api.get(&format!("/couriers/past-1/trail?from={start}&to={}", start + 3_000)).await.expect(200);
    assert_eq!((of.points.len(), &of.points[0].courier), (4, &courier("past-1")));
    let audit: Audit = api.get(&format!("/deliveries/{}/audit", run.delivery)).await.expect(200);
    assert_eq!((audit.expected, audit.stored, audit.missing), (Some(10), 9, vec![(4, 4)]));
    let unknown = "/deliveries/019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a";
    for path in ["", "/trail", "/audit"] {
        api.get(&format!("{unknown}{path}")).await.problem("not-found");
    }
}

#[tokio::test]
async fn a_delivery_that_the_store_has_not_seen_yet_has_an_empty_trail() {
    let backend = shared();
    let fresh = delivery("trail-1", DeliveryStatus::InTransit);
    backend.feed.delivery(&fresh).await;
    let api = backend.api();
    let path = format!("/deliveries/{}/trail", fresh.delivery);
    let trail = until("known", async || api.get(&path).await, |reply| reply.status != 404).await;
    assert!(trail.expect::<Trail>(200).points.is_empty());
}

#[tokio::test]
async fn status_tells_how_it_is() {
    let status: Status = shared().api().get("/status").await.expect(200);
    assert_eq!((status.broker.as_str(), status.history.as_str(), status.lost), ("up", "up", 0));
    assert!((status.now - now()).abs() < 10_000 && !status.version.is_empty());
}
