//! Which expressions there are, what of them must give something, and what may give nothing for a reason that is known. Pure but
//! for the files.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::deploy::{
    document::{self, list, text},
    metrics,
};

/// What may give nothing in a good run, by a piece of the expression, and why.
const EXPLAINED: [(&str, &str); 8] = [
    ("kafka_consumergroup_lag", "of kafka-exporter, which compose and Strimzi bring"),
    ("cd_records_lost_total", "not there until retention takes away what was not read"),
    ("cd_sink_alarm", "not there until the sink has a fault"),
    ("cd_sink_retries_total", "not there until the store has a fault"),
    ("cd_sockets_closed_total", "not there until a backend closes a socket"),
    ("cd_sockets_slow_total", "not there until a viewer is slow"),
    ("cd_unknown_status_total", "not there until a later version writes"),
    (" offset 15m", "the run is shorter"),
];

/// An expression, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `SinkLag`, or `Way of a position, Behind`.
    pub place: String,
    /// As it stands there.
    pub expression: String,
}

/// All expressions of rules and dashboards.
pub fn of(root: &Path) -> Result<Vec<Asked>> {
    let rules = document::read(&root.join(metrics::RULES))?.into_iter().next().context(metrics::RULES)?;
    let mut asked = of_rules(&rules);
    let mut boards: Vec<_> = fs::read_dir(root.join(metrics::DASHBOARDS))?.collect::<Result<_, _>>()?;
    boards.sort_by_key(fs::DirEntry::file_name);
    for board in boards {
        let path = board.path();
        let board = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        asked.extend(of_dashboard(&serde_json::from_str(&board).with_context(|| path.display().to_string())?));
    }
    Ok(asked)
}

fn of_rules(rules: &Value) -> Vec<Asked> {
    let all = list(rules, "/groups").iter().flat_map(|group| list(group, "/rules"));
    all.map(|rule| {
        let name = [text(rule, "/alert"), text(rule, "/record")].concat();
        Asked { place: name, expression: text(rule, "/expr").to_owned() }
    })
    .collect()
}

fn of_dashboard(board: &Value) -> Vec<Asked> {
    let of = |panel: &Value| {
        let place = format!("{}, {}", text(board, "/title"), text(panel, "/title"));
        let expressions = list(panel, "/targets").iter().map(|target| text(target, "/expr").to_owned());
        expressions.map(|expression| Asked { place: place.clone(), expression }).collect::<Vec<_>>()
    };
    list(board, "/panels").iter().flat_map(of).collect()
}

/// What came of all expressions.
#[derive(Debug, Default)]
pub struct Judged {
    /// Each part, how many series it gives, and why it may give none.
    pub rows: Vec<(String, usize, Option<&'static str>)>,
    /// What gives nothing and is not explained; and explanations of what nobody asks.
    pub faults: Vec<String>,
}

/// Has each part of each expression answered once. `series` tells how many series something gives.
pub fn judge(asked: &[Asked], mut series: impl FnMut(&str) -> Result<usize>) -> Result<Judged> {
    let mut judged = Judged::default();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for Asked { place, expression } in asked {
        let all = parts(expression);
        if all.is_empty() {
            judged.faults.push(format!("{place}: {expression:?} asks for nothing"));
        }
        for part in all.into_iter().filter(|part| seen.insert(part.clone())) {
            let count = series(&part).with_context(|| format!("{place}: {part}"))?;
            let why = EXPLAINED.iter().find(|(piece, _)| part.contains(piece)).map(|(_, why)| *why);
            if count == 0 && why.is_none() {
                judged.faults.push(format!("{place}: {part} gives nothing"));
            }
            judged.rows.push((part, count, why));
        }
    }
    let idle = EXPLAINED.iter().filter(|(piece, _)| !seen.iter().any(|part| part.contains(piece)));
    judged.faults.extend(idle.map(|(piece, _)| format!("{piece} is explained, and nobody asks for it")));
    Ok(judged)
}

/// What must give something for the expression to be worth asking. A comparison gives nothing while all is well, and so does
/// `absent`: their operands count.
fn parts(expression: &str) -> Vec<String> {
    const BETWEEN: [&str; 9] = [" and ", " or ", " unless ", " >= ", " <= ", " == ", " != ", " > ", " < "];
    let expression = expression.trim();
    if let Some((at, operator)) = at_top(expression, &BETWEEN) {
        return [parts(&expression[..at]), parts(&expression[at + operator.len()..])].concat();
    }
    let inside = |head: &str| {
        let rest = expression.strip_prefix(head)?;
        (closes(rest)? == rest.len() - 1).then(|| &rest[..rest.len() - 1])
    };
    if let Some(inner) = inside("absent(").or_else(|| inside("(")) {
        return parts(inner);
    }
    // A number alone is there always.
    let is_number = !expression.chars().any(|c| c.is_ascii_alphabetic());
    if is_number { Vec::new() } else { vec![expression.to_owned()] }
}

/// The first of these words that stands in no bracket.
fn at_top<'a>(expression: &str, words: &[&'a str]) -> Option<(usize, &'a str)> {
    let mut depth = 0;
    for (at, c) in expression.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ' ' if depth == 0 => {
                if let Some(word) = words.iter().find(|word| expression[at..].starts_with(**word)) {
                    return Some((at, word));
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the bracket closes that was opened before this text.
fn closes(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operands_of_comparisons_are_what_must_be_there() {
        for (expression, expected) in [
            ("cd_behind_seconds > 10", vec!["cd_behind_seconds"]),
            ("up{job=~\"a|b\"} == 0", vec!["up{job=~\"a|b\"}"]),
            ("absent(up{job=\"a\"}) or absent(up{job=\"b\"})", vec!["up{job=\"a\"}", "up{job=\"b\"}"]),
            (
                "increase(a_total[15m]) > 0 or (a_total > 0 unless a_total offset 15m)",
                vec!["increase(a_total[15m])", "a_total", "a_total offset 15m"],
            ),
            ("a:b:c > 14.4 * 0.01 and (d) > 1", vec!["a:b:c", "d"]),
            (
                "1 - sum(rate(a_bucket{le=\"1\"}[5m])) / sum(rate(a_count[5m]))",
                vec!["1 - sum(rate(a_bucket{le=\"1\"}[5m])) / sum(rate(a_count[5m]))"],
            ),
            (
                "sum by (topic) (max by (topic, partition) (a)) > 100",
                vec!["sum by (topic) (max by (topic, partition) (a))"],
            ),
            ("1 > 0", vec![]),
        ] {
            assert_eq!(parts(expression), expected, "{expression}");
        }
    }

    fn asked() -> Vec<Asked> {
        of(&crate::process::root().unwrap()).unwrap()
    }

    /// Every metric of the services gives a series; so do the records of the rules.
    fn answer(part: &str) -> Result<usize> {
        let known = metrics::known(&crate::process::root()?)?;
        let is_known =
            known.iter().any(|name| part.contains(name.as_str())) || part.contains("cd:stale") || part.contains("up{");
        Ok(usize::from(is_known && !part.contains("offset")))
    }

    #[test]
    fn all_expressions_are_found_and_a_good_run_is_without_fault() {
        let asked = asked();
        assert!(asked.len() > 50, "{}", asked.len());
        assert!(asked.iter().any(|asked| asked.place == "SinkLag"));
        let judged = judge(&asked, answer).unwrap();
        assert_eq!(judged.faults, Vec::<String>::new());
        assert!(
            judged
                .rows
                .iter()
                .any(|(part, count, why)| part == "kafka_consumergroup_lag" || *count == 1 || why.is_some())
        );
    }

    #[test]
    fn what_gives_nothing_is_a_fault_unless_it_is_explained() {
        let broken = |place: &str, expression: &str| {
            let mut asked = asked();
            let of = asked.iter_mut().find(|asked| asked.place == place).unwrap();
            of.expression = expression.to_owned();
            judge(&asked, answer).unwrap().faults
        };
        assert_eq!(
            broken("SinkLag", "sum(cd_sinc_lag_records) > 1"),
            ["SinkLag: sum(cd_sinc_lag_records) gives nothing"]
        );
        assert_eq!(broken("SinkLag", "1 > 0"), ["SinkLag: \"1 > 0\" asks for nothing"]);
        let none: Vec<Asked> = asked().into_iter().filter(|asked| !asked.expression.contains("kafka_")).collect();
        assert_eq!(
            judge(&none, answer).unwrap().faults,
            ["kafka_consumergroup_lag is explained, and nobody asks for it"]
        );
        assert!(judge(&asked(), |_| anyhow::bail!("no answer")).is_err());
    }
}
