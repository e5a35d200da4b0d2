//! The state of the live connection, as people see it.

use contract::Millis;

/// What the page says about its connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Connection {
    /// The first attempt: nothing was shown yet.
    #[default]
    Connecting,
    /// Updates flow.
    Live,
    /// The connection was lost; what was last known stays on the screen.
    Reconnecting {
        /// Server time of what is shown, ms UTC; `None` where nothing was received yet.
        showing_at: Option<Millis>,
        /// When the next attempt is made, ms of the server's clock; `None` while one is being made.
        next_try_at: Option<Millis>,
    },
    /// No further attempt is made.
    Ended(Ended),
    /// The past is on the screen; how the live connection stands meanwhile is told beside it.
    Replay,
}

/// Why no further attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The server did not take what the page said.
    Refused,
    /// The token is bad or expired: another one is needed.
    Unauthorized,
    /// The link or the delivery is over.
    Over,
    /// The page is older than the server: load it again.
    Outdated,
}

impl Connection {
    /// The word in the page's `data-connection`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Ended(_) => "ended",
            Self::Replay => "replay",
        }
    }

    /// True where what is shown is older than it should be.
    pub fn is_away(self) -> bool {
        !matches!(self, Self::Live | Self::Replay)
    }

    /// True while updates flow.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}
