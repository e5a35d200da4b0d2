//! The simulator: takes up requested deliveries and drives their couriers along the path, fix by fix, into Kafka.
//!
//! `build` checks everything, `run` works until shutdown. Replicas share the partitions of `deliveries` as group
//! `simulator`; each is the sole owner of what happens to the simulated deliveries of its partitions. `engine` is the one
//! loop, `stories` decides (pure), `run` is one courier on its way, `outbox` sends what is answered, `demo` keeps the demo
//! couriers busy.

mod demo;
mod engine;
mod outbox;
mod run;
pub mod settings;
mod stories;

use std::time::Duration;

use contract::topics;
use service::{
    Clock, Durability, Health, Outcome, Shutdown, StartError, Tasks, health,
    kafka::{
        group::{self, GroupReader},
        producer::Producer,
        topics::TopicSpec,
    },
};

use demo::Demo;
use engine::{Engine, Parts};

pub use settings::Settings;

/// Port of the admin pages where none is set.
pub const ADMIN_PORT: u16 = 8092;
/// The consumer group.
const GROUP: &str = "simulator";
/// How long the end may take once it is asked for.
const DRAIN_WITHIN: Duration = Duration::from_secs(20);

/// What `standalone` and tests hand in beside the settings.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// When a start counts as durable.
    pub durability: Durability,
    /// Time.
    pub clock: Clock,
    /// The admin pages are served by somebody else.
    pub no_admin: bool,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { durability: Durability::broker(), clock: Clock::system(), no_admin: false }
    }
}

/// A simulator that is ready to run.
pub struct App {
    health: Health,
    settings: Settings,
    surroundings: Surroundings,
    producer: Producer,
    demo: Demo,
}

/// Checks the settings and loads the demo's routes.
///
/// # Errors
/// [`StartError`] with one clear line: a bad setting, no valid route.
pub fn build(settings: Settings, surroundings: Surroundings, health: Health) -> Result<App, StartError> {
    settings.check()?;
    let demo = Demo::new(&settings.demo)?;
    let producer = Producer::new(&settings.kafka)?;
    Ok(App { health, settings, surroundings, producer, demo })
}

impl App {
    /// Runs until shutdown; then what is in the queue is flushed and the group is left.
    ///
    /// # Errors
    /// [`StartError`] where the admin port is in use, or librdkafka refuses a setting.
    pub async fn run(self, shutdown: Shutdown) -> Result<Outcome, StartError> {
        let Self { health, settings, surroundings, producer, demo } = self;
        describe();
        let mut tasks = Tasks::new(&shutdown);
        if !surroundings.no_admin {
            health::serve_admin(settings.admin.addr(ADMIN_PORT), health.clone(), &mut tasks).await?;
        }
        let deliveries_topic = settings.kafka.topic(topics::DELIVERIES);
        let engine = Engine::new(Parts {
            producer: producer.clone(),
            positions_topic: settings.kafka.topic(topics::POSITIONS),
            deliveries_topic: deliveries_topic.clone(),
            clock: surroundings.clock,
            durability: surroundings.durability,
            fixes: settings.fixes,
            demo,
        });
        let engine = engine.map_err(StartError::failure)?;
        let reader = GroupReader {
            name: "simulator",
            group: GROUP,
            topics: vec![deliveries_topic],
            beat: health.loop_beat("simulator"),
        };
        let specs = topics::ALL.map(|t| TopicSpec::new(t.name, t.partitions, t.may_grow, t.retention_ms));
        service::kafka::topics::keep(&settings.kafka, specs, &mut tasks)?;
        group::spawn(&settings.kafka, reader, &mut tasks, engine)?;
        tasks.spawn("producer", producer.clone().watch(shutdown.clone()));
        health.set_ready();
        let drained = health.clone();
        tasks.spawn("drain", async move {
            shutdown.requested().await;
            drained.drain();
            Ok::<(), std::convert::Infallible>(())
        });
        let outcome = tasks.join(DRAIN_WITHIN).await;
        let unsent = producer.flush(Duration::from_secs(5)).await;
        if unsent > 0 {
            tracing::warn!(unsent, "records were not acknowledged before the end; a successor sends them again");
        }
        Ok(outcome)
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge};
    describe_counter!("cd_published_total", "Fixes put into the producer's queue");
    describe_counter!("cd_acknowledged_total", "Fixes that the broker acknowledged");
    describe_gauge!("cd_runs", "Couriers on their way");
}
