//! `cargo xtask services`: a real Kafka and a real Elasticsearch on this machine, without containers.
//!
//! An **instance** is a directory with the servers' configurations, data, logs and process numbers. There is one for
//! plain servers and one for secure ones under `target/services`; `--dir` and `--port-base` make more, which know nothing
//! of each other. What is fetched (jars, a Java) is kept once for all of them.
//!
//! Other subcommands use it as a library: [`up()`] answers when every server does, [`why_not`] says why it could not, and
//! [`control`] kills, freezes and starts single servers of a running instance.
//!
//! | module | owns |
//! |---|---|
//! | `instance` | directories, ports, which servers there are |
//! | `machine`, `fetch` | what must be installed; what is fetched, once |
//! | `kafka`, `elasticsearch` | configuration and start of one server |
//! | `identities` | certificates and passwords of secure servers |
//! | `daemon` | processes that outlive us |
//! | `probe` | whether a server answers, in its own protocol |
//! | `control`, `report` | single servers; status and logs |

pub mod control;
mod daemon;
mod elasticsearch;
mod endpoints;
mod fetch;
mod identities;
mod instance;
mod kafka;
mod machine;
mod probe;
mod report;
mod template;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};

pub use endpoints::Endpoints;
pub use instance::Server;
pub use machine::Missing;

use crate::process;
use daemon::Life;
use instance::{Instance, Shape};

/// Real Kafka and Elasticsearch on this machine, without containers.
#[derive(Debug, clap::Args)]
pub struct Services {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Starts what does not run yet and waits until it answers
    Up(Up),
    /// Stops what was started here; the data stays
    Down(Down),
    /// Says what runs and whether it answers; exit 1 unless all of it does
    Status(Place),
    /// Prints the end of the servers' logs
    Logs(Logs),
    /// Ends one server as a crash would (SIGKILL)
    Kill(One),
    /// Stops one server in its tracks (SIGSTOP)
    Freeze(One),
    /// Lets a frozen server go on (SIGCONT)
    Thaw(One),
    /// Starts one server that was killed and waits until it answers
    Start(One),
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The instance's directory [default: target/services/plain, or /secure]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Passwords, TLS and access rules: another instance, with ports of its own
    #[arg(long)]
    secure: bool,
}

#[derive(Debug, clap::Args)]
struct Up {
    #[command(flatten)]
    place: Place,
    /// Kafka brokers: 0, 1 or 3
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8), value_name = "N")]
    brokers: u8,
    /// Elasticsearch, too
    #[arg(long)]
    elasticsearch: bool,
    /// Elasticsearch's heap
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(256..=8192), value_name = "MB")]
    elasticsearch_heap_mb: u32,
    /// The servers take ports from this plus 92 on [default: 19000, secure 20000]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1024..=65000), value_name = "PORT")]
    port_base: Option<u16>,
    /// Begin without data
    #[arg(long)]
    clean: bool,
}

#[derive(Debug, clap::Args)]
struct Down {
    #[command(flatten)]
    place: Place,
    /// Delete the data, too
    #[arg(long)]
    clean: bool,
}

#[derive(Debug, clap::Args)]
struct Logs {
    #[command(flatten)]
    place: Place,
    /// kafka-1, kafka-2, kafka-3 or elasticsearch; all where none is named
    server: Option<Server>,
    /// How many lines of each
    #[arg(long, default_value_t = 40, value_name = "N")]
    lines: usize,
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    place: Place,
    /// kafka-1, kafka-2, kafka-3 or elasticsearch
    server: Server,
}

impl Place {
    fn dir(&self) -> Result<PathBuf> {
        match &self.dir {
            Some(dir) => std::path::absolute(dir).context("--dir"),
            None => default_dir(self.secure),
        }
    }
}

/// What [`up()`] should start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The instance's directory, absolute. It is made where it is not there.
    pub dir: PathBuf,
    /// The servers take ports of the loopback interface from this plus 92 to this plus 300.
    pub port_base: u16,
    /// Kafka brokers: 0, 1 or 3.
    pub brokers: u8,
    /// Whether Elasticsearch is started, too.
    pub elasticsearch: bool,
    /// Elasticsearch's heap, MB.
    pub elasticsearch_heap_mb: u32,
    /// Passwords, TLS and access rules.
    pub secure: bool,
    /// Whether the data of an earlier run is deleted first.
    pub clean: bool,
}

impl Options {
    /// One broker, nothing else, in the default place.
    pub fn new(secure: bool) -> Result<Self> {
        Ok(Self {
            dir: default_dir(secure)?,
            port_base: if secure { 20_000 } else { 19_000 },
            brokers: 1,
            elasticsearch: false,
            elasticsearch_heap_mb: 512,
            secure,
            clean: false,
        })
    }

    fn shape(&self) -> Result<Shape> {
        if ![0, 1, 3].contains(&self.brokers) {
            bail!("--brokers must be 0, 1 or 3: two brokers cannot outvote one");
        }
        if self.brokers == 0 && !self.elasticsearch {
            bail!("--brokers 0 without --elasticsearch asks for nothing");
        }
        Ok(Shape {
            brokers: self.brokers,
            elasticsearch: self.elasticsearch,
            elasticsearch_heap_mb: self.elasticsearch_heap_mb,
            secure: self.secure,
            port_base: self.port_base,
        })
    }
}

fn default_dir(secure: bool) -> Result<PathBuf> {
    Ok(home()?.join(if secure { "secure" } else { "plain" }))
}

/// Where everything of ours lies.
fn home() -> Result<PathBuf> {
    Ok(process::target_dir()?.join("services"))
}

/// Runs the subcommand.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a build tool's report")]
pub fn run(services: &Services) -> Result<ExitCode> {
    told(act(&services.action))
}

/// Says what the machine lacks, where that is why something was not done, and turns it into exit code 2.
#[allow(clippy::print_stderr, reason = "this is a build tool's report")]
pub fn told(done: Result<ExitCode>) -> Result<ExitCode> {
    // What a machine lacks is no failure of ours, and each line is something to install.
    match done.as_ref().err().and_then(|error| error.downcast_ref::<Missing>()) {
        Some(Missing(lines)) => {
            lines.iter().for_each(|line| eprintln!("missing: {line}"));
            Ok(ExitCode::from(2))
        }
        None => done,
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a build tool's report")]
fn act(action: &Action) -> Result<ExitCode> {
    let mut progress = |line: &str| eprintln!("{line}");
    match action {
        Action::Up(asked) => {
            let mut options = Options::new(asked.place.secure)?;
            options.dir = asked.place.dir()?;
            options.port_base = asked.port_base.unwrap_or(options.port_base);
            options.brokers = asked.brokers;
            options.elasticsearch = asked.elasticsearch;
            options.elasticsearch_heap_mb = asked.elasticsearch_heap_mb;
            options.clean = asked.clean;
            let endpoints = up(&options, &mut progress)?;
            println!("{}", endpoints.json());
        }
        Action::Down(asked) => down(&asked.place.dir()?, asked.clean, &mut progress)?,
        Action::Status(place) => return report::status(&place.dir()?),
        Action::Logs(asked) => report::logs(&asked.place.dir()?, asked.server, asked.lines)?,
        Action::Kill(one) => control::kill(&one.place.dir()?, one.server)?,
        Action::Freeze(one) => control::freeze(&one.place.dir()?, one.server)?,
        Action::Thaw(one) => control::thaw(&one.place.dir()?, one.server)?,
        Action::Start(one) => control::start(&one.place.dir()?, one.server, &mut progress)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether any server of the instance in `dir` runs.
pub fn any_runs(dir: &Path) -> Result<bool> {
    let running = Instance::read(dir)?.map_or(Ok(Vec::new()), |instance| instance.running())?;
    Ok(!running.is_empty())
}

/// Why [`up()`] cannot work on this machine, in one line for `NOT RUN: ...`; `None` where nothing is known against it.
pub fn why_not(options: &Options) -> Option<String> {
    let shape = options.shape().ok()?;
    let missing = machine::check(&shape).err()?;
    missing.downcast_ref::<Missing>().map(|missing| missing.0.join("; "))
}

/// Fetches Elasticsearch where it is not there yet; says where it is, and the Java that runs it: for tests that configure
/// one badly, or kill it.
pub fn elasticsearch_software(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<(PathBuf, PathBuf)> {
    let software = fetch::all(&home()?.join("software"), &options.shape()?, progress)?;
    Ok((software.elasticsearch, software.java))
}

/// Starts the servers that do not run yet and returns when all of them answer: Kafka with as many brokers as asked for,
/// Elasticsearch with all its data. What runs already stays as it is. Data of earlier runs is kept unless
/// `options.clean`. `progress` is told each step. Also writes `endpoints.json` into the directory.
///
/// Fails with [`Missing`] where the machine lacks something, and otherwise with the last lines of the log of the server
/// that did not come up; what had been started before keeps running, and [`down`] stops it.
pub fn up(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<Endpoints> {
    let shape = options.shape()?;
    machine::check(&shape)?;
    fs::create_dir_all(&options.dir).with_context(|| format!("cannot create {}", options.dir.display()))?;
    let _alone = instance::lock(&options.dir)?;
    let known = Instance::read(&options.dir)?;
    let running = known.as_ref().map_or(Ok(Vec::new()), Instance::running)?;
    if let Some(known) = &known {
        refuse_another_shape(known, &running, &shape, options.clean)?;
    }
    if options.clean {
        instance::clean(&options.dir)?;
    }
    let instance = Instance::new(&options.dir, &running, known.as_ref(), shape);
    let software = fetch::all(&home()?.join("software"), &instance.shape, progress)?;
    instance.write()?;
    if instance.shape.secure {
        identities::ensure(&instance)?;
    }
    let mut starting = Vec::new();
    for server in instance.servers() {
        match instance.daemon(server).running()? {
            Some(identity) if identity.life() == Life::Frozen => {
                bail!("{server} is frozen: cargo xtask services thaw {server}")
            }
            Some(identity) => progress(&format!("{server} runs already (process {})", identity.pid)),
            None => starting.push(server),
        }
    }
    let began = std::time::Instant::now();
    start(&instance, &software, &starting, progress)?;
    if !starting.is_empty() {
        progress(&format!("all answer after {:.1} s", began.elapsed().as_secs_f32()));
    }
    if instance.shape.secure && instance.shape.brokers > 0 {
        identities::allow(&instance)?;
    }
    let endpoints = Endpoints::of(&instance);
    endpoints.write(&options.dir)?;
    Ok(endpoints)
}

/// Starts these servers and waits until all of the instance answer.
fn start(
    instance: &Instance,
    software: &fetch::Software,
    servers: &[Server],
    progress: &mut dyn FnMut(&str),
) -> Result<()> {
    for server in servers {
        instance.prepare(*server)?;
    }
    // All at once: each needs seconds, most of them waiting for a disk or a neighbour.
    let brokers: Vec<u8> = servers.iter().filter_map(Server::broker).collect();
    kafka::start(instance, software, &brokers, progress)?;
    if servers.contains(&Server::Elasticsearch) {
        elasticsearch::start(instance, software, progress)?;
    }
    kafka::wait(instance)?;
    if instance.shape.elasticsearch {
        elasticsearch::wait(instance)?;
    }
    Ok(())
}

/// Stops what was started in `dir`, all at once, and waits for its end. Data stays unless `clean`. Where nothing runs,
/// nothing happens.
pub fn down(dir: &Path, clean: bool, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let Some(instance) = Instance::read(dir)? else {
        progress(&format!("nothing was ever started in {}", dir.display()));
        return Ok(());
    };
    let _alone = instance::lock(dir)?;
    elasticsearch::settle(&instance)?;
    let mut stopping = Vec::new();
    for server in instance.servers() {
        let daemon = instance.daemon(server);
        if daemon.running()?.is_some() {
            daemon.ask_to_stop()?;
            stopping.push((server, daemon));
        }
    }
    for (server, daemon) in &stopping {
        let how = daemon.await_end()?;
        progress(&format!("{server} stopped{how}"));
    }
    if stopping.is_empty() {
        progress("nothing runs");
    }
    endpoints::remove(dir)?;
    if clean {
        instance::clean(dir)?;
        progress("data deleted");
    }
    Ok(())
}

/// An instance keeps its number of brokers, its ports and its kind while something runs, and its kind while it has data.
fn refuse_another_shape(known: &Instance, running: &[Server], shape: &Shape, clean: bool) -> Result<()> {
    let dir = known.dir.display();
    if known.shape.secure != shape.secure && !clean {
        let kind = if known.shape.secure { "secure" } else { "plain" };
        bail!("{dir} holds the data of {kind} servers: give another --dir, or --clean");
    }
    if running.is_empty() {
        return Ok(());
    }
    let names = running.iter().map(Server::to_string).collect::<Vec<_>>().join(", ");
    if clean {
        bail!("--clean, but {names} run in {dir}: cargo xtask services down first");
    }
    if known.shape.port_base != shape.port_base {
        bail!("{names} run in {dir} with --port-base {}: down first, or another --dir", known.shape.port_base);
    }
    let brokers = running.iter().any(|server| server.broker().is_some());
    if brokers && shape.brokers > 0 && known.shape.brokers != shape.brokers {
        bail!("{names} run in {dir}, of {} brokers: down first, or another --dir and --port-base", known.shape.brokers);
    }
    Ok(())
}
