//! Every text that a person reads, in one place: the next language is another file like this one.
//!
//! Short, calm, exact; the number first; no exclamation marks. Numbers and times are made by `model::format`.

#![allow(missing_docs, reason = "a text says itself what it is")]

use contract::{DeliveryStatus, frame::CourierStatus};

pub mod own;
mod past;

pub use past::*;

pub const BRAND: &str = "Code Delivery";
pub const SKIP: &str = "Skip to the list";
pub const NONE: &str = "–";

// Connection
pub const LIVE: &str = "Live";
pub const LIVE_CAPS: &str = "LIVE";
pub const CONNECTING: &str = "Connecting";
pub const RECONNECTING: &str = "Reconnecting";
pub const ENDED: &str = "Ended";
pub const TRY_NOW: &str = "Try now";
pub const NEW_PAGE: &str = "A newer version is here";
pub const NEW_PAGE_WHY: &str = "The view stays as it is.";
pub const RELOAD: &str = "Reload";
pub const TRYING: &str = "trying now";
pub const NO_DATA_YET: &str = "Reconnecting, nothing received yet";
pub const OUTDATED: &str = "The server speaks a newer protocol than this page";
pub const REFUSED: &str = "The server refused the connection";
pub const UNAUTHORIZED: &str = "The access token is wrong or expired";
/// What signs out, and whom: "Sign out: ana, viewer".
pub fn sign_out(who: &str) -> String {
    format!("Sign out: {who}")
}

pub const OVER: &str = "This view has ended";
pub const START_PAUSED: &str = "Start is paused";

// Status bar
pub const FILTER_BY_STATE: &str = "Filter by state";
pub const LATENCY_HINT: &str = "From the position's time to the drawn frame";
pub const SPARK_HINT: &str = "p95 of the last 60 s";
pub const UPDATES: &str = "updates/s";
pub const UPDATES_HINT: &str = "Positions received in the last second";
pub const HELP: &str = "Keyboard help";
pub const MENU: &str = "Menu";
pub const OPEN_LIST: &str = "List";
pub const THEME: [&str; 3] = ["Theme: as the system", "Theme: light", "Theme: dark"];

pub fn status(status: CourierStatus) -> &'static str {
    match status {
        CourierStatus::OnDelivery => "On delivery",
        CourierStatus::Idle => "Idle",
        CourierStatus::Late => "Late",
        CourierStatus::Alarm => "Alarm",
        CourierStatus::Offline => "Offline",
    }
}
pub fn status_only(status: CourierStatus) -> String {
    format!("{} only", self::status(status))
}
pub fn remove_filter(name: &str) -> String {
    format!("Remove the filter {name}")
}

// Rail
pub const LIST: &str = "Couriers and deliveries";
pub const SEARCH: &str = "Search courier, order, route";
pub const START: &str = "Start";
pub const COURIERS: &str = "Couriers";
pub const DELIVERIES: &str = "Deliveries";
pub const SORT: &str = "Order of the list";
pub const SORT_LATE: &str = "Late first";
pub const SORT_NAME: &str = "By name";
pub const SORT_NEWEST: &str = "Newest first";
pub const IN_VIEW: &str = "In view";
pub const ROUTE: &str = "Route";
pub const ANY_ROUTE: &str = "Any route";
pub const ANY_SOURCE: &str = "Any source";
pub const SIMULATED: &str = "Simulated";
pub const SIMULATOR: &str = "simulator";
pub const DEVICES: &str = "Devices";
pub const SIM_TAG: &str = "sim";
pub const SILENT_TAG: &str = "Silent";
pub const TWO_DEVICES_TAG: &str = "2 devices";
pub const CLOCK_OFF_TAG: &str = "Clock off";
pub const NO_ETA: &str = "no ETA";
pub const NO_DELIVERY: &str = "No delivery";
pub const WAITING: &str = "waiting";
pub const KEYS_HINT: &str = "next, previous";
pub const NO_COURIERS: &str = "No couriers yet";
pub const NO_COURIERS_WHY: &str = "Start a delivery, or send a first position. It shows here within a second.";
pub const NO_DELIVERIES: &str = "No deliveries yet";
pub const NO_DELIVERIES_WHY: &str = "What you start shows here, with its courier and its progress.";
pub const CLEAR_FILTERS: &str = "Clear filters";
pub const WINDOW: &str = "Positions from the last 15 min";
pub const LOADING: &str = "Loading";
pub const PART_LOST: &str = "This part of the page could not be loaded";
pub const TRY_AGAIN: &str = "Try again";
pub const SHEET: &str = "Height of the list";
pub const SHEET_HEIGHTS: [&str; 3] = ["Low", "Half", "Full"];

pub fn last_seen(time: &str) -> String {
    format!("Last seen {time}")
}
pub fn late_tag(badge: &str) -> String {
    if badge.ends_with('h') { badge.to_owned() } else { format!("{badge} min") }
}
pub fn listed(shown: usize, all: usize) -> String {
    let exact = |n: usize| model::format::exact(n as u64);
    if shown >= all { format!("All {} listed", exact(all)) } else { format!("{} of {}", exact(shown), exact(all)) }
}
pub fn no_match(what: &str) -> String {
    format!("No match for {what}")
}
pub fn couriers_without(n: usize) -> String {
    match n {
        1 => "1 courier matches without the filter.".into(),
        n => format!("{} couriers match without the filter.", model::format::exact(n as u64)),
    }
}
pub fn deliveries_without(n: usize) -> String {
    match n {
        1 => "1 delivery matches without the filter.".into(),
        n => format!("{} deliveries match without the filter.", model::format::exact(n as u64)),
    }
}
pub fn way_done(done: &str, all: &str) -> String {
    format!("{done} of {all}")
}
pub fn delivered_by(courier: &str) -> String {
    format!("Delivered by {courier}")
}

// Delivery states
pub fn delivery_status(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Requested => "Requested",
        DeliveryStatus::InTransit => "On the way",
        DeliveryStatus::Delivered => "Delivered",
        DeliveryStatus::Failed => "Failed",
        DeliveryStatus::Cancelled => "Cancelled",
        DeliveryStatus::Rejected => "Not started",
    }
}
/// Reasons of the protocol in words; others stand as they were written.
pub fn reason(reason: &str) -> String {
    match reason {
        "courier_busy" => "The courier was on another delivery".into(),
        "expired" => "Not taken up within 10 min".into(),
        "bad_path" => "The way could not be driven".into(),
        other => other.into(),
    }
}

// Drawer
pub const DETAILS: &str = "Details";
pub const CLOSE: &str = "Close";
/// Heading of the list of couriers on one spot.
pub fn couriers_here(count: usize) -> String {
    format!("{count} couriers here")
}
pub const PREVIOUS: &str = "Previous";
pub const NEXT: &str = "Next";
pub const ARRIVES: &str = "Arrives";
pub const STARTED: &str = "Started";
pub const FIRST_POSITION: &str = "First position";
pub const NOW: &str = "now";
pub const ON_TIME: &str = "On time";
pub const NO_POSITION: &str = "No position yet";
pub const UNKNOWN_TITLE: &str = "Not on the map";
pub const UNKNOWN: &str = "Nothing has been heard of it in the last 15 min.";
pub const SPEED: &str = "Speed";
pub const HEADING: &str = "Heading";
pub const ACCURACY: &str = "Accuracy";
pub const BATTERY: &str = "Battery";
pub const SOURCE: &str = "Source";
pub const POSITION: &str = "Position";
pub const POSITIONS: &str = "Positions";
pub const MISSING: &str = "Missing";
pub const LATE_POINTS: &str = "Late points";
pub const SPEED_SINCE: &str = "Speed since the start";
pub const SPEED_RECENT: &str = "Speed, last minutes";
pub const FOLLOW: &str = "Follow";
pub const FOLLOWING: &str = "Following";
pub const FOLLOW_AGAIN: &str = "Follow again";
pub const AUDIT: &str = "Audit";
pub const LINK: &str = "Customer link";
pub const LINK_COPIED: &str = "Link copied.";
pub const LINK_MADE: &str = "The link is made; this browser does not let the page copy it.";
pub const LINK_OPEN: &str = "Open it";
pub const CANCEL: &str = "Cancel delivery";
pub const CANCEL_ASK: &str = "Cancel this delivery?";
pub const CANCEL_YES: &str = "Cancel it";
pub const CANCEL_NO: &str = "Keep it";
pub const CANCELLING: &str = "Cancelling";
pub const COPY_ID: &str = "Copy the id";
pub const COPIED: &str = "Copied";

pub fn arrives_in(range: &str) -> String {
    format!("Arrives, {range}")
}
pub fn promised_by(time: &str) -> String {
    format!("promised by {time}")
}
pub fn by_whom(who: &str) -> String {
    format!("by {who}")
}
pub fn reference(reference: &str) -> String {
    format!("reference {reference}")
}
pub fn to_spare(time: &str) -> String {
    if time == "0 s" { ON_TIME.into() } else { format!("On time, {time} to spare") }
}
pub fn late_by(time: &str) -> String {
    format!("{time} late")
}
pub fn early(time: &str) -> String {
    format!("{time} early")
}
pub fn silent_for(age: &str) -> String {
    format!("Silent {age}")
}
pub fn position_age(ago: &str) -> String {
    format!("position {ago}")
}
pub fn stopped(times: usize, length: &str) -> String {
    match times {
        0 => "no stop".into(),
        1 => format!("stopped once, {length}"),
        2 => format!("stopped twice, {length}"),
        n => format!("stopped {n} times, {length}"),
    }
}
pub fn audit_result(stored: u32, expected: Option<u32>, missing: u32, through: &str) -> String {
    let stored = model::format::exact(stored.into());
    let all = match expected {
        Some(expected) => format!("{stored} of {} positions stored", model::format::exact(expected.into())),
        None => format!("{stored} positions stored"),
    };
    let missing = if missing == 0 { "none missing".into() } else { format!("{missing} missing") };
    format!("{all}, {missing}, up to {through}")
}

// Start form
pub const START_TITLE: &str = "Start a delivery";
pub const ONE: &str = "One";
pub const SEVERAL: &str = "Several";
pub const RANDOM: &str = "20 random";
pub const HOW_MANY: &str = "How many";
pub const SEARCH_ROUTES: &str = "Search routes";
pub const COURIER: &str = "Courier";
pub const SEARCH_COURIERS: &str = "Search, or type a new courier's id";
pub const SIMULATOR_ONLY: &str = "simulator only";
pub const REFERENCE: &str = "Reference";
pub const PROMISED_BY: &str = "Promised by";
pub const TIME_EXAMPLE: &str = "14:15";
pub const TIME_RULE: &str = "must be a time such as 14:15";
pub const OPTIONAL: &str = "optional";
pub const NEW_COURIER: &str = "new courier";
pub const NO_ROUTE_MATCH: &str = "No route of that name";
pub const NO_COURIER_MATCH: &str = "Letters, digits, - and _ make a new courier's id";
pub const CHOOSE_ROUTE: &str = "Choose a route";
pub const CHOOSE_COURIER: &str = "Choose a courier";
pub const START_DELIVERY: &str = "Start delivery";
pub const STARTING: &str = "Starting";
pub const RANDOM_NOTE: &str = "Random routes and couriers of our own invention, driven by the simulator.";
pub const SEVERAL_NOTE: &str = "Each route gets the nearest idle courier, or a new one.";
pub const BUSY_LABEL: &str = "on a delivery";

pub fn busy_until(time: &str) -> String {
    format!("on a delivery until about {time}")
}
pub fn courier_busy(courier: &str, until: Option<&str>) -> String {
    match until {
        Some(time) => format!("{courier} is on a delivery until about {time}"),
        None => format!("{courier} is on a delivery"),
    }
}
pub fn routes(n: usize) -> String {
    format!("{n} {}", if n == 1 { "route" } else { "routes" })
}
pub fn chosen_of(n: usize, all: usize) -> String {
    format!("{n} of {all} chosen")
}
pub fn idle(n: usize) -> String {
    format!("{n} idle")
}
pub fn metres_away(distance: &str) -> String {
    format!("{distance} away")
}
pub fn start_many(n: usize) -> String {
    if n == 1 { START_DELIVERY.into() } else { format!("Start {n} deliveries") }
}
pub fn started_of(done: usize, all: usize) -> String {
    format!("Started {done} of {all}")
}
pub fn who_how_far(who: &str, distance: &str) -> String {
    format!("{who}, {distance}")
}
pub fn deliveries_far(n: usize, distance: &str) -> String {
    format!("{n} deliveries, {distance}")
}
pub const ARRIVES_ABOUT: &str = "arrives about ";
pub const LAST_ABOUT: &str = "the last about ";

// Map
pub const MAP: &str = "Map";
pub const ZOOM_IN: &str = "Zoom in";
pub const ZOOM_OUT: &str = "Zoom out";
pub const FIT: &str = "Show all";
pub const LEGEND: &str = "Legend";
pub const MOVING: &str = "Moving";
pub const STANDING: &str = "Standing";
pub const CELL: &str = "Couriers in the cell";
pub const CELL_RING: &str = "Ring and badge: the worst state in it";
pub const CELL_ZOOM: &str = "Single couriers from zoom 12";
pub const OSM: &str = "© OpenStreetMap contributors, ODbL";
pub const OSM_SHORT: &str = "© OpenStreetMap, ODbL";
pub const NATURAL_EARTH: &str = "Coastlines: Natural Earth";
pub const TIME: &str = "Time";
pub const SPAN: &str = "Span of the time bar";
pub const SPANS: [(i64, &str); 3] = [(1, "1 h"), (6, "6 h"), (24, "24 h")];

pub fn span(hours: i64) -> &'static str {
    SPANS.iter().find(|(span, _)| *span == hours).map_or("", |(_, name)| name)
}
pub fn no_deliveries_in(span: &str) -> String {
    format!("No deliveries in the last {span}")
}
pub fn no_deliveries_until(span: &str, time: &str) -> String {
    format!("No deliveries in the {span} up to {time}")
}
pub fn bars(n: usize, late: usize, from: &str, to: &str) -> String {
    format!("{n} deliveries started from {from} to {to}, {late} of them late")
}

// Empty
pub const ONBOARD: &str = "Put the first courier on the map";
pub const ONBOARD_WHY: &str = "Everything is connected. Nothing has moved in the last 15 min.";
pub const SIMULATE_20: &str = "Simulate 20 couriers";
pub const SIMULATE_20_WHY: &str = "Random routes through the demo city";
pub const START_20: &str = "Start 20";
pub const START_ONE: &str = "Start one delivery";
pub const START_ONE_WHY: &str = "Choose a route, a courier, a speed";
pub const CHOOSE: &str = "Choose";
pub const FROM_SYSTEM: &str = "Start from your system";
pub const FROM_SYSTEM_WHY: &str = "POST /api/v1/deliveries";
pub const COPY_CURL: &str = "Copy curl";

// Help
pub const KEYBOARD: &str = "Keyboard";
pub const KEYS: [(&str, &[&str]); 11] = [
    ("Search", &["/"]),
    ("Next, previous", &["J", "K"]),
    ("Open", &["Enter"]),
    ("Back", &["Esc"]),
    ("Follow", &["F"]),
    ("Return to live", &["L"]),
    ("Play, pause the past", &["Space"]),
    ("Zoom", &["+", "−"]),
    ("Start a delivery", &["S"]),
    ("Show all", &["0"]),
    ("This help", &["?"]),
];

// Notices
pub fn ended(what: &str, status: DeliveryStatus) -> String {
    format!("{what} {}", model::text::lower(delivery_status(status)))
}
pub fn is_silent(who: &str) -> String {
    format!("{who} is silent")
}
pub fn last_position(time: &str, ago: &str) -> String {
    format!("Last position {time}, {ago}")
}
pub fn is_late(who: &str) -> String {
    format!("{who} is now late")
}
pub fn expected(eta: &str) -> String {
    format!("Expected {eta}")
}
pub fn expected_promised(eta: &str, due: &str) -> String {
    format!("Expected {eta}, due {due}")
}
pub const RANDOM_FAR: &str = "0.6 to 3 km each";

/// "Speed must be 0.1 to 100": a field's name and the rule that it breaks.
pub fn field(field: &str, rule: &str) -> String {
    let name = match field {
        "courier" => COURIER,
        "route" | "path" => ROUTE,
        "speed" => SPEED,
        "reference" => REFERENCE,
        "promised_at" => PROMISED_BY,
        other => other,
    };
    format!("{name} {rule}")
}
/// With a capital letter at its beginning.
pub fn sentence(text: &str) -> String {
    model::text::capital(text)
}
/// "1.1 km in 5 min 48 s".
pub fn in_time(distance: &str, time: &str) -> String {
    if time.is_empty() { distance.to_owned() } else { format!("{distance} in {time}") }
}
