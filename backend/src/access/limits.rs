//! What one address, and one token, may do at most. On loopback without access control nothing is limited: whoever is there
//! may do worse.

use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::time::{Duration, Instant};

use super::buckets::Buckets;
use crate::settings::AccessSettings;

/// A rate is held over this time: so much of it may come at once.
const BURST: Duration = Duration::from_secs(10);
/// So many wrong tokens may come from one address, then [`GUESSES_AGAIN`] long none is looked at, and one each step.
const GUESSES: u32 = 20;
/// Time after which all of them may be tried again.
const GUESSES_AGAIN: Duration = Duration::from_secs(60);

/// The limits, and what was used of them.
#[derive(Debug)]
pub struct Limits {
    addresses: Option<Buckets<IpAddr>>,
    tokens: Option<Buckets<u64>>,
    guesses: Option<Buckets<IpAddr>>,
    sockets: Option<Sockets>,
    hasher: RandomState,
}

/// Open sockets of each address.
type Open = Arc<Mutex<FxHashMap<IpAddr, u32>>>;

#[derive(Debug, Clone)]
struct Sockets {
    open: Open,
    max: u32,
}

impl Limits {
    /// Those of the settings; none of them where `any` is false.
    pub fn new(settings: &AccessSettings, any: bool) -> Self {
        let size = |rate: u32| rate.saturating_mul(BURST.as_secs() as u32);
        let on = |rate: u32| any && rate > 0;
        let sockets = settings.max_sockets_per_address;
        Self {
            addresses: on(settings.rate_per_address).then(|| Buckets::new(size(settings.rate_per_address), BURST)),
            tokens: on(settings.rate_per_token).then(|| Buckets::new(size(settings.rate_per_token), BURST)),
            guesses: any.then(|| Buckets::new(GUESSES, GUESSES_AGAIN)),
            sockets: on(sockets).then(|| Sockets { open: Arc::default(), max: sockets }),
            hasher: RandomState::new(),
        }
    }

    /// Whether one more request from this address is taken.
    pub fn request(&self, from: IpAddr, now: Instant) -> bool {
        self.addresses.as_ref().is_none_or(|buckets| buckets.take(network(from), now))
    }

    /// Whether one more request with this token, which is good, is taken.
    pub fn token(&self, token: &str, now: Instant) -> bool {
        self.tokens.as_ref().is_none_or(|buckets| buckets.take(self.hasher.hash_one(token), now))
    }

    /// Whether a token of this address is looked at.
    pub fn may_guess(&self, from: IpAddr, now: Instant) -> bool {
        self.guesses.as_ref().is_none_or(|buckets| !buckets.is_empty(&network(from), now))
    }

    /// A token of this address was none of ours. Says so in the log where it was the last one that is looked at.
    pub fn guessed(&self, from: IpAddr, now: Instant) {
        let Some(guesses) = &self.guesses else { return };
        guesses.take(network(from), now);
        if guesses.is_empty(&network(from), now) {
            tracing::warn!(%from, "many wrong tokens: the next ones of this address are not looked at for a while");
        }
    }

    /// A seat for a socket of this address; `None` where it has as many as it may have.
    pub fn seat(&self, from: IpAddr) -> Option<Seat> {
        let Some(sockets) = &self.sockets else { return Some(Seat(None)) };
        let from = network(from);
        let mut open = sockets.open.lock();
        let count = open.entry(from).or_default();
        if *count >= sockets.max {
            return None;
        }
        *count += 1;
        Some(Seat(Some((sockets.open.clone(), from))))
    }
}

/// One of the sockets that an address may have; given back when it is dropped.
#[derive(Debug)]
pub struct Seat(Option<(Open, IpAddr)>);

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((open, from)) = &self.0 else { return };
        let mut open = open.lock();
        if let Some(count) = open.get_mut(from) {
            *count -= 1;
            if *count == 0 {
                open.remove(from);
            }
        }
    }
}

/// What counts as one address: of IPv6 the 64 bits that a subscriber has, of IPv4 written as IPv6 the address itself.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> AccessSettings {
        AccessSettings {
            rate_per_address: 5,
            rate_per_token: 2,
            max_sockets_per_address: 2,
            ..AccessSettings::default()
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_cut_to_the_rate_and_others_go_on() {
        let limits = Limits::new(&settings(), true);
        let began = Instant::now();
        let (bad, good) = (ip("192.0.2.1"), ip("192.0.2.2"));
        let mut taken = 0;
        // A thousand requests a second for a minute, beside one a second.
        for ms in 0..60_000 {
            let now = began + Duration::from_millis(ms);
            taken += u32::from(limits.request(bad, now));
            assert!(ms % 1_000 != 0 || limits.request(good, now), "at {ms} ms");
        }
        assert!((300..=352).contains(&taken), "{taken} of 60,000");
        let tokens = (0..1_000).filter(|_| limits.token("one", began)).count();
        assert_eq!((tokens, limits.token("another", began)), (20, true));
    }

    #[tokio::test(start_paused = true)]
    async fn guessing_is_slow() {
        let limits = Limits::new(&settings(), true);
        let (began, from) = (Instant::now(), ip("2001:db8:1:2::7"));
        let mut looked_at = 0;
        // An hour of a thousand guesses a second, from all addresses of one subscriber.
        for ms in 0..3_600_000_u64 {
            let now = began + Duration::from_millis(ms);
            let from = ip(&format!("2001:db8:1:2::{:x}", ms % 0xffff));
            if ms % 10 == 0 && limits.may_guess(from, now) {
                limits.guessed(from, now);
                looked_at += 1;
            }
        }
        assert!((1_200..=1_240).contains(&looked_at), "{looked_at} of 360,000");
        let end = began + Duration::from_secs(3_600);
        assert!(limits.may_guess(ip("2001:db8:1:3::7"), end), "the neighbour is another one");
        assert!(limits.may_guess(from, end + GUESSES_AGAIN));
    }

    #[test]
    fn sockets_are_counted_by_address_and_given_back() {
        let limits = Limits::new(&settings(), true);
        let from = ip("192.0.2.1");
        let (first, second) = (limits.seat(from), limits.seat(ip("::ffff:192.0.2.1")));
        assert!(first.is_some() && second.is_some() && limits.seat(from).is_none());
        assert!(limits.seat(ip("192.0.2.2")).is_some());
        drop(first);
        let third = limits.seat(from);
        assert!(third.is_some());
        drop((second, third));
        assert!(
            limits.sockets.as_ref().is_some_and(|sockets| sockets.open.lock().is_empty()),
            "nothing is left behind"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_everything_is_taken() {
        let limits = Limits::new(&settings(), false);
        let (now, from) = (Instant::now(), ip("127.0.0.1"));
        for _ in 0..10_000 {
            limits.guessed(from, now);
            assert!(limits.request(from, now) && limits.token("one", now) && limits.may_guess(from, now));
        }
        let seats: Vec<Option<Seat>> = (0..100).map(|_| limits.seat(from)).collect();
        assert!(seats.iter().all(Option::is_some));
    }
}
