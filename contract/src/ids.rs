//! Names of things: couriers, sources and routes are slugs, deliveries are UUIDv7.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::Invalid;

/// True where `text` is 1 to `max` characters of `A-Z a-z 0-9 _ -`.
fn is_slug(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:literal) => {
        $(#[$doc])*
        ///
        /// Cloning is cheap (shared text).
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest that such a name may be, in bytes.
            pub const MAX_LEN: usize = $max;

            /// Checks and wraps a name. Fails with [`Invalid::Field`] where it is no slug of that length.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                if is_slug(text, $max) {
                    Ok(Self(text.into()))
                } else {
                    Err(Invalid::field($field, concat!("must be 1 to ", $max, " characters of A-Z a-z 0-9 _ -")))
                }
            }

            /// The name as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!($field, ", 1 to ", $max, " characters of A-Z a-z 0-9 _ -"))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::new(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^[A-Za-z0-9_-]{1,", $max, "}$")))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

slug!(
    /// A courier: the moving thing, and the key of every record.
    CourierId, "courier", 64
);
slug!(
    /// What produced a position: `sim`, `phone`, a device's name.
    SourceId, "source", 32
);
slug!(
    /// A named line that couriers can be sent along.
    RouteId, "route", 64
);

/// A delivery: a job that a courier has for a while. A UUIDv7, so that ids sort by the time they were made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DeliveryId(Uuid);

impl DeliveryId {
    /// Wraps a UUID. Fails with [`Invalid::Field`] where its version is not 7.
    pub fn new(uuid: Uuid) -> Result<Self, Invalid> {
        if uuid.get_version_num() == 7 {
            Ok(Self(uuid))
        } else {
            Err(Invalid::field("delivery", "must be a UUID of version 7"))
        }
    }

    /// Makes an id from the time in ms UTC and 74 bits of `random` (RFC 9562, section 5.7).
    pub fn from_parts(at: crate::Millis, random: u128) -> Self {
        let time = (at.max(0) as u128 & 0xffff_ffff_ffff) << 80;
        let rand_a = (random >> 62) & 0xfff;
        let rand_b = random & 0x3fff_ffff_ffff_ffff;
        Self(Uuid::from_u128(time | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b))
    }

    /// The UUID itself.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// The time at which the id was made, ms UTC.
    pub fn made_at(self) -> crate::Millis {
        (self.0.as_u128() >> 80) as crate::Millis
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for DeliveryId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        // Only the hyphenated form: one delivery must not have two spellings.
        let uuid = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
        Self::new(uuid.ok_or_else(|| Invalid::field("delivery", "must be a UUID of version 7"))?)
    }
}

impl<'de> Deserialize<'de> for DeliveryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for DeliveryId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Uuid)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for DeliveryId {
    fn name() -> std::borrow::Cow<'static, str> {
        "DeliveryId".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_have_an_alphabet_and_a_length() {
        assert!(CourierId::new("c-17_A").is_ok());
        for wrong in ["", "c 17", "c/17", "é", &"x".repeat(65)] {
            assert!(CourierId::new(wrong).is_err(), "{wrong:?} was taken");
        }
        assert!(SourceId::new(&"x".repeat(33)).is_err());
    }

    #[test]
    fn delivery_ids_are_version_7_and_carry_their_time() {
        let id = DeliveryId::from_parts(1_763_683_200_123, u128::MAX);
        assert_eq!(id.uuid().get_version_num(), 7);
        assert_eq!(id.made_at(), 1_763_683_200_123);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("6ba7b810-9dad-11d1-80b4-00c04fd430c8".parse::<DeliveryId>().is_err());
        assert!(id.to_string().replace('-', "").parse::<DeliveryId>().is_err());
    }
}
