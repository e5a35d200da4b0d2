//! A session by itself, on a socket in memory: time stands still and is moved by the test.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::Message;
use backend::{
    access::{Access, Claims, Refused},
    live::{Live, writer::AppendSamples},
    settings::AccessSettings,
    socket::{Session, SessionContext},
};
use contract::{DeliveryStatus, Role, frame::Frame};
use fleet::Limits;
use service::{Clock, Shutdown};
use tokio::task::JoinHandle;

use crate::harness::{
    pipe::{Far, pipe},
    samples::{delivery, fix, now},
};

const TICK: Duration = Duration::from_millis(100);

struct Bench {
    live: Arc<Live>,
    far: Far,
    access: Arc<Access>,
    drain: Shutdown,
    running: JoinHandle<()>,
    partition: i64,
}

impl Bench {
    /// A session on a live state that has been read.
    fn new() -> Self {
        Self::with(&AccessSettings::default(), true)
    }

    /// The same, where a token is needed unless access is `open`, from loopback or not.
    fn with(settings: &AccessSettings, loopback: bool) -> Self {
        let live = Live::new(Limits::default());
        live.state.write().ring.name(7);
        live.caught_up.store(true, std::sync::atomic::Ordering::Release);
        live.state.write().ring.begin(0, 0);
        let drain = Shutdown::new();
        let access = Arc::new(Access::new(settings, loopback).unwrap());
        let context = SessionContext {
            live: live.clone(),
            access: access.clone(),
            from: [192, 0, 2, 1].into(),
            open: true,
            clock: Clock::manual(now()),
            server: "bench".into(),
            tick_ms: 100,
            drain: drain.clone(),
            drain_spread: Duration::from_secs(10),
            number: 3,
        };
        let (near, far) = pipe();
        let running = tokio::spawn(Box::new(Session::new(near, context)).run());
        Self { live, far, access, drain, running, partition: 0 }
    }

    /// Ticks until `time` has passed.
    async fn pass(&mut self, time: Duration) {
        let ticks = (time.as_millis() / TICK.as_millis()).max(1);
        for _ in 0..ticks {
            tokio::time::advance(TICK).await;
            self.tick();
            // The session's turn, and its reaction to what its own write brings.
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn tick(&self) {
        {
            let mut state = self.live.state.write();
            state.fleet.begin(now());
            state.fleet.finish();
        }
        *self.live.append_samples.lock() = AppendSamples::default();
        self.live.tick.send_modify(|tick| *tick += 1);
    }

    fn move_courier(&self, lat: f64) {
        let mut state = self.live.state.write();
        let mut position = fix("c", lat, 24.93);
        position.at = now() + (lat * 1e4) as i64;
        state.fleet.begin(now());
        assert!(state.fleet.apply_position(position, now(), (lat * 1e4) as i64));
        state.fleet.finish();
    }

    fn change_delivery(&mut self) {
        let mut state = self.live.state.write();
        let (one, offset) = (delivery("c", DeliveryStatus::Delivered), self.partition);
        self.partition += 1;
        state.ring.passed(0, offset);
        state.ring.push(0, offset, now(), &one);
    }

    async fn greeted() -> Self {
        let mut bench = Self::new();
        bench.far.say(r#"{"type":"hello","token":null,"cursor":null}"#);
        bench.pass(TICK).await;
        let heard = bench.far.heard();
        assert!(matches!(&heard[0], Message::Text(text) if text.contains("welcome")), "{heard:?}");
        bench
    }

    /// The code of the close frame, which is the last word.
    fn closed(&self) -> Option<u16> {
        self.far.heard().into_iter().rev().find_map(|message| match message {
            Message::Close(frame) => frame.map(|frame| frame.code),
            _ => None,
        })
    }

    /// The session has ended by itself, at the latest when it has waited for the client's close.
    async fn ended(mut self) {
        self.pass(Duration::from_secs(6)).await;
        assert!(self.running.is_finished());
    }
}

#[tokio::test(start_paused = true)]
async fn no_hello_within_five_seconds() {
    let mut bench = Bench::new();
    bench.pass(Duration::from_millis(4_900)).await;
    assert_eq!(bench.closed(), None);
    bench.pass(Duration::from_millis(200)).await;
    assert_eq!(bench.closed(), Some(4408));
    bench.ended().await;
}

#[tokio::test(start_paused = true)]
async fn pings_every_fifteen_seconds_and_forty_of_silence() {
    let mut bench = Bench::greeted().await;
    bench.pass(Duration::from_millis(39_500)).await;
    let heard = bench.far.heard();
    assert_eq!(heard.iter().filter(|message| matches!(message, Message::Ping(_))).count(), 2);
    assert!(!heard.iter().any(|message| matches!(message, Message::Close(_))));
    bench.pass(Duration::from_secs(1)).await;
    assert_eq!(bench.closed(), Some(4408));
    bench.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_pong_is_a_sign_of_life() {
    let mut bench = Bench::greeted().await;
    for _ in 0..10 {
        bench.pass(Duration::from_secs(15)).await;
        bench.far.send(Message::Pong(Vec::new().into()));
    }
    assert_eq!(bench.closed(), None);
    assert!(!bench.running.is_finished());
}

#[tokio::test(start_paused = true)]
async fn who_asks_and_does_not_read_is_closed_before_answers_pile_up() {
    let mut bench = Bench::greeted().await;
    bench.far.stick(true);
    // Something is under way, and stays so.
    bench.far.say(r#"{"type":"ping","t":0}"#);
    for _ in 0..200 {
        bench.far.say(r#"{"type":"ping","t":1}"#);
        bench.pass(TICK).await;
        if bench.running.is_finished() {
            break;
        }
    }
    assert!(bench.running.is_finished());
    let heard = bench.far.heard();
    assert!(heard.len() < 5, "only what was under way was handed to the socket: {}", heard.len());
}

#[tokio::test(start_paused = true)]
async fn while_a_write_is_under_way_states_are_skipped_and_events_are_not() {
    let mut bench = Bench::greeted().await;
    bench.far.say(r#"{"type":"view","bounds":{"west":24,"south":50,"east":25,"north":70},"zoom":14}"#);
    bench.pass(TICK).await;
    bench.far.heard();
    bench.far.stick(true);
    for n in 0..100 {
        bench.move_courier(60.0 + f64::from(n) / 1e3);
        bench.change_delivery();
        bench.pass(TICK).await;
    }
    let stuck = bench.far.heard().len();
    assert!(stuck <= 3, "{stuck} messages for a client that reads nothing");
    bench.far.stick(false);
    bench.pass(TICK * 3).await;
    let heard = bench.far.heard();
    let frames: Vec<_> = heard
        .iter()
        .filter_map(|message| match message {
            Message::Binary(bytes) => Some(Frame::parse(bytes).unwrap()),
            _ => None,
        })
        .collect();
    assert!(frames.len() <= 2, "{} frames", frames.len());
    let newest = frames.last().unwrap().records().next().unwrap();
    assert_eq!(newest.lat_e7, 600_990_000);
    let events: usize = heard
        .iter()
        .map(|message| match message {
            Message::Text(text) => text.matches(r#""status":"delivered""#).count(),
            _ => 0,
        })
        .sum();
    assert!(events >= 98, "{events} events");
}

#[tokio::test(start_paused = true)]
async fn a_drain_closes_within_its_spread() {
    let mut bench = Bench::greeted().await;
    bench.drain.request();
    bench.pass(Duration::from_millis(100)).await;
    assert_eq!(bench.closed(), None, "socket 3 waits its share");
    bench.pass(Duration::from_secs(10)).await;
    assert_eq!(bench.closed(), Some(1012));
    bench.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_does_not_need_the_writer() {
    let bench = Bench::greeted().await;
    bench.drain.request();
    // No tick comes any more.
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert_eq!(bench.closed(), Some(1012));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_ends_its_session() {
    let Bench { far, running, .. } = Bench::greeted().await;
    drop(far);
    tokio::time::timeout(Duration::from_secs(1), running).await.unwrap().unwrap();
}

/// Signed with the session's own key, for 60 s.
fn token(bench: &Bench, role: Role) -> String {
    let claims = Claims { sub: "ana".into(), role, courier: None, delivery: None, exp: now() / 1000 + 60 };
    bench.access.sign(&claims).unwrap()
}

fn hello(bench: &Bench, token: &str) {
    bench.far.say(&format!(r#"{{"type":"hello","token":"{token}","cursor":null}}"#));
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_with_its_token() {
    let mut bench = Bench::new();
    hello(&bench, &token(&bench, Role::Viewer));
    bench.pass(TICK).await;
    let heard = bench.far.heard();
    let you = r#""you":{"role":"viewer","name":"ana","until":"#;
    assert!(matches!(&heard[0], Message::Text(text) if text.contains("welcome") && text.contains(you)), "{heard:?}");
    for _ in 0..5 {
        bench.pass(Duration::from_secs(10)).await;
        bench.far.send(Message::Pong(Vec::new().into()));
        assert_eq!(bench.closed(), None);
    }
    bench.pass(Duration::from_secs(11)).await;
    assert_eq!(bench.closed(), Some(4401));
    bench.ended().await;
}

#[tokio::test(start_paused = true)]
async fn who_guesses_on_sockets_is_sent_away_unheard() {
    let bench = Bench::with(&AccessSettings::default(), false);
    let judge = |token: &str| bench.access.judge(Some(token), true, [192, 0, 2, 1].into(), now());
    assert!((0..20).all(|_| judge("a.b.c") == Err(Refused::Bad)));
    let mut bench = bench;
    let good = token(&bench, Role::Viewer);
    hello(&bench, &good);
    bench.pass(TICK).await;
    assert_eq!(bench.closed(), Some(4429));
    bench.ended().await;
}
