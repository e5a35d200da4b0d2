//! What servers and files answer where something is wrong. They answer in English, in words that name the case: these are
//! shown in English, and in another language the text of that kind.

use contract::Problem;
use fleet::routes::{FaultKind, RouteFault};
use model::Language;

use super::{language, say, sentence};

/// A problem in a sentence.
pub fn problem(problem: &Problem) -> String {
    if language() == Language::English {
        return sentence(&problem.detail);
    }
    match problem.slug() {
        "unauthorized" => say!(unauthorized),
        "forbidden" => say!(problem_forbidden),
        "not-found" => say!(problem_not_found),
        "courier-busy" => say!(problem_busy),
        "delivery-exists" => say!(problem_exists),
        "wrong-state" => say!(problem_state),
        "link-ended" => say!(problem_over),
        "too-many-requests" => say!(problem_rate),
        "internal" => say!(problem_internal),
        "broker-unavailable" => say!(problem_broker),
        "history-unavailable" => say!(history_away),
        "starting" => say!(problem_starting),
        "unreachable" => say!(problem_unreachable),
        "unexpected" => say!(problem_unexpected),
        _ => say!(problem_request),
    }
    .to_owned()
}

/// "Speed must be 0.1 to 100": a field's name, as the last part of its pointer says it, and the rule that it breaks.
pub fn field(field: &str, rule: &str) -> String {
    let (name, known) = match field {
        "courier" => (say!(courier), say!(rule_courier)),
        "route" => (say!(route), say!(rule_route)),
        "path" => (say!(route), say!(rule_path)),
        "speed" => (say!(speed), say!(rule_speed)),
        "reference" => (say!(reference), say!(rule_reference)),
        "promised_at" => (say!(promised), say!(time_rule)),
        other => (other, say!(rule_any)),
    };
    [name, " ", if language() == Language::English { rule } else { known }].concat()
}

/// What is to be known before a customer's link is given away: `notice` is the server's, and it has two; one is that of a
/// server which asks nobody for a token.
pub fn link_notice(notice: String, is_open: bool) -> String {
    match (language(), is_open) {
        (Language::English, _) => notice,
        (_, true) => say!(link_not_kept).to_owned(),
        (_, false) => say!(link_loopback).to_owned(),
    }
}

/// Why a file is no line: "ways.gpx line 3: a point has no lon".
pub fn line_fault(fault: &RouteFault) -> String {
    let reason = match (language(), fault.kind) {
        (Language::English, _) => &fault.reason,
        (_, FaultKind::Text) => say!(own_no_text),
        (_, FaultKind::Format) => say!(own_no_format),
        (_, FaultKind::NoLine) => say!(own_no_way),
        (_, FaultKind::Point) => say!(own_bad_point),
        (_, FaultKind::Name) => say!(own_bad_name),
        (_, FaultKind::Length) => say!(own_bad_length),
    };
    match fault.line {
        Some(n) => say!(own_line, n, fault = reason),
        None => reason.to_owned(),
    }
}
