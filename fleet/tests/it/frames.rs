//! Whatever moves, whoever looks, however seldom: after each frame the client holds exactly what the server has in view.

use contract::{Place, frame::Kind, live::View};
use proptest::prelude::*;

use crate::{
    picture::Connection,
    world::{Event, WINDOW, World, courier, event, view},
};

/// What a viewer does between two events of the world.
#[derive(Debug, Clone)]
enum Act {
    Look(View),
    Watch(u32),
    Unwatch(u32),
    Pull,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => view().prop_map(Act::Look),
        1 => (0u32..20).prop_map(Act::Watch),
        1 => (0u32..20).prop_map(Act::Unwatch),
        5 => Just(Act::Pull),
    ]
}

/// The world's events, and after each what some of the viewers do.
fn story() -> impl Strategy<Value = Vec<(Event, Vec<(usize, Act)>)>> {
    prop::collection::vec((event(), prop::collection::vec((0usize..3, act()), 0..5)), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_client_holds_what_the_server_has(story in story()) {
        let mut world = World::new(WINDOW);
        let mut connections: [Connection; 3] = Default::default();
        for (event, acts) in &story {
            world.happen(event);
            for (who, act) in acts {
                let connection = &mut connections[*who];
                match act {
                    Act::Look(view) => connection.look(*view),
                    Act::Watch(number) => connection.watch(courier(*number)),
                    Act::Unwatch(number) => connection.unwatch(&courier(*number)),
                    Act::Pull => connection.check(&world.fleet),
                }
            }
        }
        // Reconnect: who comes anew sees the same as who was there all the time.
        for connection in &mut connections {
            connection.check(&world.fleet);
            let mut again = connection.again();
            again.check(&world.fleet);
            prop_assert_eq!(connection.screen(), again.screen());
            again.check(&world.fleet);
        }
    }
}

/// Empty cells are thrown away, and every index of a cell changes under the viewers' hands.
#[test]
fn cells_are_renumbered_under_a_viewer() {
    let mut world = World::new(60_000);
    let mut connections: Vec<Connection> = Vec::new();
    for (zoom, every) in [(14.0, 1), (14.0, 7), (3.0, 3), (14.0, 45)] {
        let mut connection = Connection::default();
        let half = contract::Bounds::new(-180.0, -80.0, 10.0, 80.0).unwrap();
        connection.look(View { bounds: half, zoom });
        connection.watch(courier(every));
        connections.push(connection);
    }
    let mut epochs = 0;
    for step in 0u32..400 {
        let hop = |who: u32| {
            let turn = f64::from(step * 37 + who * 101);
            (who, Place::new((turn * 0.73) % 160.0 - 80.0, (turn * 1.91) % 360.0 - 180.0).unwrap())
        };
        // Most hop; one stays, so that a cell outlives every clearing.
        let fixes: Vec<_> = (1..60).map(hop).chain([(0, Place::new(1.0, 2.0).unwrap())]).collect();
        world.batch(100, &fixes, None);
        for (connection, every) in connections.iter_mut().zip([1, 7, 3, 45]) {
            if step % every == 0 {
                connection.check(&world.fleet);
            }
        }
        epochs = world.fleet.grid().epoch();
        assert!(world.fleet.grid().len() < 10_000, "{} cells for 60 couriers", world.fleet.grid().len());
    }
    assert!(epochs >= 2, "the grid was never cleared: {epochs}");
}

/// A courier that is dropped and comes back at once has another handle, under the same name.
#[test]
fn a_watched_courier_goes_and_comes_back() {
    let mut world = World::new(WINDOW);
    let here = Place::new(60.16, 24.93).unwrap();
    let mut connection = Connection::default();
    connection.watch(courier(1));
    world.batch(0, &[(1, here), (2, here)], None);
    connection.check(&world.fleet);
    world.batch(WINDOW + 1_000, &[], None);
    (0..10).for_each(|_| world.batch(0, &[], None));
    world.batch(0, &[(1, here)], None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Delta));
    connection.check(&world.fleet);
    // Unwatched after it was dropped: nothing but the connection remembers it.
    world.batch(WINDOW + 1_000, &[], None);
    (0..10).for_each(|_| world.batch(0, &[], None));
    connection.unwatch(&courier(1));
    connection.check(&world.fleet);
    assert_eq!(connection.client.len(), 0);
}

/// Handles of dropped couriers are given out again, after their rest.
#[test]
fn handles_are_used_again() {
    let mut world = World::new(WINDOW);
    let here = Place::new(60.16, 24.93).unwrap();
    for who in 0..300 {
        world.batch(WINDOW / 4, &[(who, here)], None);
        (0..30).for_each(|_| world.batch(0, &[], None));
    }
    let end = world.fleet.couriers().end();
    assert!(end < 20, "{end} handles for {} couriers", world.fleet.couriers().len());
}
