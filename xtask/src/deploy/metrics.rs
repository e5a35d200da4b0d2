//! Metrics: what the services have, by their source; and every rule, panel and autoscaler that names one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::document::{self, list, text, texts};
use crate::check::Finding;

/// Rooms whose code has metrics.
const ROOMS: [&str; 5] = ["service/src", "history/src", "simulator/src", "backend/src", "sink/src"];
pub const RULES: &str = "observability/rules/code-delivery.yml";
pub const TESTS: &str = "observability/tests/code-delivery.yml";
pub const CONFIGURATION: &str = "observability/prometheus.yml";
const RESOURCE: &str = "k8s/base/prometheus-rule.yaml";
pub const DASHBOARDS: &str = "observability/dashboards";
const RUNBOOK: &str = "docs/operations.md";
/// Metrics of others: Prometheus itself, and Kafka's exporter.
const OTHERS: [&str; 2] = ["up", "kafka_consumergroup_lag"];
/// Words of an expression that are no metrics.
const WORDS: [&str; 19] = [
    "sum",
    "avg",
    "min",
    "max",
    "rate",
    "increase",
    "absent",
    "histogram_quantile",
    "by",
    "without",
    "and",
    "or",
    "unless",
    "on",
    "ignoring",
    "offset",
    "bool",
    "count",
    "topk",
];

/// Names of all metrics of the services; those of a histogram with their endings.
pub fn known(root: &Path) -> Result<BTreeSet<String>> {
    let (mut known, _) = scan(root)?;
    for name in known.clone().into_iter().filter(|name| name.ends_with("_seconds")) {
        known.extend(["_bucket", "_count", "_sum"].map(|ending| format!("{name}{ending}")));
    }
    Ok(known)
}

/// Names that are set somewhere, and those that have a HELP text.
fn scan(root: &Path) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut used, mut described) = (BTreeSet::new(), BTreeSet::new());
    let mut places: Vec<_> = ROOMS.iter().map(|room| root.join(room)).collect();
    while let Some(place) = places.pop() {
        if place.is_dir() {
            for entry in fs::read_dir(&place)? {
                places.push(entry?.path());
            }
        } else if place.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&place).with_context(|| place.display().to_string())?;
            for (kind, names) in [("describe_", &mut described), ("", &mut used)] {
                for macro_ in ["counter!(", "gauge!(", "histogram!("] {
                    for (before, rest) in around(&text, macro_) {
                        let name = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
                        let name = name.map_or("", |(name, _)| name);
                        if name.starts_with("cd_") && before.ends_with("describe_") == (kind == "describe_") {
                            names.insert(name.to_owned());
                        }
                    }
                }
            }
        }
    }
    ensure!(used.len() > 20, "only {} metrics were found in the source", used.len());
    Ok((used, described))
}

/// What stands before and behind each occurrence.
fn around<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(mark).map(move |(at, _)| (&text[..at], &text[at + mark.len()..]))
}

/// Holds rules, tests, dashboards and the runbook against each other and the source.
pub fn check(root: &Path) -> Result<Finding> {
    let read =
        |name: &str| Ok::<_, anyhow::Error>(document::read(&root.join(name))?.into_iter().next().unwrap_or_default());
    let (rules, resource, tests) = (read(RULES)?, read(RESOURCE)?, read(TESTS)?);
    let runbook = fs::read_to_string(root.join(RUNBOOK)).context(RUNBOOK)?;
    let mut known = known(root)?;
    known.extend(OTHERS.map(str::to_owned));
    let mut faults = of_rules(&rules, &tests, &runbook, &mut known);
    if resource["spec"]["groups"] != rules["groups"] {
        faults.push(format!("{RESOURCE} and {RULES} have different rules"));
    }
    for entry in fs::read_dir(root.join(DASHBOARDS))? {
        let path = entry?.path();
        let board: Value =
            serde_json::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
        faults.extend(of_dashboard(&board, &known));
    }
    let (used, described) = scan(root)?;
    faults.extend(used.difference(&described).map(|name| format!("{name} has no HELP text")));
    faults.extend(described.difference(&used).map(|name| format!("{name} is described and never set")));
    Ok(Finding::Faults(faults))
}

fn of_rules(rules: &Value, tests: &Value, runbook: &str, known: &mut BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let all: Vec<&Value> = list(rules, "/groups").iter().flat_map(|group| list(group, "/rules")).collect();
    known.extend(all.iter().map(|rule| text(rule, "/record")).filter(|name| !name.is_empty()).map(str::to_owned));
    let mut tested: BTreeMap<&str, bool> = BTreeMap::new();
    for test in list(tests, "/tests").iter().flat_map(|test| list(test, "/alert_rule_test")) {
        *tested.entry(text(test, "/alertname")).or_default() |= !list(test, "/exp_alerts").is_empty();
    }
    for rule in all {
        let alert = text(rule, "/alert");
        let name = if alert.is_empty() { text(rule, "/record") } else { alert };
        faults.extend(
            unknown(text(rule, "/expr"), known).map(|metric| format!("{name}: no service has a metric {metric}")),
        );
        if alert.is_empty() {
            continue;
        }
        let link = text(rule, "/annotations/runbook_url");
        let anchor = link.split_once(&format!("{RUNBOOK}#")).map_or("", |(_, anchor)| anchor);
        let mut headings = runbook.lines().filter_map(|line| line.strip_prefix("### "));
        if anchor != alert.to_lowercase() || !headings.any(|heading| heading == alert) {
            faults.push(format!("{alert}: {RUNBOOK} has no section of that name, or the link is another: {link}"));
        }
        if !["critical", "warning"].contains(&text(rule, "/labels/severity")) {
            faults.push(format!("{alert}: severity must be critical or warning"));
        }
        if tested.get(alert) != Some(&true) {
            faults.push(format!("{alert}: no test in {TESTS} sees it fire"));
        }
    }
    faults
}

fn of_dashboard(board: &Value, known: &BTreeSet<String>) -> Vec<String> {
    let title = text(board, "/title");
    let panels = list(board, "/panels");
    let mut faults: Vec<String> =
        if panels.is_empty() { vec![format!("dashboard {title:?} has no panels")] } else { Vec::new() };
    for panel in panels {
        for target in list(panel, "/targets") {
            let of = text(panel, "/title");
            faults.extend(
                unknown(text(target, "/expr"), known)
                    .map(|metric| format!("{title}, {of}: no service has a metric {metric}")),
            );
        }
        if text(panel, "/description").is_empty() {
            faults.push(format!("{title}, {}: no description", text(panel, "/title")));
        }
        let mut sources = Vec::new();
        texts(&panel["datasource"], &mut |text| sources.push(text));
        if !sources.contains(&"prometheus") {
            faults.push(format!("{title}, {}: another data source", text(panel, "/title")));
        }
    }
    faults
}

/// Metrics in an expression that nobody has.
fn unknown<'a>(expression: &'a str, known: &'a BTreeSet<String>) -> impl Iterator<Item = String> + use<'a> {
    names(expression).into_iter().filter(|name| !known.contains(name))
}

/// The metrics that an expression names: its words without matchers of labels, ranges, lists of labels and functions.
fn names(expression: &str) -> BTreeSet<String> {
    let (mut plain, mut depth) = (String::new(), 0);
    for c in expression.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    for word in ["by (", "by(", "on (", "ignoring ("] {
        while let Some(at) = plain.find(word) {
            let end = plain[at..].find(')').map_or(plain.len(), |end| at + end + 1);
            plain.replace_range(at..end, " ");
        }
    }
    let words = plain.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let is_name = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic()) && !WORDS.contains(word);
    words.filter(is_name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_an_expression_are_found() {
        let of = |expression| names(expression).into_iter().collect::<Vec<_>>();
        assert_eq!(of("sum by (le) (rate(cd_a_bucket{job=~\"x|y\"}[5m])) > 14.4 * 0.01"), ["cd_a_bucket"]);
        assert_eq!(of("increase(cd_b[15m]) > 0 or (cd_b > 0 unless cd_c offset 15m)"), ["cd_b", "cd_c"]);
        assert_eq!(of("cd:stale:ratio5m and absent(up{job=\"x\"})"), ["cd:stale:ratio5m", "up"]);
    }

    /// The faults of the rules after a change of their text.
    fn broken(from: &str, to: &str) -> Vec<String> {
        let root = crate::process::root().unwrap();
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        assert!(read(RULES).contains(from), "{from}");
        let rules = document::parse(&read(RULES).replacen(from, to, 1)).unwrap().remove(0);
        let tests = document::read(&root.join(TESTS)).unwrap().remove(0);
        let mut known = known(&root).unwrap();
        known.extend(OTHERS.map(str::to_owned));
        of_rules(&rules, &tests, &read(RUNBOOK), &mut known)
    }

    #[test]
    fn each_fault_is_found_in_a_broken_copy() {
        assert_eq!(broken("groups", "groups"), Vec::<String>::new());
        for (from, to, fault) in [
            ("cd_behind_seconds > 10", "cd_lag_seconds > 10", "no service has a metric cd_lag_seconds"),
            ("alert: SinkLag", "alert: SinkSlow", "SinkSlow: docs/operations.md has no section"),
            ("alert: SinkLag", "alert: SinkSlow", "SinkSlow: no test"),
            ("severity: critical", "severity: page", "severity must be"),
            ("operations.md#deadletters", "operations.md#letters", "DeadLetters: docs/operations.md"),
            ("record: cd:stale:ratio1h", "record: cd:stale:ratio2h", "no service has a metric cd:stale:ratio1h"),
        ] {
            assert!(broken(from, to).iter().any(|line| line.contains(fault)), "{to}: {:#?}", broken(from, to));
        }
    }

    #[test]
    fn a_panel_of_a_metric_that_is_not_there_is_a_fault() {
        let root = crate::process::root().unwrap();
        let mut known = known(&root).unwrap();
        known.extend(["up", "kafka_consumergroup_lag", "cd:stale:ratio1h", "cd:stale:ratio6h"].map(str::to_owned));
        let text = fs::read_to_string(root.join(DASHBOARDS).join("services.json")).unwrap();
        let of = |text: &str| of_dashboard(&serde_json::from_str(text).unwrap(), &known);
        assert_eq!(of(&text), Vec::<String>::new());
        assert!(of(&text.replacen("cd_sockets", "cd_socket", 1))[0].contains("no service has a metric cd_socket"));
        assert!(of(&text.replacen("\"panels\"", "\"panel\"", 1))[0].contains("has no panels"));
    }
}
