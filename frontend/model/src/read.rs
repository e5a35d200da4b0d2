//! JSON of the server, read into the types of [`contract`].
//!
//! serde writes the code that fills a type once for each type and each source that it may come from, with a state for each
//! field: that was a tenth of the page's weight. Here every text becomes a [`Value`], and a type takes what it has from
//! there, field by field (`types`), with one function for each kind of value. Tests hold it against serde_json.

mod types;

use std::fmt;

use contract::{DeliveryStatus, live::ServerMessage};
use serde_json::{Map, Value};

/// Why a text is not what was awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

/// What can be read from a value.
pub trait Read: Sized {
    /// Reads a value.
    fn read(value: Value) -> Result<Self, Unreadable>;

    /// What stands for a field that is not there.
    fn missing(field: &str) -> Result<Self, Unreadable> {
        Err(Unreadable(["missing field ", field].concat()))
    }
}

/// Reads a text.
pub fn json(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))
}

/// Reads a value.
pub fn typed<T: Read>(value: Value) -> Result<T, Unreadable> {
    T::read(value)
}

/// Reads a message of the live socket. What the page has no use for is [`ServerMessage::Unknown`], as every kind is that
/// it does not know.
pub fn message(text: &str) -> Result<ServerMessage, Unreadable> {
    let mut fields = Fields::of(json(text)?)?;
    let kind: String = fields.take("type")?;
    Ok(match kind.as_str() {
        "welcome" => ServerMessage::Welcome {
            server: fields.take("server")?,
            now: fields.take("now")?,
            tick_ms: fields.take("tick_ms")?,
            resume: fields.take("resume")?,
            cursor: fields.take("cursor")?,
            you: fields.take("you")?,
            delivery_max_ms: fields.take("delivery_max_ms")?,
        },
        "events" => {
            let mut items: Vec<Value> = fields.take("deliveries")?;
            // During a roll-out a replica of a later version may tell of states that this page has no word for.
            items.retain(|item| item["status"].as_str().is_some_and(|name| DeliveryStatus::from_name(name).is_some()));
            ServerMessage::Events { cursor: fields.take("cursor")?, deliveries: typed(Value::Array(items))? }
        }
        "summary" => ServerMessage::Summary(typed(Value::Object(fields.0))?),
        _ => ServerMessage::Unknown,
    })
}

impl Unreadable {
    fn expected(what: &str) -> Self {
        Self(["expected ", what].concat())
    }

    fn unknown(name: &str) -> Self {
        Self(["unknown name ", name].concat())
    }
}

impl From<contract::Invalid> for Unreadable {
    fn from(error: contract::Invalid) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// The fields of an object, of which each is taken once. What nobody takes is passed over.
struct Fields(Map<String, Value>);

impl Fields {
    fn of(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Unreadable::expected("an object")),
        }
    }

    fn take<T: Read>(&mut self, field: &str) -> Result<T, Unreadable> {
        match self.value(field) {
            Some(value) => T::read(value),
            None => T::missing(field),
        }
    }

    /// The same, with what stands for a field that is not there.
    fn take_or<T: Read>(&mut self, field: &str, other: T) -> Result<T, Unreadable> {
        self.value(field).map_or(Ok(other), T::read)
    }

    #[inline(never)]
    fn value(&mut self, field: &str) -> Option<Value> {
        self.0.get_mut(field).map(Value::take)
    }
}

#[cfg(test)]
mod tests;
