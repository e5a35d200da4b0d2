//! What a token says.

use std::fmt;

use contract::{CourierId, DeliveryId};
use serde::{Deserialize, Serialize};

/// What its holder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Sees everything, starts and cancels deliveries.
    Dispatcher,
    /// Sends one courier's positions.
    Courier,
    /// Follows one delivery.
    Customer,
    /// Runs the services.
    Operator,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Dispatcher => "dispatcher",
            Self::Courier => "courier",
            Self::Customer => "customer",
            Self::Operator => "operator",
        })
    }
}

/// The claims of a token, as the protocol names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who, for the log.
    pub sub: String,
    /// As what.
    pub role: Role,
    /// Whose positions, for a courier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courier: Option<CourierId>,
    /// Which delivery, for a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryId>,
    /// Until when, s since 1970.
    pub exp: i64,
}
