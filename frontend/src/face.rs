//! A row's face: the words and signs of a courier or a delivery in the list.

use contract::{DeliveryStatus, Millis, frame::CourierStatus};
use leptos::prelude::WithValue;
use model::{CourierRow, DeliveryRow, Staleness};

use crate::{
    catalogue::Catalogue,
    format,
    live::Live,
    sign,
    words::{self, say},
};

/// What a row says. Equal faces are not drawn again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Face {
    /// For the hook `data-courier`.
    pub courier: String,
    /// For the hook `data-delivery`.
    pub delivery: Option<String>,
    /// Shape of the glyph.
    pub shape: &'static str,
    /// Its colour, and that of the row's class.
    pub colour: &'static str,
    /// The same for those who do not see it.
    pub spoken: &'static str,
    /// More classes.
    pub class: &'static str,
    /// First line.
    pub name: String,
    /// Behind the name: colour and text.
    pub tags: Vec<(&'static str, String)>,
    /// Second line.
    pub detail: String,
    /// First line, right.
    pub end: String,
    /// Second line, right.
    pub age: String,
    /// Per cent of the way, while it is on the way.
    pub done: Option<u8>,
}

/// "order-9417 · Station to Market Square", as far as it is known.
pub fn order_and_route(reference: Option<&str>, route: Option<&contract::RouteId>, catalogue: Catalogue) -> String {
    let route = route.map(|route| catalogue.name(route));
    match (reference, route) {
        (Some(reference), Some(route)) => format!("{reference} · {route}"),
        (Some(one), None) => one.into(),
        (None, Some(one)) => one,
        (None, None) => String::new(),
    }
}

/// A courier's row.
pub fn of_courier(row: &CourierRow, now: Millis, live: Live, catalogue: Catalogue) -> Face {
    let zone = live.zone_min;
    let on_delivery = row.delivery.is_some() && row.status != CourierStatus::Idle;
    let mut tags = Vec::new();
    match row.status {
        CourierStatus::Alarm => tags.push(("alarm", say!(silent_tag).into())),
        CourierStatus::Late => {
            tags.extend(row.late_ms.map(|late| ("late", words::late_tag(&format::late_badge(late)))))
        }
        _ => {}
    }
    if row.two_devices {
        tags.push(("", say!(two_devices_tag).into()));
    }
    tags.extend(row.clock_ahead.map(|ahead| ("", words::clock_ahead(ahead))));
    if row.simulated {
        tags.push(("sim", say!(sim_tag).into()));
    }
    let last_seen = || words::last_seen(&format::time(row.at, zone));
    let detail = match row.status {
        CourierStatus::Offline => last_seen(),
        _ if on_delivery => order_and_route(row.reference.as_deref(), row.route.as_ref(), catalogue),
        _ if Staleness::of(row.at, now) >= Staleness::Stale => last_seen(),
        _ => say!(no_delivery).into(),
    };
    let (end, class) = match row.status {
        CourierStatus::Idle | CourierStatus::Offline => (words::status(row.status).into(), " no-eta quiet"),
        CourierStatus::Alarm => (say!(no_eta).into(), " no-eta"),
        _ => match row.eta {
            Some(eta) => (format::time(eta, zone), ""),
            None => (words::NONE.into(), " no-eta"),
        },
    };
    let standing = row.status == CourierStatus::OnDelivery && !row.moving;
    Face {
        courier: row.courier.to_string(),
        delivery: row.delivery.map(|id| id.to_string()),
        shape: if standing { "standing" } else { sign::of_status(row.status) },
        colour: sign::of_status(row.status),
        spoken: words::status(row.status),
        class,
        name: format::courier(row.courier.as_str()),
        tags,
        detail,
        end,
        age: format::ago(row.at, now),
        done: None,
    }
}

/// A delivery's row.
pub fn of_delivery(row: &DeliveryRow, now: Millis, live: Live, catalogue: Catalogue) -> Face {
    let zone = live.zone_min;
    let courier = format::courier(row.courier.as_str());
    let (shape, colour) = sign::of_delivery(row.status, row.courier_status);
    let progress = match row.status {
        DeliveryStatus::InTransit => live.world.with_value(|world| world.progress(row.delivery)),
        _ => None,
    };
    let mut tags = Vec::new();
    if row.status == DeliveryStatus::InTransit {
        match row.courier_status {
            Some(CourierStatus::Alarm) => tags.push(("alarm", say!(silent_tag).into())),
            _ => tags.extend(row.late_ms.map(|late| ("late", words::late_tag(&format::late_badge(late))))),
        }
    }
    let route = order_and_route(None, row.route.as_ref(), catalogue);
    let (detail, end, age) = match row.status {
        DeliveryStatus::Requested => {
            (format!("{courier} · {route}"), say!(waiting).into(), format::ago(row.since, now))
        }
        DeliveryStatus::InTransit => {
            let all = format::distance(row.distance_m.into());
            let way = match progress {
                Some(progress) => words::way_done(&format::distance(progress.done_m), &all),
                None => route,
            };
            let eta = row.eta.map_or(words::NONE.into(), |eta| format::time(eta, zone));
            (format!("{courier} · {way}"), eta, progress.map_or(String::new(), |p| format::percent(p.share())))
        }
        DeliveryStatus::Delivered => (
            format!("{} · {route}", words::delivered_by(&courier)),
            format::time(row.since, zone),
            format::ago(row.since, now),
        ),
        DeliveryStatus::Failed | DeliveryStatus::Cancelled | DeliveryStatus::Rejected => {
            tags.push((colour, words::delivery_status(row.status).into()));
            let why = row.reason.as_deref().map_or_else(|| format!("{courier} · {route}"), words::reason);
            (why, format::time(row.since, zone), format::ago(row.since, now))
        }
    };
    let class = match row.status {
        DeliveryStatus::Requested => " no-eta",
        DeliveryStatus::InTransit => "",
        _ => " quiet",
    };
    Face {
        courier: row.courier.to_string(),
        delivery: Some(row.delivery.to_string()),
        shape,
        colour,
        spoken: words::delivery_status(row.status),
        class,
        name: title(row, catalogue),
        tags,
        detail,
        end,
        age,
        done: progress.map(|progress| (progress.share() * 100.0) as u8),
    }
}

/// The order's reference, or the route, or the courier: the first that says something.
fn title(row: &DeliveryRow, catalogue: Catalogue) -> String {
    match (&row.reference, &row.route) {
        (Some(reference), _) => reference.clone(),
        (None, Some(route)) => catalogue.name(route),
        (None, None) => format::courier(row.courier.as_str()),
    }
}
