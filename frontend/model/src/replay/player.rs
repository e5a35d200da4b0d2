//! The machine: moments and passing time go in, questions to the server and frames come out.

use std::collections::VecDeque;

use contract::{
    CourierId, Delivery, DeliveryId, Millis,
    frame::{BadFrame, Kind},
    live::Summary,
};

use super::{
    EDGE_MS,
    fold::{Fold, Lead, WINDOW_MS},
    slice::{Fix, Slice},
    stories::Stories,
};

/// Most slices that are asked for at once: a browser opens six connections to a server, and the page has other questions.
const AT_ONCE: usize = 4;
/// So much of what plays is fetched ahead, ms of the page's time.
const AHEAD_MS: f64 = 2_500.0;
/// The store is complete up to about this long ago, ms: what is younger is not asked for.
const STORED_MS: Millis = EDGE_MS / 2;
/// At least so much of the past is fetched ahead, ms: a courier's next fix is known before it sets off there.
const LEAST_AHEAD_MS: Millis = 8_000;

/// One question: GET /replay?at&since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// What was measured after this, ms UTC ...
    pub since: Millis,
    /// ... up to this, ms UTC.
    pub at: Millis,
    /// Which moment's picture it is for: an answer to an older one is not taken.
    moment: u32,
    /// The picture itself, and not what comes after it.
    whole: bool,
}

impl Ask {
    /// True for the picture of a moment, false for what comes after it.
    pub fn is_picture(&self) -> bool {
        self.whole
    }
}

/// What is to be shown next.
#[derive(Debug, Default)]
pub struct Told {
    /// True where another moment begins: nothing of what was known of the one before is of use.
    pub anew: bool,
    /// A frame as a socket would have sent it: full where another moment begins, else the changes; empty where there are
    /// none.
    pub frame: Vec<u8>,
    /// Who is on the way where: for the drawing alone.
    pub leads: Vec<Lead>,
    /// Deliveries that changed, as they stood at the moment.
    pub deliveries: Vec<Delivery>,
    /// How many stand how, where that was looked at.
    pub summary: Option<Summary>,
}

#[derive(Debug)]
enum Ahead {
    Asked(Ask),
    Here(Ask, Slice),
}

impl Ahead {
    fn at(&self) -> Millis {
        match self {
            Self::Asked(ask) | Self::Here(ask, _) => ask.at,
        }
    }

    fn slice(&self) -> Option<&Slice> {
        match self {
            Self::Asked(_) => None,
            Self::Here(_, slice) => Some(slice),
        }
    }
}

/// The machine.
#[derive(Debug, Default)]
pub struct Player {
    /// A moment that was not asked for yet, ms UTC.
    wanted: Option<Millis>,
    /// The one that was asked for.
    asked: Option<Ask>,
    /// An answer did not come: nothing is asked for until somebody tries again.
    failed: bool,
    moment: u32,
    shown: bool,
    /// Another moment was taken in and not told yet.
    anew: bool,
    /// The moment that the clock counts from, ms UTC, and how far it came, ms.
    epoch: Millis,
    passed: f64,
    fold: Fold,
    stories: Stories,
    new_stories: bool,
    /// All up to here is folded, ms UTC; `ahead` goes on from there without a gap.
    folded_at: Millis,
    ahead: VecDeque<Ahead>,
    /// So many of them, from the first one on, are here: couriers are on their way to what they hold.
    linked: usize,
    leads: Vec<Lead>,
    /// Deliveries were told up to here, ms UTC.
    told_at: Millis,
}

impl Player {
    /// Another moment is wanted. What is shown stays until its picture is here.
    pub fn seek(&mut self, at: Millis) {
        self.wanted = Some(at);
        self.failed = false;
    }

    /// Asks again for what did not come.
    pub fn try_again(&mut self) {
        self.failed = false;
    }

    /// True where an answer did not come.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// True once a picture is there.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// True while the picture of another moment is on its way.
    pub fn is_coming(&self) -> bool {
        self.wanted.is_some() || self.asked.is_some()
    }

    /// The moment that is shown, ms UTC.
    pub fn at(&self) -> Millis {
        self.epoch + self.passed as Millis
    }

    /// The same on the clock of [`crate::motion::Motion`], s.
    pub fn seconds(&self) -> f64 {
        self.passed / 1000.0
    }

    /// A moment (ms UTC) on that clock, s.
    pub fn seconds_at(&self, at: Millis) -> f64 {
        (at - self.epoch) as f64 / 1000.0
    }

    /// What to ask the server now. `pace` is that at which it plays, `None` while it stands still; `now` is the server's
    /// time, ms UTC.
    pub fn asks(&mut self, pace: Option<u32>, now: Millis) -> Vec<Ask> {
        if self.asked.is_some() || self.failed {
            return Vec::new();
        }
        if let Some(at) = self.wanted.take() {
            self.moment += 1;
            let ask = Ask { since: at - WINDOW_MS, at, moment: self.moment, whole: true };
            self.asked = Some(ask);
            return vec![ask];
        }
        let Some(pace) = pace.filter(|_| self.shown) else { return Vec::new() };
        let length = slice_ms(pace);
        let ahead = (AHEAD_MS * f64::from(pace)) as Millis;
        let far = self.at() + ahead.max(LEAST_AHEAD_MS) + 2 * length;
        let mut open = self.ahead.iter().filter(|ahead| ahead.slice().is_none()).count();
        let mut asks = Vec::new();
        loop {
            let since = self.ahead.back().map_or(self.folded_at, Ahead::at);
            let at = since + length;
            if open >= AT_ONCE || since >= far || at > now - STORED_MS {
                return asks;
            }
            let ask = Ask { since, at, moment: self.moment, whole: false };
            self.ahead.push_back(Ahead::Asked(ask));
            asks.push(ask);
            open += 1;
        }
    }

    /// When a delivery started and when it ended, ms UTC, where both are known.
    pub fn stretch_of(&self, delivery: DeliveryId) -> Option<(Millis, Option<Millis>)> {
        let delivery = self.stories.get(delivery)?;
        Some((delivery.started_at?, delivery.finished_at))
    }

    /// The delivery that a courier had started last at the moment that is shown.
    pub fn last_started(&self, courier: &CourierId) -> Option<DeliveryId> {
        self.stories.last_started(courier, self.at()).map(|delivery| delivery.delivery)
    }

    /// Takes an answer: a frame of GET /replay. What was asked for another moment than the newest is passed over.
    pub fn answer(&mut self, ask: Ask, bytes: &[u8]) -> Result<(), BadFrame> {
        let slice = match Slice::read(bytes) {
            Ok(slice) => slice,
            Err(error) => {
                self.fail(ask);
                return Err(error);
            }
        };
        if self.asked == Some(ask) {
            self.begin(ask, slice);
        } else if let Some(place) = self.ahead.iter_mut().find(|ahead| matches!(ahead, Ahead::Asked(a) if *a == ask)) {
            *place = Ahead::Here(ask, slice);
            self.link();
        }
        Ok(())
    }

    /// An answer did not come, or could not be read.
    pub fn fail(&mut self, ask: Ask) {
        if self.asked == Some(ask) {
            self.asked = None;
            // Where another moment is wanted by now, that is asked for next.
            if self.wanted.is_none() {
                self.wanted = Some(ask.at);
                self.failed = true;
            }
        } else if let Some(index) = self.ahead.iter().position(|ahead| matches!(ahead, Ahead::Asked(a) if *a == ask)) {
            // What was asked for beyond it is asked for again, too: slices go on without a gap.
            self.ahead.truncate(index);
            self.failed = true;
        }
    }

    /// Takes deliveries of the store.
    pub fn add_stories(&mut self, deliveries: impl IntoIterator<Item = Delivery>) {
        self.stories.add(deliveries);
        self.fold.reckon(&mut self.stories);
        self.new_stories = true;
    }

    /// How long a delivery may be in transit before it counts as abandoned, ms.
    pub fn set_delivery_max(&mut self, delivery_max_ms: Millis) {
        self.stories.set_in_transit_max(delivery_max_ms);
    }

    /// Lets `by_ms` of the page's time pass at `pace`, up to `until` (ms UTC) at most. True where the clock has to wait for
    /// an answer.
    pub fn advance(&mut self, by_ms: f64, pace: u32, until: Option<Millis>) -> bool {
        let ready = self.linked.checked_sub(1).and_then(|last| self.ahead.get(last)).map_or(self.folded_at, Ahead::at);
        let end = until.map_or(ready, |until| until.min(ready).max(self.at()));
        let target = self.passed + by_ms * f64::from(pace);
        self.passed = target.min((end - self.epoch) as f64).max(self.passed);
        target > (ready - self.epoch) as f64
    }

    /// What is to be shown of the moment that the clock stands at. With `whole` states are looked at, too: some times a
    /// second is enough.
    pub fn tell(&mut self, whole: bool) -> Told {
        let now = self.at();
        let anew = std::mem::take(&mut self.anew);
        let whole = whole || anew;
        let taken = self.take_due(now);
        let mut told = Told { anew, leads: std::mem::take(&mut self.leads), ..Told::default() };
        if whole {
            self.fold.age(now, &self.stories);
            let all = std::mem::take(&mut self.new_stories) || anew;
            told.deliveries = if all { self.stories.all(now) } else { self.stories.between(self.told_at, now) };
            self.told_at = now;
            told.summary = Some(Summary { now, counts: self.fold.counts(), ..Summary::default() });
        }
        if whole || taken {
            told.frame = self.fold.frame(if anew { Kind::Full } else { Kind::Delta }, now);
        }
        told
    }

    /// The picture of another moment is here.
    fn begin(&mut self, ask: Ask, mut slice: Slice) {
        self.asked = None;
        (self.shown, self.anew) = (true, true);
        (self.epoch, self.passed) = (ask.at, 0.0);
        (self.folded_at, self.told_at) = (ask.at, ask.at);
        self.ahead.clear();
        self.linked = 0;
        self.leads.clear();
        self.fold = Fold::default();
        while let Some(fix) = slice.take(ask.at) {
            self.fold.take(fix, &mut self.stories);
        }
    }

    /// Folds what was measured up to now. True where there was something.
    fn take_due(&mut self, now: Millis) -> bool {
        let mut due = Vec::new();
        while let Some(Ahead::Here(ask, slice)) = self.ahead.front_mut() {
            while let Some(fix) = slice.take(now) {
                due.push(fix);
            }
            if ask.at > now {
                break;
            }
            self.folded_at = ask.at;
            self.linked = self.linked.saturating_sub(1);
            self.ahead.pop_front();
        }
        for fix in &due {
            if let Some(next) = self.next_of(fix) {
                self.leads.push(lead(next, fix.at));
            }
        }
        let any = !due.is_empty();
        for fix in due {
            self.fold.take(fix, &mut self.stories);
        }
        any
    }

    fn next_of(&self, fix: &Fix) -> Option<&Fix> {
        self.ahead.iter().take(self.linked).find_map(|ahead| ahead.slice()?.ahead(&fix.courier))
    }

    /// Sends couriers on their way to what has just come, where they were on the way to nothing.
    fn link(&mut self) {
        let now = self.at();
        while let Some(slice) = self.ahead.get(self.linked).and_then(Ahead::slice) {
            let standing = |fix: &&Fix| {
                let mut before = self.ahead.iter().take(self.linked).filter_map(Ahead::slice);
                !before.any(|slice| slice.ahead(&fix.courier).is_some())
            };
            let leads: Vec<Lead> = slice.rest().iter().filter(standing).map(|fix| lead(fix, now)).collect();
            self.leads.extend(leads);
            self.linked += 1;
        }
    }
}

fn lead(fix: &Fix, from: Millis) -> Lead {
    let moving = fix.record.speed_mps().is_none_or(|speed| speed > crate::world::MOVING_MPS);
    let heading_deg = fix.record.heading_deg().filter(|_| moving);
    Lead { courier: fix.courier.clone(), place: fix.place(), heading_deg, from, at: fix.at }
}

/// How much of the past one slice holds, ms: short enough that corners are not cut, long enough for some answers a second.
fn slice_ms(pace: u32) -> Millis {
    match pace {
        0..=1 => 1_000,
        2..=5 => 2_000,
        6..=20 => 5_000,
        _ => 10_000,
    }
}
