//! The loop: [`Player`] says what is needed, this fetches it, lets time pass, and gives what is to be seen to the page.

use contract::Millis;
use leptos::{prelude::*, task::spawn_local};
use model::{
    World,
    replay::{self, Ask, Past, Player, Stage},
};

use super::fetch;
use crate::{
    live::Live,
    net,
    part::watch,
    signal::{Memo, RwSignal},
};

/// Lists, counts and clock follow what plays this often, ms.
const BEAT_MS: f64 = 250.0;
/// More than this between two pictures was no playing: a hidden tab, a busy machine, ms.
const LONGEST_STEP_MS: f64 = 1_000.0;
/// The clock may stand this long before the page says that it waits, ms.
const PATIENT_MS: f64 = 500.0;
/// Deliveries that were asked for so long before the moment are known, ms ...
const BACK_MS: Millis = 3 * 3_600_000;
/// ... and so long after it.
const FORTH_MS: Millis = 3_600_000;
/// How they stand now is in the store after this time, ms.
const STORED_MS: Millis = 5_000;
/// Deliveries that could not be had are asked for again after this time, ms.
const AGAIN_MS: f64 = 5_000.0;

#[derive(Default)]
struct Inner {
    player: Player,
    /// Between these moments (ms UTC) it is known how deliveries stood.
    stories: Option<(Millis, Millis)>,
    /// When they may be asked for again, by the page's clock, ms.
    stories_after: f64,
    /// Frames of the browser are asked for.
    running: bool,
    /// By the page's clock, ms: the last picture, the last whole one, and since when the clock stands.
    drawn_at: f64,
    whole_at: f64,
    waits_since: Option<f64>,
}

/// The loop. Cheap to copy; it ends with the part of the page that started it.
#[derive(Clone, Copy)]
pub struct Engine {
    live: Live,
    inner: StoredValue<Inner, LocalStorage>,
    /// There were more couriers than one answer holds.
    pub is_cut: RwSignal<bool>,
}

impl Engine {
    /// Begins with the moment that is wanted, and follows those that are wanted after it.
    pub fn start(live: Live) -> Self {
        let inner = StoredValue::new_local(Inner::default());
        let engine = Self { live, inner, is_cut: RwSignal::new(false) };
        let seeks = Memo::new(move |_| live.past.with(|past| past.map(|past| past.seeks)));
        watch(move || {
            // Read, and not only tracked: a memo that nobody reads hears of nothing.
            let (Some(_), Some(past)) = (seeks.get(), live.past.get_untracked()) else { return };
            // An address may ask for what is yet to come.
            if replay::is_live(past.at, live.server_now()) {
                return request_animation_frame(move || live.to_live());
            }
            engine.with(|inner| inner.player.seek(past.at));
            engine.pump();
        });
        let plays = Memo::new(move |_| live.past.with(|past| past.map(|past| (past.playing, past.pace))));
        watch(move || {
            if plays.get().is_some_and(|(playing, _)| playing) {
                engine.pump();
                engine.run();
            }
        });
        watch(move || {
            live.selected.track();
            engine.tell_stretch();
        });
        engine
    }

    /// Asks again for what did not come.
    pub fn try_again(self) {
        let coming = self.with(|inner| {
            inner.player.try_again();
            inner.player.is_coming()
        });
        // What plays waits for a slice; what stands still has its picture.
        self.set_stage(if coming == Some(true) { Stage::Coming } else { Stage::Shown });
        self.pump();
    }

    fn with<T>(self, run: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        self.inner.try_update_value(run)
    }

    /// What is wanted; `None` when somebody has returned to live.
    fn past(self) -> Option<Past> {
        self.live.past.get_untracked()
    }

    fn set_stage(self, stage: Stage) {
        self.change(|past| past.stage = stage);
    }

    fn change(self, change: impl FnOnce(&mut Past)) {
        let Some(mut past) = self.past() else { return };
        change(&mut past);
        if self.past() != Some(past) {
            self.live.past.set(Some(past));
        }
    }

    /// Asks for what the player needs.
    fn pump(self) {
        let Some(past) = self.past() else { return };
        let now = self.live.server_now();
        let asks = self.with(|inner| inner.player.asks(past.playing.then_some(past.pace), now)).unwrap_or_default();
        for ask in asks {
            spawn_local(async move {
                match fetch::slice(ask).await {
                    Ok((bytes, is_cut)) => self.answered(ask, &bytes, is_cut),
                    Err(_) => self.failed(ask),
                }
            });
        }
        self.ask_stories(past.at, now);
    }

    fn answered(self, ask: Ask, bytes: &[u8], is_cut: bool) {
        match self.with(|inner| inner.player.answer(ask, bytes)) {
            Some(Ok(())) if self.past().is_some() => {}
            Some(Err(_)) => return self.tell_missing(),
            _ => return,
        }
        if ask.is_picture() {
            self.is_cut.try_set(is_cut);
            self.show(true);
        }
        self.pump();
        let is_coming = self.with(|inner| inner.player.is_coming()).unwrap_or_default();
        if ask.is_picture() && !is_coming {
            self.set_stage(Stage::Shown);
        }
    }

    fn failed(self, ask: Ask) {
        match self.with(|inner| {
            inner.player.fail(ask);
            inner.player.has_failed()
        }) {
            Some(true) => self.tell_missing(),
            Some(false) => self.pump(),
            None => {}
        }
    }

    /// The store is away. Where nothing of the past was shown yet, what is live must not be taken for it.
    fn tell_missing(self) {
        let failed = self.with(|inner| inner.player.has_failed()).unwrap_or_default();
        let Some(past) = self.past().filter(|_| failed) else { return };
        if !self.live.is_past() {
            let nothing = self.live.world.with_value(World::of_the_past);
            self.live.show_past(nothing, past.at, false);
            self.live.clock.set(past.at);
            self.live.revision.update(|revision| *revision += 1);
            self.live.repaint();
        }
        self.set_stage(Stage::Missing);
    }

    /// Shows what the player tells. With `whole` lists, counts and clock follow.
    fn show(self, whole: bool) {
        let live = self.live;
        let Some((told, at, t, leads)) = self.with(|inner| {
            let mut told = inner.player.tell(whole);
            let leads = std::mem::take(&mut told.leads);
            let timed = leads.into_iter().map(|lead| {
                let (start, end) = (inner.player.seconds_at(lead.from), inner.player.seconds_at(lead.at));
                (lead, start, end)
            });
            let leads: Vec<_> = timed.collect();
            (told, inner.player.at(), inner.player.seconds(), leads)
        }) else {
            return;
        };
        if told.anew {
            let world = live.world.with_value(World::of_the_past);
            live.show_past(world, at, true);
        }
        live.set_moment(at, t);
        live.world.update_value(|world| {
            world.apply_events(told.deliveries);
            if !told.frame.is_empty() {
                // The player made it: it can be read.
                let _ = world.apply_frame(&told.frame, t);
            }
            for (lead, start, end) in &leads {
                world.motion_mut().lead(lead, *start, *end);
            }
            if let Some(summary) = &told.summary {
                world.apply_summary(summary);
            }
        });
        if let Some(summary) = told.summary {
            live.summary.set(Some(summary));
            live.clock.set(at);
            live.revision.update(|revision| *revision += 1);
            self.tell_stretch();
        }
        live.grow_trail();
        live.repaint();
    }

    /// Tells when the selected delivery started and ended.
    fn tell_stretch(self) {
        let stretch = self.live.selected.with_untracked(|selected| {
            let selected = selected.as_ref()?;
            self.inner.try_with_value(|inner| {
                let of_courier = || inner.player.last_started(selected.courier.as_ref()?);
                inner.player.stretch_of(selected.delivery.or_else(of_courier)?)
            })?
        });
        if self.live.stretch.get_untracked() != stretch {
            self.live.stretch.set(stretch);
        }
    }

    /// Asks for the browser's frames, where nobody does yet.
    fn run(self) {
        let begins = self.with(|inner| {
            inner.drawn_at = net::clock_ms();
            inner.waits_since = None;
            !std::mem::replace(&mut inner.running, true)
        });
        if begins == Some(true) {
            request_animation_frame(move || self.tick());
        }
    }

    /// One frame of the browser.
    fn tick(self) {
        let past = self.past().filter(|past| past.playing);
        let Some(past) = past else {
            // What stands still is exact: lists and counts, too.
            if self.with(|inner| inner.running = false).is_some() && self.past().is_some() {
                self.settle();
            }
            return;
        };
        let now = net::clock_ms();
        let Some((whole, waits, at, coming)) = self.with(|inner| {
            let passed = (now - inner.drawn_at).clamp(0.0, LONGEST_STEP_MS);
            inner.drawn_at = now;
            let waiting = inner.player.advance(passed, past.pace, past.until);
            let since = if waiting { *inner.waits_since.get_or_insert(now) } else { now };
            inner.waits_since = inner.waits_since.filter(|_| waiting);
            let whole = now - inner.whole_at >= BEAT_MS;
            if whole {
                inner.whole_at = now;
            }
            let player = &inner.player;
            (whole, waiting && now - since > PATIENT_MS, player.at(), player.is_coming() || !player.is_shown())
        }) else {
            return;
        };
        if !coming {
            self.show(whole);
            if replay::is_live(at, self.live.server_now()) {
                return self.live.to_live();
            }
            let ended = past.until.is_some_and(|until| at >= until);
            if whole || ended {
                self.change(|past| {
                    past.at = at;
                    past.playing = !ended;
                    if past.stage != Stage::Missing {
                        past.stage = if waits { Stage::Waiting } else { Stage::Shown };
                    }
                });
            }
        }
        self.pump();
        request_animation_frame(move || self.tick());
    }

    /// It stands still: what is told is the moment that is seen.
    fn settle(self) {
        let still =
            self.with(|inner| (!inner.player.is_coming() && inner.player.is_shown()).then(|| inner.player.at()));
        if let Some(at) = still.flatten() {
            self.show(true);
            self.change(|past| {
                past.at = at;
                // Who stands still waits for nothing.
                if past.stage != Stage::Missing {
                    past.stage = Stage::Shown;
                }
            });
        }
    }

    /// Asks for the deliveries of that time, where they are not known.
    fn ask_stories(self, at: Millis, now: Millis) {
        let clock = net::clock_ms();
        let wanted = self.with(|inner| {
            let known = inner.stories.is_some_and(|(from, to)| from <= at && at <= to);
            let wanted = !known && clock >= inner.stories_after;
            if wanted {
                // Until the answer is here nobody asks again.
                inner.stories_after = f64::INFINITY;
            }
            wanted
        });
        if wanted != Some(true) {
            return;
        }
        spawn_local(async move {
            let to = at + FORTH_MS;
            let found = fetch::stories(at - BACK_MS, to).await;
            let came = found.is_some();
            let delivery_max_ms = self.live.world.with_value(World::delivery_max_ms);
            self.with(|inner| {
                inner.player.set_delivery_max(delivery_max_ms);
                inner.stories_after = net::clock_ms() + if came { 0.0 } else { AGAIN_MS };
                if let Some(found) = found {
                    // What is asked for a little before the moment may have been asked for long before that.
                    inner.stories = Some((at - BACK_MS / 3, to.min(now - STORED_MS).max(at)));
                    inner.player.add_stories(found);
                }
            });
            let shown = self.with(|inner| inner.player.is_shown()) == Some(true);
            if came && shown && self.past().is_some() {
                self.show(true);
            }
        });
    }
}
