//! Who somebody is to a server that asks for tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Millis;

/// What the holder of a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Sees everything, starts and cancels deliveries, gives links to customers.
    Dispatcher,
    /// One courier: its own deliveries and positions.
    Courier,
    /// Follows one delivery.
    Customer,
    /// Runs the services: sees everything, changes nothing.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Dispatcher, Self::Courier, Self::Customer, Self::Operator];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Dispatcher => "dispatcher",
            Self::Courier => "courier",
            Self::Customer => "customer",
            Self::Operator => "operator",
        }
    }

    /// The role of that word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As whom a client is known: in `welcome`, and the answer to GET /me.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct You {
    /// What the client may.
    pub role: Role,
    /// Whose token it is; none where no token was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the token ends, ms UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}
