//! The past on the screen: which moment, how fast it runs, and what it is drawn from.
//!
//! [`Past`] is what panels read and write. [`Player`] is the machine behind it, without a network: it says which slices of
//! GET /replay it needs next, folds their answers, and gives frames as a socket would have sent them then, so that the same
//! [`crate::World`] shows both. [`Stories`] are the deliveries of that time, each as it stood at the moment.

mod fold;
mod player;
mod slice;
mod stories;
#[cfg(test)]
mod tests;

use contract::Millis;

pub use fold::{Lead, WINDOW_MS};
pub use player::{Ask, Player, Told};
pub use stories::{Stories, as_of};

/// How many times faster than the clock the past may run.
pub const PACES: [u32; 4] = [1, 5, 20, 60];
/// One step back or forward, ms.
pub const STEP_MS: Millis = 10_000;
/// What is nearer to now than this is not replayed but live: the store is a little behind, ms.
pub const EDGE_MS: Millis = 10_000;
/// A delivery that is replayed takes about this long at most, ms.
const SHOWN_WITHIN_MS: Millis = 60_000;

/// How far the picture of a moment is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Asked for; the picture is that of before.
    #[default]
    Coming,
    /// On the screen.
    Shown,
    /// The clock waits for what comes next.
    Waiting,
    /// The store does not answer.
    Missing,
}

impl Stage {
    /// The word in the tab's `data-past`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coming => "coming",
            Self::Shown => "shown",
            Self::Waiting => "waiting",
            Self::Missing => "missing",
        }
    }
}

/// The moment that is shown, or asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Past {
    /// When, ms UTC.
    pub at: Millis,
    /// True while it moves on.
    pub playing: bool,
    /// How many times faster than the clock.
    pub pace: u32,
    /// Where playing ends by itself, ms UTC: the end of a delivery that is replayed.
    pub until: Option<Millis>,
    /// Grows each time that somebody asks for another moment; playing does not change it.
    pub seeks: u32,
    /// How far the picture is.
    pub stage: Stage,
}

impl Past {
    /// A moment, standing still.
    pub fn at(at: Millis) -> Self {
        Self { at, playing: false, pace: PACES[0], until: None, seeks: 0, stage: Stage::Coming }
    }

    /// Another moment; what plays goes on from there.
    pub fn seek(self, at: Millis) -> Self {
        Self { at, until: None, seeks: self.seeks + 1, stage: Stage::Coming, ..self }
    }

    /// A stretch from `from` to `to` (ms UTC), played so that it is seen within a minute where that is possible.
    pub fn stretch(self, from: Millis, to: Millis) -> Self {
        Self { playing: true, pace: pace_for(to - from), until: Some(to), ..self.seek(from) }
    }

    /// Play, or stand still.
    pub fn toggled(self) -> Self {
        // Who presses play at the end of a stretch wants to see what comes after it.
        let until = self.until.filter(|until| self.at < *until);
        Self { playing: !self.playing, until, ..self }
    }
}

/// True where a moment is so near to `now` (both ms UTC) that it is shown live.
pub fn is_live(at: Millis, now: Millis) -> bool {
    at > now - EDGE_MS
}

/// The slowest pace at which so much time (ms) passes within a minute, or the fastest there is.
pub fn pace_for(length_ms: Millis) -> u32 {
    let fits = |pace: &u32| length_ms <= SHOWN_WITHIN_MS * Millis::from(*pace);
    PACES.into_iter().find(fits).unwrap_or(PACES[PACES.len() - 1])
}
