//! Who asks, and the one table of what each role may ask for.

use std::{fmt, sync::Arc};

use axum::http::Method;
use contract::{CourierId, Delivery, DeliveryId, Millis, ProblemKind, Role, You};

use super::{Claims, Refused, claims};
use crate::rest::problem::{Answer, Result};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What it may.
    pub right: Right,
    /// Whose token it is; none where no token was needed.
    pub name: Option<Arc<str>>,
    /// When the token ends, ms UTC.
    pub until: Option<Millis>,
}

/// What somebody may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// See everything.
    Viewer,
    /// See everything, and command.
    Dispatcher,
    /// See everything, for the sake of the services.
    Operator,
    /// What concerns this courier.
    Courier(CourierId),
    /// This one delivery.
    Customer(DeliveryId),
}

impl Right {
    /// The role that has it.
    pub fn role(&self) -> Role {
        match self {
            Self::Viewer => Role::Viewer,
            Self::Dispatcher => Role::Dispatcher,
            Self::Operator => Role::Operator,
            Self::Courier(_) => Role::Courier,
            Self::Customer(_) => Role::Customer,
        }
    }

    /// Whether it may ask for a path below /api/v1. **What is not named here is closed**: a new endpoint that reads is open to
    /// those who see everything, one that writes to dispatchers, none to the others. Paths are compared as they were sent,
    /// so that no other spelling of an id passes.
    pub fn opens(&self, method: &Method, path: &str) -> bool {
        let reads = method == Method::GET || method == Method::HEAD;
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let is_id = |id: &str| id.parse::<DeliveryId>().is_ok_and(|read| read.to_string() == id);
        match (self, parts.as_slice()) {
            (Self::Dispatcher, _) => true,
            (Self::Viewer | Self::Operator, _) => reads,
            (Self::Courier(_), ["me"]) => reads,
            (Self::Courier(own), ["couriers", courier] | ["couriers", courier, "trail"]) => {
                reads && *courier == own.as_str()
            }
            // Whose delivery it is, the handlers know: see `expect_theirs`.
            (Self::Courier(_), ["deliveries", id] | ["deliveries", id, "trail"]) => reads && is_id(id),
            (Self::Courier(_), ["deliveries", id, "start" | "finish"]) => *method == Method::POST && is_id(id),
            (Self::Customer(own), ["deliveries", id] | ["deliveries", id, "trail"]) => reads && *id == own.to_string(),
            (Self::Courier(_) | Self::Customer(_), _) => false,
        }
    }

    /// Why a path is closed, for people.
    pub fn refusal(&self) -> Answer {
        let detail = match self {
            Self::Customer(_) => "this link shows one delivery and nothing else".to_owned(),
            Self::Courier(_) => "a courier's token opens its own deliveries and nothing else".to_owned(),
            other => format!("the role {} does not allow this", other.role()),
        };
        Answer::new(ProblemKind::Forbidden, detail)
    }
}

impl Caller {
    /// Who asks without a token where none is needed: everything is allowed.
    pub fn anyone() -> Self {
        Self { right: Right::Dispatcher, name: None, until: None }
    }

    /// The holder of a token with these claims, at `now` (ms UTC).
    ///
    /// # Errors
    /// [`Refused`]: it has ended, or it lacks what its role needs.
    pub(super) fn of(claims: Claims, now: Millis) -> std::result::Result<Self, Refused> {
        let until = claims.exp.saturating_mul(1000);
        if now >= until {
            return Err(Refused::Expired);
        }
        let right = match (claims.role, claims.courier, claims.delivery) {
            (Role::Viewer, None, None) => Right::Viewer,
            (Role::Dispatcher, None, None) => Right::Dispatcher,
            (Role::Operator, None, None) => Right::Operator,
            (Role::Courier, Some(courier), None) => Right::Courier(courier),
            (Role::Customer, None, Some(delivery)) => Right::Customer(delivery),
            // Which of the two the issuer meant is not for us to guess.
            _ => return Err(Refused::Bad),
        };
        if !claims::is_name(&claims.sub) {
            return Err(Refused::Bad);
        }
        Ok(Self { right, name: Some(claims.sub.into()), until: Some(until) })
    }

    /// As whom the client is known.
    pub fn you(&self) -> You {
        You { role: self.right.role(), name: self.name.as_deref().map(str::to_owned), until: self.until }
    }

    /// Fails where a courier asks for another one's delivery.
    ///
    /// # Errors
    /// A problem of kind `forbidden`.
    pub fn expect_theirs(&self, delivery: &Delivery) -> Result<()> {
        match &self.right {
            Right::Courier(own) if *own != delivery.courier => Err(self.right.refusal()),
            _ => Ok(()),
        }
    }
}

/// As it stands in `requested_by` and in the log: `dispatcher:ana`, or `dispatcher` where nobody was asked for a token.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}:{name}", self.right.role()),
            None => write!(f, "{}", self.right.role()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_763_683_200_000;

    fn id(number: u128) -> DeliveryId {
        DeliveryId::from_parts(NOW, number)
    }

    fn courier(name: &str) -> CourierId {
        CourierId::new(name).unwrap()
    }

    #[test]
    fn a_link_opens_two_paths() {
        let (own, other) = (id(1), id(2));
        let ask = |method: Method, path: &str| Right::Customer(own).opens(&method, path);
        assert!(ask(Method::GET, &format!("/deliveries/{own}")));
        assert!(ask(Method::HEAD, &format!("/deliveries/{own}/trail")));
        for path in [
            format!("/deliveries/{other}"),
            format!("/deliveries/{own}/audit"),
            format!("/deliveries/{own}/trail/"),
            format!("/deliveries/{own}{other}"),
            format!("/deliveries/{own}/"),
            format!("//deliveries/{own}"),
            format!("/x/deliveries/{own}"),
            format!("/deliveries/%30{}", &own.to_string()[1..]),
            "/deliveries".into(),
            "/deliveries/live".into(),
            "/live".into(),
            "/me".into(),
            String::new(),
        ] {
            assert!(!ask(Method::GET, &path), "{path}");
        }
        assert!(!ask(Method::PUT, &format!("/deliveries/{own}")));
        assert!(!ask(Method::POST, &format!("/deliveries/{own}/trail")));
    }

    #[test]
    fn a_courier_is_held_to_what_is_its_own() {
        let right = Right::Courier(courier("c-17"));
        let id = id(1);
        let upper = id.to_string().to_uppercase();
        assert!(right.opens(&Method::GET, "/couriers/c-17/trail") && right.opens(&Method::GET, "/me"));
        assert!(right.opens(&Method::POST, &format!("/deliveries/{id}/start")));
        for (method, path) in [
            (Method::GET, "/couriers/c-18".to_owned()),
            (Method::GET, "/couriers/C-17".to_owned()),
            (Method::GET, "/couriers".to_owned()),
            (Method::GET, "/deliveries/live".to_owned()),
            (Method::GET, format!("/deliveries/{upper}")),
            (Method::PUT, format!("/deliveries/{id}")),
            (Method::POST, format!("/deliveries/{id}/cancel")),
            (Method::POST, format!("/deliveries/{id}/link")),
            (Method::GET, format!("/deliveries/{id}/start")),
            (Method::POST, "/deliveries".to_owned()),
        ] {
            assert!(!right.opens(&method, &path), "{method} {path}");
        }
    }

    #[test]
    fn claims_must_fit_their_role() {
        let claims = |role, courier: Option<&str>, delivery| Claims {
            sub: "ana".into(),
            role,
            courier: courier.map(|name| CourierId::new(name).unwrap()),
            delivery,
            exp: NOW / 1000 + 60,
        };
        let read = |claims| Caller::of(claims, NOW).map(|caller| caller.right);
        assert_eq!(read(claims(Role::Viewer, None, None)), Ok(Right::Viewer));
        assert_eq!(read(claims(Role::Courier, Some("c-1"), None)), Ok(Right::Courier(courier("c-1"))));
        for wrong in [
            claims(Role::Courier, None, None),
            claims(Role::Customer, None, None),
            claims(Role::Customer, Some("c-1"), Some(id(1))),
            claims(Role::Dispatcher, Some("c-1"), None),
            claims(Role::Viewer, None, Some(id(1))),
            Claims { sub: String::new(), ..claims(Role::Viewer, None, None) },
            Claims { sub: "a\nb".into(), ..claims(Role::Viewer, None, None) },
            Claims { sub: "x".repeat(65), ..claims(Role::Viewer, None, None) },
        ] {
            assert_eq!(read(wrong.clone()), Err(Refused::Bad), "{wrong:?}");
        }
        let late = Claims { exp: NOW / 1000, ..claims(Role::Viewer, None, None) };
        assert_eq!(read(late), Err(Refused::Expired));
        let ana = Caller::of(claims(Role::Dispatcher, None, None), NOW).unwrap();
        assert_eq!((ana.to_string().as_str(), Caller::anyone().to_string().as_str()), ("dispatcher:ana", "dispatcher"));
        assert_eq!(ana.until, Some(NOW + 60_000));
    }
}
