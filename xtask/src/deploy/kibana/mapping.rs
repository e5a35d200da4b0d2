//! The fields of the templates, as their source has them (`history/src/elasticsearch/schema.rs`): this room may not use that
//! one, and what the source says is what the sink makes.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};

use super::Fields;

const SOURCE: &str = "history/src/elasticsearch/schema.rs";
/// Index pattern, and the function of the source that makes its fields.
const PATTERNS: [(&str, &str); 4] =
    [("positions-*", "position"), ("couriers", "position"), ("deliveries", "delivery"), ("marks", "mark")];

/// Reads the fields of every pattern.
pub fn fields(root: &Path) -> Result<Fields> {
    let source = fs::read_to_string(root.join(SOURCE)).context(SOURCE)?;
    PATTERNS.iter().map(|(pattern, function)| Ok((*pattern, of(&source, function)?))).collect()
}

/// The fields in the `json!` of a function: `"name": time(),`, `keyword()`, `figure("long")`, or `{ "type": "boolean", .. }`.
fn of(source: &str, function: &str) -> Result<BTreeMap<String, String>> {
    let body = source
        .split_once(&format!("fn {function}() -> Value {{"))
        .with_context(|| format!("{SOURCE}: no {function}"))?
        .1;
    let body = body.split_once("\n}").map_or(body, |(body, _)| body);
    let mut fields = BTreeMap::new();
    for line in body.lines().map(str::trim) {
        let Some((name, rest)) = line.strip_prefix('"').and_then(|rest| rest.split_once("\": ")) else { continue };
        let quoted = |rest: &str| rest.split('"').nth(1).unwrap_or_default().to_owned();
        let kind = match rest {
            _ if rest.starts_with("time()") => "date".to_owned(),
            _ if rest.starts_with("keyword()") => "keyword".to_owned(),
            _ if rest.contains("\"doc_values\": false") => "source".to_owned(),
            _ if rest.starts_with("figure(") => quoted(rest),
            _ => rest.split_once("\"type\": ").map(|(_, rest)| quoted(rest)).unwrap_or_default(),
        };
        ensure!(!kind.is_empty(), "{SOURCE}: {function}: the type of {name} is not known");
        fields.insert(name.to_owned(), kind);
    }
    ensure!(fields.len() >= 4, "{SOURCE}: {function} has {} fields", fields.len());
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_the_source_are_found() {
        let fields = fields(&crate::process::root().unwrap()).unwrap();
        let of = |pattern: &str, field: &str| fields[pattern].get(field).map(String::as_str);
        assert_eq!(of("positions-*", "location"), Some("geo_point"));
        assert_eq!(of("positions-*", "speed_mps"), Some("float"));
        assert_eq!(of("deliveries", "status"), Some("keyword"));
        assert_eq!(of("deliveries", "on_time"), Some("boolean"));
        assert_eq!(of("deliveries", "path"), Some("source"));
        assert_eq!(of("deliveries", "eta_half_way"), Some("date"));
        assert_eq!(of("marks", "partition"), Some("integer"));
        assert_eq!(of("marks", "path"), None);
    }
}
