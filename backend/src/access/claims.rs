//! What a token says.

use contract::{CourierId, DeliveryId, Role};
use serde::{Deserialize, Serialize};

/// Longest name of a token's holder, in characters: with the role before it, it fits into a delivery's `requested_by`.
pub const MAX_NAME: usize = 64;

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

/// Whether this can be a holder's name: it stands in logs and in records, so nothing that breaks a line.
pub fn is_name(sub: &str) -> bool {
    !sub.is_empty() && sub.chars().count() <= MAX_NAME && !sub.chars().any(char::is_control)
}
