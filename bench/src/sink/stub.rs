//! A server that answers every bulk at once: what is left is the client's own cost.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Result;
use serde_json::{Value, json};

/// Starts it; returns its address. While `refuses` is set it takes nothing, as a server without room.
pub fn start(refuses: Arc<AtomicBool>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    thread::Builder::new().name("stub".into()).spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection that ends badly is the client's to notice.
            let refuses = refuses.clone();
            thread::spawn(move || serve(stream, &refuses));
        }
    })?;
    Ok(address)
}

fn serve(stream: TcpStream, refuses: &AtomicBool) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::with_capacity(256 * 1024, stream);
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok()?;
            let line = line.trim_end().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).ok()?;
        let (status, answer) = answer(&path, &body, refuses.load(Ordering::Relaxed));
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", answer.len());
        stream.get_mut().write_all(head.as_bytes()).ok()?;
        stream.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}

fn answer(path: &str, body: &[u8], refuses: bool) -> (u16, String) {
    let meta = json!({ "owner": "code-delivery", "version": 1 });
    let body = if path.starts_with("/_bulk") {
        if refuses {
            return (
                429,
                json!({ "error": { "type": "es_rejected_execution_exception", "reason": "full" } }).to_string(),
            );
        }
        let lines = body.iter().filter(|byte| **byte == b'\n').count() / 2;
        // A whole answer for each line costs the server, not the client; these are the parts that it reads.
        let item = r#"{"create":{"status":201,"_seq_no":1,"_primary_term":1}}"#;
        return (200, format!("{{\"errors\":false,\"items\":[{}]}}", vec![item; lines].join(",")));
    } else if path.starts_with("/_index_template/") {
        json!({ "index_templates": [{ "index_template": { "version": 1, "_meta": meta } }] })
    } else if path.contains("/_mapping") {
        json!({ "index": { "mappings": { "_meta": meta } } })
    } else if path.contains("/_mget") {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let count = asked["ids"].as_array().map_or(0, Vec::len);
        json!({ "docs": vec![json!({ "found": false }); count] })
    } else {
        json!({ "_shards": { "failed": 0 } })
    };
    (200, body.to_string())
}
