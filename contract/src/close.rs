//! Close codes of the live socket: one table that says what each means and whether a client comes back.

/// What a client does after a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// At once, after a random wait of up to 5 s so that a restart is not followed by a stampede.
    Spread,
    /// After a wait that doubles from 0.5 s to 30 s, with jitter.
    Backoff,
    /// The same, but from 5 s: the server asked for peace.
    SlowBackoff,
    /// With another token only.
    NewToken,
    /// After loading the page again: it is older than the server.
    Reload,
    /// Not at all: another try would end the same way.
    Never,
}

/// A close code of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// The number in the close frame.
    pub code: u16,
    /// The reason text in the close frame.
    pub reason: &'static str,
}

/// The server goes away.
pub const GOING_AWAY: Close = Close { code: 1001, reason: "going away" };
/// A message was larger than 4 KiB.
pub const TOO_BIG: Close = Close { code: 1009, reason: "message too big" };
/// The server drains for a restart.
pub const RESTART: Close = Close { code: 1012, reason: "restart" };
/// The server has no room for another socket.
pub const OVERLOAD: Close = Close { code: 1013, reason: "overload" };
/// A message was not of the protocol.
pub const BAD_MESSAGE: Close = Close { code: 4400, reason: "bad message" };
/// The token is wrong or expired.
pub const UNAUTHORIZED: Close = Close { code: 4401, reason: "token bad or expired" };
/// The token does not allow this.
pub const FORBIDDEN: Close = Close { code: 4403, reason: "not allowed" };
/// The subprotocol is not spoken here.
pub const NOT_SPOKEN: Close = Close { code: 4406, reason: "protocol not spoken" };
/// No hello within 5 s, or 40 s of silence.
pub const SILENT: Close = Close { code: 4408, reason: "no hello, or silent" };
/// The link or its delivery is over.
pub const ENDED: Close = Close { code: 4410, reason: "ended" };
/// More than 20 messages a second.
pub const LIMITS: Close = Close { code: 4429, reason: "too many messages" };

/// Too many sockets from one address.
pub const CROWDED: Close = Close { code: 4429, reason: "too many sockets from this address" };
/// Too many tokens that were wrong, or too many requests with one.
pub const TOO_OFTEN: Close = Close { code: 4429, reason: "too many attempts" };

/// What a client does after a close with `code`. An unknown code, and a connection that broke without one, is a fault of
/// the network.
pub fn reconnect(code: u16) -> Reconnect {
    match code {
        1001 | 1012 => Reconnect::Spread,
        1009 | 4400 | 4403 | 4410 => Reconnect::Never,
        4401 => Reconnect::NewToken,
        4406 => Reconnect::Reload,
        1013 | 4429 => Reconnect::SlowBackoff,
        _ => Reconnect::Backoff,
    }
}
