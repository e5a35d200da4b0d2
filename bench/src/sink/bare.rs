//! The bare bulk client: the same documents, made before, sent over two connections by plain writes.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, bail};
use contract::Position;
use serde_json::{Value, json};

use crate::{
    backlog,
    http::Connection,
    server::{cpu_s, now_ms, on_server_core},
};

/// Documents of a bulk, and connections: what the sink has under way at once.
const BULK: u64 = 2_500;
const CONNECTIONS: usize = 2;

/// Stores `records` fixes at `url`; returns the figures.
pub fn run(url: &str, prefix: &str, records: u64, couriers: u64) -> Result<Value> {
    let index = format!("{prefix}bare");
    let mut setup = Connection::open(url)?;
    let (status, answer) = setup.ask("PUT", &format!("/{index}"), settings().to_string().as_bytes())?;
    if status != 200 {
        bail!("{index}: {status} {}", String::from_utf8_lossy(&answer));
    }
    let now = now_ms();
    let bulk = |from: u64| -> Vec<u8> {
        (from..(from + BULK).min(records))
            .flat_map(|n| line(&index, &backlog::fix(n, records, couriers, now)))
            .collect()
    };
    let bulks: Vec<Vec<u8>> = (0..records).step_by(BULK as usize).map(bulk).collect();
    let began = Instant::now();
    let cpu: Result<f64> = on_server_core(|| {
        thread::scope(|scope| {
            let senders: Vec<_> = (0..CONNECTIONS)
                .map(|first| {
                    let mine = bulks.iter().skip(first).step_by(CONNECTIONS);
                    scope.spawn(move || -> Result<f64> {
                        mine.map(AsRef::as_ref).try_for_each(sender(url)?)?;
                        // A thread's own time: the server may be of this process, too.
                        Ok(cpu_s("thread-self"))
                    })
                })
                .collect();
            senders.into_iter().map(|sender| sender.join().map_err(|_| anyhow!("a sender has failed"))?).sum()
        })
    })?;
    let (took, cpu) = (began.elapsed().as_secs_f64(), cpu?);
    Ok(json!({
        "documents_per_s": records as f64 / took,
        "cpu_s_per_million": cpu / records as f64 * 1e6,
        "cpu_share": cpu / took,
    }))
}

/// Sends one bulk after the other.
fn sender(url: &str) -> Result<impl FnMut(&[u8]) -> Result<()>> {
    let mut server = Connection::open(url)?;
    Ok(move |body: &[u8]| {
        // It waits where the server is full, as the sink does.
        for _ in 0..100 {
            let (status, answer) = server.ask("POST", "/_bulk?filter_path=errors", body)?;
            let text = String::from_utf8_lossy(&answer);
            match status {
                200 if !text.contains("\"errors\":true") => return Ok(()),
                200 | 429 => thread::sleep(Duration::from_millis(50)),
                _ => bail!("a bulk was refused: {status} {text}"),
            }
        }
        bail!("a bulk was refused again and again")
    })
}

/// An action and its document, as the sink writes them.
fn line(index: &str, position: &Position) -> Vec<u8> {
    let Position { courier, source, at, place, .. } = position;
    let action = json!({ "create": { "_index": index, "_id": format!("{courier}:{source}:{at}") } });
    let document = json!({
        "at": at, "courier": courier, "source": source, "location": { "lat": place.lat(), "lon": place.lon() },
        "accuracy_m": position.accuracy_m, "speed_mps": position.speed_mps, "heading_deg": position.heading_deg,
        "delivery": position.delivery, "seq": position.seq, "delay_ms": 20,
    });
    format!("{action}\n{document}\n").into_bytes()
}

/// An index as the sink's template makes one.
fn settings() -> Value {
    let (figure, keyword) = (json!({ "type": "float", "index": false }), json!({ "type": "keyword" }));
    json!({
        "settings": { "index": { "number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "1s", "codec": "best_compression" } },
        "mappings": { "dynamic": "strict", "properties": {
            "at": { "type": "date", "format": "epoch_millis" }, "courier": keyword, "source": keyword,
            "location": { "type": "geo_point" }, "accuracy_m": figure, "speed_mps": figure, "heading_deg": figure,
            "delivery": keyword, "seq": { "type": "long", "index": false }, "delay_ms": { "type": "long", "index": false },
        } },
    })
}
