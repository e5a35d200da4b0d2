//! `cargo xtask chaos`: the proof that nothing is lost, on real Kafka and real Elasticsearch.
//!
//! Couriers drive and viewers watch while servers and services are killed, frozen and cut off in an order that a seed
//! decides, and bad records are put in between. Then everything settles, and what must exist is counted: by the pure
//! function of the runs, in Kafka, in the store, and in what viewers saw. One difference fails the run.
//!
//! | module | owns |
//! |---|---|
//! | `world` | servers and services as processes |
//! | `proxy` | ways that can be cut |
//! | `load` | couriers that ask for deliveries |
//! | `viewer` | clients of the live socket |
//! | `letters` | bad and odd records |
//! | `deck`, `faults` | which faults, in which order; how they are done |
//! | `expect` | the fixes that must exist (pure) |
//! | `log`, `store` | what Kafka and Elasticsearch hold |
//! | `watch` | a Prometheus beside it, where one was asked for |
//! | `judge`, `report` | the counts held against each other (pure); table and file |

pub mod deck;
pub mod expect;
pub mod faults;
pub mod judge;
pub mod letters;
pub mod load;
pub mod log;
pub mod proxy;
pub mod report;
pub mod store;
pub mod viewer;
pub mod watch;
pub mod world;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::sync::oneshot;

use crate::rest::Rest;
use deck::Act;
use faults::Faults;
use judge::{Evidence, Sight};
use letters::{Injected, Injector};
use load::Load;
use store::Store;
use viewer::Viewer;
use watch::Watch;
use world::World;

/// How long deliveries that are under way may take to end when the faults are over: they catch up what they owe first.
const SETTLE: Duration = Duration::from_secs(240);
/// A store that takes nothing new for this long has all that it will get.
const STILL: Duration = Duration::from_secs(25);
/// Time without faults at the beginning and at the end of the load.
const CALM: Duration = Duration::from_secs(12);
/// Time between two injections of bad records.
const INJECT_EVERY: Duration = Duration::from_secs(2);
/// How many viewers there are.
const VIEWERS: usize = 6;
/// Of how many deliveries the backend's audit is asked at most.
const AUDITED: usize = 2_000;

/// A fault in the services that a run must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// Records are acknowledged by the leader alone, which then dies: needs three brokers
    Acks,
    /// The sink commits before it stores
    Commit,
    /// The sink takes an outage of the store for a reason to send dead letters
    Dlq,
}

impl Fault {
    /// What `faulty-sink` is told, where it is a fault of the sink.
    fn of_the_sink(self) -> Option<&'static str> {
        match self {
            Self::Acks => None,
            Self::Commit => Some("commit"),
            Self::Dlq => Some("dlq"),
        }
    }
}

/// One kind of fault alone, to measure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Only {
    /// Simulators are killed
    Simulator,
    /// Backends are killed
    Backend,
    /// Sinks are killed
    Sink,
    /// Brokers are killed
    Broker,
    /// The broker that leads a partition is killed
    Leader,
    /// Elasticsearch is killed
    Elasticsearch,
    /// Elasticsearch refuses writes, as with a full disk
    Flood,
    /// All connections to one of the brokers, to Elasticsearch, or of viewers to a backend
    Cut,
}

impl Only {
    fn act(self) -> Act {
        match self {
            Self::Simulator => Act::Kill(world::Kind::Simulator),
            Self::Backend => Act::Kill(world::Kind::Backend),
            Self::Sink => Act::Kill(world::Kind::Sink),
            Self::Broker => Act::KillBroker,
            Self::Leader => Act::KillLeader,
            Self::Elasticsearch => Act::KillStore,
            Self::Flood => Act::Flood,
            Self::Cut => Act::Cut,
        }
    }
}

/// What a run is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Kills with -9; for two of them there is one freeze, flood, restart or cut
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub kills: u32,
    /// Positions a second, roughly: so many couriers send one each second
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub rate: u32,
    /// Decides order, targets and times [default: the clock]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Kafka brokers: 1 or 3
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub brokers: u8,
    /// Only this, so often as there are kills
    #[arg(long, value_name = "WHAT")]
    pub only: Option<Only>,
    /// A deliberate fault: the run succeeds if it is found
    #[arg(long, value_name = "WHICH", conflicts_with = "only")]
    pub fault: Option<Fault>,
    /// Directory of the services' binaries
    #[arg(long, hide = true, default_value = "")]
    pub bin: PathBuf,
    /// The build tool's own binary, which starts servers
    #[arg(long, hide = true, default_value = "")]
    pub xtask: PathBuf,
    /// A Prometheus beside it; at the end every rule, panel and search must give something
    #[arg(long)]
    pub observe: bool,
    /// Where the result is written: DIR/SEED.json
    #[arg(long, hide = true, default_value = "target/chaos")]
    pub out: PathBuf,
}

/// Runs, counts, prints the table and writes it. `true` where no difference was found, or, with a deliberate fault, where
/// it was.
///
/// # Errors
/// Where a server or a service does not come up, or nothing could be counted.
pub async fn run(options: &Options) -> Result<bool> {
    if ![1, 3].contains(&options.brokers) || options.fault == Some(Fault::Acks) && options.brokers != 3 {
        bail!("--brokers must be 1 or 3, and 3 with --fault acks");
    }
    let seed = options.seed.unwrap_or_else(clock_seed);
    let dir = std::path::absolute(options.out.join(seed.to_string()))?;
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    eprintln!("chaos: seed {seed}; logs in {}", dir.display());
    let began = Instant::now();
    let world = Arc::new(World::start(options, &dir).await?);
    eprintln!("chaos: servers and services are ready after {} s", began.elapsed().as_secs());
    let store = Store::new(&world.elasticsearch)?;
    let faults = Faults::new(Arc::clone(&world), store.clone());
    let watch = options.observe.then(|| Watch::start(&options.xtask, &world, &dir)).transpose()?;
    let mut course = Course::start(options, seed, &world).await?;
    tokio::time::sleep(CALM).await;
    match options.fault {
        Some(fault) => faults.provoke(fault).await?,
        None => {
            let cards = deck::deal(options.kills, seed, options.only.map(Only::act));
            let all = cards.len();
            faults
                .run(&cards, options.brokers, |number, card| {
                    eprintln!("chaos: {:>3} of {all}: {}", number + 1, card.act)
                })
                .await;
        }
    }
    tokio::time::sleep(CALM).await;
    let loaded = course.began.elapsed();
    eprintln!("chaos: no more faults; deliveries that are under way end");
    let tries = course.load.tries();
    let injected = course.stop_injecting().await?;
    // What is lost on purpose never ends.
    let patience = if options.fault.is_some() { SETTLE / 2 } else { SETTLE };
    let (asked, refused, open) = course.load.finish(patience).await;
    eprintln!("chaos: {} deliveries, {} of them still open; counting", asked.len(), open.len());
    let evidence = gather(&world, &store, asked, refused, injected, &course.viewers).await?;
    let verdict = judge::judge(&evidence);
    let report = report::Report {
        options,
        seed,
        loaded,
        tries,
        evidence: &evidence,
        verdict: &verdict,
        events: &faults.events(),
        began: course.began,
        began_ms: course.began_ms,
        viewers: &course.viewers,
        took: began.elapsed(),
    };
    let services_came_back = report.write(&options.out)?;
    // Last of all: what it does for its own sake is not to be counted.
    let observed = match watch {
        Some(watch) => watch.ask().await?,
        None => true,
    };
    let clean = verdict.holds() && services_came_back && observed;
    Ok(if options.fault.is_some() { !verdict.holds() } else { clean })
}

fn clock_seed() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |since| since.as_secs())
}

/// Everything that goes on while faults happen.
struct Course {
    viewers: Vec<Viewer>,
    load: Load,
    injecting: Option<(oneshot::Sender<()>, tokio::task::JoinHandle<Result<Injected>>)>,
    began: Instant,
    began_ms: i64,
}

impl Course {
    async fn start(options: &Options, seed: u64, world: &World) -> Result<Self> {
        let ways: Vec<String> = world.to_backends.iter().map(proxy::Proxy::url).collect();
        let viewers: Vec<Viewer> = (0..VIEWERS).map(|first| Viewer::start(ways.clone(), first)).collect();
        let load = Load::start(options.rate, seed, world.backends(), viewers.clone()).await?;
        let mut injector = Injector::new(&world.brokers, seed)?;
        let (stop, mut stopped) = oneshot::channel();
        let injecting = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = &mut stopped => return Ok(injector.into_injected()),
                    () = tokio::time::sleep(INJECT_EVERY) => {}
                }
                injector.inject().await?;
            }
        });
        let began_ms = clock_ms();
        Ok(Self { viewers, load, injecting: Some((stop, injecting)), began: Instant::now(), began_ms })
    }

    async fn stop_injecting(&mut self) -> Result<Injected> {
        let (stop, injecting) = self.injecting.take().context("it was stopped before")?;
        // Where it has ended with an error nobody listens.
        let _ = stop.send(());
        injecting.await?
    }
}

fn clock_ms() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// Counts everything, when all has come to rest.
async fn gather(
    world: &World,
    store: &Store,
    asked: std::collections::HashMap<String, load::Asked>,
    refused: Vec<String>,
    injected: Injected,
    viewers: &[Viewer],
) -> Result<Evidence> {
    let (brokers, bad) = (world.brokers.clone(), injected.bad.clone());
    let mut log = tokio::task::spawn_blocking(move || log::read(&brokers, &bad)).await??;
    wait_for_the_store(store, log.fixes.len() as u64).await?;
    // Dead letters come after what was stored with them.
    let (brokers, bad) = (world.brokers.clone(), injected.bad.clone());
    if log.letters.len() < bad.len() {
        log = tokio::task::spawn_blocking(move || log::read(&brokers, &bad)).await??;
    }
    let documents = store.documents().await?;
    let mut audited: Vec<String> = log.stories.keys().cloned().collect();
    audited.sort_unstable();
    // Spread over the whole run, as ids sort by time.
    let step = audited.len().div_ceil(AUDITED).max(1);
    let audited: Vec<String> = audited.into_iter().step_by(step).collect();
    let audit = store::audit(&Rest::new(&world.backends()[0]), &audited).await?;
    wait_for_the_viewers(viewers, &log).await;
    let viewers = viewers.iter().map(|viewer| viewer.look(|seen| sight(seen))).collect();
    Ok(Evidence { asked, refused, injected, log, store: documents, audit, audited, viewers })
}

fn sight(seen: &viewer::Seen) -> Sight {
    let changed = seen.contradictions.iter().map(|id| format!("{id} ended twice"));
    let faults = changed.chain(seen.unreadable.iter().cloned()).collect();
    Sight { ends: seen.ends.clone(), couriers: seen.couriers.clone(), faults }
}

/// Returns when the store has as many fixes as Kafka, or gets no more.
async fn wait_for_the_store(store: &Store, wanted: u64) -> Result<()> {
    let (mut most, mut since) = (0, Instant::now());
    loop {
        let count = store.count().await?;
        if count > most {
            (most, since) = (count, Instant::now());
        }
        if count >= wanted || since.elapsed() > STILL {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Viewers that were cut off at last come back within seconds.
async fn wait_for_the_viewers(viewers: &[Viewer], log: &log::Log) {
    let newest = judge::newest(log);
    let ends = log.stories.values().filter(|story| story.end.is_some()).count();
    let is_up_to_date = |viewer: &Viewer| {
        viewer.look(|seen| {
            seen.ends.len() >= ends && newest.iter().all(|(courier, place)| seen.couriers.get(*courier) == Some(place))
        })
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline && !viewers.iter().all(is_up_to_date) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Where the file of a run lies.
pub fn file(out: &Path, seed: u64) -> PathBuf {
    out.join(format!("{seed}.json"))
}
