//! Bad records, put into Kafka beside the good ones: each must become one dead letter and stop nothing. And odd ones, which
//! must not: unknown fields, and doubles that contradict the first.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use fleet::drive::Seeded;
use rdkafka::{
    ClientConfig,
    producer::{FutureProducer, FutureRecord, Producer},
};
use serde_json::json;

use super::{
    expect::Spot,
    log::{Fix, Place, e7},
};

/// What was put into the log.
#[derive(Debug, Default)]
pub struct Injected {
    /// Where each bad record lies.
    pub bad: HashSet<Place>,
    /// How many of each kind.
    pub kinds: HashMap<&'static str, u32>,
    /// Fixes that must be stored, by `courier:source:at`.
    pub odd: HashMap<String, Fix>,
}

/// Puts records in.
pub struct Injector {
    producer: FutureProducer,
    dice: Seeded,
    next: u64,
    /// What it has put in.
    pub injected: Injected,
}

/// Kinds of bad records.
const KINDS: [&str; 14] = [
    "no JSON",
    "a list instead of an object",
    "no value",
    "no key",
    "another key",
    "at an hour ahead",
    "at four days old",
    "lat beyond the pole",
    "lat is a text",
    "200 KB",
    "too large for its headers",
    "delivery: no JSON",
    "delivery: unknown status",
    "delivery: without its end",
];

impl Injector {
    /// One that speaks to these brokers.
    ///
    /// # Errors
    /// Where librdkafka refuses its settings.
    pub fn new(brokers: &str, seed: u64) -> Result<Self> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("acks", "all").set("enable.idempotence", "true");
        config.set("partitioner", "murmur2_random");
        let producer = config.create().context("cannot make a producer")?;
        Ok(Self { producer, dice: Seeded::new(seed).fork(7), next: 0, injected: Injected::default() })
    }

    /// Puts in one bad record of the next kind, and one odd one; returns when they are acknowledged.
    ///
    /// # Errors
    /// Where Kafka does not take one for minutes.
    pub async fn inject(&mut self) -> Result<()> {
        let number = self.next;
        self.next += 1;
        let kind = KINDS[(number as usize) % KINDS.len()];
        let (topic, key, value) = bad(kind, number);
        let place = self.send(topic, key.as_deref(), value.as_deref()).await.context(kind)?;
        self.injected.bad.insert(place);
        *self.injected.kinds.entry(kind).or_default() += 1;
        self.odd(number).await
    }

    /// A phone's fix with fields that nobody knows, and once more elsewhere: the first counts.
    async fn odd(&mut self, number: u64) -> Result<()> {
        let (courier, at) = (format!("odd-{}", number % 5), now());
        let mut places = [(60.17, 24.94), (60.18, 24.95)].into_iter();
        let mut first = None;
        for (lat, lon) in places.by_ref() {
            let (lat, lon) = (lat + self.dice.between(0.0, 0.001), lon);
            let value = json!({
                "courier": courier, "source": "phone", "at": at, "lat": lat, "lon": lon,
                "firmware": {"major": 3, "notes": ["x"]}, "colour": "red", "_id": "surprise",
            });
            self.send("positions", Some(&courier), Some(value.to_string().as_bytes())).await.context("odd")?;
            first.get_or_insert(Spot { lat_e7: e7(lat), lon_e7: e7(lon) });
        }
        if let Some(spot) = first {
            let fix = Fix { delivery: None, seq: None, spot, at, courier: courier.clone() };
            self.injected.odd.insert(format!("{courier}:phone:{at}"), fix);
        }
        Ok(())
    }

    async fn send(&self, topic: &str, key: Option<&str>, value: Option<&[u8]>) -> Result<Place> {
        let record = FutureRecord { topic, partition: None, payload: value, key, timestamp: None, headers: None };
        let sent = self.producer.send(record, Duration::from_secs(60)).await.map_err(|(error, _)| error)?;
        Ok((topic.to_owned(), sent.partition, sent.offset))
    }

    /// Ends it, and answers what it has put in.
    pub fn into_injected(self) -> Injected {
        // Everything was waited for; this ends librdkafka's threads in good time.
        let _ = self.producer.flush(Duration::from_secs(5));
        self.injected
    }
}

/// Topic, key and value of a bad record.
fn bad(kind: &str, number: u64) -> (&'static str, Option<String>, Option<Vec<u8>>) {
    let courier = format!("bad-{number}");
    let fix = |change: &str, value: serde_json::Value| {
        let mut fix = json!({"courier": courier, "source": "phone", "at": now(), "lat": 60.1, "lon": 24.9});
        fix[change] = value;
        Some(fix.to_string().into_bytes())
    };
    let delivery = |status: &str| {
        let id = crate::rest::uuid7();
        let value = json!({
            "delivery": id, "courier": courier, "status": status, "driver": "courier", "path": "", "distance_m": 1,
            "planned_s": 1, "requested_at": now(), "started_at": now(),
        });
        Some(value.to_string().into_bytes())
    };
    let padded = |bytes: usize| fix("note", json!("x".repeat(bytes)));
    let (topic, value) = match kind {
        "no JSON" => ("positions", Some(format!("{{\"courier\":\"{courier}\",").into_bytes())),
        "a list instead of an object" => ("positions", Some(b"[1,2,3]".to_vec())),
        "no value" => ("positions", None),
        "no key" | "another key" => ("positions", fix("lat", json!(60.2))),
        "at an hour ahead" => ("positions", fix("at", json!(now() + 3_600_000))),
        "at four days old" => ("positions", fix("at", json!(now() - 4 * 86_400_000))),
        "lat beyond the pole" => ("positions", fix("lat", json!(90.5))),
        "lat is a text" => ("positions", fix("lat", json!("sixty"))),
        "200 KB" => ("positions", padded(200_000)),
        "too large for its headers" => ("positions", padded(999_650)),
        "delivery: no JSON" => ("deliveries", Some(b"\xff\xfe delivered".to_vec())),
        "delivery: unknown status" => ("deliveries", delivery("teleported")),
        _ => ("deliveries", delivery("delivered")),
    };
    let key = match kind {
        "no key" => None,
        "another key" => Some("somebody".to_owned()),
        _ => Some(courier.clone()),
    };
    (topic, key, value)
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_bad_record_is_another_and_fits_into_kafka() {
        let all: HashSet<(Option<String>, Option<Vec<u8>>)> = KINDS
            .iter()
            .map(|kind| {
                let (_, key, value) = bad(kind, 7);
                (key, value)
            })
            .collect();
        assert_eq!(all.len(), KINDS.len());
        let largest = all.iter().filter_map(|(_, value)| value.as_ref().map(Vec::len)).max().expect("values");
        assert!((990_000..999_900).contains(&largest), "{largest}");
    }
}
