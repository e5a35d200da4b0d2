use super::*;
use contract::{
    Bounds, DeliveryId, DeliveryStatus, Place,
    close::SILENT,
    frame::{CourierStatus, Kind},
    live::View,
    rest::LiveDeliveries,
};

use crate::world::tests::{Fix, delivery, frame, world};

fn live(now: Millis) -> Link {
    let mut link = Link::default();
    assert_eq!(link.start(None, now), [Act::Open]);
    link.opened(now);
    assert_eq!(link.welcome(Resume::New, "c1".into(), now), [Act::Fetch]);
    link
}

#[test]
fn hello_comes_first_then_the_view_and_who_is_watched() {
    let mut link = Link::default();
    let view = View { bounds: Bounds::new(24.0, 60.0, 25.0, 61.0).unwrap(), zoom: 15.0 };
    link.views.look(view, 0);
    link.watch(Some(CourierId::new("c-17").unwrap()));
    link.start(None, 0);
    let acts = link.opened(10);
    assert!(matches!(&acts[0], Act::Send(ClientMessage::Hello { cursor: None, .. })));
    assert!(matches!(&acts[1], Act::Send(ClientMessage::View(_))));
    assert!(matches!(&acts[2], Act::Send(ClientMessage::Watch { .. })));
}

#[test]
fn a_restart_is_resumed_and_told() {
    let mut link = live(0);
    link.events("c2".into(), 1);
    assert_eq!(link.closed(1012, Some(99_000), 60_000, 0.5), []);
    assert_eq!(
        link.connection(1_000),
        Connection::Reconnecting { showing_at: Some(99_000), next_try_at: Some(63_500) }
    );
    assert_eq!(link.tick(None, 62_499, 0.0), []);
    assert_eq!(link.tick(None, 62_500, 0.0), [Act::Open]);
    let hello = link.opened(62_600);
    assert_eq!(hello, [Act::Send(ClientMessage::Hello { token: None, cursor: Some("c2".into()) })]);
    assert_eq!(link.welcome(Resume::Resumed, "c9".into(), 62_700), []);
    link.events("c3".into(), 2);
    assert_eq!(link.frame(false, 5, 4_000_000), [], "a delta does not show the view in whole");
    assert_eq!(
        link.frame(true, 10, 4_000_000),
        [Act::CaughtUp { updates: 12, away_ms: 3_901_000 }],
        "it slept an hour"
    );
    assert_eq!(link.frame(true, 10, 4_000_100), [], "it is told once");
    assert!(link.connection(0).is_live());
}

#[test]
fn an_unknown_cursor_means_forget_and_fetch() {
    let mut link = live(0);
    link.closed(1006, None, 10, 0.0);
    link.tick(None, 1_000, 0.0);
    link.opened(1_010);
    assert_eq!(link.welcome(Resume::Reset, "d1".into(), 1_020), [Act::Forget, Act::Fetch]);
}

#[test]
fn waits_double_up_to_30_s_and_begin_anew_after_a_good_connection() {
    let mut link = live(0);
    let mut now = 100;
    let mut waits = Vec::new();
    for _ in 0..9 {
        link.closed(1006, None, now, 1.0);
        let Connection::Reconnecting { next_try_at: Some(next), .. } = link.connection(0) else { panic!("no wait") };
        waits.push(next - now);
        now = next;
        link.tick(None, now, 0.0);
    }
    assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    link.opened(now);
    link.welcome(Resume::Resumed, "c".into(), now);
    link.closed(1006, None, now + 20_000, 1.0);
    let Connection::Reconnecting { next_try_at, .. } = link.connection(0) else { panic!("no wait") };
    assert_eq!(next_try_at, Some(now + 20_500));
}

#[test]
fn jitter_takes_at_most_half_and_peace_means_5_s() {
    let mut link = live(0);
    link.closed(4429, None, 1_000, 0.0);
    assert_eq!(link.connection(0), Connection::Reconnecting { showing_at: None, next_try_at: Some(3_500) });
}

#[test]
fn silence_is_a_loss_but_sleep_is_not() {
    let mut link = live(0);
    for now in (500..=5_000).step_by(500) {
        assert_eq!(link.tick(None, now, 0.0), []);
    }
    assert_eq!(link.tick(None, 5_500, 0.0), [Act::Drop]);

    let mut link = live(0);
    link.tick(None, 500, 0.0);
    assert_eq!(link.tick(None, 3_600_000, 0.0), [], "messages that came while asleep are read after waking");
    for now in (3_600_500..=3_605_000).step_by(500) {
        assert_eq!(link.tick(None, now, 0.0), []);
    }
    assert_eq!(link.tick(None, 3_605_500, 0.0), [Act::Drop]);
}

/// A tab that slept for an hour. The server has closed its socket, for its silence, and keeps no events from so long ago.
#[test]
fn after_an_hour_asleep_the_lists_are_those_of_now() {
    const HOUR: Millis = 3_600_000;
    let (mut link, mut world) = (live(0), world());
    let before = world.client().now();
    assert_eq!(world.deliveries().count(), 4);
    link.events("old".into(), 4);
    link.tick(Some(before), 500, 0.0);
    // It wakes, and the close that has been waiting is read. That is no reason to stay away.
    assert_eq!(link.tick(Some(before), HOUR, 0.0), []);
    assert_eq!(link.closed(SILENT.code, Some(before), HOUR, 1.0), []);
    let back = Connection::Reconnecting { showing_at: Some(before), next_try_at: Some(HOUR + 500) };
    assert_eq!(link.connection(0), back, "the picture stays, as what it is");
    assert_eq!(link.tick(Some(before), HOUR + 500, 0.0), [Act::Open]);
    let hello = link.opened(HOUR + 600);
    assert_eq!(hello, [Act::Send(ClientMessage::Hello { token: None, cursor: Some("old".into()) })]);
    assert_eq!(link.welcome(Resume::Reset, "new".into(), HOUR + 700), [Act::Forget, Act::Fetch]);

    // What these acts ask of the page.
    world.reset_deliveries();
    let begun = delivery(9, "aino-korhonen", DeliveryStatus::InTransit);
    let ids = |world: &crate::World| world.deliveries().map(|delivery| delivery.delivery).collect::<Vec<DeliveryId>>();
    assert_eq!(ids(&world), []);
    let live = LiveDeliveries { items: vec![begun.clone()], next: None, cursor: "new".into() };
    world.merge_deliveries(live, before + HOUR);
    assert_eq!(ids(&world), [begun.delivery], "what ended meanwhile is in no list any more");
    let place = Place::new(60.17, 24.95).unwrap();
    let now = before + HOUR;
    let (name, status) = (Some("aino-korhonen".into()), CourierStatus::OnDelivery);
    let seen = Fix { slot: 0, name, place, at: now - 1_000, speed: 5.0, heading: 90.0, status };
    let applied = world.apply_frame(&frame(Kind::Full, &[seen], now), 3_600.0).unwrap();
    assert_eq!(world.client().len(), 1, "nor is who left meanwhile on the map");
    let acts = link.frame(true, applied.fresh.len() as u32, now);
    assert_eq!(acts, [Act::CaughtUp { updates: 1, away_ms: HOUR }]);
    assert!(link.connection(0).is_live());
    // The next hello goes on from here.
    link.closed(1006, Some(now), HOUR + 900, 0.0);
    assert_eq!(
        link.opened(HOUR + 2_000),
        [Act::Send(ClientMessage::Hello { token: None, cursor: Some("new".into()) })]
    );
}

#[test]
fn some_closes_are_the_end() {
    for (code, why) in
        [(4400, Ended::Refused), (4401, Ended::Unauthorized), (4406, Ended::Outdated), (4410, Ended::Over)]
    {
        let mut link = live(0);
        link.closed(code, None, 10, 0.5);
        assert_eq!(link.connection(0), Connection::Ended(why));
        assert_eq!(link.tick(None, 1_000, 0.0), []);
        assert_eq!(link.try_now(2_000), []);
    }
}

#[test]
fn a_person_may_try_at_once_and_an_unanswered_attempt_fails() {
    let mut link = live(0);
    link.closed(1006, Some(1), 10, 1.0);
    assert_eq!(link.try_now(20), [Act::Open]);
    assert_eq!(link.try_now(21), [], "one attempt at a time");
    assert_eq!(link.connection(0), Connection::Reconnecting { showing_at: Some(1), next_try_at: None });
    for now in (1_000..=10_000).step_by(1_000) {
        assert_eq!(link.tick(None, now, 1.0), []);
    }
    assert_eq!(link.tick(None, 10_500, 1.0), [Act::Drop]);
}

#[test]
fn before_the_first_picture_a_failure_says_so() {
    let mut link = Link::default();
    link.start(None, 0);
    assert_eq!(link.connection(0), Connection::Connecting);
    link.closed(1006, None, 5, 1.0);
    assert_eq!(link.connection(0), Connection::Reconnecting { showing_at: None, next_try_at: Some(505) });
}

#[test]
fn watching_another_courier_lets_the_first_one_go() {
    let mut link = live(0);
    let (a, b) = (CourierId::new("a").unwrap(), CourierId::new("b").unwrap());
    assert_eq!(link.watch(Some(a.clone())), [Act::Send(ClientMessage::Watch { courier: a.clone() })]);
    assert_eq!(link.watch(Some(a.clone())), []);
    assert_eq!(
        link.watch(Some(b.clone())),
        [Act::Send(ClientMessage::Unwatch { courier: a }), Act::Send(ClientMessage::Watch { courier: b })]
    );
}

#[test]
fn a_token_is_said_with_every_hello() {
    let mut link = Link::default();
    link.start(Some("a.b.c".into()), 0);
    for now in [1, 20_000] {
        let hello = ClientMessage::Hello { token: Some("a.b.c".into()), cursor: None };
        assert_eq!(link.opened(now)[0], Act::Send(hello));
        link.closed(1006, None, now, 0.5);
    }
    link.opened(30_000);
    link.closed(4401, None, 30_000, 0.5);
    assert_eq!(link.connection(0), Connection::Ended(Ended::Unauthorized));
}

#[test]
fn a_network_that_is_back_is_tried_at_once_whatever_stood_before() {
    // A socket that seems to live is that of the network before.
    let mut link = live(0);
    assert_eq!(link.network_back(Some(900), 1_000), [Act::Drop, Act::Open]);
    assert_eq!(link.connection(0), Connection::Reconnecting { showing_at: Some(900), next_try_at: None });
    link.opened(1_010);
    link.welcome(Resume::Resumed, "c2".into(), 1_020);
    assert_eq!(link.frame(true, 4, 1_100), [Act::CaughtUp { updates: 4, away_ms: 200 }]);
    // A wait is over; it does not become longer by it.
    link.closed(1006, Some(1_100), 1_200, 1.0);
    assert_eq!(link.network_back(Some(1_100), 1_210), [Act::Open]);
    // What has ended stays ended.
    link.closed(4406, None, 1_300, 0.0);
    assert_eq!(link.network_back(None, 1_400), []);
}
