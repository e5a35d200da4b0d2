//! JSON of the server, read into the types of [`contract`].
//!
//! serde writes the code that fills a type once for each source that it may come from, and most of the page's weight is
//! such code. So there is one source here: every text becomes a [`Value`], and of that only what the contract has (objects
//! for structures, strings for names) is read on.

use std::fmt;

use contract::{
    DeliveryStatus,
    live::{ServerMessage, Summary},
};
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
        Visitor,
        value::{StrDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Number, Value};

/// Why a text is not what was awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

/// Reads a text.
pub fn json(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))
}

/// Reads a value.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Unreadable> {
    T::deserialize(Source(value))
}

/// Reads a message of the live socket. What the page has no use for is [`ServerMessage::Unknown`], as every kind is that
/// it does not know.
pub fn message(text: &str) -> Result<ServerMessage, Unreadable> {
    let mut value = json(text)?;
    Ok(match value["type"].as_str().ok_or_else(|| Unreadable::missing_field("type"))? {
        "welcome" => ServerMessage::Welcome {
            server: take(&mut value, "server")?,
            now: take(&mut value, "now")?,
            tick_ms: take(&mut value, "tick_ms")?,
            resume: take(&mut value, "resume")?,
            cursor: take(&mut value, "cursor")?,
        },
        "events" => {
            let mut items = value["deliveries"].take();
            let items = items.as_array_mut().ok_or_else(|| Unreadable::missing_field("deliveries"))?;
            // During a roll-out a replica of a later version may tell of states that this page has no word for.
            items.retain(|item| item["status"].as_str().is_some_and(|name| DeliveryStatus::from_name(name).is_some()));
            ServerMessage::Events {
                cursor: take(&mut value, "cursor")?,
                deliveries: typed(Value::Array(std::mem::take(items)))?,
            }
        }
        "summary" => ServerMessage::Summary(typed::<Summary>(value)?),
        _ => ServerMessage::Unknown,
    })
}

fn take<T: DeserializeOwned>(value: &mut Value, field: &'static str) -> Result<T, Unreadable> {
    typed(value.get_mut(field).ok_or_else(|| Unreadable::missing_field(field))?.take())
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Said in few words: what serde would tell in many is code beside each field.
impl serde::de::Error for Unreadable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(["expected ", &expected.to_string()].concat())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(["expected ", &expected.to_string()].concat())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self(["expected ", &expected.to_string()].concat())
    }

    fn unknown_variant(variant: &str, _: &'static [&'static str]) -> Self {
        Self(["unknown name ", variant].concat())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(["missing field ", field].concat())
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self(["two fields ", field].concat())
    }
}

struct Source(Value);

impl Source {
    fn wrong(self, expected: &dyn Expected) -> Unreadable {
        Unreadable::invalid_type(Unexpected::Unit, expected)
    }
}

fn number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Unreadable> {
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            match &self.0 {
                Value::Number(found) => number(found, visitor),
                _ => Err(self.wrong(&visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Source {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is) => visitor.visit_bool(is),
            Value::Number(found) => number(&found, visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Object(fields) => visitor.visit_map(Fields::new(fields)),
        }
    }

    numbers! { deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i64 deserialize_f64 }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Bool(is) => visitor.visit_bool(is),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Fields::new(fields)),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_map(visitor)
    }

    /// A name alone: no kind of the contract carries more.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::String(name) => {
                let name: StringDeserializer<Unreadable> = name.into_deserializer();
                visitor.visit_enum(name)
            }
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 char bytes byte_buf unit unit_struct newtype_struct tuple_struct identifier
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unreadable> {
        self.0.next().map(|item| seed.deserialize(Source(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Fields {
    fields: serde_json::map::IntoIter,
    value: Value,
}

impl Fields {
    fn new(fields: Map<String, Value>) -> Self {
        Self { fields: fields.into_iter(), value: Value::Null }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = value;
        let name: StrDeserializer<'_, Unreadable> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        seed.deserialize(Source(self.value.take()))
    }
}

#[cfg(test)]
mod tests {
    use contract::{
        CourierId, Delivery, DeliveryId, Driver, Problem,
        live::{Counts, EtaRange, Late, Latency, Resume},
        rest::{Audit, LiveCourier, Page, Route, RouteLine, Trail},
    };
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const DELIVERY: &str = "0199a4e0-7c00-7000-8000-000000000017";

    fn delivery() -> Value {
        json!({
            "delivery": DELIVERY, "courier": "c-17", "driver": "simulator", "route": "station-to-market", "path": "_p~iF",
            "distance_m": 1200, "planned_s": 240, "speed": 2, "interval_ms": 500, "status": "in_transit",
            "requested_at": 1_763_683_200_000_i64, "started_at": 1_763_683_201_000_i64, "reference": "order \"9\"", "new": [{}]
        })
    }

    fn position() -> Value {
        json!({
            "courier": "c-17", "delivery": DELIVERY, "at": 1_763_683_200_000_i64, "lon": 24.94, "lat": 60,
            "accuracy_m": 4.5, "source": "sim", "battery": null
        })
    }

    /// What this module reads is what serde_json reads, and what it refuses, serde_json refuses.
    fn same<T: DeserializeOwned + PartialEq + fmt::Debug>(value: &Value) -> Option<T> {
        let theirs = serde_json::from_value::<T>(value.clone()).ok();
        assert_eq!(typed::<T>(value.clone()).ok(), theirs, "{value}");
        theirs
    }

    #[test]
    fn bodies_are_read_as_by_serde_json() {
        assert!(same::<Delivery>(&delivery()).is_some());
        let courier = json!({
            "courier": "c-17", "status": "late", "position": position(), "delivery": DELIVERY,
            "eta": { "from": 1, "to": 2 }, "age_ms": 9, "reason": null
        });
        assert!(same::<LiveCourier>(&courier).is_some());
        assert!(same::<Page<LiveCourier>>(&json!({ "items": [courier], "next": "c-18" })).is_some());
        let route = json!({
            "route": "a", "name": "A to B", "distance_m": 7, "planned_s": 8, "origin": { "lon": 1, "lat": 2.5 },
            "destination": { "lon": 3, "lat": 4 }, "path": "_p~iF"
        });
        assert!(same::<Route>(&route).is_some());
        assert!(same::<RouteLine>(&route).is_some());
        let problem = json!({
            "type": "/problems/invalid", "title": "Invalid", "status": 422, "detail": "no",
            "errors": [{ "pointer": "/speed", "detail": "must be 0.1 to 100" }]
        });
        assert_eq!(same::<Problem>(&problem).map(|problem| problem.errors.len()), Some(1));
        let gaps = json!([{ "from": 1, "to": 2 }]);
        assert!(same::<Trail>(&json!({ "points": [position()], "gaps": gaps, "through": 3 })).is_some());
        let audit = json!({ "expected": null, "stored": 3, "missing": [[1, 2], [4, 4]], "through": 3 });
        assert!(same::<Audit>(&audit).is_some());
        assert!(same::<(DeliveryStatus, Driver)>(&json!(["delivered", "simulator"])).is_some());
        assert_eq!(same::<Latency>(&json!({ "p50": 1, "p95": 2.5 })), None);
    }

    #[test]
    fn a_state_of_a_later_version_is_passed_over() {
        let mut later = delivery();
        later["status"] = json!("handed_over");
        let text = json!({ "type": "events", "cursor": "A", "deliveries": [later, delivery()] }).to_string();
        let Ok(ServerMessage::Events { deliveries, .. }) = message(&text) else { panic!("{text}") };
        assert_eq!(deliveries.len(), 1);
    }

    #[test]
    fn messages_are_read_as_by_serde_json() {
        let late = Late {
            courier: CourierId::new("c-1").unwrap(),
            delivery: DELIVERY.parse::<DeliveryId>().unwrap(),
            eta: Some(1_763_683_200_000),
        };
        let messages = [
            ServerMessage::Welcome {
                server: "a".into(),
                now: 1,
                tick_ms: 100,
                resume: Resume::Resumed,
                cursor: "0:1".into(),
            },
            ServerMessage::Events { cursor: "0:2".into(), deliveries: vec![typed(delivery()).unwrap()] },
            ServerMessage::Summary(Summary {
                now: 5,
                behind_ms: -1,
                latency_ms: Latency { p50: 20, p95: 40 },
                counts: Counts { alarm: 3, ..Counts::default() },
                late: vec![late],
            }),
        ];
        for said in messages {
            let text = serde_json::to_string(&said).unwrap();
            assert_eq!(message(&text), Ok(said), "{text}");
        }
        let eta = EtaRange { from: 1, to: 2 };
        let own = json!({ "type": "delivery", "delivery": delivery(), "eta": eta }).to_string();
        assert_eq!(message(&own), Ok(ServerMessage::Unknown));
        assert_eq!(message(r#"{"type":"of next year"}"#), Ok(ServerMessage::Unknown));
        for wrong in ["", "[]", "{}", r#"{"type":"events","cursor":"a"}"#, r#"{"type":"summary","now":"5"}"#] {
            assert!(message(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let mut wrong = delivery();
        wrong["courier"] = json!("no blanks");
        assert!(typed::<Delivery>(wrong).unwrap_err().to_string().contains("must be 1 to 64 characters"));
        let error = typed::<Delivery>(json!({ "delivery": DELIVERY })).unwrap_err();
        assert_eq!(error.to_string(), "missing field courier");
        assert!(json("{").unwrap_err().to_string().contains("line 1"));
    }

    proptest! {
        #[test]
        fn a_changed_field_is_taken_or_refused_as_by_serde_json(
            field in 0_usize..20, to in prop_oneof![
                Just(Value::Null), Just(json!(true)), Just(json!(-1)), Just(json!(0.5)), Just(json!(7)), Just(json!("x")),
                Just(json!(["x"])), Just(json!({ "x": 1 })), Just(json!(1e300)), Just(json!("delivered")),
            ],
        ) {
            for value in [delivery(), position()] {
                let name = value.as_object().unwrap().keys().nth(field).cloned();
                if let Some(name) = name {
                    let mut value = value;
                    value[name.as_str()] = to.clone();
                    same::<Delivery>(&value);
                    same::<contract::Position>(&value);
                }
            }
        }
    }
}
