//! The writing half: a batch goes out in lanes of `_bulk` requests, and what comes back is judged line by line.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use contract::{CourierId, Millis};
use futures_util::future::join_all;

use super::{
    bulk::{self, Lane, NOBODY, Of, Requests},
    client::Client,
    judge::{Judgement, Outcome, judge},
    marks::Marks,
    remove, schema,
};
use crate::{Expired, HistoryWriter, Item, OpenError, Options, PartitionMark, Unavailable, Verdict};

/// The parts of an answer that say what became of each line.
pub(super) const FILTER: &str = "items.*.status,items.*.error.type,items.*.error.reason";
/// No server is thought to take less than this at once.
const LEAST_BYTES: usize = 64 * 1024;
/// How often a request must be turned away as a whole before it is halved: a limit on what is in memory turns away a
/// request that is above it for ever, even on an idle server.
const REJECTED: u8 = 2;

/// Writes to one cluster. Cheap to share by `Arc`.
pub struct Writer {
    client: Client,
    ready: tokio::sync::Mutex<Ready>,
    marks: Marks,
    /// The batch that was begun and not finished: whoever tries it again goes on where it stopped.
    unfinished: Mutex<Option<Work>>,
    /// Largest request that the server is known to take, bytes.
    limit: AtomicUsize,
    told_couriers: AtomicBool,
}

/// What is known to be there. Forgotten after each failure: whoever has put the cluster in order may have begun anew.
#[derive(Default)]
struct Ready {
    templates: bool,
    days: schema::Days,
}

/// A batch on its way.
struct Work {
    batch: Arc<[Item]>,
    requests: Requests,
    verdicts: Vec<Option<Verdict>>,
}

/// What a lane came to.
#[derive(Default)]
struct Sent {
    verdicts: Vec<(Of, Verdict)>,
    /// Why it stopped before its end.
    failure: Option<String>,
}

impl Writer {
    /// Prepares the connection. Templates and indices are made with the first batch.
    ///
    /// # Errors
    /// [`OpenError`]: the options are wrong, a file that they name cannot be read.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        Ok(Self {
            client: Client::new(options)?,
            ready: tokio::sync::Mutex::default(),
            marks: Marks::default(),
            unfinished: Mutex::new(None),
            limit: AtomicUsize::new(bulk::MAX_BYTES),
            told_couriers: AtomicBool::new(false),
        })
    }

    /// The batch where it stopped, or at its beginning.
    fn take_up(&self, batch: Arc<[Item]>) -> Work {
        let unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).take();
        match unfinished.filter(|work| Arc::ptr_eq(&work.batch, &batch)) {
            Some(work) => work,
            None => {
                let requests = Requests::new(&self.client.names, &batch, self.limit.load(Ordering::Relaxed));
                Work { verdicts: vec![None; batch.len()], requests, batch }
            }
        }
    }

    async fn prepare(&self, requests: Option<&Requests>) -> Result<(), Unavailable> {
        let mut ready = self.ready.lock().await;
        if !ready.templates {
            schema::ensure(&self.client).await?;
            ready.templates = true;
        }
        match requests {
            Some(requests) => ready.days.ensure(&self.client, &requests.days).await,
            None => Ok(()),
        }
    }

    async fn forget_what_is_ready(&self) {
        *self.ready.lock().await = Ready::default();
    }

    /// Sends what is left of a batch.
    async fn attempt(&self, work: &mut Work) -> Result<(), Unavailable> {
        self.prepare(Some(&work.requests)).await?;
        let mut failure = None;
        for sent in join_all(work.requests.lanes.iter_mut().map(|lane| self.send(lane))).await {
            for (of, verdict) in sent.verdicts {
                match work.verdicts.get_mut(of as usize) {
                    Some(place) => *place = Some(verdict),
                    None => self.tell_of_couriers(&verdict),
                }
            }
            failure = failure.or(sent.failure);
        }
        match failure {
            Some(reason) => Err(Unavailable::new(reason)),
            None if work.requests.is_done() => Ok(()),
            None => Err(Unavailable::new("a lane stopped without a reason")),
        }
    }

    /// Sends the requests of a lane one after the other, until one cannot be finished.
    async fn send(&self, lane: &mut Lane) -> Sent {
        let mut sent = Sent::default();
        while sent.failure.is_none() {
            let Some(mut request) = lane.pop_front() else { break };
            let answer = match self.client.bulk(request.body.clone(), FILTER, false).await {
                Ok(answer) => answer,
                Err(error) => {
                    sent.failure = Some(error.reason().to_owned());
                    lane.push_front(request);
                    break;
                }
            };
            match judge(&answer, request.lines.len()) {
                Outcome::Judged(judged) => {
                    let (mut again, mut fault) = (vec![false; judged.len()], None);
                    for (index, ((of, _), judgement)) in request.lines.iter().zip(judged).enumerate() {
                        match judgement {
                            Judgement::Final(verdict) => sent.verdicts.push((*of, verdict)),
                            Judgement::Again(reason) => {
                                again[index] = true;
                                fault.get_or_insert(reason);
                            }
                        }
                    }
                    if let (Some(fault), Some(rest)) = (fault, request.only(|index| again[index])) {
                        let (left, all) = (rest.lines.len(), request.lines.len());
                        sent.failure = Some(format!("{left} of {all} lines of a bulk: {fault}"));
                        lane.push_front(rest);
                    }
                }
                Outcome::TooLarge => {
                    let bytes = request.body.len();
                    self.limit.fetch_min((bytes / 2).max(LEAST_BYTES), Ordering::Relaxed);
                    let (first, second) = request.halves();
                    if second.is_none() {
                        sent.failure = Some(format!(
                            "413: the server takes no document of {bytes} bytes; raise http.max_content_length, or the limit of what stands before it"
                        ));
                    }
                    put_back(lane, first, second);
                }
                Outcome::Overloaded(fault) => {
                    sent.failure = Some(format!("429 {fault}"));
                    request.rejected += 1;
                    let (first, second) = if request.rejected >= REJECTED { request.halves() } else { (request, None) };
                    put_back(lane, first, second);
                }
                Outcome::Failed(reason) => {
                    sent.failure = Some(reason);
                    lane.push_front(request);
                }
            }
        }
        sent
    }

    /// A courier's newest position that cannot be stored takes nothing away: its fix was judged by itself. But somebody has
    /// changed the index.
    fn tell_of_couriers(&self, verdict: &Verdict) {
        if let Verdict::Refused(refusal) = verdict
            && !self.told_couriers.swap(true, Ordering::Relaxed)
        {
            let index = &self.client.names.couriers;
            tracing::error!(index, "newest positions are refused: {}: {}", refusal.class, refusal.message);
        }
    }
}

/// Puts back what was taken from the front of a lane.
fn put_back(lane: &mut Lane, first: bulk::Request, second: Option<bulk::Request>) {
    if let Some(second) = second {
        lane.push_front(second);
    }
    lane.push_front(first);
}

#[async_trait]
impl HistoryWriter for Writer {
    async fn store(&self, batch: Arc<[Item]>) -> Result<Vec<Verdict>, Unavailable> {
        let mut work = self.take_up(batch);
        if let Err(error) = self.attempt(&mut work).await {
            *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
            self.forget_what_is_ready().await;
            return Err(error);
        }
        work.verdicts.into_iter().collect::<Option<_>>().ok_or_else(|| Unavailable::new("an item was not judged"))
    }

    async fn checkpoint(&self, marks: &[PartitionMark]) -> Result<(), Unavailable> {
        self.prepare(None).await?;
        let done = self.marks.record(&self.client, marks).await;
        if done.is_err() {
            self.forget_what_is_ready().await;
        }
        done
    }

    async fn expire(&self, positions_before: Millis, deliveries_before: Millis) -> Result<Expired, Unavailable> {
        self.prepare(None).await?;
        let positions = remove::days_before(&self.client, positions_before).await?;
        self.ready.lock().await.days.clear();
        let deliveries = remove::deliveries_before(&self.client, deliveries_before).await?;
        Ok(Expired { positions, deliveries })
    }

    async fn forget(&self, courier: &CourierId) -> Result<Expired, Unavailable> {
        self.prepare(None).await?;
        remove::courier(&self.client, courier).await
    }
}

const _: () = assert!(NOBODY as usize > 100_000, "no batch is so large that it has an item of that number");
