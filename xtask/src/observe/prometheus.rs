//! A Prometheus of our own: the project's configuration with the addresses of a run, its rules as they are.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::deploy::{
    document::{self, list, text},
    metrics,
};

/// How long it may take until it answers.
const READY: Duration = Duration::from_secs(60);

/// It ends when this is dropped.
pub struct Prometheus {
    child: Child,
    url: String,
}

impl Prometheus {
    /// Starts it with its data and its log in `dir`.
    pub fn start(program: &Path, root: &Path, dir: &Path, targets: &Value) -> Result<Self> {
        let configuration = document::read(&root.join(metrics::CONFIGURATION))?.into_iter().next();
        let configuration = configured(configuration.context(metrics::CONFIGURATION)?, root, targets)?;
        let file = dir.join("prometheus.json");
        // JSON is YAML, too.
        fs::write(&file, configuration.to_string())?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = File::create(dir.join("prometheus.log"))?;
        let child = Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("prometheus").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start Prometheus")?;
        let mut prometheus = Self { child, url: format!("http://127.0.0.1:{port}") };
        let deadline = Instant::now() + READY;
        while get(&format!("{}/-/ready", prometheus.url), &[]).is_err() {
            let ended = prometheus.child.try_wait()?;
            ensure!(ended.is_none() && Instant::now() < deadline, "Prometheus is not ready: see {}", dir.display());
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(prometheus)
    }

    /// How many series an expression gives now. Such that are no number count as none: nothing was observed.
    pub fn series(&self, expression: &str) -> Result<usize> {
        let answer = self.ask("query", &[("query", expression)])?;
        let result = &answer["data"]["result"];
        Ok(match text(&answer, "/data/resultType") {
            "scalar" => 1,
            _ => list(result, "").iter().filter(|series| text(series, "/value/1") != "NaN").count(),
        })
    }

    /// Names of the alerts that fire.
    pub fn firing(&self) -> Result<String> {
        let answer = self.ask("alerts", &[])?;
        let firing = list(&answer, "/data/alerts").iter().filter(|alert| text(alert, "/state") == "firing");
        let mut names: Vec<&str> = firing.map(|alert| text(alert, "/labels/alertname")).collect();
        names.dedup();
        Ok(if names.is_empty() { "none".to_owned() } else { names.join(", ") })
    }

    fn ask(&self, what: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let answer: Value = serde_json::from_str(&get(&format!("{}/api/v1/{what}", self.url), parameters)?)?;
        ensure!(answer["status"] == "success", "Prometheus: {}", answer["error"]);
        Ok(answer)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The project's configuration with the addresses of a run. A job that the run has not is left out.
fn configured(mut configuration: Value, root: &Path, targets: &Value) -> Result<Value> {
    for file in configuration["rule_files"].as_array_mut().context("there are no rules")? {
        let beside =
            root.join(metrics::CONFIGURATION).parent().context("it lies in a folder")?.join(document::scalar(file));
        *file = beside.to_string_lossy().into();
    }
    let jobs = configuration["scrape_configs"].as_array_mut().context("there are no jobs")?;
    jobs.retain_mut(|job| {
        let addresses = &targets[text(job, "/job_name")]["admin"];
        let there = !list(addresses, "").is_empty();
        job["static_configs"] = json!([{ "targets": addresses }]);
        there
    });
    ensure!(jobs.len() >= 3, "only {} jobs are scraped", jobs.len());
    Ok(configuration)
}

/// The body of a GET that succeeds, by curl.
fn get(url: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "30", "--get", url]);
    for (name, value) in parameters {
        curl.arg("--data-urlencode").arg(format!("{name}={value}"));
    }
    // A refused expression is told in the body.
    let output = curl.args(["--write-out", "\n%{http_code}"]).output().context("curl is needed")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').context("curl says nothing")?;
    if !output.status.success() || status.starts_with('5') {
        bail!("{url}: {status} {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_the_project_s_with_other_addresses() {
        let root = crate::process::root().unwrap();
        let read = || document::read(&root.join(metrics::CONFIGURATION)).unwrap().remove(0);
        let admin = |port: u16| json!({ "admin": [format!("127.0.0.1:{port}")] });
        let targets = json!({ "backend": admin(1), "simulator": admin(2), "sink": admin(3) });
        let found = configured(read(), &root, &targets).unwrap();
        assert_eq!(list(&found, "/scrape_configs").len(), 3, "{found}");
        assert_eq!(found["scrape_configs"][2]["static_configs"][0]["targets"], json!(["127.0.0.1:3"]));
        assert_eq!(found["global"], read()["global"]);
        assert!(Path::new(text(&found, "/rule_files/0")).is_file(), "{found}");
        assert!(configured(read(), &root, &json!({ "backend": admin(1) })).is_err());
    }
}
