//! The sink: Kafka to history. It alone writes the store.
//!
//! A record's way: `reader` takes it from the group and has it decoded into the batch at hand (`decode`, `batch`); the
//! `pipeline` stores the batch (`retry`), sends what can never be stored to `dlq` (`letters`), marks how far the store
//! is (`progress`, `ends`), and only then has the reader commit. Commits are behind the store at every moment, and
//! storing is idempotent: a crash anywhere on the way costs a repetition, never a record.
//!
//! Not on that way: `expire` (retention), `verify`, `redrive` (dead letters go back), `figures` (what metrics are called),
//! `commands` (the program's subcommands).

mod batch;
pub mod commands;
mod decode;
mod ends;
mod expire;
mod figures;
mod letters;

mod pipeline;
mod progress;
mod reader;
pub mod redrive;
mod retry;
pub mod settings;
pub mod verify;

use std::{
    sync::{Arc, mpsc as std_mpsc},
    time::Duration,
};

use contract::topics;
use history::HistoryWriter;
use service::{
    Clock, Health, Outcome, Shutdown, StartError, StoreMark, Tasks, health,
    kafka::{
        Producer,
        ends::Ends,
        group::{self, GroupReader},
        topics::TopicSpec,
    },
};
use tokio::sync::mpsc;

use letters::Letters;
use pipeline::Pipeline;
use progress::Progress;
use reader::Reader;

pub use settings::Settings;

/// Port of the admin pages where none is set.
pub const ADMIN_PORT: u16 = 8093;
/// The topics that are read; a record's `topic` is an index here.
const TOPICS: [&str; 2] = [topics::POSITIONS, topics::DELIVERIES];
/// How long the end may take once it is asked for: the batches at hand are stored and committed.
const DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// What `standalone` and tests hand in beside the settings.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// Told what the store holds, right after each batch; what waits for durability waits for this.
    pub mark: Option<StoreMark>,
    /// The store, where it is another one than CD_HISTORY_URL names.
    pub writer: Option<Arc<dyn HistoryWriter>>,
    /// Time.
    pub clock: Clock,
    /// The admin pages are served by somebody else.
    pub no_admin: bool,
}

/// A sink that is ready to run.
pub struct App {
    /// Its health, for whoever serves the admin pages.
    pub health: Health,
    settings: Settings,
    writer: Arc<dyn HistoryWriter>,
    producer: Producer,
    surroundings: Surroundings,
}

/// Checks the settings and opens the store.
///
/// # Errors
/// [`StartError`] with one clear line: a bad setting, a store of another version, a directory that cannot be written.
pub fn build(settings: Settings, surroundings: Surroundings, health: Health) -> Result<App, StartError> {
    settings.check()?;
    figures::describe();
    let writer = match &surroundings.writer {
        Some(writer) => Arc::clone(writer),
        None => settings::open_writer(&settings.history)?,
    };
    let producer = Producer::new(&settings.kafka)?;
    Ok(App { health, settings, writer, producer, surroundings })
}

impl App {
    /// Runs until shutdown: then what is at hand is stored and committed, and the group is left.
    ///
    /// # Errors
    /// [`StartError`]: the admin port is in use; an option that librdkafka refuses.
    pub async fn run(self, shutdown: Shutdown) -> Result<Outcome, StartError> {
        let Self { health, settings, writer, producer, surroundings } = self;
        let mut tasks = Tasks::new(&shutdown);
        if !surroundings.no_admin {
            let addr = health::serve_admin(settings.admin.addr(ADMIN_PORT), health.clone(), &mut tasks).await?;
            tracing::info!(%addr, "health and metrics");
        }
        let topics: Vec<String> = TOPICS.iter().map(|topic| settings.kafka.topic(topic)).collect();
        let progress = Arc::new(Progress::default());
        // One batch at most waits for the pipeline: the reader hands the next one over when this one is done.
        let (to_store, batches) = mpsc::channel(1);
        let (done, finished) = std_mpsc::channel();
        let pipeline = Pipeline {
            writer: Arc::clone(&writer),
            letters: Letters::new(producer.clone(), settings.kafka.topic(topics::DLQ), topics.clone()),
            mark: surroundings.mark,
            progress: Arc::clone(&progress),
            topics: topics.clone(),
            clock: surroundings.clock.clone(),
            shutdown: shutdown.clone(),
            checkpointed: None,
        };
        tasks.spawn("store", pipeline.run(batches, done));
        tasks.spawn("producer", producer.clone().watch(shutdown.clone()));
        let ends = Ends::new(&settings.kafka, "sink-ends", &topics)?;
        let (clock, asked) = (surroundings.clock.clone(), shutdown.clone());
        tasks.spawn("ends", ends::run(ends, topics.clone(), Arc::clone(&progress), Arc::clone(&writer), clock, asked));
        tasks.spawn("expire", expire::hourly(writer, settings.retention, surroundings.clock, shutdown.clone()));
        let specs = topics::ALL.map(|t| TopicSpec::new(t.name, t.partitions, t.may_grow, t.retention_ms));
        service::kafka::topics::keep(&settings.kafka, specs, &mut tasks)?;
        let member = GroupReader { name: "sink", group: "sink", topics, beat: health.loop_beat("sink") };
        let reader = Reader::new(settings.batching, to_store, finished, progress, health.clone());
        group::spawn(&settings.kafka, member, &mut tasks, reader)?;
        let drained = async {
            shutdown.requested().await;
            health.drain();
        };
        let (outcome, ()) = tokio::join!(tasks.join(DRAIN_WITHIN), drained);
        Ok(outcome)
    }
}
