//! What is sent: every fix of a run, once or several times the same, and none too many.

use contract::{Delivery, DeliveryStatus};

use crate::log::{Log, now, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_taken_up_driven_and_delivered() {
    let mut log = Log::new();
    let simulator = log.simulate(|_| {});
    let asked = request(1, "c-1", 20.0);
    log.put(&asked).await;
    let id = asked.delivery;
    log.until("the end", |log| log.is(id, DeliveryStatus::Delivered)).await;
    let delivered = log.last(id).unwrap().clone();
    let fixes = delivered.positions.unwrap();
    let (start, end) = (delivered.started_at.unwrap(), delivered.finished_at.unwrap());
    // The plan of this request is another one than the drive's: what is predicted lies behind the middle, no more is said.
    assert!(delivered.eta_half_way.unwrap() >= start + (end - start) / 2, "{delivered:?}");
    // It is told when every fix is acknowledged: they are all there already.
    log.until("every fix", |log| log.positions.len() as u32 >= fixes).await;
    let run = log.run(id);
    assert_eq!(run.keys().copied().collect::<Vec<_>>(), (0..fixes).collect::<Vec<_>>());
    assert_eq!(log.positions.len() as u32, fixes, "a fix was sent twice without need");
    let started = delivered.started_at.unwrap();
    assert!(run.iter().all(|(n, fix)| fix.at == started + i64::from(*n) * 50));
    assert_eq!(delivered.finished_at, Some(run[&(fixes - 1)].at));
    assert!(run[&(fixes - 1)].place.distance_m(contract::Place::new(60.172, 24.945).unwrap()) < 1.0);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_sends_the_same_fixes_and_fills_the_hole() {
    let mut log = Log::new();
    let first = log.simulate(|settings| settings.fixes.noise = 4.0);
    let asked = request(2, "c-2", 10.0);
    log.put(&asked).await;
    let id = asked.delivery;
    log.until("some fixes", |log| log.run(id).len() >= 20).await;
    first.stop().await;
    let seen = log.run(id).len();
    // Nobody drives meanwhile: a hole in time that the successor fills with true times.
    let resume_at = now() + 1_000;
    log.until("a second without a simulator", |_| now() >= resume_at).await;
    let second = log.simulate(|settings| settings.fixes.noise = 4.0);
    log.until("the end", |log| log.is(id, DeliveryStatus::Delivered)).await;
    let fixes = log.last(id).unwrap().positions.unwrap();
    log.until("every fix", |log| log.run(id).len() as u32 >= fixes).await;
    assert!(seen < fixes as usize && log.positions.len() > fixes as usize, "it did not begin anew");
    assert_eq!(log.run(id).len() as u32, fixes);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_has_every_fix_up_to_its_end_and_none_after() {
    let mut log = Log::new();
    let simulator = log.simulate(|_| {});
    let asked = request(3, "c-3", 5.0);
    log.put(&asked).await;
    let id = asked.delivery;
    log.until("some fixes", |log| log.run(id).len() >= 20).await;
    let under_way = log.last(id).unwrap().clone();
    let end = now();
    log.put(&Delivery { status: DeliveryStatus::Cancelled, finished_at: Some(end), ..under_way.clone() }).await;
    let until = ((end - under_way.started_at.unwrap()) / 50) as u32;
    log.until("the fix at its end", |log| log.run(id).contains_key(&until)).await;
    // Another courier's whole run passes: whatever was still to come would have come.
    let other = request(4, "c-4", 50.0);
    log.put(&other).await;
    log.until("another's end", |log| log.is(other.delivery, DeliveryStatus::Delivered)).await;
    let run = log.run(id);
    assert!((0..=until).all(|n| run.contains_key(&n)), "a fix before the end is missing");
    // Those that were on their way when the end was read are as true; none was taken after it was known.
    assert!(run.keys().all(|n| *n <= until + 10), "{:?}", run.keys().last());
    assert!(log.is(id, DeliveryStatus::Cancelled), "the end of others stays");
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cancelled_while_nobody_drove_has_its_fixes_all_the_same() {
    let mut log = Log::new();
    let first = log.simulate(|_| {});
    let asked = request(5, "c-5", 5.0);
    log.put(&asked).await;
    let id = asked.delivery;
    log.until("some fixes", |log| log.run(id).len() >= 10).await;
    first.stop().await;
    let under_way = log.last(id).unwrap().clone();
    let cancel_at = now() + 500;
    log.until("half a second without a simulator", |_| now() >= cancel_at).await;
    let end = now();
    log.put(&Delivery { status: DeliveryStatus::Cancelled, finished_at: Some(end), ..under_way.clone() }).await;
    let until = ((end - under_way.started_at.unwrap()) / 50) as u32;
    assert!(log.run(id).len() < until as usize, "nothing was missing");
    let second = log.simulate(|_| {});
    log.until("the fix at its end", |log| log.run(id).contains_key(&until)).await;
    let run = log.run(id);
    assert!((0..=until).all(|n| run.contains_key(&n)) && run.len() as u32 == until + 1, "{:?}", run.keys());
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_couriers_drive_at_once() {
    let mut log = Log::new();
    let simulator = log.simulate(|_| {});
    for n in 0..1_000 {
        let asked = Delivery { interval_ms: 1_000, ..request(100 + n, &format!("m-{n}"), 20.0) };
        log.put(&asked).await;
    }
    let delivered =
        |log: &Log| log.deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::Delivered).count();
    log.until("all ends", |log| delivered(log) == 1_000).await;
    let expected: u32 = log.deliveries.iter().filter_map(|delivery| delivery.positions).sum();
    log.until("every fix", |log| log.positions.len() as u32 >= expected).await;
    assert_eq!(log.positions.len() as u32, expected);
    simulator.stop().await;
}
