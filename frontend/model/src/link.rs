//! The life of the live socket, as a machine without a socket: what happened goes in, what to do comes out.
//!
//! Times are ms of the page's own clock. A random number comes with every event that may start a wait, so that a thousand
//! pages do not come back in the same moment.

mod views;

use contract::{
    CourierId, Millis,
    close::{Reconnect, reconnect},
    live::{ClientMessage, Resume},
};

use crate::connection::{Connection, Ended};

pub use views::{Sending, Views};

/// First wait of the backoff, ms.
const FIRST_WAIT_MS: f64 = 500.0;
/// Longest wait of the backoff, ms.
const LONGEST_WAIT_MS: f64 = 30_000.0;
/// First wait where the server asked for peace, ms.
const PEACE_WAIT_MS: f64 = 5_000.0;
/// After a restart of the server pages come back spread over this time, ms.
const SPREAD_MS: f64 = 5_000.0;
/// The summary comes once a second: without any message for this long the connection is lost, ms.
const SILENCE_MS: Millis = 5_000;
/// An attempt that is not answered within this time has failed, ms.
const ATTEMPT_MS: Millis = 10_000;
/// A connection that lasted this long was a good one: the next backoff begins anew, ms.
const GOOD_MS: Millis = 10_000;
/// Calls of [`Link::tick`] further apart than this mean that the page slept; its messages may still be waiting to be
/// read, so the silence is measured from the waking on, ms.
const SLEPT_MS: Millis = 3_000;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Open a socket.
    Open,
    /// Close the socket, and hear nothing more of it.
    Drop,
    /// Send this.
    Send(ClientMessage),
    /// Fetch GET /deliveries/live and merge it.
    Fetch,
    /// Drop the deliveries that are known: what was missed cannot be told.
    Forget,
    /// What was missed is on the screen.
    CaughtUp {
        /// How many positions and deliveries are newer than what was shown.
        updates: u32,
        /// How long the picture stood still, ms.
        away_ms: Millis,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Waiting { until: Millis },
    Opening { since: Millis },
    Greeting { since: Millis },
    Live { since: Millis },
    Ended(Ended),
}

/// The machine.
#[derive(Debug)]
pub struct Link {
    phase: Phase,
    /// What hello brings where the server asks for one.
    token: Option<String>,
    cursor: Option<String>,
    watched: Option<CourierId>,
    wait_ms: f64,
    heard_at: Millis,
    ticked_at: Millis,
    /// The connection is lost: from which server time on the picture stands still, where there is one.
    lost: Option<Option<Millis>>,
    missed: u32,
    /// The connection is back; the view's full frame is not.
    catching_up: bool,
    /// When to send which view.
    pub views: Views,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            token: None,
            cursor: None,
            watched: None,
            wait_ms: FIRST_WAIT_MS,
            heard_at: 0,
            ticked_at: 0,
            lost: None,
            missed: 0,
            catching_up: false,
            views: Views::default(),
        }
    }
}

impl Link {
    /// Begins, with a token where there is one.
    pub fn start(&mut self, token: Option<String>, now: Millis) -> Vec<Act> {
        self.token = token;
        self.ticked_at = now;
        self.open(now)
    }

    fn open(&mut self, now: Millis) -> Vec<Act> {
        self.phase = Phase::Opening { since: now };
        vec![Act::Open]
    }

    /// The socket is open: hello comes first, then what is looked at.
    pub fn opened(&mut self, now: Millis) -> Vec<Act> {
        self.phase = Phase::Greeting { since: now };
        self.heard_at = now;
        let mut acts = vec![Act::Send(ClientMessage::Hello { token: self.token.clone(), cursor: self.cursor.clone() })];
        acts.extend(self.views.again(now).map(|view| Act::Send(ClientMessage::View(view))));
        acts.extend(self.watched.clone().map(|courier| Act::Send(ClientMessage::Watch { courier })));
        acts
    }

    /// Any message came.
    pub fn heard(&mut self, now: Millis) {
        self.heard_at = now;
    }

    /// The answer to hello.
    pub fn welcome(&mut self, resume: Resume, cursor: String, now: Millis) -> Vec<Act> {
        self.phase = Phase::Live { since: now };
        self.catching_up = self.lost.is_some();
        self.missed = 0;
        match resume {
            // The events that were missed follow, each with its cursor.
            Resume::Resumed => Vec::new(),
            Resume::New => {
                self.cursor = Some(cursor);
                vec![Act::Fetch]
            }
            Resume::Reset => {
                self.cursor = Some(cursor);
                vec![Act::Forget, Act::Fetch]
            }
        }
    }

    /// Events came; `changed` of them were not known.
    pub fn events(&mut self, cursor: String, changed: u32) {
        self.cursor = Some(cursor);
        if self.catching_up {
            self.missed += changed;
        }
    }

    /// A frame of the server time `at` came with `fresh` fixes that were not known. The first frame that shows the view in
    /// whole ends the catching up.
    pub fn frame(&mut self, whole: bool, fresh: u32, at: Millis) -> Vec<Act> {
        if !self.catching_up || !whole {
            return Vec::new();
        }
        self.catching_up = false;
        // Where nothing had been shown there is nothing to catch up with.
        let Some(Some(from)) = self.lost.take() else { return Vec::new() };
        // By the server's clock: the page's own may stand still while the machine sleeps.
        vec![Act::CaughtUp { updates: self.missed + fresh, away_ms: (at - from).max(0) }]
    }

    /// The socket closed, or could not be opened. `showing_at` is the server time of the picture.
    pub fn closed(&mut self, code: u16, showing_at: Option<Millis>, now: Millis, random: f64) -> Vec<Act> {
        if matches!(self.phase, Phase::Ended(_)) {
            return Vec::new();
        }
        if let Phase::Live { since } = self.phase
            && now - since > GOOD_MS
        {
            self.wait_ms = FIRST_WAIT_MS;
        }
        self.catching_up = false;
        self.lost.get_or_insert(showing_at);
        let wait = match reconnect(code) {
            Reconnect::Spread => random * SPREAD_MS,
            Reconnect::Backoff => self.back_off(FIRST_WAIT_MS, random),
            Reconnect::SlowBackoff => self.back_off(PEACE_WAIT_MS, random),
            Reconnect::NewToken => return self.end(Ended::Unauthorized),
            Reconnect::Reload => return self.end(Ended::Outdated),
            Reconnect::Never if code == contract::close::ENDED.code => return self.end(Ended::Over),
            Reconnect::Never => return self.end(Ended::Refused),
        };
        self.phase = Phase::Waiting { until: now + wait as Millis };
        Vec::new()
    }

    /// A picture from before this page was opened is shown now, of the server time `at`.
    pub fn recalled(&mut self, at: Millis) {
        if let Some(showing_at @ None) = &mut self.lost {
            *showing_at = Some(at);
        }
    }

    /// Half of the wait is sure, half is chance.
    fn back_off(&mut self, at_least: f64, random: f64) -> f64 {
        let wait = self.wait_ms.max(at_least);
        self.wait_ms = (wait * 2.0).min(LONGEST_WAIT_MS);
        wait * (0.5 + 0.5 * random)
    }

    fn end(&mut self, why: Ended) -> Vec<Act> {
        self.phase = Phase::Ended(why);
        Vec::new()
    }

    /// Some time passed: call it about twice a second.
    pub fn tick(&mut self, showing_at: Option<Millis>, now: Millis, random: f64) -> Vec<Act> {
        if now - self.ticked_at > SLEPT_MS {
            self.heard_at = now;
        }
        self.ticked_at = now;
        let failed = match self.phase {
            Phase::Waiting { until } if now >= until => return self.open(now),
            Phase::Opening { since } | Phase::Greeting { since } => now - since > ATTEMPT_MS,
            Phase::Live { .. } => now - self.heard_at > SILENCE_MS,
            _ => false,
        };
        if !failed {
            return Vec::new();
        }
        let mut acts = vec![Act::Drop];
        acts.extend(self.closed(1006, showing_at, now, random));
        acts
    }

    /// There is a network again, and it may be another one: a connection that seems to stand is that of the old one, and
    /// would be found dead only after its silence. `showing_at` is the server time of the picture.
    pub fn network_back(&mut self, showing_at: Option<Millis>, now: Millis) -> Vec<Act> {
        match self.phase {
            Phase::Waiting { .. } => self.open(now),
            Phase::Opening { .. } | Phase::Greeting { .. } | Phase::Live { .. } => {
                self.catching_up = false;
                self.lost.get_or_insert(showing_at);
                let mut acts = vec![Act::Drop];
                acts.extend(self.open(now));
                acts
            }
            Phase::Idle | Phase::Ended(_) => Vec::new(),
        }
    }

    /// A person asks for an attempt at once.
    pub fn try_now(&mut self, now: Millis) -> Vec<Act> {
        match self.phase {
            Phase::Waiting { .. } => self.open(now),
            _ => Vec::new(),
        }
    }

    /// Follow this courier even outside the view, and no longer the one before.
    pub fn watch(&mut self, courier: Option<CourierId>) -> Vec<Act> {
        if courier == self.watched {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.watched, courier);
        if !self.is_open() {
            return Vec::new();
        }
        let unwatch = before.map(|courier| Act::Send(ClientMessage::Unwatch { courier }));
        let watch = self.watched.clone().map(|courier| Act::Send(ClientMessage::Watch { courier }));
        unwatch.into_iter().chain(watch).collect()
    }

    /// True where messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Greeting { .. } | Phase::Live { .. })
    }

    /// What people see of it. `offset` is the server's clock minus the page's, ms.
    pub fn connection(&self, offset: Millis) -> Connection {
        let reconnecting = |next: Option<Millis>| match self.lost {
            Some(showing_at) => Connection::Reconnecting { showing_at, next_try_at: next.map(|next| next + offset) },
            None => Connection::Connecting,
        };
        match self.phase {
            Phase::Live { .. } => Connection::Live,
            Phase::Ended(why) => Connection::Ended(why),
            Phase::Waiting { until } => reconnecting(Some(until)),
            Phase::Idle | Phase::Opening { .. } | Phase::Greeting { .. } => reconnecting(None),
        }
    }
}

#[cfg(test)]
mod tests;
