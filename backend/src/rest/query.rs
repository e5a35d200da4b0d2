//! Query strings, read so that every wrong parameter is named, also those that are unknown.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
};
use contract::{Millis, Problem, ProblemKind, problem::FieldError};

use super::problem::{Answer, Result};

/// The end of the year 9999, ms UTC: what lies behind it is no time that anybody means, and arithmetic with it overflows.
const MAX_TIME: Millis = 253_402_300_799_999;

/// The parameters that have not been looked at, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct Parameters {
    rest: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Answer;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let rest = pairs.map_err(|error| Answer::new(ProblemKind::Malformed, error.body_text()))?.0;
        Ok(Self { rest, errors: Vec::new() })
    }
}

/// The part of the path in braces.
#[derive(Debug)]
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Answer;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        // It fails where the bytes are no UTF-8.
        let name = axum::extract::Path::from_request_parts(parts, state).await;
        name.map(|name| Self(name.0)).map_err(|error| Answer::new(ProblemKind::Malformed, error.body_text()))
    }
}

/// A request that has no parameters: whoever sends some is told so.
#[derive(Debug)]
pub struct NoParameters;

impl<S: Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Answer;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Parameters::from_request_parts(parts, state).await?.finish().map(|()| Self)
    }
}

impl Parameters {
    /// A parameter's value; `None` where it is missing, or wrong (and then it is named).
    pub fn take<T>(&mut self, name: &str, read: impl FnOnce(&str) -> std::result::Result<T, String>) -> Option<T> {
        let at = self.rest.iter().position(|(known, _)| known == name)?;
        let (_, text) = self.rest.swap_remove(at);
        if text.is_empty() {
            return None;
        }
        read(&text).map_err(|rule| self.wrong(name, rule)).ok()
    }

    /// A time in ms UTC.
    pub fn time(&mut self, name: &str) -> Option<Millis> {
        let read = |text: &str| text.parse().ok().filter(|time| (0..=MAX_TIME).contains(time));
        self.take(name, |text| read(text).ok_or_else(|| "must be a time in ms since 1970".into()))
    }

    /// `true` or `false`.
    pub fn yes_or_no(&mut self, name: &str) -> Option<bool> {
        self.take(name, |text| text.parse().map_err(|_| "must be true or false".into()))
    }

    /// A number.
    pub fn number(&mut self, name: &str) -> Option<f64> {
        let read = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
        self.take(name, |text| read(text).ok_or_else(|| "must be a number".into()))
    }

    /// Names a parameter as missing, unless it was named as wrong before.
    pub fn needed(&mut self, name: &str) {
        let pointer = format!("?{name}");
        if !self.errors.iter().any(|error| error.pointer == pointer) {
            self.wrong(name, "is needed");
        }
    }

    /// A number from 1 to `max`; `default` where it is missing.
    pub fn count(&mut self, name: &str, default: usize, max: usize) -> usize {
        let read = |text: &str| {
            let number = text.parse().ok().filter(|number| (1..=max).contains(number));
            number.ok_or_else(|| format!("must be 1 to {max}"))
        };
        self.take(name, read).unwrap_or(default)
    }

    /// Names a parameter as wrong.
    pub fn wrong(&mut self, name: &str, rule: impl Into<String>) {
        self.errors.push(FieldError { pointer: format!("?{name}"), detail: rule.into() });
    }

    /// Fails where anything was wrong or is unknown.
    pub fn finish(mut self) -> Result<()> {
        for (name, _) in std::mem::take(&mut self.rest) {
            self.wrong(&name, "is not a parameter of this request, or stands twice");
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors).into()) }
    }
}

/// A JSON body as bytes; the contract's own readers name what is wrong in it.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Answer;
    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // A form post of a foreign page needs no preflight; asking for JSON keeps it out.
        let json = essence == "application/json" || essence.ends_with("+json");
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            let kind = if error.status() == 413 { ProblemKind::TooLarge } else { ProblemKind::Malformed };
            Answer::new(
                kind,
                format!(
                    "the body cannot be read: {}; {} bytes are the limit",
                    error.body_text(),
                    super::layers::MAX_BODY
                ),
            )
        })?;
        if !json && !bytes.is_empty() {
            return Err(Answer::new(ProblemKind::UnsupportedMedia, "Content-Type must be application/json"));
        }
        Ok(Self(bytes))
    }
}
