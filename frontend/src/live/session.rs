//! The socket's glue: the machine [`model::link::Link`] decides, this does it and tells the signals.

use std::{rc::Rc, time::Duration};

use contract::{
    Millis, Role,
    frame::Kind,
    live::{ClientMessage, ServerMessage, Summary, View},
};
use fleet::deliveries::IN_TRANSIT_MAX_MS;
use leptos::{ev, prelude::*, task::spawn_local};
use model::{
    Connection, Notice, World,
    connection::Ended,
    link::{Act, Link, Sending},
    meter::{Latency, ServerClock},
    notice::What,
};

use super::Live;
use crate::net::{
    self, api,
    socket::{Heard, Socket},
};
use crate::{access, words};

/// The list and the machine look this often.
const BEAT: Duration = Duration::from_millis(250);
/// Beats of a second.
const BEATS: u32 = 4;
/// Most notices that wait to be shown.
const MAX_NOTICES: usize = 20;

#[derive(Default)]
pub(super) struct Session {
    link: Link,
    socket: Option<Socket>,
    clock: ServerClock,
    latency: Latency,
    /// The world changed since `revision` grew.
    changed: bool,
    has_deliveries: bool,
    beats: u32,
    notices: u64,
    view_timer: bool,
    repaint: Option<Rc<dyn Fn()>>,
    /// What goes on live while the past is shown.
    pub(super) aside: Option<Aside>,
    /// The last summary of the socket.
    pub(super) summary: Option<Summary>,
}

/// The past is shown; meanwhile this is kept.
pub(super) struct Aside {
    /// The moment that is shown, ms UTC, and the same on the clock of the world's motion, s.
    pub(super) moment: (Millis, f64),
    /// How many pictures of the past were shown: playing one on does not count.
    pub(super) pictures: u32,
    /// Since when, by the page's clock, ms.
    pub(super) since: Millis,
    /// Positions and deliveries that came since.
    pub(super) updates: u32,
}

impl Live {
    pub(super) fn begin(self) {
        let acts = self.link(|link, now| link.start(access::token(), now));
        self.act(acts);
        set_interval(move || self.beat(), BEAT);
        window_event_listener(ev::online, move |_| {
            let showing_at = self.showing_at();
            let acts = self.link(|link, now| link.network_back(showing_at, now));
            self.act(acts);
        });
    }

    /// Tries to connect at once.
    pub fn try_now(self) {
        let acts = self.link(|link, now| link.try_now(now));
        self.act(acts);
    }

    /// The server's time now, ms UTC, as well as it is known.
    pub fn server_now(self) -> Millis {
        self.session.with_value(|session| net::clock_ms() as Millis + session.clock.offset())
    }

    /// How far this device's clock is ahead of the server's, ms in whole minutes, where it is wrong. Runs again each second.
    pub fn device_ahead(self) -> Option<Millis> {
        self.wall.track();
        self.session.with_value(|session| session.clock.wrong_by())
    }

    /// The map calls `repaint` no more than it must; it is told when something came that is to be drawn.
    pub(crate) fn on_frame(self, repaint: Rc<dyn Fn()>) {
        self.session.update_value(|session| session.repaint = Some(repaint));
    }

    /// The map has drawn all that came.
    pub(crate) fn was_drawn(self) {
        let now = self.server_now();
        self.session.update_value(|session| session.latency.drawn(now));
    }

    /// The map shows this.
    pub(crate) fn look(self, view: View) {
        self.world.update_value(|world| world.set_view(view.bounds));
        self.behind.update_value(|world| world.set_view(view.bounds));
        let sending = self.link(|link, now| link.views.look(view, now));
        self.send_view(sending);
    }

    fn send_view(self, sending: Sending) {
        match sending {
            Sending::Now(view) => self.act(vec![Act::Send(ClientMessage::View(view))]),
            Sending::Wait(ms) if !self.session.with_value(|session| session.view_timer) => {
                self.session.update_value(|session| session.view_timer = true);
                let due = move || {
                    self.session.update_value(|session| session.view_timer = false);
                    let sending = self.link(|link, now| link.views.due(now));
                    self.send_view(sending);
                };
                set_timeout(due, Duration::from_millis(ms.max(1) as u64));
            }
            _ => {}
        }
    }

    /// Follow this courier even outside the view.
    pub(super) fn watch(self, courier: Option<contract::CourierId>) {
        let acts = self.link(|link, _| link.watch(courier));
        self.act(acts);
    }

    pub(super) fn mark_changed(self) {
        self.session.update_value(|session| session.changed = true);
    }

    /// The world that the socket writes.
    pub(crate) fn source(self) -> StoredValue<World, LocalStorage> {
        if self.session.with_value(|session| session.aside.is_some()) { self.behind } else { self.world }
    }

    fn link<T: Default>(self, run: impl FnOnce(&mut Link, Millis) -> T) -> T {
        let now = net::clock_ms() as Millis;
        self.session.try_update_value(|session| run(&mut session.link, now)).unwrap_or_default()
    }

    /// Server time of what is on the screen.
    fn showing_at(self) -> Option<Millis> {
        let now = self.source().with_value(|world| world.client().now());
        (now > 0).then_some(now)
    }

    /// A picture from before this page was opened has been put into the world: it is shown as what it is.
    pub(super) fn recalled(self) {
        if let Some(at) = self.showing_at() {
            self.link(|link, _| link.recalled(at));
        }
        self.mark_changed();
        if !self.is_past() {
            self.loaded.set(true);
        }
        self.act(Vec::new());
        self.repaint();
    }

    fn act(self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Open => {
                    let socket = Socket::open(move |heard| self.hear(heard));
                    let refused = socket.is_none();
                    self.session.update_value(|session| session.socket = socket);
                    if refused {
                        self.hear(Heard::Closed(1006));
                    }
                }
                Act::Drop => {
                    let socket = self.session.try_update_value(|session| session.socket.take());
                    drop(socket);
                }
                Act::Send(message) => {
                    let text = serde_json::to_string(&message).unwrap_or_default();
                    self.session.with_value(|session| {
                        if let Some(socket) = session.socket.as_ref().filter(|_| session.link.is_open()) {
                            socket.send(&text);
                        }
                    });
                }
                Act::Fetch => self.fetch_deliveries(),
                Act::Forget => self.source().update_value(World::reset_deliveries),
                Act::CaughtUp { updates, away_ms } => self.notify(vec![What::CaughtUp { updates, away_ms }]),
            }
        }
        self.tell_connection();
    }

    /// Tells how the connection stands, where that changed.
    pub(super) fn tell_connection(self) {
        let feed = self.session.with_value(|session| session.link.connection(session.clock.offset()));
        if feed == Connection::Ended(Ended::Unauthorized) {
            return access::ask();
        }
        if self.feed.get_untracked() != feed {
            self.feed.set(feed);
        }
        let shown = if self.past.with_untracked(Option::is_some) { Connection::Replay } else { feed };
        if self.connection.get_untracked() != shown {
            self.connection.set(shown);
            self.repaint();
        }
    }

    fn hear(self, heard: Heard) {
        let acts = match heard {
            Heard::Opened => self.link(|link, now| link.opened(now)),
            Heard::Closed(code) => {
                let (showing_at, random) = (self.showing_at(), js_sys::Math::random());
                self.link(|link, now| link.closed(code, showing_at, now, random))
            }
            Heard::Text(text) => {
                self.link(|link, now| link.heard(now));
                match model::read::message(&text) {
                    Ok(message) => self.hear_message(message),
                    // A message of another version: what follows may still be understood.
                    Err(_) => Vec::new(),
                }
            }
            Heard::Binary(bytes) => {
                self.link(|link, now| link.heard(now));
                self.hear_frame(&bytes)
            }
        };
        self.act(acts);
    }

    fn hear_message(self, message: ServerMessage) -> Vec<Act> {
        match message {
            ServerMessage::Welcome { now, resume, cursor, you, delivery_max_ms, .. } => {
                self.tell_time(now);
                for world in [self.world, self.behind] {
                    world.update_value(|world| world.set_delivery_max(delivery_max_ms.unwrap_or(IN_TRANSIT_MAX_MS)));
                }
                if let Some(you) = you {
                    self.commands.set(you.role == Role::Dispatcher);
                    self.signed_in.set(you.name.map(|name| [&name, ", ", words::role(you.role)].concat()));
                }
                self.link(|link, local| link.welcome(resume, cursor, local))
            }
            ServerMessage::Events { cursor, deliveries } => {
                let (news, changed) =
                    self.source().try_update_value(|world| world.apply_events(deliveries)).unwrap_or_default();
                self.link(|link, _| link.events(cursor, changed));
                self.count_aside(changed);
                self.mark_changed();
                self.notify(news);
                // The way ahead of the one that is selected.
                self.repaint();
                Vec::new()
            }
            ServerMessage::Summary(summary) => {
                self.tell_time(summary.now);
                self.source().update_value(|world| world.apply_summary(&summary));
                self.mark_changed();
                self.session.update_value(|session| session.summary = Some(summary.clone()));
                if !self.is_past() {
                    self.summary.set(Some(summary));
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn hear_frame(self, bytes: &[u8]) -> Vec<Act> {
        let t = net::clock_s();
        let applied = self.source().try_update_value(|world| world.apply_frame(bytes, t));
        // A frame that cannot be read is one of another version; the server says 4406 to those it knows.
        let Some(Ok(applied)) = applied else { return Vec::new() };
        if let Some(now) = self.showing_at() {
            self.tell_time(now);
        }
        let past = self.is_past();
        let hidden = past || document().hidden();
        let whole = applied.kind != Some(Kind::Delta);
        let fresh = applied.fresh.len() as u32;
        let now = self.server_now();
        self.session.update_value(|session| {
            session.changed = true;
            match (whole, applied.differs || hidden) {
                // What a first full frame brings was not awaited: only what changes is a measure of delay.
                (true, _) => {}
                (false, true) => session.latency.received(&applied.fresh),
                (false, false) => session.latency.seen_already(&applied.fresh, now),
            }
            if hidden {
                session.latency.skipped();
            }
        });
        self.count_aside(fresh);
        self.notify(applied.notices);
        if !past {
            self.grow_trail();
            // Nothing is drawn where nothing would look different.
            if applied.differs {
                self.repaint();
            }
        }
        let at = self.showing_at().unwrap_or_default();
        self.link(|link, _| link.frame(whole, fresh, at))
    }

    fn tell_time(self, server: Millis) {
        let local = net::clock_ms() as Millis;
        self.session.update_value(|session| session.clock.heard(server, local));
    }

    /// Draws the map, if anybody can see it.
    pub(crate) fn repaint(self) {
        let repaint = self.session.with_value(|session| session.repaint.clone());
        if let Some(repaint) = repaint.filter(|_| !document().hidden()) {
            repaint();
        }
    }

    fn beat(self) {
        let (showing_at, random) = (self.showing_at(), js_sys::Math::random());
        let acts = self.link(|link, now| link.tick(showing_at, now, random));
        self.act(acts);
        let (changed, second) = self
            .session
            .try_update_value(|session| {
                session.beats = (session.beats + 1) % BEATS;
                (std::mem::take(&mut session.changed), session.beats == 0)
            })
            .unwrap_or_default();
        let past = self.is_past();
        if changed && !past {
            self.revision.update(|revision| *revision += 1);
        }
        if second {
            let now = self.server_now();
            self.wall.set(now);
            if !past {
                self.clock.set(now);
            }
            let meter = self.session.try_update_value(|session| session.latency.second(now)).unwrap_or_default();
            if self.meter.with_untracked(|known| *known != meter) {
                self.meter.set(meter);
            }
        }
    }

    fn fetch_deliveries(self) {
        spawn_local(async move {
            let Ok(live) = api::live_deliveries().await else {
                // The connection goes on without; the next one asks again, and so does this one after a while.
                return set_timeout(move || self.fetch_deliveries(), Duration::from_secs(3));
            };
            let now = self.server_now();
            self.source().update_value(|world| world.merge_deliveries(live, now));
            self.session.update_value(|session| {
                session.changed = true;
                session.has_deliveries = true;
            });
            self.repaint();
            self.check_loaded();
        });
    }

    /// Rows can be shown once both lists are in.
    pub(super) fn check_loaded(self) {
        if self.is_past() {
            return;
        }
        let has_deliveries = self.session.with_value(|session| session.has_deliveries);
        if has_deliveries && self.has_roster() && !self.loaded.get_untracked() {
            self.loaded.set(true);
        }
    }

    pub(super) fn notify(self, news: Vec<What>) {
        // Over a picture of the past, news of now would be read as a part of it.
        if news.is_empty() || self.is_past() {
            return;
        }
        let at = self.server_now();
        self.notices.update(|notices| {
            for what in news {
                let id = self
                    .session
                    .try_update_value(|session| {
                        session.notices += 1;
                        session.notices
                    })
                    .unwrap_or_default();
                notices.push(Notice { id, at, what });
            }
            let surplus = notices.len().saturating_sub(MAX_NOTICES);
            notices.drain(..surplus);
        });
    }
}
