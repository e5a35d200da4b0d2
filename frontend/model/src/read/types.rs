//! How each type is read: plain values, then the types of the contract.

use contract::{
    CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Place, Position, Problem, Role, RouteId, SourceId, You,
    live::{Counts, EtaRange, Late, Latency, Resume, Summary},
    problem::FieldError,
    rest::{
        Audit, DeliveryPage, Figures, FiguresRow, Gap, Link, LiveCourier, LiveDeliveries, Page, Route, RouteLine,
        Status, Trail,
    },
};
use serde_json::Value;

use super::{Fields, Read, Unreadable};

impl Read for Value {
    fn read(value: Value) -> Result<Self, Unreadable> {
        Ok(value)
    }
}

impl Read for String {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(Unreadable::expected("a text")),
        }
    }
}

impl Read for i64 {
    fn read(value: Value) -> Result<Self, Unreadable> {
        value.as_i64().ok_or_else(|| Unreadable::expected("a whole number"))
    }
}

impl Read for u64 {
    fn read(value: Value) -> Result<Self, Unreadable> {
        value.as_u64().ok_or_else(|| Unreadable::expected("a whole number"))
    }
}

impl Read for u32 {
    fn read(value: Value) -> Result<Self, Unreadable> {
        u64::read(value)?.try_into().map_err(|_| Unreadable::expected("a smaller number"))
    }
}

impl Read for u16 {
    fn read(value: Value) -> Result<Self, Unreadable> {
        u64::read(value)?.try_into().map_err(|_| Unreadable::expected("a smaller number"))
    }
}

impl Read for f64 {
    fn read(value: Value) -> Result<Self, Unreadable> {
        value.as_f64().ok_or_else(|| Unreadable::expected("a number"))
    }
}

impl Read for bool {
    fn read(value: Value) -> Result<Self, Unreadable> {
        value.as_bool().ok_or_else(|| Unreadable::expected("true or false"))
    }
}

/// A role of a later version may do here what one may that only looks.
impl Read for Role {
    fn read(value: Value) -> Result<Self, Unreadable> {
        Ok(Self::from_name(&String::read(value)?).unwrap_or(Self::Viewer))
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: Value) -> Result<Self, Unreadable> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }

    fn missing(_: &str) -> Result<Self, Unreadable> {
        Ok(None)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Array(items) => items.into_iter().map(T::read).collect(),
            _ => Err(Unreadable::expected("a list")),
        }
    }
}

impl<A: Read, B: Read> Read for (A, B) {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match <[Value; 2]>::try_from(Vec::<Value>::read(value)?) {
            Ok([first, second]) => Ok((A::read(first)?, B::read(second)?)),
            Err(_) => Err(Unreadable::expected("two values")),
        }
    }
}

/// Identifiers are texts that follow a rule.
macro_rules! texts {
    ($($name:ident)*) => {$(
        impl Read for $name {
            fn read(value: Value) -> Result<Self, Unreadable> {
                Ok(String::read(value)?.parse()?)
            }
        }
    )*};
}

texts! { CourierId DeliveryId RouteId SourceId }

impl Read for DeliveryStatus {
    fn read(value: Value) -> Result<Self, Unreadable> {
        let name = String::read(value)?;
        Self::from_name(&name).ok_or_else(|| Unreadable::unknown(&name))
    }
}

impl Read for Driver {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match String::read(value)?.as_str() {
            "simulator" => Ok(Self::Simulator),
            "courier" => Ok(Self::Courier),
            other => Err(Unreadable::unknown(other)),
        }
    }
}

impl Read for Resume {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match String::read(value)?.as_str() {
            "new" => Ok(Self::New),
            "resumed" => Ok(Self::Resumed),
            "reset" => Ok(Self::Reset),
            other => Err(Unreadable::unknown(other)),
        }
    }
}

/// Objects with a field for each of the type's.
macro_rules! objects {
    ($($name:ty { $($field:ident)+ })*) => {$(
        impl Read for $name {
            fn read(value: Value) -> Result<Self, Unreadable> {
                let mut fields = Fields::of(value)?;
                Ok(Self { $($field: fields.take(stringify!($field))?),+ })
            }
        }
    )*};
}

objects! {
    Counts { on_delivery idle late alarm offline }
    Late { courier delivery eta }
    Latency { p50 p95 }
    Summary { now behind_ms latency_ms counts late }
    EtaRange { from to }
    You { role name until }
    Gap { from to }
    Trail { points gaps through }
    Audit { expected stored missing through }
    Route { route name distance_m planned_s origin destination }
    LiveCourier { courier status position delivery eta age_ms reason }
    Link { url expires_at notice }
    LiveDeliveries { items next cursor }
    DeliveryPage { items next through }
    Figures { rows more through }
    FiguresRow { t key count delivered mean_s promised on_time predicted mean_eta_error_s }
    Status { broker history behind_ms couriers lost sockets version now }
    FieldError { pointer detail }
}

impl<T: Read> Read for Page<T> {
    fn read(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        Ok(Self { items: fields.take("items")?, next: fields.take("next")? })
    }
}

impl Read for Place {
    fn read(value: Value) -> Result<Self, Unreadable> {
        place(&mut Fields::of(value)?)
    }
}

fn place(fields: &mut Fields) -> Result<Place, Unreadable> {
    Ok(Place::new(fields.take("lat")?, fields.take("lon")?)?)
}

impl Read for RouteLine {
    fn read(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        let path = fields.take("path")?;
        Ok(Self { route: Route::read(Value::Object(fields.0))?, path })
    }
}

impl Read for Position {
    fn read(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            courier: fields.take("courier")?,
            source: fields.take("source")?,
            at: fields.take("at")?,
            place: place(&mut fields)?,
            accuracy_m: fields.take("accuracy_m")?,
            speed_mps: fields.take("speed_mps")?,
            heading_deg: fields.take("heading_deg")?,
            delivery: fields.take("delivery")?,
            seq: fields.take("seq")?,
            altitude_m: fields.take("altitude_m")?,
            battery: fields.take("battery")?,
        })
    }
}

impl Read for Delivery {
    fn read(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            delivery: fields.take("delivery")?,
            courier: fields.take("courier")?,
            status: fields.take("status")?,
            driver: fields.take("driver")?,
            reference: fields.take("reference")?,
            route: fields.take("route")?,
            path: fields.take("path")?,
            distance_m: fields.take("distance_m")?,
            planned_s: fields.take("planned_s")?,
            speed: fields.take_or("speed", 1.0)?,
            interval_ms: fields.take_or("interval_ms", 1_000)?,
            promised_at: fields.take("promised_at")?,
            requested_at: fields.take("requested_at")?,
            requested_by: fields.take("requested_by")?,
            started_at: fields.take("started_at")?,
            finished_at: fields.take("finished_at")?,
            reason: fields.take("reason")?,
            positions: fields.take("positions")?,
            eta_half_way: fields.take("eta_half_way")?,
        })
    }
}

impl Read for Problem {
    fn read(value: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            kind: fields.take("type")?,
            title: fields.take_or("title", String::new())?,
            status: fields.take("status")?,
            detail: fields.take("detail")?,
            instance: fields.take("instance")?,
            errors: fields.take_or("errors", Vec::new())?,
            until: fields.take("until")?,
        })
    }
}
