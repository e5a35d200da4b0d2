//! Who asks, and what they may: tokens read into a [`Caller`], and the one table of what each role may do.
//!
//! A request without a token is a dispatcher's, which is why only loopback is listened on. A customer's link carries a token
//! and is held to one delivery wherever it is shown: REST by [`guard`], the socket by its session. The roles that are not
//! served yet are refused, not ignored.

mod claims;
mod keys;

use std::{fmt, sync::Arc};

use axum::{
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::{DeliveryId, Millis, ProblemKind};
use service::StartError;

use crate::{App, rest::problem::Answer, settings::AccessSettings};

pub use claims::{Claims, Role};
pub use keys::Keys;

/// Path of everything that access is asked for.
const API: &str = "/api/v1";

/// What tokens are held against.
#[derive(Debug)]
pub struct Access {
    keys: Keys,
    /// Whether the keys outlive this process.
    kept: bool,
    /// Address of the page as customers reach it, without a slash at its end.
    public_url: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Without a token, from this machine: everything.
    Dispatcher,
    /// With a link: this delivery alone, until the token's end (ms UTC).
    Customer {
        /// The delivery.
        delivery: DeliveryId,
        /// When the token ends, ms UTC.
        until: Millis,
    },
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// None of ours, or changed.
    Bad,
    /// It was good until some time ago.
    Expired,
    /// None where one is needed.
    Missing,
    /// Good, but of a role that is not served.
    NotServed(Role),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad => f.write_str("the token is none of this server's"),
            Self::Expired => f.write_str("the token has expired"),
            Self::Missing => f.write_str("a token is needed under this name"),
            Self::NotServed(role) => write!(f, "tokens of role {role} are not served yet"),
        }
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::Bad | Refused::Expired | Refused::Missing => ProblemKind::Unauthorized,
            Refused::NotServed(_) => ProblemKind::Forbidden,
        };
        Self::new(kind, refused.to_string())
    }
}

impl Access {
    /// Reads the secret, or makes one for this process.
    ///
    /// # Errors
    /// [`StartError::Setting`]: a file that cannot be read or holds a weak key, an address that is none, or an address for
    /// others without a secret that lasts.
    pub fn new(settings: &AccessSettings) -> Result<Self, StartError> {
        let public_url = settings.public_url.as_deref().filter(|url| !url.is_empty()).map(origin_of).transpose()?;
        let file = settings.auth_secret_file.as_ref().filter(|path| !path.as_os_str().is_empty());
        let keys = match file {
            Some(path) => Keys::read(path).map_err(StartError::setting)?,
            None if public_url.is_some() => {
                let detail = "CD_PUBLIC_URL: links for other machines need CD_AUTH_SECRET_FILE, too";
                return Err(StartError::setting(detail));
            }
            None => {
                tracing::info!(
                    "no CD_AUTH_SECRET_FILE: customers' links open on this machine only, until this process ends"
                );
                Keys::made().map_err(StartError::failure)?
            }
        };
        Ok(Self { keys, kept: file.is_some(), public_url })
    }

    /// Who holds this token at `now` (ms UTC).
    ///
    /// # Errors
    /// [`Refused`], for whatever is not a customer's token of ours that is valid now.
    pub fn caller(&self, token: &str, now: Millis) -> Result<Caller, Refused> {
        let claims = self.keys.verify(token).ok_or(Refused::Bad)?;
        let until = claims.exp.saturating_mul(1000);
        match (claims.role, claims.delivery) {
            _ if now >= until => Err(Refused::Expired),
            (Role::Customer, Some(delivery)) => Ok(Caller::Customer { delivery, until }),
            (Role::Customer, None) => Err(Refused::Bad),
            (role, _) => Err(Refused::NotServed(role)),
        }
    }

    /// A token with these claims; `None` where it cannot be signed, which is a fault of ours.
    pub fn sign(&self, claims: &Claims) -> Option<String> {
        self.keys.sign(claims)
    }

    /// Whether links outlive this process and may be opened elsewhere.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Where customers reach the page, `https://host`, where that was set.
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    /// Whether a request for this `Host` comes by the address for customers: there nobody is a dispatcher.
    pub fn is_public(&self, host: &str) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.split_once("://").is_some_and(|(_, known)| known == host))
    }

    /// Whether one who asks with these headers needs a token. A name that CD_ALLOWED_ORIGINS lists is the dispatchers' own.
    pub fn needs_token(&self, headers: &HeaderMap, allowed_origins: &[String]) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let listed = |origin: &String| origin.split_once("://").is_some_and(|(_, known)| known == host);
        self.is_public(host) && !allowed_origins.iter().any(listed)
    }
}

/// `https://host` of an address that must be no more than that.
fn origin_of(url: &str) -> Result<String, StartError> {
    let origin = url.trim_end_matches('/');
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let plain = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) && host.is_ascii();
    if host.is_some_and(plain) {
        return Ok(origin.to_ascii_lowercase());
    }
    Err(StartError::setting(format!("CD_PUBLIC_URL: {url:?} must be https://host, without a path")))
}

/// Reads the token of every REST request, and lets a customer ask for what is theirs alone. Handlers find the [`Caller`]
/// among the request's extensions.
pub async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let caller = match bearer(request.headers()) {
        Some(token) => app.access.caller(token, app.clock.now()),
        None if app.access.needs_token(request.headers(), &app.allowed_origins) && !is_socket(&request) => {
            Err(Refused::Missing)
        }
        None => Ok(Caller::Dispatcher),
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(refused) => return Answer::from(refused).into_response(),
    };
    if let Caller::Customer { delivery, .. } = caller
        && !is_of(delivery, request.method(), path(&request))
    {
        return Answer::new(ProblemKind::Forbidden, "this link shows one delivery and nothing else").into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The whole path that was asked for: a nested router sees the rest only.
fn path(request: &Request) -> &str {
    request.extensions().get::<OriginalUri>().map_or(request.uri().path(), |uri| uri.0.path())
}

/// The socket takes its token in `hello`: browsers can send none with the request.
fn is_socket(request: &Request) -> bool {
    path(request).strip_prefix(API) == Some("/live")
}

/// The token of `Authorization: Bearer`. Other schemes are a proxy's own business.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    // What is no text is no token of ours either.
    let (scheme, token) = value.to_str().unwrap_or("Bearer ?").split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// All that a customer may ask for: the delivery and its trail. The path is compared as it was sent, so that no other
/// spelling of an id passes.
fn is_of(delivery: DeliveryId, method: &Method, path: &str) -> bool {
    let reads = method == Method::GET || method == Method::HEAD;
    let own = path.strip_prefix(API).and_then(|path| path.strip_prefix("/deliveries/"));
    let own = own.and_then(|path| path.strip_prefix(delivery.to_string().as_str()));
    reads && matches!(own, Some("" | "/trail"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_763_683_200_000;

    fn id(number: u128) -> DeliveryId {
        DeliveryId::from_parts(NOW, number)
    }

    fn customer(exp: i64) -> Claims {
        Claims { sub: "customer".into(), role: Role::Customer, courier: None, delivery: Some(id(1)), exp }
    }

    #[test]
    fn a_token_says_who_asks_until_it_expires() {
        let access = Access::new(&AccessSettings::default()).unwrap();
        assert!(!access.is_kept());
        let token = access.sign(&customer(NOW / 1000 + 60)).unwrap();
        let expected = Caller::Customer { delivery: id(1), until: NOW + 60_000 };
        assert_eq!(access.caller(&token, NOW), Ok(expected));
        assert_eq!(access.caller(&token, NOW + 59_999), Ok(expected));
        assert_eq!(access.caller(&token, NOW + 60_000), Err(Refused::Expired));
        let viewer = Claims { role: Role::Viewer, ..customer(NOW / 1000 + 60) };
        assert_eq!(access.caller(&access.sign(&viewer).unwrap(), NOW), Err(Refused::NotServed(Role::Viewer)));
        let of_nothing = Claims { delivery: None, ..customer(NOW / 1000 + 60) };
        assert_eq!(access.caller(&access.sign(&of_nothing).unwrap(), NOW), Err(Refused::Bad));
        let another = Access::new(&AccessSettings::default()).unwrap();
        assert_eq!(another.caller(&token, NOW), Err(Refused::Bad), "each start makes a secret of its own");
    }

    #[test]
    fn a_link_opens_two_paths() {
        let (own, other) = (id(1), id(2));
        let ask = |method: Method, path: &str| is_of(own, &method, path);
        assert!(ask(Method::GET, &format!("/api/v1/deliveries/{own}")));
        assert!(ask(Method::HEAD, &format!("/api/v1/deliveries/{own}/trail")));
        for path in [
            format!("/api/v1/deliveries/{other}"),
            format!("/api/v1/deliveries/{own}/audit"),
            format!("/api/v1/deliveries/{own}/trail/"),
            format!("/api/v1/deliveries/{own}{other}"),
            format!("/api/v1/deliveries/{own}/"),
            format!("/api/v1//deliveries/{own}"),
            format!("/api/v1/deliveries/%30{}", &own.to_string()[1..]),
            "/api/v1/deliveries".into(),
            "/api/v1/deliveries/live".into(),
            "/api/v1/live".into(),
        ] {
            assert!(!ask(Method::GET, &path), "{path}");
        }
        assert!(!ask(Method::PUT, &format!("/api/v1/deliveries/{own}")));
        assert!(!ask(Method::POST, &format!("/api/v1/deliveries/{own}/trail")));
    }

    #[test]
    fn an_address_for_others_needs_a_secret_that_lasts() {
        let with = |url: &str, file: Option<&str>| {
            let settings =
                AccessSettings { public_url: Some(url.into()), auth_secret_file: file.map(std::path::PathBuf::from) };
            Access::new(&settings).map_err(|error| error.to_string())
        };
        assert!(with("https://track.example", None).unwrap_err().contains("CD_AUTH_SECRET_FILE"));
        for wrong in ["track.example", "https://", "https://track.example/x", "https://a@b", "ftp://x"] {
            assert!(with(wrong, None).unwrap_err().starts_with("CD_PUBLIC_URL: "), "{wrong}");
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
        let access = with("https://Track.example/", file.to_str()).unwrap();
        assert_eq!(access.public_url(), Some("https://track.example"));
        assert!(access.is_public("track.example") && !access.is_public("127.0.0.1:8080"));
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "track.example".parse().unwrap());
        assert!(access.needs_token(&headers, &[]));
        assert!(!access.needs_token(&headers, &["https://track.example".into()]));
    }

    #[test]
    fn only_bearers_are_read() {
        let read = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, header::HeaderValue::from_bytes(value).unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(b"Bearer abc").as_deref(), Some("abc"));
        assert_eq!(read(b"bearer  abc").as_deref(), Some("abc"));
        assert_eq!(read(b"Basic abc"), None);
        assert_eq!(read(b"Bearer \xff").as_deref(), Some("?"), "it is refused, not passed over");
    }
}
