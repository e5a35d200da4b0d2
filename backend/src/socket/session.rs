//! One open socket, from hello to close.
//!
//! The loop's inputs are: a message of the client; the end of the write under way; a new tick; the drain. Between two
//! writes it holds no queue: when a write is done and a newer tick is there it makes one turn of what the client lacks
//! (events, summary, frame). A client that does not read simply gets fewer turns.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use axum::extract::ws::{CloseFrame, Message};
use contract::{
    Millis, Problem, ProblemKind, You,
    close::{self, Close},
    live::{self, ClientMessage, Resume, ServerMessage},
};
use fleet::{Viewer, frame_for};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use service::{Clock, Shutdown};
use tokio::{
    sync::watch,
    time::{Duration, Instant, Sleep},
};

use super::{
    follow::{Follow, Turn},
    inbox::{Inbox, Said},
};
use crate::access::{Access, Refused, Right};
use crate::live::{
    Live,
    cursor::Cursor,
    ring::{Place, Ring},
    writer::AppendSamples,
};

/// How long a close may take before the connection is dropped.
pub const CLOSE_WITHIN: Duration = Duration::from_secs(5);
/// How long a cursor that is ahead of this replica may wait for it.
const AHEAD_WAIT: Duration = Duration::from_secs(5);
/// Most memory that a frame begins with, bytes.
const MAX_ROOM: usize = 4 * 1024;
/// Most answers that wait for a client which asks and does not read: some seconds of its allowance.
const MAX_ANSWERS: usize = 64;
/// What a session needs of the server.
#[derive(Debug, Clone)]
pub struct SessionContext {
    /// The state.
    pub live: Arc<Live>,
    /// What a token is held against.
    pub access: Arc<Access>,
    /// Where the client is.
    pub from: IpAddr,
    /// Whether a client may do without a token.
    pub open: bool,
    /// Time.
    pub clock: Clock,
    /// Name of this replica.
    pub server: Arc<str>,
    /// Time between two ticks, ms.
    pub tick_ms: u32,
    /// Begins the drain.
    pub drain: Shutdown,
    /// Over what time the sockets of a draining server are closed.
    pub drain_spread: Duration,
    /// Number of the socket, to spread what many do.
    pub number: u64,
}

/// One open socket over any stream of messages: tests feed it directly.
pub struct Session<S> {
    socket: S,
    context: SessionContext,
    tick: watch::Receiver<u64>,
    inbox: Inbox,
    viewer: Viewer,
    /// The one delivery that a customer follows: then there is nothing else, no viewer, no events, no summary.
    follow: Option<Box<Follow>>,
    /// As whom a client is known that is no customer.
    you: Option<Box<You>>,
    /// When its token ends.
    ends: Option<Instant>,
    stage: Stage,
    /// True while a write is under way.
    writing: bool,
    /// A turn is due as soon as the write is done: something came while it was under way, or did not fit into it.
    owed: bool,
    /// Text answers that wait for the write under way; at most [`MAX_ANSWERS`].
    answers: Vec<String>,
    /// Memory that the next frame begins with.
    room: usize,
    /// Number of the next event, and of the last summary.
    event: u64,
    /// The cursor that the client came with, until it has all that it missed.
    resumed: Option<Box<Cursor>>,
    summary: u64,
    /// Append times of the frame under way.
    samples: Option<AppendSamples>,
    heard: Instant,
    pinged: Instant,
}

/// How far the conversation is.
enum Stage {
    /// Nothing was said yet, since then.
    New(Instant),
    /// This replica has not read the log yet; the cursor that hello brought.
    Starting(Option<String>),
    /// The client's cursor is ahead of this replica; give up at that time.
    Ahead(Cursor, Instant),
    /// Live.
    Open,
}

/// What woke the loop.
enum Wake<E> {
    Written,
    Heard(Option<Result<Message, E>>),
    Tick,
    Drain,
    DrainIsOver,
}

/// Why the loop ended.
enum End {
    /// Close with this.
    With(Close),
    /// The client says goodbye and waits for the answer.
    Goodbye,
    /// The client is gone.
    Gone,
}

impl<S, E> Session<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin,
    E: std::fmt::Display,
{
    /// A session on a socket that has just been opened.
    pub fn new(socket: S, context: SessionContext) -> Self {
        let now = Instant::now();
        let tick = context.live.tick.subscribe();
        Self {
            socket,
            context,
            tick,
            inbox: Inbox::new(now),
            viewer: Viewer::default(),
            follow: None,
            you: None,
            ends: None,
            stage: Stage::New(now),
            writing: false,
            owed: false,
            room: 0,
            answers: Vec::new(),
            event: 0,
            resumed: None,
            summary: 0,
            samples: None,
            heard: now,
            pinged: now,
        }
    }

    /// Runs until the socket is closed. Boxed: a future that takes a session by value holds it several times over.
    pub async fn run(mut self: Box<Self>) {
        let drain = self.context.drain.clone();
        let mut draining = std::pin::pin!(drain.requested());
        // On the heap: the many sockets of a server that does not drain have no use for a timer.
        let mut closing: Option<Pin<Box<Sleep>>> = None;
        let end = loop {
            let (socket, writing, tick) = (&mut self.socket, self.writing, &mut self.tick);
            // Either direction of the socket may be ready; a `select!` of two futures would borrow it twice.
            let io = std::future::poll_fn(|cx| {
                if writing && let Poll::Ready(done) = Pin::new(&mut *socket).poll_flush(cx) {
                    return Poll::Ready(match done {
                        Ok(()) => Wake::Written,
                        Err(error) => Wake::Heard(Some(Err(error))),
                    });
                }
                Pin::new(&mut *socket).poll_next(cx).map(Wake::Heard)
            });
            let wake = tokio::select! {
                biased;
                // First, because it is what wakes a socket nearly always: nothing else has to be asked then.
                changed = tick.changed() => if changed.is_ok() { Wake::Tick } else { Wake::DrainIsOver },
                wake = io => wake,
                () = &mut draining, if closing.is_none() => Wake::Drain,
                () = over(&mut closing) => Wake::DrainIsOver,
            };
            let now = Instant::now();
            let next = match wake {
                Wake::Heard(None) => Err(End::Gone),
                Wake::Heard(Some(Err(error))) => Err(self.failed(&error)),
                Wake::Heard(Some(Ok(message))) => self.hear(message, now).and_then(|()| self.turn()),
                Wake::Written => {
                    self.written();
                    if self.owed { self.turn() } else { Ok(()) }
                }
                Wake::Tick => self.check_times(now).and_then(|()| self.turn()),
                Wake::Drain => {
                    // All clients at once would come back at once: each waits its own share of the spread.
                    let share = self.context.number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                    let wait = self.context.drain_spread.mul_f64(share as f64 / f64::from(u32::MAX));
                    closing = Some(Box::pin(tokio::time::sleep(wait)));
                    Ok(())
                }
                Wake::DrainIsOver => Err(End::With(close::RESTART)),
            };
            if let Err(end) = next {
                break end;
            }
        };
        match end {
            End::With(with) => self.close(with).await,
            End::Goodbye => {
                metrics::counter!("cd_sockets_closed_total", "code" => "client").increment(1);
                // The library has the answer ready; without it the client takes the end for a fault of the network.
                let _ = tokio::time::timeout(CLOSE_WITHIN, self.socket.close()).await;
            }
            End::Gone => metrics::counter!("cd_sockets_closed_total", "code" => "gone").increment(1),
        }
    }

    /// An error of the socket itself. A message that is far too long, or no UTF-8, is one too, and is answered with its
    /// close code; the library's error says which only in words.
    fn failed(&self, error: &E) -> End {
        let text = error.to_string();
        tracing::debug!(error = %text, "a socket failed");
        if text.contains("too long") {
            End::With(close::TOO_BIG)
        } else if text.contains("UTF-8") {
            End::With(close::BAD_MESSAGE)
        } else {
            End::Gone
        }
    }

    fn hear(&mut self, message: Message, now: Instant) -> Result<(), End> {
        self.heard = now;
        if self.answers.len() >= MAX_ANSWERS {
            return Err(End::With(close::LIMITS));
        }
        match self.inbox.judge(message, now) {
            Said::Nothing => Ok(()),
            Said::Bye => Err(End::Goodbye),
            Said::Close(with) => Err(End::With(with)),
            Said::Wrong { re, problem } => {
                self.answer(&ServerMessage::Error { re, problem });
                Ok(())
            }
            Said::Message(message) => self.act(message, now),
        }
    }

    fn act(&mut self, message: ClientMessage, now: Instant) -> Result<(), End> {
        match (&self.stage, message) {
            (Stage::New(_), ClientMessage::Hello { token, cursor }) => {
                self.admit(token.as_deref(), now)?;
                // A customer's picture is whole with the first message: there is nothing to resume.
                let cursor = cursor.filter(|_| self.follow.is_none());
                self.hello(cursor.as_deref(), now);
                Ok(())
            }
            (Stage::New(_), _) => Err(End::With(close::BAD_MESSAGE)),
            (_, ClientMessage::Hello { .. }) => {
                self.refuse("hello", ProblemKind::WrongState, "hello was said already");
                Ok(())
            }
            (_, ClientMessage::View(_)) if self.follow.is_some() => self.refuse_customer("view"),
            (_, ClientMessage::Watch { .. }) if self.follow.is_some() => self.refuse_customer("watch"),
            (_, ClientMessage::Unwatch { .. }) if self.follow.is_some() => self.refuse_customer("unwatch"),
            (_, ClientMessage::View(view)) => {
                self.viewer.look(view);
                Ok(())
            }
            (_, ClientMessage::Watch { courier }) => {
                if !self.viewer.watch(courier) {
                    let detail = format!("at most {} couriers can be watched", live::MAX_WATCHED);
                    self.refuse("watch", ProblemKind::Invalid, &detail);
                }
                Ok(())
            }
            (_, ClientMessage::Unwatch { courier }) => {
                self.viewer.unwatch(&courier);
                Ok(())
            }
            (_, ClientMessage::Ping { t }) => {
                let now = self.context.clock.now();
                self.answer(&ServerMessage::Pong { t, now });
                Ok(())
            }
        }
    }

    /// Who says hello: decides what this socket will ever tell.
    fn admit(&mut self, token: Option<&str>, now: Instant) -> Result<(), End> {
        let SessionContext { access, open, from, clock, .. } = &self.context;
        let at = clock.now();
        let caller = access.judge(token, *open, *from, at).map_err(|refused| match refused {
            Refused::Bad | Refused::Expired | Refused::Missing => End::With(close::UNAUTHORIZED),
            Refused::Guessing | Refused::Busy => End::With(close::TOO_OFTEN),
        })?;
        // A time too far away to be told ends nothing in the life of a process.
        let left = caller.until.map(|until| Duration::from_millis((until - at).max(0) as u64));
        match caller.right {
            Right::Customer(delivery) => {
                let until = caller.until.unwrap_or(Millis::MAX);
                self.follow = Some(Box::new(Follow::new(delivery, until, now)));
            }
            Right::Viewer | Right::Dispatcher | Right::Operator => {
                self.ends = left.and_then(|left| now.checked_add(left));
                self.you = Some(Box::new(caller.you()));
            }
            // A courier sends, by REST: the picture of all the others is none of its business.
            Right::Courier(_) => return Err(End::With(close::FORBIDDEN)),
        }
        Ok(())
    }

    fn refuse_customer(&mut self, re: &str) -> Result<(), End> {
        self.refuse(re, ProblemKind::Forbidden, "this link shows one delivery and nothing else");
        Ok(())
    }

    fn refuse(&mut self, re: &str, kind: ProblemKind, detail: &str) {
        self.answer(&ServerMessage::Error { re: re.into(), problem: Problem::new(kind, detail) });
    }

    fn answer(&mut self, message: &ServerMessage) {
        if let Ok(text) = serde_json::to_string(message) {
            self.answers.push(text);
        }
    }

    /// The client's cursor decides where its events begin.
    fn hello(&mut self, cursor: Option<&str>, now: Instant) {
        let live = self.context.live.clone();
        if !live.caught_up.load(Ordering::Acquire) {
            self.stage = Stage::Starting(cursor.map(str::to_owned));
            return;
        }
        let state = live.state.read();
        let Some(text) = cursor else { return self.welcome(&state.ring, Resume::New, None) };
        let Some(cursor) = Cursor::decode(text) else { return self.welcome(&state.ring, Resume::Reset, None) };
        match state.ring.locate(&cursor) {
            Place::From(from) => self.welcome(&state.ring, Resume::Resumed, Some((from, cursor))),
            Place::Gone => self.welcome(&state.ring, Resume::Reset, None),
            Place::Ahead => self.stage = Stage::Ahead(cursor, now + AHEAD_WAIT),
        }
    }

    fn welcome(&mut self, ring: &Ring, resume: Resume, from: Option<(u64, Cursor)>) {
        let cursor = from.as_ref().map_or_else(|| ring.cursor(), |(_, cursor)| cursor.clone());
        // Which replica this is, and how many events there were, is no customer's business.
        let (server, cursor) = match self.follow {
            Some(_) => (String::new(), String::new()),
            None => (self.context.server.to_string(), cursor.encode()),
        };
        let you = self.you.as_deref().cloned();
        let (now, tick_ms) = (self.context.clock.now(), self.context.tick_ms);
        let delivery_max_ms = self.follow.is_none().then_some(self.context.live.delivery_max_ms);
        self.answer(&ServerMessage::Welcome { server, now, tick_ms, resume, cursor, you, delivery_max_ms });
        (self.event, self.resumed) = match from {
            Some((first, cursor)) => (first, Some(Box::new(cursor))),
            None => (ring.end(), None),
        };
        metrics::counter!("cd_socket_resume_total", "resume" => format!("{resume:?}").to_lowercase()).increment(1);
        self.stage = Stage::Open;
    }

    /// A hello that could not be answered at once: can it be now?
    fn retry(&mut self, now: Instant) {
        if let Stage::Starting(cursor) = &self.stage {
            let cursor = cursor.clone();
            return self.hello(cursor.as_deref(), now);
        }
        let Stage::Ahead(cursor, until) = &self.stage else { return };
        let live = self.context.live.clone();
        let state = live.state.read();
        match state.ring.locate(cursor) {
            Place::Ahead if now < *until => {}
            Place::From(from) => {
                let cursor = cursor.clone();
                self.welcome(&state.ring, Resume::Resumed, Some((from, cursor)));
            }
            _ => self.welcome(&state.ring, Resume::Reset, None),
        }
    }

    /// What time alone brings about.
    fn check_times(&mut self, now: Instant) -> Result<(), End> {
        if let Stage::New(since) = self.stage
            && now - since >= Duration::from_millis(live::HELLO_WITHIN_MS)
        {
            return Err(End::With(close::SILENT));
        }
        if now - self.heard >= Duration::from_millis(live::SILENCE_MS) {
            return Err(End::With(close::SILENT));
        }
        if self.ends.is_some_and(|end| now >= end) {
            return Err(End::With(close::UNAUTHORIZED));
        }
        self.retry(now);
        if !self.writing && now - self.pinged >= Duration::from_millis(live::PING_EVERY_MS) {
            self.pinged = now;
            self.feed(Message::Ping(Vec::new().into()))?;
        }
        Ok(())
    }

    /// One turn: everything that the client lacks, gathered into one write.
    fn turn(&mut self) -> Result<(), End> {
        self.owed = self.writing;
        if self.writing {
            return Ok(());
        }
        for text in std::mem::take(&mut self.answers) {
            self.feed(Message::Text(text.into()))?;
        }
        if !matches!(self.stage, Stage::Open) {
            return Ok(());
        }
        if self.follow.is_some() {
            return self.follow_turn();
        }
        let live = self.context.live.clone();
        let mut frame = Vec::with_capacity(self.room);
        let (events, samples) = {
            let state = live.state.read();
            let events = self.events_since(&state.ring);
            self.owed = self.event < state.ring.end();
            let kind = frame_for(&state.fleet, &mut self.viewer, &mut frame);
            (events, kind.map(|_| *live.append_samples.lock()))
        };
        if let Some(text) = events {
            self.feed(Message::Text(text.into()))?;
        }
        let summary = live.summary.read().clone();
        if summary.number > self.summary {
            self.summary = summary.number;
            self.feed(Message::Text(summary.text.as_ref().into()))?;
        }
        if !frame.is_empty() {
            live.figures.frame(&frame);
            // As much again will do for the next one, nearly always; a first picture is no measure.
            self.room = frame.len().next_multiple_of(256).min(MAX_ROOM);
            self.samples = samples;
            self.feed(Message::Binary(frame.into()))?;
        }
        // Where more is due, the loop writes, and comes back here.
        if self.writing && !self.owed { self.flush_now() } else { Ok(()) }
    }

    /// A customer's turn: the one delivery, where it has changed.
    fn follow_turn(&mut self) -> Result<(), End> {
        let at = Instant::now();
        if let Some(follow) = self.follow.as_mut().filter(|follow| follow.is_due(at)) {
            let seen = follow.see(&self.context.live.state.read().fleet);
            match follow.turn(seen, self.context.clock.now(), at) {
                Turn::Nothing => {}
                Turn::Say(text) => self.feed(Message::Text(text.into()))?,
                Turn::Last(text) => {
                    self.feed(Message::Text(text.into()))?;
                    return Err(End::With(close::ENDED));
                }
                Turn::Over(with) => return Err(End::With(with)),
            }
        }
        if self.writing { self.flush_now() } else { Ok(()) }
    }

    /// Events that the client has not seen: as many as a message holds, the others follow when it is written. A reset
    /// where the ring has overtaken it.
    fn events_since(&mut self, ring: &Ring) -> Option<String> {
        while self.event < ring.end() {
            let Some(message) = ring.message(self.event, self.resumed.as_deref()) else {
                metrics::counter!("cd_sockets_slow_total").increment(1);
                self.welcome(ring, Resume::Reset, None);
                return self.answers.pop();
            };
            self.event = message.next;
            if message.text.is_some() {
                return message.text;
            }
        }
        self.resumed = None;
        None
    }

    /// Writes what was fed without waiting: nearly always the system takes it at once, and the loop is spared a round. What
    /// it does not take, the loop waits for.
    fn flush_now(&mut self) -> Result<(), End> {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.socket).poll_flush(&mut context) {
            Poll::Ready(Ok(())) => self.written(),
            Poll::Ready(Err(error)) => return Err(self.failed(&error)),
            Poll::Pending => {}
        }
        Ok(())
    }

    fn feed(&mut self, message: Message) -> Result<(), End> {
        let socket = Pin::new(&mut self.socket);
        self.writing = true;
        socket.start_send(message).map_err(|error| self.failed(&error))
    }

    /// A write is done: what it carried has left this server.
    fn written(&mut self) {
        self.writing = false;
        if let Some(samples) = self.samples.take() {
            let now: Millis = self.context.clock.now();
            let appended = samples.iter().filter(|time| **time > 0);
            appended.for_each(|time| self.context.live.latency.add(now - time));
        }
    }

    async fn close(&mut self, with: Close) {
        metrics::counter!("cd_sockets_closed_total", "code" => with.code.to_string()).increment(1);
        let frame = Message::Close(Some(CloseFrame { code: with.code, reason: with.reason.into() }));
        let goodbye = async {
            self.socket.send(frame).await?;
            // The client's own close ends the handshake; without it a browser reports a fault of the network.
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<(), E>(())
        };
        let _ = tokio::time::timeout(CLOSE_WITHIN, goodbye).await;
    }
}

/// Ends with the timer; never where there is none.
async fn over(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.await,
        None => std::future::pending().await,
    }
}
