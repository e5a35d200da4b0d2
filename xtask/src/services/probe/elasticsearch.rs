//! One request of HTTP, written out: the cluster's health.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Stream, Way};

const MAX_ANSWER: usize = 1 << 16;

/// `green`, `yellow` or `red`: of those, red means that some of the data cannot be read (yet). `authorization` is the
/// header's value.
pub fn health(way: &Way, authorization: Option<&str>) -> Result<String> {
    let mut request = String::from("GET /_cluster/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    if let Some(authorization) = authorization {
        request.push_str(&format!("Authorization: {authorization}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = way.open()?;
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let (code, body) = read_answer(&mut stream)?;
    let body: Value = serde_json::from_slice(&body).with_context(|| format!("HTTP {code} without JSON"))?;
    read_health(code, &body)
}

fn read_health(code: u16, body: &Value) -> Result<String> {
    let reason = body["error"]["reason"].as_str().unwrap_or_default();
    ensure!(code == 200, "HTTP {code} {reason}");
    Ok(body["status"].as_str().context("no status in the answer")?.to_owned())
}

/// Status and body of an answer that tells its length.
fn read_answer(stream: &mut dyn Stream) -> Result<(u16, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).context("no answer")?;
        head.push(byte[0]);
        ensure!(head.len() < MAX_ANSWER, "an endless answer");
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let code = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).context("no HTTP")?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.context("an answer without a length")?;
    ensure!(length <= MAX_ANSWER, "an answer of {length} bytes");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).context("half an answer")?;
    Ok((code, body))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(text: &str) -> Result<String> {
        let (code, body) = read_answer(&mut Cursor::new(text.as_bytes().to_vec()))?;
        read_health(code, &serde_json::from_slice(&body)?)
    }

    #[test]
    fn health_is_read_from_the_answer() {
        let answer = "HTTP/1.1 200 OK\r\nX-a: b\r\nContent-Length: 18\r\n\r\n{\"status\":\"green\"}";
        assert_eq!(read(answer).unwrap(), "green");
        let refused = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 29\r\n\r\n{\"error\":{\"reason\":\"missing\"}}";
        assert_eq!(refused.len() - refused.find("{").unwrap(), 30);
        let refused = refused.replace("29", "30");
        assert_eq!(read(&refused).unwrap_err().to_string(), "HTTP 401 missing");
    }

    #[test]
    fn half_an_answer_is_none() {
        assert!(read("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"status\"").is_err());
        assert!(read("HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
