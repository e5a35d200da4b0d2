//! Couriers that drive all the time: each asks for a delivery, waits for its end, and asks for the next. Some are called off
//! on the way.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use fleet::drive::Seeded;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::viewer::Viewer;
use crate::rest::uuid7;

/// Longer than a backend takes to say 503; a frozen one says nothing.
const PATIENCE: Duration = Duration::from_secs(15);
/// Share of deliveries that are called off on their way.
const CANCELLED: f64 = 0.08;
/// Starts are spread over this, so that they do not all knock at once.
const RAMP: Duration = Duration::from_secs(10);
/// Deliveries are driven so many times faster than natural: they take 20 to 60 s.
const SPEEDS: (f64, f64) = (3.5, 9.0);

/// A delivery that the backend has acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Who.
    pub courier: String,
    /// How fast.
    pub speed: f64,
    /// The way.
    pub path: String,
    /// Whether it was called off, and that was acknowledged.
    pub cancelled: bool,
}

/// The couriers at work.
pub struct Load {
    shared: Arc<Shared>,
    couriers: JoinSet<()>,
}

struct Shared {
    client: Client,
    backends: Vec<String>,
    paths: Vec<String>,
    viewers: Vec<Viewer>,
    asked: Mutex<HashMap<String, Asked>>,
    refused: Mutex<Vec<String>>,
    tries: AtomicU64,
    stopping: AtomicBool,
}

impl Load {
    /// Sends `couriers` on their way through these backends.
    ///
    /// # Errors
    /// Where the backend has no routes.
    pub async fn start(couriers: u32, seed: u64, backends: Vec<String>, viewers: Vec<Viewer>) -> Result<Self> {
        let paths = paths(&backends[0]).await?;
        let client = Client::builder().no_proxy().connect_timeout(Duration::from_secs(2)).timeout(PATIENCE).build()?;
        let (asked, refused) = (Mutex::default(), Mutex::default());
        let (tries, stopping) = (AtomicU64::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { client, backends, paths, viewers, asked, refused, tries, stopping });
        let mut tasks = JoinSet::new();
        for number in 0..couriers {
            let dice = Seeded::new(seed).fork(u64::from(number) + 1_000);
            tasks.spawn(courier(number, dice, Arc::clone(&shared)));
        }
        Ok(Self { shared, couriers: tasks })
    }

    /// No courier begins anything new; returns when all they asked for has ended for the viewers. Answers what was
    /// acknowledged, what was refused though it should not have been, and the ids that did not end within `within`.
    pub async fn finish(mut self, within: Duration) -> (HashMap<String, Asked>, Vec<String>, Vec<String>) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        let all = async { while self.couriers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(within, all).await;
        self.couriers.abort_all();
        let asked = lock(&self.shared.asked).clone();
        let ended: HashSet<String> = self
            .shared
            .viewers
            .iter()
            .flat_map(|viewer| viewer.look(|s| s.ends.keys().cloned().collect::<Vec<_>>()))
            .collect();
        let open = asked.keys().filter(|id| !ended.contains(*id)).cloned().collect();
        let refused = lock(&self.shared.refused).clone();
        (asked, refused, open)
    }

    /// How often a backend did not answer, or with 503.
    pub fn tries(&self) -> u64 {
        self.shared.tries.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ways of all routes.
async fn paths(backend: &str) -> Result<Vec<String>> {
    let rest = crate::rest::Rest::new(backend);
    let routes = rest.get("/routes").await;
    let mut paths = Vec::new();
    for route in routes["items"].as_array().context("no routes")? {
        let name = route["route"].as_str().context("a route has a name")?;
        let path =
            rest.get(&format!("/routes/{name}")).await["path"].as_str().context("a route has a path")?.to_owned();
        paths.push(path);
    }
    Ok(paths)
}

async fn courier(number: u32, mut dice: Seeded, shared: Arc<Shared>) {
    let courier = format!("c-{number:05}");
    tokio::time::sleep(RAMP.mul_f64(dice.share())).await;
    while !shared.stopping.load(Ordering::Relaxed) {
        let speed = (dice.between(SPEEDS.0, SPEEDS.1) * 10.0).round() / 10.0;
        let path = shared.paths[dice.index(shared.paths.len())].clone();
        let id = uuid7();
        let body = json!({"courier": courier, "path": path, "speed": speed, "interval_ms": 1_000});
        if !shared.until_taken(Method::PUT, &format!("/deliveries/{id}"), &body, number, &[200, 202]).await {
            continue;
        }
        let asked = Asked { courier: courier.clone(), speed, path, cancelled: false };
        lock(&shared.asked).insert(id.clone(), asked);
        if dice.share() < CANCELLED {
            tokio::time::sleep(Duration::from_secs_f64(dice.between(0.0, 25.0))).await;
            let path = format!("/deliveries/{id}/cancel");
            // 409: it had ended before.
            if shared.until_taken(Method::POST, &path, &json!({"reason": "chaos"}), number, &[200, 202]).await
                && let Some(asked) = lock(&shared.asked).get_mut(&id)
            {
                asked.cancelled = true;
            }
        }
        while !shared.viewers.iter().any(|viewer| viewer.look(|seen| seen.ends.contains_key(&id))) {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

impl Shared {
    /// Sends the same again, to one backend after the other, until it is taken. `false` where it is refused for good.
    async fn until_taken(&self, method: Method, path: &str, body: &Value, turn: u32, good: &[u16]) -> bool {
        let began = Instant::now();
        for turn in turn as usize.. {
            let url = format!("{}/api/v1{path}", self.backends[turn % self.backends.len()]);
            let sent = self.client.request(method.clone(), url).json(body).send().await;
            let status = sent.as_ref().map_or(503, |answer| answer.status().as_u16());
            match status {
                status if good.contains(&status) => return true,
                // Busy: this replica has not read of the end before. Asking again is right, but not for ever.
                409 if method == Method::PUT && began.elapsed() < Duration::from_secs(180) => {}
                409 if method == Method::POST => return false,
                503 => {
                    self.tries.fetch_add(1, Ordering::Relaxed);
                    // Who has nothing acknowledged yet may leave it at that.
                    if method == Method::PUT && self.stopping.load(Ordering::Relaxed) && began.elapsed() > PATIENCE * 4
                    {
                        return false;
                    }
                }
                status => {
                    let text = match sent {
                        Ok(answer) => answer.text().await.unwrap_or_default(),
                        Err(error) => error.to_string(),
                    };
                    lock(&self.refused).push(format!("{method} {path}: {status} {text}"));
                    return false;
                }
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        false
    }
}
