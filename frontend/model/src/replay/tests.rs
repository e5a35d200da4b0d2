use contract::{
    CourierId, Delivery, DeliveryId, DeliveryStatus, Driver, Place, Position,
    frame::{CourierStatus, Frame},
    polyline,
};

use super::*;
use crate::{Filter, World};

const T0: Millis = 1_763_683_200_000;
/// Long after all that is replayed here.
const NOW: Millis = T0 + 10 * 3_600_000;

/// What the store has: it answers as GET /replay does.
#[derive(Default)]
struct Store {
    fixes: Vec<Position>,
}

impl Store {
    /// A courier that drives east at 10 m/s, one fix a second at `phase` ms, from `from` to `to` (s after T0).
    fn drives(&mut self, courier: &str, from: i64, to: i64, phase: i64) {
        for s in from..to {
            let at = T0 + s * 1_000 + phase;
            self.fixes.push(fix(courier, at, east((at - T0) as f64 / 100.0), true));
        }
    }

    fn answer(&self, ask: Ask) -> Vec<u8> {
        let mut newest: Vec<Position> = Vec::new();
        for fix in self.fixes.iter().filter(|fix| ask.since < fix.at && fix.at <= ask.at) {
            match newest.iter_mut().find(|known| known.courier == fix.courier) {
                Some(known) if known.at < fix.at => *known = fix.clone(),
                Some(_) => {}
                None => newest.push(fix.clone()),
            }
        }
        fleet::slice::frame_of(&newest, ask.at)
    }
}

fn origin() -> Place {
    Place::new(60.17, 24.94).unwrap()
}

fn east(metres: f64) -> Place {
    Place::new(60.17, 24.94 + metres / (111_195.0 * 60.17f64.to_radians().cos())).unwrap()
}

fn fix(courier: &str, at: Millis, place: Place, carries: bool) -> Position {
    Position {
        courier: CourierId::new(courier).unwrap(),
        source: "sim".parse().unwrap(),
        at,
        place,
        accuracy_m: None,
        speed_mps: Some(10.0),
        heading_deg: Some(90.0),
        delivery: carries.then(|| id(1)),
        seq: None,
        altitude_m: None,
        battery: None,
    }
}

fn id(n: u128) -> DeliveryId {
    DeliveryId::from_parts(T0, n)
}

/// From T0 + 10 s to T0 + 110 s, over 1,000 m, planned and promised for T0 + 120 s.
fn story(courier: &str) -> Delivery {
    Delivery {
        delivery: id(1),
        courier: CourierId::new(courier).unwrap(),
        status: DeliveryStatus::Delivered,
        driver: Driver::Simulator,
        reference: Some("order-7".into()),
        route: None,
        path: polyline::encode(&[east(100.0), east(1_100.0)]),
        distance_m: 1_000,
        planned_s: 100,
        speed: 1.0,
        interval_ms: 1_000,
        promised_at: Some(T0 + 120_000),
        requested_at: T0 + 5_000,
        requested_by: None,
        started_at: Some(T0 + 10_000),
        finished_at: Some(T0 + 110_000),
        reason: None,
        positions: Some(101),
        eta_half_way: Some(T0 + 111_000),
    }
}

/// The page: a player, and the world that its frames are shown in.
struct Page {
    player: Player,
    world: World,
    summary: contract::live::Summary,
}

impl Page {
    fn at(moment: Millis, store: &Store) -> Self {
        let mut page = Self { player: Player::default(), world: World::default(), summary: Default::default() };
        page.world.motion_mut().rebase(origin());
        page.player.seek(moment);
        page.fetch(store, None);
        page.show(true);
        page
    }

    fn fetch(&mut self, store: &Store, pace: Option<u32>) {
        loop {
            let asks = self.player.asks(pace, NOW);
            if asks.is_empty() {
                return;
            }
            // Answers come in any order: here the last one first.
            for ask in asks.into_iter().rev() {
                self.player.answer(ask, &store.answer(ask)).unwrap();
            }
        }
    }

    fn show(&mut self, whole: bool) {
        let told = self.player.tell(whole);
        if told.anew {
            self.world = self.world.of_the_past();
            self.world.motion_mut().rebase(origin());
        }
        self.world.apply_events(told.deliveries);
        if !told.frame.is_empty() {
            self.world.apply_frame(&told.frame, self.player.seconds()).unwrap();
        }
        for lead in &told.leads {
            let (start, end) = (self.player.seconds_at(lead.from), self.player.seconds_at(lead.at));
            self.world.motion_mut().lead(lead, start, end);
        }
        self.summary = told.summary.unwrap_or_else(|| self.summary.clone());
    }

    /// Plays so many ms of the page's time, a picture each 16 ms.
    fn play(&mut self, store: &Store, pace: u32, ms: u32) {
        for n in 0..ms / 16 {
            self.fetch(store, Some(pace));
            assert!(!self.player.advance(16.0, pace, None), "it waits at {}", self.player.at() - T0);
            self.show(n % 16 == 0);
        }
    }

    /// Metres east of the origin at which a courier is drawn.
    fn metres(&self, courier: &str) -> f64 {
        let slot = self.world.motion().slot_of(&CourierId::new(courier).unwrap()).unwrap();
        let (place, _) = self.world.motion().place_at(slot, self.player.seconds()).unwrap();
        origin().distance_m(place)
    }

    fn status(&self, courier: &str) -> Option<CourierStatus> {
        self.world.seen(&CourierId::new(courier).unwrap()).map(|seen| seen.status)
    }
}

#[test]
fn a_moment_shows_who_was_there_and_where() {
    let mut store = Store::default();
    store.drives("c-1", 0, 100, 300);
    store.fixes.push(fix("c-gone", T0 - WINDOW_MS, origin(), false));
    store.fixes.push(fix("c-old", T0 - 400_000, origin(), false));
    store.fixes.push(fix("c-future", T0 + 60_000, origin(), false));
    let page = Page::at(T0 + 50_000, &store);
    assert_eq!(page.player.at(), T0 + 50_000);
    let mut names: Vec<String> =
        page.world.couriers(&Filter::default(), page.player.at()).iter().map(|row| row.courier.to_string()).collect();
    names.sort();
    assert_eq!(names, ["c-1", "c-old"]);
    assert!((page.metres("c-1") - 493.0).abs() < 0.5, "the newest fix is of 49.3 s: {}", page.metres("c-1"));
    assert_eq!((page.summary.counts.on_delivery, page.summary.counts.offline), (1, 1));
    assert!(!page.world.motion().is_moving(page.player.seconds()), "nothing moves while it stands still");
}

#[test]
fn what_plays_moves_as_the_courier_did() {
    let mut store = Store::default();
    store.drives("c-1", 0, 400, 300);
    for (pace, ms) in [(1, 8_000), (5, 6_000), (20, 6_000), (60, 4_000)] {
        let mut page = Page::at(T0 + 50_000, &store);
        page.play(&store, pace, 1_600);
        let mut before = page.metres("c-1");
        for _ in 0..(ms - 1_600) / 160 {
            page.play(&store, pace, 160);
            let (here, passed) = (page.metres("c-1"), 1.6 * f64::from(pace));
            // Drawn at its own time, between two fixes that are known: neither behind nor in steps.
            assert!((here - before - passed).abs() < 0.4 + passed * 0.1, "{pace}x: {} m in {passed}", here - before);
            let exact = (page.player.at() - T0) as f64 / 100.0;
            assert!((here - exact).abs() < 1.0, "{pace}x: drawn at {here} m, was at {exact} m");
            before = here;
        }
    }
}

#[test]
fn a_story_is_told_as_it_was_then() {
    let mut store = Store::default();
    store.drives("c-1", 0, 111, 0);
    let at = |s: i64| as_of(&story("c-1"), T0 + s * 1_000);
    assert_eq!(at(4), None);
    let asked = at(7).unwrap();
    assert_eq!((asked.status, asked.started_at, asked.finished_at), (DeliveryStatus::Requested, None, None));
    let under_way = at(60).unwrap();
    assert_eq!(
        (under_way.status, under_way.finished_at, under_way.eta_half_way),
        (DeliveryStatus::InTransit, None, None)
    );
    assert_eq!(at(110).unwrap(), story("c-1"));

    let mut page = Page::at(T0 + 8_000, &store);
    page.player.add_stories([story("c-1")]);
    page.show(true);
    let seen = |page: &Page| page.world.delivery(id(1)).map(|delivery| delivery.status);
    assert_eq!(seen(&page), Some(DeliveryStatus::Requested));
    page.play(&store, 5, 1_600);
    page.show(true);
    assert_eq!(seen(&page), Some(DeliveryStatus::InTransit));
    let row = page.world.courier_row(&CourierId::new("c-1").unwrap()).unwrap();
    assert_eq!((row.reference.as_deref(), row.status), (Some("order-7"), CourierStatus::OnDelivery));
    let eta = row.eta.unwrap();
    assert!((eta - T0 - 110_000).abs() < 15_000, "arrives at {}", eta - T0);
    page.play(&store, 20, 6_400);
    page.show(true);
    assert_eq!(seen(&page), Some(DeliveryStatus::Delivered));
    // Its last fix says that it carries the delivery; the story says that this had ended.
    assert_eq!(page.status("c-1"), Some(CourierStatus::Idle));
    assert_eq!(page.world.delivery_of(&CourierId::new("c-1").unwrap()), None);
}

#[test]
fn who_was_late_or_silent_then_is_so_again() {
    let mut store = Store::default();
    store.drives("c-1", 0, 60, 0);
    let mut page = Page::at(T0 + 50_000, &store);
    let late = Delivery { promised_at: Some(T0 + 70_000), finished_at: Some(T0 + 500_000), ..story("c-1") };
    page.player.add_stories([late]);
    page.show(true);
    assert_eq!(page.status("c-1"), Some(CourierStatus::Late), "it will arrive after what was promised");
    assert_eq!(page.summary.counts.late, 1);
    page.play(&store, 20, 4_800);
    page.show(true);
    assert_eq!(page.status("c-1"), Some(CourierStatus::Alarm), "no fix for a minute");
    page.play(&store, 60, 4_800);
    page.show(true);
    assert_eq!(page.status("c-1"), Some(CourierStatus::Offline));
    page.play(&store, 60, 12_000);
    page.show(true);
    assert_eq!(page.status("c-1"), None, "and not listed after 15 minutes");
    assert_eq!(page.summary.counts, Default::default());
}

#[test]
fn who_was_on_a_delivery_for_too_long_was_free() {
    let mut store = Store::default();
    store.drives("c-1", 0, 100, 0);
    let mut page = Page::at(T0 + 60_000, &store);
    page.player.set_delivery_max(60_000);
    let unended = Delivery { status: DeliveryStatus::InTransit, finished_at: None, promised_at: None, ..story("c-1") };
    page.player.add_stories([unended]);
    page.show(true);
    assert_eq!(page.status("c-1"), Some(CourierStatus::OnDelivery), "it set off 50 s before");
    page.play(&store, 20, 1_000);
    page.show(true);
    assert_eq!(page.status("c-1"), Some(CourierStatus::Idle), "the server had given it up by then");
}

#[test]
fn slices_are_asked_for_ahead_a_few_at_a_time_and_without_a_gap() {
    let mut player = Player::default();
    player.seek(T0);
    let [whole] = player.asks(Some(60), NOW)[..] else { panic!("one question") };
    assert_eq!((whole.since, whole.at), (T0 - WINDOW_MS, T0));
    assert!(player.asks(Some(60), NOW).is_empty(), "the picture comes first");
    let nobody = Store::default();
    player.answer(whole, &nobody.answer(whole)).unwrap();
    assert!(player.asks(None, NOW).is_empty(), "what stands still needs nothing");
    let asks = player.asks(Some(60), NOW);
    let stretches: Vec<(Millis, Millis)> = asks.iter().map(|ask| (ask.since - T0, ask.at - T0)).collect();
    assert_eq!(stretches, [(0, 10_000), (10_000, 20_000), (20_000, 30_000), (30_000, 40_000)]);
    // The second is here before the first: the clock waits for the first.
    player.answer(asks[1], &nobody.answer(asks[1])).unwrap();
    assert!(player.advance(100.0, 60, None));
    assert_eq!(player.at(), T0);
    player.answer(asks[0], &nobody.answer(asks[0])).unwrap();
    assert!(!player.advance(100.0, 60, None));
    assert_eq!(player.at(), T0 + 6_000);
    assert!(player.advance(1_000.0, 60, None));
    assert_eq!(player.at(), T0 + 20_000, "as far as is known");
    assert!(player.asks(Some(1), NOW).is_empty(), "slowly that is far enough ahead");
    for ask in &asks[2..] {
        player.answer(*ask, &nobody.answer(*ask)).unwrap();
    }
    assert!(!player.advance(250.0, 60, None));
    let more = player.asks(Some(1), NOW);
    assert_eq!((more[0].since, more[0].at), (T0 + 40_000, T0 + 41_000), "a slower pace goes on in smaller steps");
    // What is not stored yet is not asked for.
    let mut late = Player::default();
    late.seek(NOW - 12_000);
    let [whole] = late.asks(None, NOW)[..] else { panic!("one question") };
    late.answer(whole, &nobody.answer(whole)).unwrap();
    let last = late.asks(Some(1), NOW).iter().map(|ask| ask.at).max();
    assert!(last.is_some_and(|last| last <= NOW - 5_000));
}

#[test]
fn an_answer_that_does_not_come_is_asked_for_when_somebody_says_so() {
    let nobody = Store::default();
    let mut player = Player::default();
    player.seek(T0);
    let [whole] = player.asks(None, NOW)[..] else { panic!("one question") };
    player.fail(whole);
    assert!(player.has_failed() && !player.is_shown());
    assert!(player.asks(None, NOW).is_empty(), "nobody hammers a store that is away");
    player.try_again();
    let [again] = player.asks(None, NOW)[..] else { panic!("one question") };
    assert_eq!(again.at, T0);
    assert!(player.answer(again, b"not a frame").is_err());
    assert!(player.has_failed());
    player.try_again();
    let [again] = player.asks(None, NOW)[..] else { panic!("one question") };
    player.answer(again, &nobody.answer(again)).unwrap();
    let asks = player.asks(Some(5), NOW);
    player.fail(asks[1]);
    // The third was not wrong, but it stands behind a gap.
    player.answer(asks[2], &nobody.answer(asks[2])).unwrap();
    player.answer(asks[0], &nobody.answer(asks[0])).unwrap();
    assert!(player.advance(60_000.0, 5, None));
    assert_eq!(player.at(), asks[0].at, "what is here is played");
    player.try_again();
    assert_eq!(player.asks(Some(5), NOW)[0].since, asks[0].at);
}

#[test]
fn who_wishes_for_another_moment_does_not_wait_for_one_that_fails() {
    let mut player = Player::default();
    player.seek(T0);
    let [whole] = player.asks(None, NOW)[..] else { panic!("one question") };
    player.seek(T0 + 5_000);
    player.fail(whole);
    assert!(!player.has_failed());
    assert_eq!(player.asks(None, NOW)[0].at, T0 + 5_000);
}

#[test]
fn the_newest_wish_counts() {
    let mut store = Store::default();
    store.drives("c-1", 0, 400, 0);
    let mut page = Page::at(T0 + 50_000, &store);
    let asks = page.player.asks(Some(1), NOW);
    page.player.seek(T0 + 100_000);
    page.player.seek(T0 + 200_000);
    let [whole] = page.player.asks(Some(1), NOW)[..] else { panic!("one question") };
    assert_eq!(whole.at, T0 + 200_000);
    assert!(page.player.is_coming());
    page.player.answer(whole, &store.answer(whole)).unwrap();
    // Slices of the moment before come too late.
    page.player.answer(asks[0], &store.answer(asks[0])).unwrap();
    page.show(true);
    assert_eq!(page.player.at(), T0 + 200_000);
    assert!((page.metres("c-1") - 2_000.0).abs() < 0.5);
    page.play(&store, 1, 320);
    assert!((page.metres("c-1") - 2_003.2).abs() < 0.6);
}

#[test]
fn a_stretch_is_played_to_its_end_within_a_minute() {
    let past = Past::at(T0).stretch(T0 + 10_000, T0 + 110_000);
    assert_eq!(
        (past.at, past.pace, past.playing, past.until, past.seeks),
        (T0 + 10_000, 5, true, Some(T0 + 110_000), 1)
    );
    assert_eq!([59_000, 61_000, 1_000_000, 100_000_000].map(pace_for), [1, 5, 20, 60]);
    let mut store = Store::default();
    store.drives("c-1", 0, 400, 0);
    let mut page = Page::at(T0 + 100_000, &store);
    page.fetch(&store, Some(60));
    assert!(!page.player.advance(200.0, 60, past.until));
    assert_eq!(page.player.at(), T0 + 110_000);
    // Play again, and it goes on beyond.
    let at_end = Past { at: T0 + 110_000, playing: false, ..past };
    assert_eq!(at_end.toggled().until, None);
    assert_eq!(past.toggled().until, past.until);
}

#[test]
fn what_is_nearly_now_is_live() {
    assert!(is_live(NOW, NOW) && is_live(NOW - 5_000, NOW) && is_live(NOW + 60_000, NOW));
    assert!(!is_live(NOW - EDGE_MS, NOW));
}

#[test]
fn frames_of_the_past_are_frames_of_the_protocol() {
    let mut store = Store::default();
    store.drives("c-1", 0, 100, 0);
    store.drives("c-2", 0, 60, 500);
    let mut player = Player::default();
    player.seek(T0 + 50_000);
    let [whole] = player.asks(None, NOW)[..] else { panic!("one question") };
    player.answer(whole, &store.answer(whole)).unwrap();
    let told = player.tell(true);
    let frame = Frame::parse(&told.frame).unwrap();
    assert_eq!(
        (frame.header.kind, frame.header.now, frame.names().count()),
        (contract::frame::Kind::Full, T0 + 50_000, 2)
    );
    for ask in player.asks(Some(1), NOW) {
        player.answer(ask, &store.answer(ask)).unwrap();
    }
    assert!(!player.advance(600.0, 1, None));
    let told = player.tell(false);
    let frame = Frame::parse(&told.frame).unwrap();
    // One second's fix of c-2 came; c-1's is due at the full second.
    assert_eq!((frame.records().count(), frame.names().count()), (1, 0));
    assert!(player.tell(false).frame.is_empty(), "nothing changed since");
}
