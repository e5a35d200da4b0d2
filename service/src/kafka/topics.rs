//! The topics: made where they are absent, compared with what the protocol says where they are there.
//!
//! It happens beside the service's work and never in its way: while Kafka is away it is tried again, and the readers wait
//! for their topics anyhow. Only a topic with which records would be folded wrongly ends the process, with exit code 2 and
//! a line that says how to go on.

mod compare;
mod identity;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::watch;

use crate::settings::KafkaSettings;
use crate::{Shutdown, StartError, Tasks};

use super::context::{ClientState, Teller};
use super::{config, start_error};

/// How long a question to the brokers may take.
const ASK: Duration = Duration::from_secs(5);
/// How long to wait before asking again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often the log repeats that a topic is missing and may not be made.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// How the id of librdkafka's own in-process broker begins. It has no Admin API and does not say so: it does not answer.
const MOCK: &str = "mockCluster";
/// Replicas of a topic, where there are so many brokers.
const REPLICAS: usize = 3;

/// What a topic is made with, and compared against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name, without the installation's prefix where it is handed in.
    pub name: String,
    /// Number of partitions when it is made.
    pub partitions: i32,
    /// Whether another number of partitions is right, too.
    pub may_grow: bool,
    /// `retention.ms`.
    pub retention_ms: i64,
}

impl TopicSpec {
    /// See the fields.
    pub fn new(name: &str, partitions: i32, may_grow: bool, retention_ms: i64) -> Self {
        Self { name: name.to_owned(), partitions, may_grow, retention_ms }
    }
}

/// Which log the topics are: a hash of the cluster's id and the ids of the topics, in the order of the specifications. It
/// differs for a topic that was deleted and made anew under its name. `None` until Kafka has answered.
pub type Identity = watch::Receiver<Option<u64>>;

/// Starts the work as a task of `tasks`; it ends when all is as it should be. A topic with the wrong number of partitions,
/// or with producers' timestamps, ends the service ([`crate::Outcome::Misset`]). Fails with [`StartError::Setting`] for an
/// option that librdkafka refuses.
///
/// The embedded broker's topics are made by whoever embeds it; its log begins anew with every process, and so its identity
/// is random.
///
/// A broker without an Admin API, as librdkafka's own in-process one, is taken as it is; its identity is the topics' names.
pub fn keep(
    settings: &KafkaSettings,
    topics: impl IntoIterator<Item = TopicSpec>,
    tasks: &mut Tasks,
) -> Result<Identity, StartError> {
    if settings.embedded {
        return Ok(watch::channel(Some(RandomState::new().build_hasher().finish())).1);
    }
    let topics: Vec<TopicSpec> =
        topics.into_iter().map(|spec| TopicSpec { name: settings.topic(&spec.name), ..spec }).collect();
    let admin: AdminClient<Teller> =
        config::admin(settings).create_with_context(Teller(ClientState::new("topics"))).map_err(start_error)?;
    let (known, identity) = watch::channel(None);
    let (keeper, runtime) =
        (Keeper { admin, topics, shutdown: tasks.shutdown().clone(), told: None }, tokio::runtime::Handle::current());
    // Metadata is asked for with calls that block.
    tasks.spawn_thread("topics", move || keeper.run(&runtime, &known));
    Ok(identity)
}

struct Keeper {
    admin: AdminClient<Teller>,
    topics: Vec<TopicSpec>,
    shutdown: Shutdown,
    /// When the log was last told that a topic is missing.
    told: Option<Instant>,
}

/// What one look at the brokers came to.
enum Look {
    /// All topics are there, and right.
    Done(u64),
    /// Ask again.
    Again,
}

impl Keeper {
    fn run(mut self, runtime: &tokio::runtime::Handle, known: &watch::Sender<Option<u64>>) -> Result<(), StartError> {
        while !self.shutdown.is_requested() {
            match self.look(runtime) {
                Ok(Look::Done(identity)) => {
                    known.send_replace(Some(identity));
                    return Ok(());
                }
                Ok(Look::Again) => {}
                Err(Fault::Wrong(line)) => return Err(StartError::Setting(line)),
                // The client says in the log what it is; the readers say that Kafka is away.
                Err(Fault::Kafka(error)) => tracing::debug!("asking for the topics: {error}"),
            }
            runtime.block_on(async {
                tokio::select! {
                    () = self.shutdown.requested() => {}
                    () = tokio::time::sleep(AGAIN) => {}
                }
            });
        }
        Ok(())
    }

    fn look(&mut self, runtime: &tokio::runtime::Handle) -> Result<Look, Fault> {
        let metadata = self.admin.inner().fetch_metadata(None, ASK)?;
        self.admin.inner().context().0.set_connected(true);
        let cluster = self.admin.inner().fetch_cluster_id(ASK).unwrap_or_default();
        let names: Vec<&str> = self.topics.iter().map(|spec| &*spec.name).collect();
        let brokers = metadata.brokers().len();
        let partitions = |spec: &TopicSpec| {
            let topic = metadata.topics().iter().find(|topic| topic.name() == spec.name);
            topic.filter(|topic| topic.error().is_none()).map(|topic| topic.partitions())
        };
        let (there, absent): (Vec<&TopicSpec>, Vec<&TopicSpec>) =
            self.topics.iter().partition(|spec| partitions(spec).is_some());
        for spec in &there {
            let found = partitions(spec).unwrap_or_default();
            compare::partitions(spec, found.len()).map_err(Fault::Wrong)?;
            let replicas = found.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
            if replicas < REPLICAS.min(brokers) {
                tracing::warn!(topic = %spec.name, replicas, brokers, "fewer replicas than brokers could hold");
            }
        }
        if cluster.starts_with(MOCK) {
            let all = absent.is_empty();
            return Ok(if all { Look::Done(identity::hash(&cluster, &names, &[])) } else { Look::Again });
        }
        if !absent.is_empty() {
            self.told = make(&self.admin, &absent, brokers, self.told, runtime)?;
            return Ok(Look::Again);
        }
        match runtime.block_on(settings_of(&self.admin, &self.topics)) {
            Ok(found) => {
                for (spec, found) in self.topics.iter().zip(&found) {
                    let warnings = compare::settings(spec, found).map_err(Fault::Wrong)?;
                    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                }
            }
            Err(error) if is_refused(&error) => {
                tracing::info!("the settings of the topics were not compared: {error}");
            }
            Err(error) => return Err(error.into()),
        }
        let ids = match identity::topic_ids(self.admin.inner(), &names, ASK) {
            Ok(ids) => ids,
            // Without the right to describe the cluster's topics their names must do.
            Err(error) if is_refused(&error) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(Look::Done(identity::hash(&cluster, &names, &ids)))
    }
}

/// Makes topics; those that another replica made at the same time are as good. Answers when the log was last told that
/// this service may not.
fn make(
    admin: &AdminClient<Teller>,
    absent: &[&TopicSpec],
    brokers: usize,
    told: Option<Instant>,
    runtime: &tokio::runtime::Handle,
) -> Result<Option<Instant>, Fault> {
    let replicas = REPLICAS.min(brokers.max(1));
    let in_sync = if replicas >= REPLICAS { "2" } else { "1" };
    let retentions: Vec<String> = absent.iter().map(|spec| spec.retention_ms.to_string()).collect();
    let new = absent.iter().zip(&retentions).map(|(spec, retention)| {
        NewTopic::new(&spec.name, spec.partitions, TopicReplication::Fixed(replicas as i32))
            .set("message.timestamp.type", compare::TIMESTAMPS)
            .set("retention.ms", retention)
            .set("min.insync.replicas", in_sync)
    });
    let new: Vec<NewTopic<'_>> = new.collect();
    let options = AdminOptions::new().operation_timeout(Some(ASK)).request_timeout(Some(ASK));
    let made = match runtime.block_on(admin.create_topics(&new, &options)) {
        Ok(made) => made,
        // A broker that has no Admin API makes no topics for anybody.
        Err(error) if is_refused(&error) => return Ok(tell_missing(absent, &error.to_string(), told)),
        Err(error) => return Err(error.into()),
    };
    let mut refused = None;
    for result in made {
        match result {
            Ok(topic) => tracing::info!(topic, replicas, "topic made"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => refused = Some(format!("{topic}: {code}")),
        }
    }
    Ok(match refused {
        Some(reason) => tell_missing(absent, &reason, told),
        None => told,
    })
}

fn tell_missing(absent: &[&TopicSpec], reason: &str, told: Option<Instant>) -> Option<Instant> {
    if told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
        return told;
    }
    let names: Vec<&str> = absent.iter().map(|spec| &*spec.name).collect();
    tracing::warn!(topics = names.join(", "), "the topics are missing and cannot be made ({reason}); waiting for them");
    Some(Instant::now())
}

/// The settings of each topic, in the order of `topics`: name to value.
async fn settings_of(admin: &AdminClient<Teller>, topics: &[TopicSpec]) -> Result<Vec<compare::Found>, KafkaError> {
    let specifiers: Vec<ResourceSpecifier<'_>> =
        topics.iter().map(|spec| ResourceSpecifier::Topic(&spec.name)).collect();
    let options = AdminOptions::new().request_timeout(Some(ASK));
    let answers = admin.describe_configs(&specifiers, &options).await?;
    let found = answers.into_iter().map(|answer| {
        let resource = answer.map_err(KafkaError::AdminOp)?;
        Ok(resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
    });
    found.collect()
}

/// Whether the broker cannot answer or this user may not ask: asking again changes nothing.
fn is_refused(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        ClusterAuthorizationFailed, TopicAuthorizationFailed, UnsupportedFeature, UnsupportedVersion,
    };
    let code = match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    };
    matches!(
        code,
        Some(UnsupportedFeature | UnsupportedVersion | TopicAuthorizationFailed | ClusterAuthorizationFailed)
    )
}

/// Why a look came to nothing.
enum Fault {
    /// A topic is not what the protocol says; the line says how to go on.
    Wrong(String),
    /// Kafka did not answer as it should.
    Kafka(KafkaError),
}

impl From<KafkaError> for Fault {
    fn from(error: KafkaError) -> Self {
        Self::Kafka(error)
    }
}
