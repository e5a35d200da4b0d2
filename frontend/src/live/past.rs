//! From now to then, and back.
//!
//! While the past is shown, `world` is that of the past and the live one lies `behind`: the socket goes on writing there, so
//! the way back is a swap, without a gap. What fetches and plays the past is fetched later (`replay`); it gives its worlds
//! to [`Live::show_past`] and tells the moment by [`Live::set_moment`].

use contract::{CourierId, DeliveryId, Millis};
use leptos::prelude::*;
use model::{
    Follow, Selection, World,
    notice::What,
    replay::{self, EDGE_MS, Past, STEP_MS},
};

use super::{Live, session::Aside};
use crate::net;

impl Live {
    /// True while a picture of the past is on the screen.
    pub fn is_past(self) -> bool {
        self.moment().is_some()
    }

    /// The moment of the past that is on the screen, ms UTC.
    pub fn moment(self) -> Option<Millis> {
        self.session.with_value(|session| session.aside.as_ref().map(|aside| aside.moment.0))
    }

    /// Grows with each picture of the past; `None` while it is live.
    pub(super) fn pictures(self) -> Option<u32> {
        self.session.with_value(|session| session.aside.as_ref().map(|aside| aside.pictures))
    }

    /// The time of what is shown, ms UTC.
    pub fn now(self) -> Millis {
        self.moment().unwrap_or_else(|| self.server_now())
    }

    /// The clock by which couriers move on the screen, s: the page's own, or that of the past.
    pub(crate) fn motion_s(self) -> f64 {
        let past = self.session.with_value(|session| session.aside.as_ref().map(|aside| aside.moment.1));
        past.unwrap_or_else(net::clock_s)
    }

    /// Shows a moment, ms UTC; one that is nearly now is live.
    pub fn go_to(self, at: Millis) {
        if replay::is_live(at, self.server_now()) {
            return self.to_live();
        }
        self.change_past(|past| past.map_or_else(|| Past::at(at), |past| past.seek(at)));
    }

    /// One step back or forward, from now or from the moment that is shown.
    pub fn step(self, forward: bool) {
        let at = self.past.with_untracked(|past| past.map(|past| past.at));
        let at = at.unwrap_or_else(|| self.server_now() - STEP_MS);
        self.go_to(if forward { at + STEP_MS } else { at - STEP_MS });
    }

    /// Plays the past, or lets it stand; what is live stands as it was a little before.
    pub fn toggle_play(self) {
        let last = self.server_now() - EDGE_MS;
        self.change_past(|past| past.map_or_else(|| Past::at(last), Past::toggled));
    }

    /// Plays a delivery from its start to its end (ms UTC), and follows it.
    pub fn replay_delivery(self, delivery: DeliveryId, courier: CourierId, from: Millis, to: Millis) {
        if replay::is_live(from, self.server_now()) {
            return;
        }
        self.selected.set(Some(Selection::delivery(delivery, courier)));
        self.change_past(|past| past.unwrap_or_else(|| Past::at(from)).stretch(from, to));
        self.follow.set(Follow::On);
    }

    fn change_past(self, change: impl FnOnce(Option<Past>) -> Past) {
        self.past.update(|past| *past = Some(change(*past)));
        self.tell_connection();
    }

    /// Shows what is now, with all that came meanwhile.
    pub fn to_live(self) {
        if self.past.with_untracked(Option::is_none) {
            return;
        }
        self.past.set(None);
        self.stretch.set(None);
        if let Some(aside) = self.session.try_update_value(|session| session.aside.take()).flatten() {
            let live = self.behind.try_update_value(std::mem::take).unwrap_or_default();
            self.put(live);
            self.summary.set(self.session.with_value(|session| session.summary.clone()));
            self.clock.set(self.server_now());
            self.loaded.set(false);
            self.check_loaded();
            self.revision.update(|revision| *revision += 1);
            let away_ms = net::clock_ms() as Millis - aside.since;
            self.notify(vec![What::CaughtUp { updates: aside.updates, away_ms }]);
        }
        self.tell_connection();
        self.repaint();
    }

    /// A world of the past takes the place of the live one, or of the moment before; it is that of `at` (ms UTC), which its
    /// motion counts as 0 s. `whole` is false where nothing could be had for it.
    pub(crate) fn show_past(self, world: World, at: Millis, whole: bool) {
        let before = self.put(world);
        let first = self.session.with_value(|session| session.aside.is_none());
        if let Some(live) = before.filter(|_| first) {
            self.behind.set_value(live);
            let since = net::clock_ms() as Millis;
            let aside = Aside { moment: (at, 0.0), pictures: 0, since, updates: 0 };
            self.session.update_value(|session| session.aside = Some(aside));
        }
        self.session.update_value(|session| {
            if let Some(aside) = &mut session.aside {
                aside.pictures += 1;
            }
        });
        self.set_moment(at, 0.0);
        self.loaded.set(whole);
        if !whole {
            self.summary.set(None);
        }
    }

    /// The past has come to `at` (ms UTC), `t` s on the clock of its motion.
    pub(crate) fn set_moment(self, at: Millis, t: f64) {
        self.session.update_value(|session| {
            if let Some(aside) = &mut session.aside {
                aside.moment = (at, t);
            }
        });
    }

    /// What came live while the past is shown.
    pub(super) fn count_aside(self, updates: u32) {
        self.session.update_value(|session| {
            if let Some(aside) = &mut session.aside {
                aside.updates += updates;
            }
        });
    }

    /// Another world is shown; gives the one before.
    fn put(self, mut world: World) -> Option<World> {
        // The graphics card holds the other one's couriers.
        world.motion_mut().touch_all();
        self.world.try_update_value(|shown| std::mem::replace(shown, world))
    }
}
