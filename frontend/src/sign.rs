//! Signs: references to the drawings of index.html, and which one stands for what.

use contract::{DeliveryStatus, frame::CourierStatus};
use leptos::prelude::*;

/// A line icon in the colour of the text around it; `name` as in index.html, without `i-`.
pub fn icon(name: &'static str) -> AnyView {
    icon_in("ic", name)
}

/// The same, 14 px.
pub fn icon_small(name: &'static str) -> AnyView {
    icon_in("ic s", name)
}

fn icon_in(class: &'static str, name: &'static str) -> AnyView {
    view! { <svg class=class aria-hidden="true"><use href=format!("#i-{name}")></use></svg> }.into_any()
}

/// A glyph: `shape` as in index.html without `g-`, `class` its colour and size.
pub fn glyph(shape: &'static str, class: &'static str) -> AnyView {
    view! { <svg class=format!("glyph {class}") aria-hidden="true"><use href=format!("#g-{shape}")></use></svg> }
        .into_any()
}

/// The colour of a state: the name of its CSS class and, in lists, of its shape.
pub fn of_status(status: CourierStatus) -> &'static str {
    match status {
        CourierStatus::OnDelivery => "delivery",
        CourierStatus::Idle => "idle",
        CourierStatus::Late => "late",
        CourierStatus::Alarm => "alarm",
        CourierStatus::Offline => "offline",
    }
}

/// Shape and colour of a delivery: while it is on the way, those of its courier.
pub fn of_delivery(status: DeliveryStatus, courier: Option<CourierStatus>) -> (&'static str, &'static str) {
    match status {
        DeliveryStatus::Requested => ("requested", "offline"),
        DeliveryStatus::InTransit => match courier {
            Some(status @ (CourierStatus::Late | CourierStatus::Alarm | CourierStatus::Offline)) => {
                (of_status(status), of_status(status))
            }
            _ => ("delivery", "delivery"),
        },
        DeliveryStatus::Delivered => ("delivered", "idle"),
        DeliveryStatus::Failed | DeliveryStatus::Rejected => ("failed", "alarm"),
        DeliveryStatus::Cancelled => ("failed", "offline"),
    }
}
