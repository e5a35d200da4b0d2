//! HTTP as little as it can be: one connection, requests with a length, answers with a length or in chunks.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A connection that is kept.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// To `http://HOST:PORT`.
    pub fn open(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").context("an http:// address is needed")?.trim_end_matches('/');
        let stream = TcpStream::connect(host).with_context(|| format!("cannot reach {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream), host: host.to_owned() })
    }

    /// Sends a request and reads the answer: (status, body).
    pub fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.stream.get_mut().write_all(body)?;
        let status = self.line()?.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no answer")?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse()?;
            }
            chunked |= line.starts_with("transfer-encoding: chunked");
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let mut more = chunked;
        while more {
            let size = usize::from_str_radix(&self.line()?, 16)?;
            let start = body.len();
            body.resize(start + size, 0);
            self.stream.read_exact(&mut body[start..])?;
            self.line()?;
            more = size > 0;
        }
        Ok((status, body))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

/// One question on a connection of its own.
pub fn get(url: &str, path: &str) -> Result<(u16, Vec<u8>)> {
    Connection::open(url)?.ask("GET", path, b"")
}

/// Removes the indices and templates of a run.
pub fn clean(url: &str, prefix: &str) -> Result<()> {
    let mut server = Connection::open(url)?;
    let (_, listed) = server.ask("GET", &format!("/_cat/indices/{prefix}*?format=json&h=index"), b"")?;
    let listed: Value = serde_json::from_slice(&listed)?;
    for index in listed.as_array().into_iter().flatten().filter_map(|index| index["index"].as_str()) {
        let (status, _) = server.ask("DELETE", &format!("/{index}"), b"")?;
        ensure!(status == 200, "{index} was not removed: {status}");
    }
    server.ask("DELETE", &format!("/_index_template/{prefix}*"), b"")?;
    Ok(())
}
