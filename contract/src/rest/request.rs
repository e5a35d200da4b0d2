//! Bodies that clients send, read so that **every** wrong field is named at once, with its JSON pointer.
//!
//! Unlike Kafka records, where a later version may have added fields, a request with an unknown field is refused: it is
//! nearly always a misspelt one, and taking it would do something else than was asked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{CourierId, Delivery, Driver, Millis, Problem, ProblemKind, RouteId, polyline, problem::FieldError};

/// The way of a delivery: a named route, or a line of the client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathChoice {
    /// A route that the server knows.
    Route(RouteId),
    /// An encoded polyline of precision 6.
    Path(String),
}

/// The body of PUT and POST /deliveries.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryRequest {
    /// Who carries it.
    pub courier: CourierId,
    /// Where along.
    pub path: PathChoice,
    /// Who moves the courier.
    pub driver: Driver,
    /// How many times faster than natural, 0.1 to 100.
    pub speed: f64,
    /// Time between two fixes, ms; the server's choice where it is missing.
    pub interval_ms: Option<u32>,
    /// The order as the customer's system calls it.
    pub reference: Option<String>,
    /// When the customer was promised it, ms UTC.
    pub promised_at: Option<Millis>,
}

/// How a courier says that a delivery is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was handed over.
    Delivered,
    /// It was not.
    Failed,
}

/// The body of POST /deliveries/{id}/finish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishRequest {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed; needed then.
    pub reason: Option<String>,
}

/// The body of POST /deliveries/{id}/cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// Why.
    pub reason: Option<String>,
}

impl DeliveryRequest {
    /// Reads the body. Fails with kind `malformed` where it is no JSON object, or `invalid` with every wrong field.
    pub fn from_json(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields::read(body)?;
        let courier = fields.required("courier", slug(CourierId::new));
        let route = fields.optional("route", slug(RouteId::new));
        let path = fields.optional("path", |value| {
            let text = string(value)?;
            polyline::decode(text).map_err(|error| rule_of(&error))?;
            Ok(text.to_owned())
        });
        let driver = fields.optional("driver", |value| match string(value)? {
            "simulator" => Ok(Driver::Simulator),
            "courier" => Ok(Driver::Courier),
            _ => Err("must be simulator or courier".into()),
        });
        let speed = fields.optional("speed", |value| match value.as_f64() {
            Some(speed) if Delivery::SPEED.contains(&speed) => Ok(speed),
            _ => Err("must be 0.1 to 100".into()),
        });
        let interval_ms = fields.optional("interval_ms", |value| {
            let ms = value.as_u64().and_then(|ms| u32::try_from(ms).ok());
            ms.filter(|ms| Delivery::INTERVAL_MS.contains(ms)).ok_or_else(|| "must be 50 to 60000".into())
        });
        let reference = fields.optional("reference", text);
        let promised_at = fields.optional("promised_at", time);
        let choice = match (route, path) {
            (Some(_), Some(_)) => {
                fields.wrong("path", "must not stand beside route");
                None
            }
            (Some(route), None) => Some(PathChoice::Route(route)),
            (None, Some(path)) => Some(PathChoice::Path(path)),
            (None, None) => {
                // Only where neither was given: a wrong one has been named already.
                if !fields.named("route") && !fields.named("path") {
                    fields.wrong("route", "is needed, or a path");
                }
                None
            }
        };
        fields.finish()?;
        let (Some(courier), Some(path)) = (courier, choice) else {
            return Err(Problem::new(ProblemKind::Invalid, "courier and route or path are needed"));
        };
        Ok(Self {
            courier,
            path,
            driver: driver.unwrap_or(Driver::Simulator),
            speed: speed.unwrap_or(1.0),
            interval_ms,
            reference,
            promised_at,
        })
    }
}

impl FinishRequest {
    /// Reads the body; errors as for [`DeliveryRequest::from_json`].
    pub fn from_json(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields::read(body)?;
        let outcome = fields.required("outcome", |value| match string(value)? {
            "delivered" => Ok(Outcome::Delivered),
            "failed" => Ok(Outcome::Failed),
            _ => Err("must be delivered or failed".into()),
        });
        let reason = fields.optional("reason", text);
        if outcome == Some(Outcome::Failed) && reason.is_none() && !fields.named("reason") {
            fields.wrong("reason", "is needed when failed");
        }
        fields.finish()?;
        let outcome = outcome.ok_or_else(|| Problem::new(ProblemKind::Invalid, "outcome is needed"))?;
        Ok(Self { outcome, reason })
    }
}

impl CancelRequest {
    /// Reads the body, which may be empty; errors as for [`DeliveryRequest::from_json`].
    pub fn from_json(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = if body.is_empty() { Fields::default() } else { Fields::read(body)? };
        let reason = fields.optional("reason", text);
        fields.finish()?;
        Ok(Self { reason })
    }
}

/// Reads a body that may be empty and must have no fields; errors as for [`DeliveryRequest::from_json`].
pub fn expect_no_fields(body: &[u8]) -> Result<(), Problem> {
    if body.is_empty() { Ok(()) } else { Fields::read(body)?.finish() }
}

/// The fields of a body that have not been looked at yet, and what was wrong with the others.
#[derive(Default)]
struct Fields {
    rest: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(rest)) => Ok(Self { rest, errors: Vec::new() }),
            Ok(_) => Err(Problem::new(ProblemKind::Malformed, "the body must be a JSON object")),
            Err(error) => Err(Problem::new(ProblemKind::Malformed, format!("the body is no JSON: {error}"))),
        }
    }

    fn required<T>(&mut self, field: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        let before = self.errors.len();
        let value = self.optional(field, read);
        if value.is_none() && self.errors.len() == before {
            self.wrong(field, "is needed");
        }
        value
    }

    /// The field's value; `None` where it is missing, null or wrong (and then it is named).
    fn optional<T>(&mut self, field: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        let value = self.rest.remove(field).filter(|value| !value.is_null())?;
        read(&value).map_err(|rule| self.wrong(field, &rule)).ok()
    }

    fn wrong(&mut self, field: &str, rule: &str) {
        self.errors.push(FieldError { pointer: pointer(field), detail: rule.to_owned() });
    }

    fn named(&self, field: &str) -> bool {
        self.errors.iter().any(|error| error.pointer == pointer(field))
    }

    fn finish(&mut self) -> Result<(), Problem> {
        for field in std::mem::take(&mut self.rest).keys() {
            self.wrong(field, "is not a field of this request");
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(std::mem::take(&mut self.errors))) }
    }
}

/// A JSON pointer to a field of the body (RFC 6901: `~` and `/` are escaped).
fn pointer(field: &str) -> String {
    format!("/{}", field.replace('~', "~0").replace('/', "~1"))
}

fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a text".into())
}

fn text(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    if text.chars().count() > Delivery::MAX_TEXT {
        return Err(format!("must be at most {} characters", Delivery::MAX_TEXT));
    }
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters".into());
    }
    Ok(text.to_owned())
}

fn time(value: &Value) -> Result<Millis, String> {
    // Between 2000 and 2100: seconds instead of milliseconds are the usual mistake, and they are named by this.
    let ms = value.as_i64().filter(|ms| (946_684_800_000..4_102_444_800_000).contains(ms));
    ms.ok_or_else(|| "must be a time in ms since 1970".into())
}

fn slug<T>(new: fn(&str) -> Result<T, crate::Invalid>) -> impl FnOnce(&Value) -> Result<T, String> {
    move |value| new(string(value)?).map_err(|error| rule_of(&error))
}

/// The rule without the field's name, which the pointer says.
fn rule_of(error: &crate::Invalid) -> String {
    match error {
        crate::Invalid::Field { rule, .. } => rule.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(body: &str) -> Vec<(String, String)> {
        let problem = DeliveryRequest::from_json(body.as_bytes()).unwrap_err();
        problem.errors.into_iter().map(|error| (error.pointer, error.detail)).collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = pointers(r#"{"courier":"c 17","speed":0,"refrence":"x","promised_at":1763683200}"#);
        let names: Vec<&str> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(names, ["/courier", "/speed", "/promised_at", "/route", "/refrence"]);
    }

    #[test]
    fn a_request_may_be_short() {
        let request = DeliveryRequest::from_json(br#"{"courier":"c-17","route":"a-to-b","reference":null}"#).unwrap();
        assert_eq!(request.speed, 1.0);
        assert_eq!(request.driver, Driver::Simulator);
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        for body in ["", "{", "[]", "NaN"] {
            assert_eq!(DeliveryRequest::from_json(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
    }

    #[test]
    fn a_failure_needs_a_reason() {
        assert!(FinishRequest::from_json(br#"{"outcome":"failed"}"#).is_err());
        assert!(FinishRequest::from_json(br#"{"outcome":"delivered"}"#).is_ok());
        assert!(CancelRequest::from_json(b"").is_ok());
    }
}
