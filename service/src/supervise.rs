//! The tasks of a service in one set: each has a name, and none is spawned and forgotten.
//!
//! The first task that fails or panics asks for the stop of all, and the process ends with [`Outcome::Failed`]: a service
//! that lacks a part must be restarted, not linger. A task that fails with a [`StartError`] about a setting ends it with
//! [`Outcome::Misset`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinSet};

use crate::{BoxError, Outcome, Shutdown, StartError};

/// Name of a task, as it stands in the log.
pub type Name = Cow<'static, str>;

/// The supervised tasks and threads of one service.
pub struct Tasks {
    shutdown: Shutdown,
    set: JoinSet<Result<(), BoxError>>,
    /// Tasks that serve until all in `set` have ended.
    companions: JoinSet<Result<(), BoxError>>,
    names: HashMap<Id, Name>,
}

impl Tasks {
    /// An empty set that asks `shutdown` to stop when one of its tasks fails.
    pub fn new(shutdown: &Shutdown) -> Self {
        Self { shutdown: shutdown.clone(), set: JoinSet::new(), companions: JoinSet::new(), names: HashMap::new() }
    }

    /// The stop that this set listens to and asks for.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Runs a future under supervision. It should end with `Ok` soon after shutdown is requested; ending with `Ok` before
    /// that means that its work is done.
    pub fn spawn<F, E>(&mut self, name: impl Into<Name>, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        let handle = self.set.spawn(async move { task.await.map_err(Into::into) });
        self.names.insert(handle.id(), name.into());
    }

    /// Runs a future that serves to the very end, as the health page does: when all others have ended it is dropped. If it
    /// fails before that, the service fails.
    pub fn spawn_companion<F, E>(&mut self, name: impl Into<Name>, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        let name = name.into();
        self.companions.spawn(async move {
            match task.await.map_err(Into::into) {
                Ok(()) => Ok(()),
                Err(error) => Err(format!("{name}: {}", chain(&*error)).into()),
            }
        });
    }

    /// Runs a function on a thread of its own under the same supervision. It must look at its [`Shutdown`] in each turn.
    /// A thread that the system refuses to start counts as a failed task.
    pub fn spawn_thread<F, E>(&mut self, name: impl Into<Name>, task: F)
    where
        F: FnOnce() -> Result<(), E> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        let name = name.into();
        let (answer, ended) = oneshot::channel();
        // The system cuts thread names at 15 bytes; the whole one is for the log.
        let thread = std::thread::Builder::new().name(name.to_string()).spawn(move || {
            let result = task().map_err(Into::into);
            let _ = answer.send(result);
        });
        self.spawn(name, async move {
            let thread = thread?;
            match ended.await {
                Ok(result) => result,
                // The sender is dropped without an answer only by a panic; joining fetches its text.
                Err(_) => match thread.join() {
                    Err(panic) => Err(panic_text(&*panic).into()),
                    Ok(()) => Err("ended without a result".into()),
                },
            }
        });
    }

    /// Waits until all tasks have ended. Before shutdown is requested there is no limit; from then on they have
    /// `deadline`, after which those that remain are named in the log and given up.
    pub async fn join(mut self, deadline: Duration) -> Outcome {
        let mut outcome = Outcome::Done;
        let shutdown = self.shutdown.clone();
        let overdue = async {
            shutdown.requested().await;
            tokio::time::sleep(deadline).await;
        };
        tokio::pin!(overdue);
        loop {
            tokio::select! {
                // First what has ended, so that a task that ends just in time is not called late.
                biased;
                ended = self.set.join_next_with_id() => match ended {
                    None => break,
                    Some(ended) => if let Err((error, how)) = self.judge(ended) {
                        tracing::error!("{error}");
                        // What fails because the others stop says nothing new.
                        if outcome == Outcome::Done {
                            outcome = how;
                        }
                        self.shutdown.request();
                    }
                },
                Some(ended) = self.companions.join_next() => {
                    let failed = match ended {
                        Ok(result) => result.err().map(|error| error.to_string()),
                        Err(error) => Some(how_it_died(error)),
                    };
                    if let Some(error) = failed {
                        tracing::error!("companion task failed: {error}");
                        outcome = Outcome::Failed;
                        self.shutdown.request();
                    }
                }
                () = &mut overdue => {
                    let late: Vec<&str> = self.names.values().map(|name| &**name).collect();
                    tracing::error!("did not stop within {} s: {}", deadline.as_secs_f32(), late.join(", "));
                    outcome = Outcome::Failed;
                    break;
                }
            }
        }
        // Where all tasks are done without anybody having asked, there is nothing left to serve.
        self.shutdown.request();
        outcome
    }

    fn judge(&mut self, ended: Result<(Id, Result<(), BoxError>), JoinError>) -> Result<(), (String, Outcome)> {
        let (id, result) = match ended {
            Ok((id, result)) => (id, result.map_err(|error| (chain(&*error), outcome_of(&*error)))),
            Err(error) => (error.id(), Err((how_it_died(error), Outcome::Failed))),
        };
        let name = self.names.remove(&id).unwrap_or_default();
        tracing::debug!("task {name} ended");
        result.map_err(|(error, outcome)| (format!("task {name} failed: {error}"), outcome))
    }
}

fn outcome_of(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Outcome {
    match error.downcast_ref() {
        Some(StartError::Setting(_)) => Outcome::Misset,
        _ => Outcome::Failed,
    }
}

fn how_it_died(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => panic_text(&*panic),
        Err(error) => error.to_string(),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("(no text)"))
}

/// An error with its sources, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Many errors repeat their source in their own text.
        if !line.ends_with(&text) {
            line = format!("{line}: {text}");
        }
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    async fn until_asked(shutdown: Shutdown) -> Result<(), Infallible> {
        shutdown.requested().await;
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_task_stops_the_others_and_fails_the_process() {
        for failing in ["error", "panic", "thread"] {
            let shutdown = Shutdown::new();
            let mut tasks = Tasks::new(&shutdown);
            tasks.spawn("steady", until_asked(shutdown.clone()));
            match failing {
                "error" => tasks.spawn("bad", async { Err::<(), BoxError>("no luck".into()) }),
                "panic" => tasks.spawn("bad", async { panic!("no luck") as Result<(), Infallible> }),
                _ => tasks.spawn_thread("bad", || panic!("no luck") as Result<(), Infallible>),
            }
            assert_eq!(tasks.join(Duration::from_secs(5)).await, Outcome::Failed, "{failing}");
            assert!(shutdown.is_requested());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_finds_a_setting_wrong_ends_the_process_so() {
        let shutdown = Shutdown::new();
        let mut tasks = Tasks::new(&shutdown);
        tasks.spawn("steady", until_asked(shutdown.clone()));
        tasks.spawn("topics", async { Err::<(), _>(StartError::setting("6 partitions, not 12")) });
        let outcome = tasks.join(Duration::from_secs(5)).await;
        assert_eq!(outcome, Outcome::Misset);
        assert_eq!(std::process::ExitCode::from(outcome), std::process::ExitCode::from(2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_to_stop_and_stops_is_done() {
        let shutdown = Shutdown::new();
        let mut tasks = Tasks::new(&shutdown);
        tasks.spawn("steady", until_asked(shutdown.clone()));
        tasks.spawn("short", async { Ok::<(), Infallible>(()) });
        shutdown.request();
        assert_eq!(tasks.join(Duration::from_secs(5)).await, Outcome::Done);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_stop_is_given_up_at_the_deadline() {
        let shutdown = Shutdown::new();
        let mut tasks = Tasks::new(&shutdown);
        tasks.spawn("stubborn", std::future::pending::<Result<(), Infallible>>());
        shutdown.request();
        let before = tokio::time::Instant::now();
        assert_eq!(tasks.join(Duration::from_secs(5)).await, Outcome::Failed);
        assert_eq!(before.elapsed(), Duration::from_secs(5));
    }
}
