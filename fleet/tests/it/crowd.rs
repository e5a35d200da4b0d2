//! More couriers inside the rectangle than are sent one by one.

use contract::{Bounds, Place, frame::Kind, live::View};
use fleet::viewer::MAX_IN_VIEW;

use crate::{
    picture::Connection,
    world::{World, courier},
};

/// Couriers on a square of about 10 km, the outermost ones first.
fn crowd(range: std::ops::Range<u32>) -> Vec<(u32, Place)> {
    let spot = |who: u32| Place::new(60.1 + f64::from(who % 150) * 1e-3, 24.8 + f64::from(who / 150) * 1e-3).unwrap();
    range.map(|who| (who, spot(who))).collect()
}

#[test]
fn a_crowd_is_counted_and_when_it_thins_out_it_is_not() {
    let mut world = World::new(60_000);
    let mut connection = Connection::default();
    connection.look(View { bounds: Bounds::new(24.0, 60.0, 26.0, 61.0).unwrap(), zoom: 15.5 });
    connection.watch(courier(3));
    let limit = MAX_IN_VIEW as u32;

    world.batch(0, &crowd(0..limit), None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Full));
    assert_eq!(connection.client.len(), MAX_IN_VIEW);

    // The crowd grows: it is counted, and the watched courier alone is still sent.
    world.batch(100, &crowd(limit..limit + 100), None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Delta));
    world.batch(100, &crowd(limit + 100..limit + 101), None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Full));
    assert_eq!(connection.client.len(), 1);
    world.batch(100, &[], None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Counts));
    assert_eq!(connection.client.level(), 17);
    assert_eq!(connection.client.counts().iter().map(|count| count.couriers).sum::<u32>(), limit + 101);
    world.batch(100, &[(3, Place::new(60.11, 24.81).unwrap())], None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Delta));

    // It thins out: 200 leave. That is noticed when the next counts are due.
    let away: Vec<_> = (100..300).map(|who| (who, Place::new(10.0, 10.0).unwrap())).collect();
    world.batch(100, &away, None);
    assert_eq!(connection.pull(&world.fleet), None);
    world.batch(1_000, &[], None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Full));
    connection.check(&world.fleet);
    assert_eq!(connection.client.len(), MAX_IN_VIEW - 99);
}

/// 65,536 slots are all there are. A crowd beyond that between two frames must not leave couriers behind.
#[test]
fn a_crowd_beyond_all_slots_ends_in_counts() {
    let mut world = World::new(60_000);
    let mut connection = Connection::default();
    connection.look(View { bounds: Bounds::new(24.0, 60.0, 26.0, 61.0).unwrap(), zoom: 13.5 });
    world.batch(0, &crowd(0..10), None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Full));
    world.batch(100, &crowd(10..70_000), None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Delta));
    assert_eq!(connection.client.len(), 65_536);
    world.batch(100, &[], None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Full));
    world.batch(100, &[], None);
    assert_eq!(connection.pull(&world.fleet), Some(Kind::Counts));
    assert_eq!(connection.client.counts().iter().map(|count| count.couriers).sum::<u32>(), 70_000);
}
