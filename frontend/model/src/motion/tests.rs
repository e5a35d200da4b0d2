use super::*;
use contract::frame::{Blocks, CourierStatus, Header, Kind};
use proptest::prelude::*;

use crate::world::tests::{Fix, frame};

const NOW: Millis = 1_763_683_200_000;

fn origin() -> Place {
    Place::new(60.17, 24.94).unwrap()
}

/// A place so many metres east of the origin.
fn east(metres: f64) -> Place {
    Place::new(60.17, 24.94 + metres / (111_195.0 * 60.17f64.to_radians().cos())).unwrap()
}

struct Screen {
    client: Client,
    motion: Motion,
}

impl Screen {
    fn new() -> Self {
        let mut motion = Motion::default();
        motion.rebase(origin());
        Self { client: Client::default(), motion }
    }

    /// True where the picture is another one then.
    fn show(&mut self, kind: Kind, fixes: &[Fix], now: Millis) -> bool {
        let bytes = frame(kind, fixes, now);
        let changes = self.client.apply(&contract::frame::Frame::parse(&bytes).unwrap());
        self.motion.apply(&self.client, &changes, seconds(now))
    }

    /// Metres east of the origin at which the courier in a slot is drawn.
    fn metres(&self, slot: u16, now: Millis) -> f64 {
        let (place, _) = self.motion.place_at(slot, seconds(now)).unwrap();
        let metres = origin().distance_m(place);
        if place.lon() < origin().lon() { -metres } else { metres }
    }
}

fn seconds(now: Millis) -> f64 {
    (now - NOW) as f64 / 1000.0 + 100.0
}

fn fix(metres: f64, at: Millis) -> Fix {
    Fix {
        slot: 0,
        name: Some("c-1".into()),
        place: east(metres),
        at,
        speed: 8.0,
        heading: 90.0,
        status: CourierStatus::OnDelivery,
    }
}

#[test]
fn a_first_fix_stands_where_it_is() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(10.0, NOW)], NOW);
    assert!((screen.metres(0, NOW + 5_000) - 10.0).abs() < 0.1);
    assert!(!screen.motion.is_moving(seconds(NOW + 1)));
}

#[test]
fn steady_fixes_make_a_steady_courier() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    for n in 1..20 {
        screen.show(
            Kind::Delta,
            &[fix(8.0 * f64::from(n), NOW + 1_000 * Millis::from(n))],
            NOW + 1_000 * Millis::from(n),
        );
    }
    // About one interval behind, and as fast as the courier is.
    let start = NOW + 19_000;
    for step in 0..10 {
        let now = start + step * 100;
        let metres = screen.metres(0, now);
        let behind = 8.0 * 19.0 - 8.0 + 0.8 * step as f64;
        assert!((metres - behind).abs() < 0.3, "at {step}: {metres} instead of {behind}");
    }
}

#[test]
fn it_is_guessed_for_2_s_at_most_and_only_while_it_moves() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    screen.show(Kind::Delta, &[fix(8.0, NOW + 1_000)], NOW + 1_000);
    let far = screen.metres(0, NOW + 60_000);
    assert!((8.0..=24.5).contains(&far), "{far}");
    assert!(!screen.motion.is_moving(seconds(NOW + 5_000)));

    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    screen.show(Kind::Delta, &[Fix { speed: 0.0, ..fix(8.0, NOW + 1_000) }], NOW + 1_000);
    assert!((screen.metres(0, NOW + 60_000) - 8.0).abs() < 0.1);
}

#[test]
fn who_makes_up_for_a_delay_does_not_shoot_over_its_last_fix() {
    let mut screen = Screen::new();
    let at = |n: Millis| fix(8.0 * n as f64, NOW + 1_000 * n);
    screen.show(Kind::Full, &[at(0)], NOW);
    for n in 1..=5 {
        screen.show(Kind::Delta, &[at(n)], NOW + 1_000 * n);
    }
    // The network held the next five back.
    for n in 6..=10 {
        screen.show(Kind::Delta, &[at(n)], NOW + 10_000 + 20 * n);
    }
    let mut before = 0.0;
    for ms in (10_200..14_000).step_by(50) {
        let metres = screen.metres(0, NOW + ms);
        assert!(metres > before - 0.2 && metres < 80.5, "{metres} m after {before} m, the last fix at 80 m");
        before = metres;
    }
    assert!(before > 79.5);
    // Nor does one that was guessed too far go on backwards.
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[at(0)], NOW);
    screen.show(Kind::Delta, &[at(1)], NOW + 1_000);
    let far = screen.metres(0, NOW + 5_000);
    screen.show(Kind::Delta, &[fix(12.0, NOW + 4_500)], NOW + 5_000);
    assert!(far > 20.0 && screen.metres(0, NOW + 60_000) > 11.5);
}

#[test]
fn a_frame_is_due_when_it_would_look_different() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    let world_px = |zoom: f64| 512.0 * 2f64.powf(zoom);
    assert_eq!(screen.motion.next_frame(seconds(NOW), world_px(15.0), 1.0), None, "nobody moves");
    screen.show(Kind::Delta, &[fix(8.0, NOW + 1_000)], NOW + 1_000);
    let mut after =
        |ms: Millis, zoom: f64, ratio: f64| screen.motion.next_frame(seconds(NOW + ms), world_px(zoom), ratio);
    // 8 m/s are 6.7 pixels a second there: 0.8 of them a metre.
    let wait = after(1_010, 15.0, 1.0).unwrap();
    assert!((0.04..0.07).contains(&wait), "{wait}");
    let close = after(1_020, 17.0, 2.0).unwrap();
    assert!((close * 8.0 - wait).abs() < 1e-6, "four times as near, twice as sharp: {close}");
    assert_eq!(after(1_030, 3.0, 1.0), Some(1.0), "from afar nothing is seen to move, and the guess may end");
    // Who stands again is no longer the fastest.
    screen.show(Kind::Delta, &[Fix { speed: 0.0, ..fix(8.5, NOW + 2_000) }], NOW + 2_000);
    let slow = screen.motion.next_frame(seconds(NOW + 2_900), world_px(15.0), 1.0);
    assert!(slow.is_none_or(|slow| slow > 4.0 * wait), "{slow:?}");
}

#[test]
fn who_stands_and_says_so_again_needs_no_new_picture() {
    let mut screen = Screen::new();
    let standing = |at| Fix { speed: 0.0, ..fix(10.0, at) };
    assert!(screen.show(Kind::Full, &[standing(NOW)], NOW));
    for n in 1..5 {
        let now = NOW + n * 1_000;
        assert!(!screen.show(Kind::Delta, &[standing(now)], now));
        assert!(!screen.motion.is_moving(seconds(now)));
    }
    assert!(screen.show(Kind::Delta, &[standing(NOW + 20_000)], NOW + 20_000), "its age was beside it");
    let late = Fix { status: CourierStatus::Late, ..standing(NOW + 21_000) };
    assert!(screen.show(Kind::Delta, std::slice::from_ref(&late), NOW + 21_000));
    assert!(screen.show(Kind::Delta, &[Fix { place: east(12.0), at: NOW + 22_000, ..late }], NOW + 22_000));
}

#[test]
fn who_came_to_be_old_is_drawn_again() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    let old = |after: Millis| screen.motion.grows_old(seconds(NOW + after), 2.0);
    assert_eq!([14_900, 15_100, 16_900, 17_100].map(old), [false, true, true, false]);
    assert_eq!([59_900, 61_000, 70_000, 301_000, 400_000].map(old), [false, true, false, true, false]);
}

#[test]
fn nobody_slides_over_a_jump_or_a_gap() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    screen.show(Kind::Delta, &[fix(400.0, NOW + 1_000)], NOW + 1_000);
    assert!((screen.metres(0, NOW + 1_001) - 400.0).abs() < 0.2, "400 m in a second is a jump");
    screen.show(Kind::Delta, &[fix(480.0, NOW + 21_000)], NOW + 21_000);
    assert!((screen.metres(0, NOW + 21_001) - 480.0).abs() < 0.2, "20 s without a fix are a gap");
}

#[test]
fn who_asked_for_less_motion_sees_steps() {
    let mut screen = Screen::new();
    screen.motion.set_still(true);
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    screen.show(Kind::Delta, &[fix(8.0, NOW + 1_000)], NOW + 1_000);
    assert!((screen.metres(0, NOW + 1_001) - 8.0).abs() < 0.1);
    assert!(!screen.motion.is_moving(seconds(NOW + 1_001)));
}

#[test]
fn headings_turn_the_short_way() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[Fix { heading: 350.0, ..fix(0.0, NOW) }], NOW);
    screen.show(Kind::Delta, &[Fix { heading: 10.0, ..fix(8.0, NOW + 1_000) }], NOW + 1_000);
    let (_, heading) = screen.motion.place_at(0, seconds(NOW + 1_500)).unwrap();
    let degrees = heading.to_degrees().rem_euclid(360.0);
    assert!(!(11.0..349.0).contains(&degrees), "{degrees}");
}

#[test]
fn a_new_full_frame_does_not_move_anybody() {
    let mut screen = Screen::new();
    let other = |slot| Fix { slot, name: Some("c-2".into()), ..fix(-50.0, NOW) };
    screen.show(Kind::Full, &[fix(0.0, NOW), other(1)], NOW);
    screen.show(Kind::Delta, &[fix(8.0, NOW + 1_000)], NOW + 1_000);
    let before = screen.metres(0, NOW + 1_400);
    // The same couriers in each other's slots.
    screen.show(Kind::Full, &[other(0), Fix { slot: 1, ..fix(8.0, NOW + 1_000) }], NOW + 1_400);
    assert!((screen.metres(1, NOW + 1_400) - before).abs() < 0.1);
    assert!((screen.metres(0, NOW + 1_400) + 50.0).abs() < 0.1);
}

#[test]
fn who_left_is_drawn_no_more_and_cannot_be_picked() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    let radius = 15.0 / (512.0 * 2f64.powf(15.0));
    assert_eq!(screen.motion.pick(origin(), radius, seconds(NOW)), Some(0));
    assert_eq!(screen.motion.pick(east(200.0), radius, seconds(NOW)), None);
    let mut bytes = Vec::new();
    let mut blocks = Blocks::default();
    blocks.gone(0);
    let header = Header { kind: Kind::Delta, level: 0, view: 1, now: NOW, records: 0, etas: 0, gone: 1, names: 0 };
    bytes.extend(header.to_bytes());
    bytes.extend([0, 0, 0, 0]);
    let changes = screen.client.apply(&contract::frame::Frame::parse(&bytes).unwrap());
    screen.motion.apply(&screen.client, &changes, seconds(NOW));
    assert_eq!(screen.motion.pick(origin(), radius, seconds(NOW)), None);
    assert_eq!((screen.motion.shown(), screen.motion.slot_of(&CourierId::new("c-1").unwrap())), (0, None));
}

#[test]
fn all_on_one_spot_are_found_the_nearest_first() {
    let mut screen = Screen::new();
    let fixes = [(0, 0.0), (1, 30.0), (2, 3.0)].map(|(slot, metres)| Fix { slot, ..fix(metres, NOW) });
    screen.show(Kind::Full, &fixes, NOW);
    let metres = |metres: f64| metres / 40_075_016.686 / origin().lat().to_radians().cos();
    let found = |place, reach| screen.motion.pick_all(place, metres(reach), seconds(NOW));
    assert_eq!(found(origin(), 10.0), [0, 2]);
    assert_eq!(found(east(3.0), 10.0), [2, 0]);
    assert_eq!(found(east(28.0), 60.0), [1, 2, 0]);
    assert!(found(east(300.0), 10.0).is_empty());
}

#[test]
fn another_origin_changes_the_numbers_and_not_the_places() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    screen.show(Kind::Delta, &[fix(8.0, NOW + 1_000)], NOW + 1_000);
    let before = screen.metres(0, NOW + 1_500);
    assert!(screen.motion.rebase(Place::new(48.0, 2.0).unwrap()));
    assert!(screen.motion.rebase(origin()));
    assert!(!screen.motion.rebase(east(100.0)), "near enough");
    assert!((screen.metres(0, NOW + 1_500) - before).abs() < 0.2);
}

#[test]
fn flags_say_what_is_drawn() {
    let mut screen = Screen::new();
    screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
    let bits = screen.motion.instances()[0].flags as u32;
    assert_ne!(bits & flags::POINTED, 0);
    assert_eq!(screen.motion.instances()[0].status(), CourierStatus::OnDelivery);
    assert!(screen.motion.dim(0, true) && !screen.motion.dim(0, true));
    screen.show(Kind::Delta, &[Fix { speed: 0.0, status: CourierStatus::Late, ..fix(1.0, NOW + 500) }], NOW + 500);
    let bits = screen.motion.instances()[0].flags as u32;
    assert_eq!(bits & flags::POINTED, 0);
    assert_ne!(bits & flags::DIMMED, 0, "a new fix does not bring it to the front");
    assert_eq!(bits & flags::STATUS, 2);
}

proptest! {
    /// Whatever the fixes' times and delays: what is drawn lies on the way between what was drawn and the newest fix, and
    /// no further beyond it than 2 s of its own speed.
    #[test]
    fn the_drawn_position_lies_between_known_fixes(
        steps in prop::collection::vec((100i64..3_000, 0.0..40.0f64, 0i64..800), 2..20), sample in 0.0..1.0f64,
    ) {
        let mut screen = Screen::new();
        let (mut at, mut metres) = (NOW, 0.0);
        screen.show(Kind::Full, &[fix(0.0, NOW)], NOW);
        let mut came = NOW;
        for (after, forward, delay) in steps {
            at += after;
            metres += forward;
            came = (at + delay).max(came + 1);
            let drawn = screen.metres(0, came);
            screen.show(Kind::Delta, &[fix(metres, at)], came);
            let instance = screen.motion.instances()[0];
            let span = f64::from(instance.end - instance.start) * 1000.0;
            let now = came + (span * sample) as Millis;
            let shown = screen.metres(0, now);
            let (low, high) = (drawn.min(metres), drawn.max(metres));
            prop_assert!(shown >= low - 0.5 && shown <= high + 0.5, "{shown} is not in {low}..{high}");
            let speed = (metres - drawn).abs() / (span / 1000.0);
            let late = screen.metres(0, came + 60_000);
            prop_assert!((late - metres).abs() <= speed * 2.0 + 0.5, "{late} is too far from {metres}");
        }
    }
}
