//! Figures as a table: medians, the span of the runs, and what a reader must know to judge them.

use std::{collections::BTreeSet, fmt::Write as _, fs, process::Command};

use anyhow::Result;
use serde_json::{Value, json};

use crate::process;

/// What was measured.
pub struct Report<'a> {
    /// Name of the benchmark.
    pub name: &'a str,
    /// Measured time of a run, s.
    pub seconds: u32,
    /// Runs of each server.
    pub runs: u32,
    /// Load average before the first run.
    pub before: String,
    /// (server, the figures of its runs)
    pub measured: &'a [(&'a str, Vec<Value>)],
}

/// (figure, its name in the table, digits)
const FIGURES: [(&str, &str, usize); 42] = [
    ("ready_s", "ready after, s", 2),
    ("cpu_s", "CPU seconds", 2),
    ("documents_per_s", "fixes per second", 0),
    ("cpu_s_per_million", "CPU seconds per million", 3),
    ("bytes_per_update", "bytes per update", 1),
    ("delivered_percent", "delivered, %", 3),
    ("p50_ms", "p50, ms", 0),
    ("p99_ms", "p99, ms", 0),
    ("p999_ms", "p99.9, ms", 0),
    ("updates_per_s", "updates per second", 0),
    ("messages_per_s", "messages per second", 0),
    ("kib_per_connection", "KiB per connection", 2),
    ("kib_right_after_connecting", "KiB per connection, just connected", 2),
    ("rss_before_mib", "memory before, MiB", 0),
    ("rss_after_mib", "memory after, MiB", 0),
    ("rss_mib", "memory, MiB", 0),
    ("cpu_share", "server's share of its core", 2),
    ("load_share", "load's share of its core", 2),
    ("load_cpu_s", "CPU of the load, s", 1),
    ("repeated", "records that were no news", 0),
    ("lost_connections", "lost connections", 0),
    ("refused_fixes", "fixes the broker refused", 0),
    ("frame_ms", "a frame in the page, ms", 2),
    ("frame_p95_ms", "the same, p95", 2),
    ("call_ms", "call of setData, ms", 1),
    ("update_cpu_ms", "main thread's CPU for each new picture, ms", 2),
    ("shown_ms", "until it is on the screen, ms", 0),
    ("messages_ms_per_s", "messages of the socket, ms a second", 1),
    ("frames_per_s", "pictures a second", 1),
    ("main_share", "share of the main thread", 2),
    ("fcp_ms", "first paint, ms", 0),
    ("lcp_ms", "largest contentful paint, ms", 0),
    ("drawn_ms", "couriers drawn after, ms", 0),
    ("blocked_ms", "main thread blocked, ms", 0),
    ("longest_ms", "longest task, ms", 0),
    ("first_kb", "fetched until then, KB", 0),
    ("all_kb", "fetched in all, KB", 0),
    ("heap_mib", "heap after collection, MiB", 1),
    ("wasm_mib", "memory of WebAssembly, MiB", 1),
    ("nodes", "elements", 0),
    ("listeners", "listeners", 0),
    ("minute", "after, min", 0),
];

impl Report<'_> {
    /// Writes both files under target/bench; returns the Markdown.
    pub fn write(&self) -> Result<String> {
        let dir = process::target_dir()?.join("bench");
        fs::create_dir_all(&dir)?;
        let text = self.markdown();
        fs::write(dir.join(format!("{}.md", self.name)), &text)?;
        let runs: serde_json::Map<String, Value> =
            self.measured.iter().map(|(title, runs)| ((*title).to_owned(), json!(runs))).collect();
        let all = json!({
            "name": self.name, "seconds": self.seconds, "machine": machine(), "versions": versions(),
            "load_average": [self.before, load_average()], "runs": runs,
        });
        fs::write(dir.join(format!("{}.json", self.name)), serde_json::to_vec_pretty(&all)?)?;
        Ok(text)
    }

    fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.name);
        // Writing to a string cannot fail.
        let length = if self.seconds == 0 { String::new() } else { format!(" of {} s each", self.seconds) };
        let _ = writeln!(text, "{} runs{length}, in turns: median (least to greatest).\n", self.runs);
        let titles: Vec<&str> = self.measured.iter().map(|(title, _)| *title).collect();
        let _ = writeln!(text, "| | {} |\n|---|{}", titles.join(" | "), "---|".repeat(titles.len()));
        let known: BTreeSet<&str> = self
            .measured
            .iter()
            .flat_map(|(_, runs)| runs.iter().filter_map(Value::as_object))
            .flat_map(|run| run.keys().map(String::as_str))
            .collect();
        for (key, title, digits) in FIGURES.iter().filter(|(key, ..)| known.contains(key)) {
            let cells: Vec<String> = self.measured.iter().map(|(_, runs)| cell(runs, key, *digits)).collect();
            let _ = writeln!(text, "| {title} | {} |", cells.join(" | "));
        }
        let _ = writeln!(text, "\n- Machine: {}", machine());
        let _ = writeln!(text, "- Versions: {}", versions());
        let _ = writeln!(text, "- Load average before and after (1, 5, 15 min): {}; {}", self.before, load_average());
        text
    }
}

/// Median and span of a figure.
fn cell(runs: &[Value], key: &str, digits: usize) -> String {
    let mut values: Vec<f64> = runs.iter().filter_map(|run| run[key].as_f64()).collect();
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(greatest)) = (values.first(), values.last()) else { return "".into() };
    let median = values[values.len() / 2];
    if values.len() == 1 || format!("{least:.digits$}") == format!("{greatest:.digits$}") {
        return format!("{median:.digits$}");
    }
    format!("{median:.digits$} ({least:.digits$} to {greatest:.digits$})")
}

/// Load average of 1, 5 and 15 minutes.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{}, {cores} cores, Linux {}", model.unwrap_or("unknown processor"), kernel.trim())
}

fn versions() -> String {
    let first_line = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
    };
    let commit = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output().ok();
    let commit = commit.map(|output| format!("commit {}", String::from_utf8_lossy(&output.stdout).trim()));
    let node = first_line("node").map(|version| format!("node {version}"));
    [first_line("rustc"), node, commit].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
