//! The faults, carried out: each with its own end, several at a time, but never two on the same server.

use std::{
    fmt::Display,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{sync, task::JoinSet};

use super::{
    Fault,
    deck::{Act, Card},
    log,
    store::Store,
    world::{Kind, Replica, World},
};

/// How often a server is started before it counts as one that did not come back.
const STARTS: u32 = 3;

/// A fault that has happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// What kind.
    pub act: String,
    /// To whom.
    pub whom: String,
    /// When it began.
    pub from: Instant,
    /// When all was there again.
    pub until: Instant,
    /// What went wrong about coming back.
    pub failed: Option<String>,
}

/// Carries faults out.
pub struct Faults {
    world: Arc<World>,
    store: Store,
    /// One for each replica.
    replicas: Vec<Arc<sync::Mutex<()>>>,
    brokers: Arc<sync::Mutex<()>>,
    elasticsearch: Arc<sync::Mutex<()>>,
    events: Arc<Mutex<Vec<Event>>>,
    over: AtomicBool,
}

impl Faults {
    /// For this world.
    pub fn new(world: Arc<World>, store: Store) -> Arc<Self> {
        let replicas = world.replicas.iter().map(|_| Arc::default()).collect();
        let (brokers, elasticsearch, events) = (Arc::default(), Arc::default(), Arc::default());
        Arc::new(Self { world, store, replicas, brokers, elasticsearch, events, over: AtomicBool::new(false) })
    }

    /// Everything that has happened.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Carries out all cards, and returns when all is whole again. `told` hears of each as it begins.
    pub async fn run(self: &Arc<Self>, cards: &[Card], brokers: u8, told: impl Fn(usize, Card)) {
        let watching = tokio::spawn(Arc::clone(self).watch());
        let mut running = JoinSet::new();
        for (number, card) in cards.iter().enumerate() {
            tokio::time::sleep(card.gap).await;
            told(number, *card);
            // In the order of the cards: who waits for a server holds up those behind.
            let lock = match card.act {
                Act::Kill(kind) | Act::Freeze(kind) | Act::Restart(kind) => {
                    let at = self.one_of(kind, card.which);
                    Some((at, Arc::clone(&self.replicas[at]).lock_owned().await))
                }
                Act::KillBroker | Act::KillLeader | Act::FreezeBroker => {
                    Some((card.which % usize::from(brokers), Arc::clone(&self.brokers).lock_owned().await))
                }
                Act::KillStore | Act::FreezeStore | Act::Flood => {
                    Some((0, Arc::clone(&self.elasticsearch).lock_owned().await))
                }
                Act::Cut => None,
            };
            let (own, card) = (Arc::clone(self), *card);
            running.spawn(async move {
                let at = lock.as_ref().map_or(card.which, |(at, _)| *at);
                own.carry_out(card, at).await;
                drop(lock);
            });
        }
        while running.join_next().await.is_some() {}
        self.over.store(true, Ordering::Relaxed);
        let _ = watching.await;
    }

    fn one_of(&self, kind: Kind, which: usize) -> usize {
        let of_kind: Vec<usize> =
            self.world.replicas.iter().enumerate().filter(|(_, r)| r.kind == kind).map(|(at, _)| at).collect();
        of_kind[which % of_kind.len()]
    }

    /// A service that ends by itself is started again, as every installation does; and it is told.
    async fn watch(self: Arc<Self>) {
        while !self.over.load(Ordering::Relaxed) {
            for (replica, lock) in self.world.replicas.iter().zip(&self.replicas) {
                let Ok(_alone) = Arc::clone(lock).try_lock_owned() else { continue };
                if replica.has_died() {
                    let from = Instant::now();
                    let tail = replica.tail();
                    let again = async { replica.launch().and(replica.ready().await) }.await;
                    let failed =
                        Some(format!("{}{tail}", again.err().map_or(String::new(), |error| format!("{error:#}\n"))));
                    self.note("ended by itself", &replica.name, from, failed);
                }
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    fn note(&self, act: impl Display, whom: &str, from: Instant, failed: Option<String>) {
        let (act, whom, until) = (act.to_string(), whom.to_owned(), Instant::now());
        let event = Event { act, whom, from, until, failed };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    async fn carry_out(&self, card: Card, at: usize) {
        let from = Instant::now();
        let mut whom = String::new();
        let done = self.act(card, at, &mut whom).await;
        self.note(card.act, &whom, from, done.err().map(|error| format!("{error:#}")));
    }

    async fn act(&self, card: Card, at: usize, whom: &mut String) -> Result<()> {
        let Card { act, lasts, which, .. } = card;
        match act {
            Act::Kill(_) | Act::Freeze(_) | Act::Restart(_) => {
                let replica = &self.world.replicas[at];
                whom.clone_from(&replica.name);
                on_service(replica, act, lasts).await
            }
            Act::KillBroker | Act::FreezeBroker | Act::KillLeader => {
                let broker = match act {
                    Act::KillLeader => self.leader(which as i32 % 24).await?,
                    _ => format!("kafka-{}", at + 1),
                };
                whom.clone_from(&broker);
                self.on_server(&broker, act == Act::FreezeBroker, lasts).await
            }
            Act::KillStore | Act::FreezeStore => {
                *whom = "elasticsearch".into();
                self.on_server("elasticsearch", act == Act::FreezeStore, lasts).await
            }
            Act::Flood => {
                *whom = "elasticsearch".into();
                self.store.flood(true).await?;
                tokio::time::sleep(lasts).await;
                self.store.flood(false).await
            }
            Act::Cut => {
                let ways = self.world.ways();
                let proxy = ways[which % ways.len()];
                *whom = format!("ways to {}", proxy.name);
                proxy.cut(lasts);
                tokio::time::sleep(lasts).await;
                Ok(())
            }
        }
    }

    async fn on_server(&self, server: &str, freeze: bool, lasts: Duration) -> Result<()> {
        self.world.server(if freeze { "freeze" } else { "kill" }, server).await?;
        tokio::time::sleep(lasts).await;
        if freeze {
            return self.world.server("thaw", server).await;
        }
        self.start(server).await
    }

    /// Starts a server until it is there: one that took too long on a busy machine is not the run's end.
    async fn start(&self, server: &str) -> Result<()> {
        let mut tries = 1;
        loop {
            match self.world.server("start", server).await {
                Err(error) if tries < STARTS => {
                    eprintln!("chaos: {server} is started again: {error:#}");
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    async fn leader(&self, partition: i32) -> Result<String> {
        let brokers = self.world.brokers.clone();
        let leader = tokio::task::spawn_blocking(move || log::leader(&brokers, partition)).await??;
        Ok(format!("kafka-{leader}"))
    }

    /// What shows a deliberate fault, if the run can see it at all.
    ///
    /// # Errors
    /// Where a server does not do what it is told.
    pub async fn provoke(&self, fault: Fault) -> Result<()> {
        let from = Instant::now();
        let whom = match fault {
            Fault::Acks => {
                self.provoke_loss_by_acks().await?;
                "leaders, their followers frozen"
            }
            Fault::Commit => {
                self.store.flood(true).await?;
                tokio::time::sleep(Duration::from_secs(6)).await;
                self.world.of(Kind::Sink).for_each(Replica::kill);
                self.store.flood(false).await?;
                for sink in self.world.of(Kind::Sink) {
                    sink.launch()?;
                    sink.ready().await?;
                }
                "sinks, the store full"
            }
            Fault::Dlq => {
                self.store.flood(true).await?;
                tokio::time::sleep(Duration::from_secs(8)).await;
                self.store.flood(false).await?;
                "the store full"
            }
        };
        self.note(format!("fault {fault:?}"), whom, from, None);
        Ok(())
    }

    /// Followers stand still, the leader acknowledges alone, and dies: what only it had is lost.
    async fn provoke_loss_by_acks(&self) -> Result<()> {
        for partition in [0, 9] {
            let leader = self.leader(partition).await?;
            let others: Vec<String> = (1..=3).map(|id| format!("kafka-{id}")).filter(|id| *id != leader).collect();
            for other in &others {
                self.world.server("freeze", other).await?;
            }
            tokio::time::sleep(Duration::from_secs(4)).await;
            self.world.server("kill", &leader).await?;
            for other in &others {
                self.world.server("thaw", other).await?;
            }
            tokio::time::sleep(Duration::from_secs(8)).await;
            self.start(&leader).await?;
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        Ok(())
    }
}

async fn on_service(replica: &Replica, act: Act, lasts: Duration) -> Result<()> {
    match act {
        Act::Freeze(_) => {
            replica.signal("STOP")?;
            tokio::time::sleep(lasts).await;
            replica.signal("CONT")
        }
        Act::Restart(_) => {
            replica.signal("TERM")?;
            let ended = replica.ended().await;
            replica.launch()?;
            replica.ready().await.and(ended)
        }
        _ => {
            replica.kill();
            tokio::time::sleep(lasts).await;
            replica.launch()?;
            replica.ready().await
        }
    }
}
