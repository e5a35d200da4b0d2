//! A server that answers as it is told to: what a real one does only under conditions that a test cannot make, and what
//! stands between us and a real one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use history::Options;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Asked {
    /// The ids of a bulk's lines.
    pub fn ids(&self) -> Vec<String> {
        let action = |line: &str| {
            let action: Value = serde_json::from_str(line).ok()?;
            Some(action["create"]["_id"].as_str().or(action["index"]["_id"].as_str())?.to_owned())
        };
        String::from_utf8(self.body.clone()).unwrap().lines().step_by(2).filter_map(action).collect()
    }
}

/// Status and body of an answer; `None` hangs up without one.
pub type Said = Option<(u16, String)>;

pub struct Stub {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// Answers each bulk by `bulk`, and everything else as a healthy server does.
    pub async fn new(mut bulk: impl FnMut(&Asked) -> Said + Send + 'static) -> Self {
        Self::with(move |asked| match asked.path.starts_with("/_bulk") {
            true => bulk(asked),
            false => healthy(asked),
        })
        .await
    }

    /// Answers everything by `answer`.
    pub async fn with(answer: impl FnMut(&Asked) -> Said + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (asked.clone(), Arc::new(Mutex::new(answer)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer) = (seen.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some(asked) = read(&mut stream).await {
                        let said = answer.lock().unwrap()(&asked);
                        seen.lock().unwrap().push(asked);
                        let Some((status, body)) = said else { return };
                        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
                        if stream.write_all((head + &body).as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    pub fn options(&self) -> Options {
        Options::new(&self.address)
    }

    /// The bulks that came, and nothing else.
    pub fn bulks(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.path.starts_with("/_bulk")).cloned().collect()
    }

    pub fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { method, path, headers, body })
}

/// What a server says on which everything is set up.
pub fn healthy(asked: &Asked) -> Said {
    let meta = json!({ "owner": "code-delivery", "version": 2 });
    let body = if asked.path.starts_with("/_index_template/") {
        json!({ "index_templates": [{ "index_template": { "version": 2, "_meta": meta } }] })
    } else if asked.path.contains("/_mapping") {
        json!({ "index": { "mappings": { "_meta": meta } } })
    } else {
        json!({ "_shards": { "failed": 0 } })
    };
    Some((200, body.to_string()))
}

/// The answer to a bulk: a status for each line, and the error of those that have one.
pub fn items(asked: &Asked, mut judge: impl FnMut(&str) -> (u16, &'static str)) -> Said {
    let item = |id: &String| {
        let (status, kind) = judge(id);
        match kind {
            "" => json!({ "create": { "status": status } }),
            kind => json!({ "create": { "status": status, "error": { "type": kind, "reason": "because" } } }),
        }
    };
    Some((200, json!({ "items": asked.ids().iter().map(item).collect::<Vec<_>>() }).to_string()))
}

/// All is stored.
pub fn stored(asked: &Asked) -> Said {
    items(asked, |_| (201, ""))
}
