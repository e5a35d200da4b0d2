//! Who asks, and what they may: tokens read into a [`Caller`], the table of what each role may do ([`Right::opens`]), and how
//! often anybody may ask ([`Limits`]).
//!
//! Without a secret only loopback is listened on and everybody is a dispatcher. With one, REST is held by [`mod@guard`] and the
//! socket by its session; both ask [`Access::judge`].

mod buckets;
mod caller;
mod claims;
mod guard;
mod keys;
mod limits;
mod peer;
pub mod token;

use std::{fmt, net::IpAddr};

use axum::http::{HeaderMap, header};
use contract::{Millis, ProblemKind};
use service::StartError;
use tokio::time::Instant;

use crate::{rest::problem::Answer, settings::AccessSettings};

pub use caller::{Caller, Right};
pub use claims::Claims;
pub use guard::{address, admit, guard};
pub use keys::Keys;
pub use limits::{Limits, Seat};
pub use peer::parse_net;

/// What tokens are held against.
#[derive(Debug)]
pub struct Access {
    keys: Keys,
    /// Whether the keys outlive this process.
    kept: bool,
    /// Whether everybody without a token is a dispatcher.
    open: bool,
    /// Address of the page as customers reach it, without a slash at its end.
    public_url: Option<String>,
    limits: Limits,
    proxies: Vec<ipnet::IpNet>,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The token is none of ours, or changed.
    Bad,
    /// It was good until some time ago.
    Expired,
    /// None where one is needed.
    Missing,
    /// So many wrong ones came from this address that no more is looked at.
    Guessing,
    /// The token is good, and asks too often.
    Busy,
}

impl Refused {
    /// The word in metrics.
    fn as_str(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Expired => "expired",
            Self::Missing => "missing",
            Self::Guessing => "guessing",
            Self::Busy => "busy",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bad => "the token is none of this server's",
            Self::Expired => "the token has expired",
            Self::Missing => "a token is needed here",
            Self::Guessing => "too many wrong tokens came from this address: try again in a minute",
            Self::Busy => "too many requests with this token",
        })
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::Bad | Refused::Expired | Refused::Missing => ProblemKind::Unauthorized,
            Refused::Guessing | Refused::Busy => ProblemKind::TooManyRequests,
        };
        Self::new(kind, refused.to_string())
    }
}

impl Access {
    /// Reads the secret, or makes one for this process. `loopback`: whether nobody but this machine reaches the port.
    ///
    /// # Errors
    /// [`StartError::Setting`]: a file that cannot be read or holds a weak key, an address that is none, or an address for
    /// others without a secret that lasts.
    pub fn new(settings: &AccessSettings, loopback: bool) -> Result<Self, StartError> {
        let public_url = settings.public_url.as_deref().filter(|url| !url.is_empty()).map(origin_of).transpose()?;
        let file = settings.secret_file();
        let keys = match file {
            Some(path) => Keys::read(path).map_err(StartError::setting)?,
            None if public_url.is_some() => {
                let detail = "CD_PUBLIC_URL: links for other machines need CD_AUTH_SECRET_FILE, too";
                return Err(StartError::setting(detail));
            }
            None => {
                tracing::info!(
                    "no CD_AUTH_SECRET_FILE: nobody is asked for a token, customers' links end with this process"
                );
                Keys::made().map_err(StartError::failure)?
            }
        };
        let kept = file.is_some();
        let open = !kept || settings.auth_open;
        if open && !loopback {
            tracing::warn!("CD_AUTH_OPEN: whoever reaches this port sees everything and starts and cancels deliveries");
        }
        let limits = Limits::new(settings, !(open && loopback));
        Ok(Self { keys, kept, open, public_url, limits, proxies: settings.trusted_proxies.clone() })
    }

    /// Who it is that asks from an address with a token, or without one where `open` is true, at `now` (ms UTC). Counts
    /// what is limited.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn judge(&self, token: Option<&str>, open: bool, from: IpAddr, now: Millis) -> Result<Caller, Refused> {
        let judged = match token {
            None if open => return Ok(Caller::anyone()),
            None => Err(Refused::Missing),
            Some(token) => self.held_against(token, from, now),
        };
        if let Err(refused) = judged {
            metrics::counter!("cd_refused_total", "why" => refused.as_str()).increment(1);
        }
        judged
    }

    fn held_against(&self, token: &str, from: IpAddr, now: Millis) -> Result<Caller, Refused> {
        let at = Instant::now();
        if !self.limits.may_guess(from, at) {
            return Err(Refused::Guessing);
        }
        let judged = self.caller(token, now);
        match judged {
            // Who holds one that has expired is not guessing.
            Err(Refused::Bad) => self.limits.guessed(from, at),
            Ok(_) if !self.limits.token(token, at) => return Err(Refused::Busy),
            _ => {}
        }
        judged
    }

    /// Who holds this token at `now` (ms UTC).
    ///
    /// # Errors
    /// [`Refused`], for whatever is not a token of ours that is valid now.
    pub fn caller(&self, token: &str, now: Millis) -> Result<Caller, Refused> {
        Caller::of(self.keys.verify(token).ok_or(Refused::Bad)?, now)
    }

    /// A token with these claims; `None` where it cannot be signed, which is a fault of ours.
    pub fn sign(&self, claims: &Claims) -> Option<String> {
        self.keys.sign(claims)
    }

    /// What addresses and tokens may do at most.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether links outlive this process and may be opened elsewhere.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Whether everybody without a token is a dispatcher.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Where customers reach the page, `https://host`, where that was set.
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    /// Whether a request for this `Host` comes by the address for customers: there nobody is a dispatcher without a token.
    pub fn is_public(&self, host: &str) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.split_once("://").is_some_and(|(_, known)| known == host))
    }

    /// Whether one who asks with these headers needs a token. Where access is open, those need one who come by the address
    /// for customers; a name that CD_ALLOWED_ORIGINS lists is the dispatchers' own.
    pub fn needs_token(&self, headers: &HeaderMap, allowed_origins: &[String]) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let listed = |origin: &String| origin.split_once("://").is_some_and(|(_, known)| known == host);
        !self.open || self.is_public(host) && !allowed_origins.iter().any(listed)
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

#[cfg(test)]
mod tests {
    use contract::{DeliveryId, Role};

    use super::*;

    const NOW: Millis = 1_763_683_200_000;

    fn customer(exp: i64) -> Claims {
        let delivery = Some(DeliveryId::from_parts(NOW, 1));
        Claims { sub: "customer".into(), role: Role::Customer, courier: None, delivery, exp }
    }

    fn from() -> IpAddr {
        IpAddr::from([192, 0, 2, 1])
    }

    #[test]
    fn a_token_says_who_asks_until_it_expires() {
        let access = Access::new(&AccessSettings::default(), true).unwrap();
        assert!(!access.is_kept() && access.is_open());
        let token = access.sign(&customer(NOW / 1000 + 60)).unwrap();
        let right = Right::Customer(DeliveryId::from_parts(NOW, 1));
        let expected = Caller { right, name: Some("customer".into()), until: Some(NOW + 60_000) };
        assert_eq!(access.caller(&token, NOW), Ok(expected.clone()));
        assert_eq!(access.caller(&token, NOW + 59_999), Ok(expected));
        assert_eq!(access.caller(&token, NOW + 60_000), Err(Refused::Expired));
        let another = Access::new(&AccessSettings::default(), true).unwrap();
        assert_eq!(another.caller(&token, NOW), Err(Refused::Bad), "each start makes a secret of its own");
    }

    #[tokio::test(start_paused = true)]
    async fn who_guesses_is_not_told_even_what_is_right() {
        let access = Access::new(&AccessSettings::default(), false).unwrap();
        let token = access.sign(&customer(NOW / 1000 + 60)).unwrap();
        let judge = |token: &str, from: [u8; 4]| access.judge(Some(token), true, IpAddr::from(from), NOW);
        let guess = || judge("a.b.c", [192, 0, 2, 1]).unwrap_err();
        let looked_at = (0..1_000).filter(|_| guess() == Refused::Bad).count();
        assert_eq!((looked_at, guess()), (20, Refused::Guessing));
        assert_eq!(judge(&token, [192, 0, 2, 1]).unwrap_err(), Refused::Guessing);
        assert!(judge(&token, [192, 0, 2, 2]).is_ok(), "others go on");
        tokio::time::advance(std::time::Duration::from_secs(61)).await;
        assert!(judge(&token, [192, 0, 2, 1]).is_ok());
        let old = access.sign(&customer(NOW / 1000 - 60)).unwrap();
        assert!((0..100).all(|_| judge(&old, [192, 0, 2, 3]) == Err(Refused::Expired)), "an old one is no guess");
        assert_eq!(access.judge(None, false, from(), NOW), Err(Refused::Missing));
        assert_eq!(access.judge(None, true, from(), NOW), Ok(Caller::anyone()));
    }

    #[test]
    fn an_address_for_others_needs_a_secret_that_lasts() {
        let with = |url: &str, file: Option<&str>, open: bool| {
            let settings = AccessSettings {
                public_url: Some(url.into()),
                auth_secret_file: file.map(std::path::PathBuf::from),
                auth_open: open,
                ..AccessSettings::default()
            };
            Access::new(&settings, true).map_err(|error| error.to_string())
        };
        assert!(with("https://track.example", None, false).unwrap_err().contains("CD_AUTH_SECRET_FILE"));
        for wrong in ["track.example", "https://", "https://track.example/x", "https://a@b", "ftp://x"] {
            assert!(with(wrong, None, false).unwrap_err().starts_with("CD_PUBLIC_URL: "), "{wrong}");
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "track.example".parse().unwrap());
        let listed = ["https://track.example".to_owned()];
        let access = with("https://Track.example/", file.to_str(), true).unwrap();
        assert_eq!(access.public_url(), Some("https://track.example"));
        assert!(access.is_public("track.example") && !access.is_public("127.0.0.1:8080"));
        assert!(access.needs_token(&headers, &[]) && !access.needs_token(&headers, &listed));
        assert!(!access.needs_token(&HeaderMap::new(), &[]));
        let access = with("https://track.example", file.to_str(), false).unwrap();
        assert!(
            access.needs_token(&headers, &listed) && access.needs_token(&HeaderMap::new(), &[]),
            "locked is locked"
        );
    }
}
