//! What a run has not of itself and dashboards ask for: deliveries that were promised, kept and missed, one that failed, one that
//! was called off. Through REST, as anybody would.

use std::{
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// How long the store may take to have them.
const STORED: Duration = Duration::from_secs(90);

/// Runs the errands; returns when the store has how each of them ended.
pub fn run(targets: &Value) -> Result<()> {
    let backend = targets["backend"]["urls"][0].as_str().context("targets name no backend")?;
    let api = format!("{backend}/api/v1");
    let routes = call("GET", &format!("{api}/routes"), None)?;
    let route = &routes["items"][0]["route"];
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    let start = |courier: &str, more: Value| -> Result<String> {
        let mut body = json!({ "courier": courier, "route": route, "speed": 100.0, "interval_ms": 100 });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let started = call("POST", &format!("{api}/deliveries"), Some(&body))?;
        Ok(started["delivery"].as_str().context("a delivery has an id")?.to_owned())
    };
    start("errand-kept", json!({ "promised_at": now + 3_600_000 }))?;
    start("errand-missed", json!({ "promised_at": now }))?;
    let failed = start("errand-failed", json!({ "driver": "courier" }))?;
    call("POST", &format!("{api}/deliveries/{failed}/start"), Some(&json!({})))?;
    let outcome = json!({ "outcome": "failed", "reason": "nobody at home" });
    call("POST", &format!("{api}/deliveries/{failed}/finish"), Some(&outcome))?;
    let called_off = start("errand-cancelled", json!({ "driver": "courier" }))?;
    call("POST", &format!("{api}/deliveries/{called_off}/cancel"), Some(&json!({ "reason": "nobody wants it" })))?;
    let ends = [("kept", "delivered"), ("missed", "delivered"), ("failed", "failed"), ("cancelled", "cancelled")];
    let deadline = Instant::now() + STORED;
    for (courier, status) in ends {
        let url = format!("{api}/deliveries?courier=errand-{courier}&status={status}");
        while call("GET", &url, None).is_ok_and(|page| page["items"].as_array().is_none_or(Vec::is_empty)) {
            ensure!(Instant::now() < deadline, "errand-{courier} is not stored as {status} after {STORED:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    Ok(())
}

/// The body of a request that succeeds, by curl.
fn call(method: &str, url: &str, body: Option<&Value>) -> Result<Value> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "30", "--fail-with-body", "--request", method, url]);
    if let Some(body) = body {
        curl.args(["--header", "content-type: application/json", "--data", &body.to_string()]);
    }
    let output = curl.output().context("curl is needed")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{method} {url}: {text}{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_str(&text).with_context(|| format!("{method} {url}: {text}"))
}
