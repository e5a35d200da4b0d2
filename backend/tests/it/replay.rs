//! The fleet of the past, and figures about deliveries.

use std::sync::Arc;

use contract::{
    Delivery, DeliveryStatus, Millis,
    frame::{Frame, Kind},
    rest::{Figures, Replay},
};
use history::{HistoryWriter, Item, PartitionMark};
use reqwest::Method;

use crate::harness::{
    Backend, Reply,
    samples::{delivery, fix},
};

/// A UTC midnight, long past.
const T0: Millis = 1_763_683_200_000;

fn past(name: &str, s: i64, lat: f64, lon: f64) -> Item {
    let mut position = fix(name, lat, lon);
    position.at = T0 + s * 1_000;
    Item::Position { broker_time: position.at + 20, position }
}

fn ended(name: &str, hour: i64, took_s: i64) -> Item {
    let requested_at = T0 + hour * 3_600_000;
    let delivery = Delivery {
        requested_at,
        started_at: Some(requested_at),
        finished_at: Some(requested_at + took_s * 1_000),
        promised_at: Some(requested_at + 100_000),
        route: (name != "a").then(|| "harbour".parse().unwrap()),
        ..delivery(name, DeliveryStatus::Delivered)
    };
    Item::Delivery { delivery: Box::new(delivery), broker_time: requested_at + 20 }
}

async fn store(writer: &Arc<dyn HistoryWriter>, items: impl IntoIterator<Item = Item>) {
    writer.store(items.into_iter().collect()).await.unwrap();
    let mark = PartitionMark { topic: "positions".into(), partition: 0, next_offset: 9, through: T0 + 60_000 };
    writer.checkpoint(&[mark]).await.unwrap();
}

#[tokio::test]
async fn the_fleet_of_a_moment_comes_as_a_frame_or_as_json() {
    let backend = Backend::start().await;
    let api = backend.api();
    let items =
        [past("a", 10, 60.1, 24.9), past("a", 20, 60.2, 24.9), past("b", 15, 10.0, 10.0), past("c", 400, 60.1, 24.9)];
    store(backend.history.as_ref().unwrap(), items).await;

    let reply = api.get(&format!("/replay?at={}", T0 + 30_000)).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/octet-stream"));
    assert_eq!((reply.header("through"), reply.header("more")), ((T0 + 60_000).to_string().as_str(), "false"));
    let frame = Frame::parse(&reply.body).unwrap();
    assert_eq!((frame.header.kind, frame.header.now), (Kind::Full, T0 + 30_000));
    assert_eq!(frame.names().map(|(_, name)| name).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(frame.records().map(|record| record.age_ms).collect::<Vec<_>>(), [10_000, 15_000]);

    let json = async |query: String| {
        let asked = api.ask(Method::GET, &format!("/replay?{query}")).header("accept", "application/json");
        let reply = Reply::of(asked).await;
        assert_eq!(reply.header("through"), (T0 + 60_000).to_string());
        reply.expect::<Replay>(200)
    };
    let names = |replay: &Replay| {
        replay.items.iter().map(|p| format!("{}@{}", p.courier, (p.at - T0) / 1_000)).collect::<Vec<_>>()
    };
    let replay = json(format!("at={}", T0 + 30_000)).await;
    assert_eq!(names(&replay), ["a@20", "b@15"]);
    assert_eq!((replay.at, replay.more, replay.through), (T0 + 30_000, false, T0 + 60_000));
    // "since" is outside; the newest comes first and only then the bounds.
    assert_eq!(names(&json(format!("at={}&since={}", T0 + 30_000, T0 + 15_000)).await), ["a@20"]);
    let bounds = |south: f64, north: f64| format!("west=24&east=25&south={south}&north={north}");
    assert_eq!(names(&json(format!("at={}&{}", T0 + 30_000, bounds(60.15, 60.3))).await), ["a@20"]);
    assert!(names(&json(format!("at={}&{}", T0 + 30_000, bounds(60.0, 60.15))).await).is_empty());
    // Five minutes and not more, where nothing else is asked for.
    assert_eq!(names(&json(format!("at={}", T0 + 500_000)).await), ["c@400"]);
    // Across the antimeridian.
    assert_eq!(names(&json(format!("at={}&west=5&east=-170&south=0&north=20", T0 + 30_000)).await), ["b@15"]);
}

#[tokio::test]
async fn a_wrong_moment_or_rectangle_is_named() {
    let backend = Backend::start().await;
    let api = backend.api();
    for (query, expected) in [
        ("", vec![("?at", "is needed")]),
        ("at=x", vec![("?at", "must be a time in ms since 1970")]),
        ("at=-1", vec![("?at", "must be a time in ms since 1970")]),
        ("at=90000000&since=90000000", vec![("?since", "must be before at, and at most a day before it")]),
        ("at=90000000&since=3599999", vec![("?since", "must be before at, and at most a day before it")]),
        ("at=90000000&west=1&south=2", vec![("?east", "is needed"), ("?north", "is needed")]),
        (
            "at=90000000&west=a&south=2&east=3&north=NaN",
            vec![("?west", "must be a number"), ("?north", "must be a number")],
        ),
        (
            "at=90000000&west=1&south=2&east=3&north=91",
            vec![("?west", "bounds south and north must be -90 to 90, south not above north")],
        ),
        (
            "at=90000000&west=1&south=3&east=3&north=2",
            vec![("?west", "bounds south and north must be -90 to 90, south not above north")],
        ),
        ("at=90000000&zoom=3", vec![("?zoom", "is not a parameter of this request, or stands twice")]),
    ] {
        let wrong = api.get(&format!("/replay?{query}")).await.wrong();
        let wrong: Vec<(&str, &str)> = wrong.iter().map(|(pointer, rule)| (pointer.as_str(), rule.as_str())).collect();
        assert_eq!(wrong, expected, "{query}");
    }
}

#[tokio::test]
async fn figures_are_told_by_time_and_key() {
    let backend = Backend::start().await;
    let api = backend.api();
    store(backend.history.as_ref().unwrap(), [ended("a", 0, 90), ended("b", 0, 110), ended("b", 30, 40)]).await;
    let figures = async |query: &str| {
        let query = format!("/analytics/deliveries?from={T0}&to={}&{query}", T0 + 48 * 3_600_000);
        api.get(&query).await.expect::<Figures>(200)
    };
    let by_day = figures("bucket=day").await;
    assert_eq!((by_day.more, by_day.through), (false, T0 + 60_000));
    let row = |figures: &Figures, index: usize| {
        let row = &figures.rows[index];
        (row.t - T0, row.key.clone(), row.count, row.delivered, row.mean_s, row.on_time)
    };
    assert_eq!(row(&by_day, 0), (0, String::new(), 2, 2, Some(100.0), Some(0.5)));
    assert_eq!(row(&by_day, 1), (86_400_000, String::new(), 1, 1, Some(40.0), Some(1.0)));
    let by_route = figures("by=route").await;
    assert_eq!(row(&by_route, 0), (0, String::new(), 1, 1, Some(90.0), Some(1.0)));
    assert_eq!(row(&by_route, 1).1, "harbour");
    assert_eq!(figures("bucket=5m&by=courier").await.rows.len(), 3);
    assert_eq!(row(&figures("by=status").await, 0).1, "delivered");
    // The last day, where nothing is asked for: all of these are long past.
    assert!(api.get("/analytics/deliveries").await.expect::<Figures>(200).rows.is_empty());
}

#[tokio::test]
async fn wrong_figures_are_named() {
    let backend = Backend::start().await;
    let api = backend.api();
    for (query, pointer, rule) in [
        ("from=5&to=4", "?from", "must not be after to"),
        ("bucket=week", "?bucket", "must be 5m, hour or day"),
        ("by=colour", "?by", "must be route, courier or status"),
        ("bucket=5m&from=0&to=1763683200000", "?bucket", "is too short for this time: at most 34 days"),
        ("limit=5", "?limit", "is not a parameter of this request, or stands twice"),
    ] {
        let wrong = api.get(&format!("/analytics/deliveries?{query}")).await.wrong();
        assert_eq!(wrong, [(pointer.to_owned(), rule.to_owned())], "{query}");
    }
}
