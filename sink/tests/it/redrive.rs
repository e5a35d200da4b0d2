//! Dead letters go back, and only those that are taken now.

use std::sync::Arc;

use contract::topics;

use crate::{program::ended, samples::*, world::World, writers::Faulty};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_now_goes_back_and_the_rest_stays() {
    let world = World::new();
    let mut writer = Faulty::around(world.writer());
    writer.refuse_seq = Some(7);
    let sink = world.sink_with(|_, surroundings| surroundings.writer = Some(Arc::new(writer)));
    let garbage = Record { value: Some(b"no json".to_vec()), ..fix_record(&fix(1, 0)) };
    world.send(fixes(1, 0..20).chain([garbage])).await;
    world.until_stored(1, 19).await;
    world.letters(2).await;
    sink.stop().await;

    let brokers = world.brokers();
    let redrive = async |more: &[&str]| {
        let args = [&["redrive", "--kafka-brokers", &brokers], more].concat();
        let (code, out, err) = ended(&args);
        assert_eq!(code, Some(0), "{err}");
        out
    };
    // Whoever refused it takes it now.
    assert_eq!(redrive(&[]).await, "put back            1\nleft                1  is still refused: MalformedJson\n");
    let sink = world.sink();
    world.until_stored(1, 20).await;
    world.until_committed(topics::POSITIONS, 22).await;
    // What was looked at is not looked at again, unless that is asked for; and then it does no harm.
    assert_eq!(redrive(&[]).await, "put back            0\n");
    let again = redrive(&["--from-beginning"]).await;
    assert!(again.starts_with("put back            1\n"), "{again}");
    world.until_committed(topics::POSITIONS, 23).await;
    assert_eq!(world.stored(1).await, 20);
    world.letters(2).await;
    sink.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_kafka_it_says_so_and_fails() {
    let (code, _, err) = ended(&["redrive", "--kafka-brokers", "127.0.0.1:9"]);
    assert_eq!(code, Some(1));
    assert!(err.lines().last().unwrap_or_default().starts_with("error: "), "{err}");
}
