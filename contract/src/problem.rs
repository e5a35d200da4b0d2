//! Problems: what REST and the socket answer when something cannot be done (RFC 9457).

use serde::{Deserialize, Serialize};

use crate::Millis;

/// The kinds of problem of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The body is no JSON, or the query no query.
    Malformed,
    /// No token, or a wrong one.
    Unauthorized,
    /// The token does not allow this.
    Forbidden,
    /// No such thing.
    NotFound,
    /// The path is there, the method is not.
    MethodNotAllowed,
    /// The courier is on another delivery.
    CourierBusy,
    /// The id is taken by a delivery of other content.
    DeliveryExists,
    /// The delivery's status does not allow this.
    WrongState,
    /// The customer's link is over.
    LinkEnded,
    /// The body is larger than the limit.
    TooLarge,
    /// The body is not application/json.
    UnsupportedMedia,
    /// One or more fields break a rule.
    Invalid,
    /// Slow down.
    TooManyRequests,
    /// The handler failed: a fault of ours.
    Internal,
    /// Kafka does not acknowledge.
    BrokerUnavailable,
    /// The store does not answer.
    HistoryUnavailable,
    /// The live state is still being read.
    Starting,
}

impl ProblemKind {
    /// The last part of the `type` URI.
    pub fn slug(self) -> &'static str {
        self.row().0
    }

    /// HTTP status.
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// Title for people.
    pub fn title(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::Malformed => ("malformed", 400, "Malformed request"),
            Self::Unauthorized => ("unauthorized", 401, "Token needed"),
            Self::Forbidden => ("forbidden", 403, "Not allowed"),
            Self::NotFound => ("not-found", 404, "Not found"),
            Self::MethodNotAllowed => ("method-not-allowed", 405, "Method not allowed"),
            Self::CourierBusy => ("courier-busy", 409, "Courier is on a delivery"),
            Self::DeliveryExists => ("delivery-exists", 409, "Delivery exists with other content"),
            Self::WrongState => ("wrong-state", 409, "Delivery is in another state"),
            Self::LinkEnded => ("link-ended", 410, "Link has ended"),
            Self::TooLarge => ("too-large", 413, "Body too large"),
            Self::UnsupportedMedia => ("unsupported-media-type", 415, "Body must be application/json"),
            Self::Invalid => ("invalid", 422, "Invalid request"),
            Self::TooManyRequests => ("too-many-requests", 429, "Too many requests"),
            Self::Internal => ("internal", 500, "Internal error"),
            Self::BrokerUnavailable => ("broker-unavailable", 503, "Broker unavailable"),
            Self::HistoryUnavailable => ("history-unavailable", 503, "History unavailable"),
            Self::Starting => ("starting", 503, "Starting"),
        }
    }
}

/// One wrong field of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the query parameter's name after a `?`.
    pub pointer: String,
    /// What is wrong, as a predicate: "must be 0.1 to 100".
    pub detail: String,
}

/// A problem document, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `/problems/<kind>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Title for people, the same for all problems of a kind.
    #[serde(default)]
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This problem in words.
    pub detail: String,
    /// The path that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The wrong fields, for kind `invalid`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Until when the courier is busy, ms UTC, for kind `courier-busy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

impl Problem {
    /// A problem of a kind, in words.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{}", kind.slug()),
            title: kind.title().into(),
            status: kind.status(),
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
            until: None,
        }
    }

    /// A problem of kind `invalid` that names each wrong field.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "1 field is wrong".into(),
            n => format!("{n} fields are wrong"),
        };
        Self { errors, ..Self::new(ProblemKind::Invalid, detail) }
    }

    /// The last part of `type`.
    pub fn slug(&self) -> &str {
        self.kind.rsplit('/').next().unwrap_or_default()
    }
}
