//! Texts about deliveries: their states, the drawer, the start form.

use contract::{DeliveryStatus, Role};
use model::text;

use super::say;
use crate::format;

pub fn delivery_status(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Requested => say!(requested),
        DeliveryStatus::InTransit => say!(on_the_way),
        DeliveryStatus::Delivered => say!(delivered),
        DeliveryStatus::Failed => say!(failed),
        DeliveryStatus::Cancelled => say!(cancelled),
        DeliveryStatus::Rejected => say!(rejected),
    }
}
/// Reasons of the protocol in words; others stand as they were written.
pub fn reason(reason: &str) -> String {
    match reason {
        "courier_busy" => say!(reason_courier_busy),
        "expired" => say!(reason_expired),
        "bad_path" => say!(reason_bad_path),
        other => other,
    }
    .to_owned()
}
pub fn own_remove(name: &str) -> String {
    say!(own_remove, name)
}
/// What became of it, for a notice.
pub fn ended(what: &str, status: DeliveryStatus) -> String {
    say!(it_ended, what, how = text::lower(delivery_status(status)))
}
/// Why the picture of a courier is not quite of now.
pub fn no_fix_for(age: &str) -> String {
    say!(no_fix_for, age)
}
/// The same as the tag of its row, in a sentence.
pub fn clock_ahead_why(ms: i64) -> String {
    match super::ahead_by(ms) {
        Some(by) => say!(clock_ahead_by_why, by),
        None => say!(clock_ahead_why).into(),
    }
}
pub fn delivered_by(courier: &str) -> String {
    say!(delivered_by, courier)
}

// The drawer
pub fn arrives_in(range: &str) -> String {
    say!(arrives_in, range)
}
pub fn promised_by(time: &str) -> String {
    say!(promised_by, time)
}
/// "by dispatcher ana", of `dispatcher:ana`; what begins with no role stands as it was written.
pub fn by_whom(who: &str) -> String {
    let (role, name) = who.split_once(':').unwrap_or((who, ""));
    let who = match Role::from_name(role) {
        Some(role) => [super::role(role), " ", name].concat(),
        None => who.to_owned(),
    };
    say!(by_whom, who = who.trim_end())
}
pub fn reference(reference: &str) -> String {
    say!(reference_is, reference)
}
pub fn to_spare(time: &str) -> String {
    if time == "0 s" { say!(on_time).into() } else { say!(to_spare, time) }
}
pub fn late_by(time: &str) -> String {
    say!(late_by, time)
}
pub fn early(time: &str) -> String {
    say!(early, time)
}
pub fn silent_for(age: &str) -> String {
    say!(silent_for, age)
}
pub fn position_age(ago: &str) -> String {
    say!(position_age, ago)
}
pub fn stopped(times: usize, length: &str) -> String {
    match times {
        0 => say!(stopped_0).into(),
        1 => say!(stopped_1, length),
        2 => say!(stopped_2, length),
        n => say!(stopped_n, n, length),
    }
}
/// "1.1 km in 5 min 48 s".
pub fn in_time(distance: &str, time: &str) -> String {
    if time.is_empty() { distance.to_owned() } else { say!(in_time, distance, time) }
}
pub fn audit_result(stored: u32, expected: Option<u32>, missing: u32, through: &str) -> String {
    let n = format::exact(stored.into());
    let stored = match expected {
        Some(expected) => say!(stored_of, n, all = format::exact(expected.into())),
        None => say!(stored, n),
    };
    let missing = if missing == 0 { say!(missing_0).into() } else { say!(missing_n, n = missing) };
    say!(audit_result, stored, missing, time = through)
}

// The start form
pub fn busy_until(time: &str) -> String {
    say!(busy_until, time)
}
pub fn courier_busy(courier: &str, until: Option<&str>) -> String {
    match until {
        Some(time) => say!(courier_busy_until, courier, time),
        None => say!(courier_busy, courier),
    }
}
pub fn routes(n: usize) -> String {
    match n {
        0 => say!(routes_0).into(),
        1 => say!(routes_1).into(),
        n => say!(routes_n, n),
    }
}
pub fn chosen_of(n: usize, all: usize) -> String {
    say!(chosen_of, n, all)
}
pub fn idle(n: usize) -> String {
    if n == 1 { say!(idle_1).into() } else { say!(idle_n, n) }
}
pub fn metres_away(distance: &str) -> String {
    say!(away_by, distance)
}
pub fn start_many(n: usize) -> String {
    if n == 1 { say!(start_delivery).into() } else { say!(start_n, n) }
}
pub fn started_of(done: usize, all: usize) -> String {
    say!(started_of, done, all)
}
pub fn who_how_far(who: &str, distance: &str) -> String {
    say!(who_how_far, who, distance)
}
pub fn deliveries_far(n: usize, distance: &str) -> String {
    if n == 1 { say!(far_1, distance) } else { say!(far_n, n, distance) }
}

// Lines of a person's own
pub fn drawn(number: usize) -> String {
    say!(own_drawn, n = number)
}
pub fn so_far(points: usize, metres: f64) -> String {
    let distance = format::distance(metres);
    if points == 1 { say!(own_points_1, distance) } else { say!(own_points_n, n = points, distance) }
}
