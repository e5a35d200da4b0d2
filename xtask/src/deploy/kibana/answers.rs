//! What Elasticsearch answers to a panel's searches: whether there is something to show, and whether its fields are those of the
//! templates. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::deploy::document::{list, members, text};

/// Figures that an answer holds nothing for, by the names of their columns; `hits` where nothing was found at all.
pub fn empty(answer: &Value) -> Vec<String> {
    if answer["hits"]["total"]["value"] == 0 {
        return vec!["hits".into()];
    }
    let mut figures = BTreeMap::new();
    look(&answer["aggregations"], &mut figures);
    figures.into_iter().filter(|(_, filled)| !filled).map(|(name, _)| name.to_owned()).collect()
}

/// Notes of each aggregation whether it has anything, in any of the buckets around it.
fn look<'a>(all: &'a Value, figures: &mut BTreeMap<&'a str, bool>) {
    for (name, answer) in members(all, "").filter(|(_, answer)| answer.is_object()) {
        let values = members(answer, "/values").any(|(_, value)| !value.is_null());
        let value = answer.get("value").is_some_and(|value| !value.is_null() && *value != 0);
        // Those of a filter; buckets have theirs below.
        let documents = answer.get("doc_count").is_some_and(|count| *count != 0);
        let buckets = list(answer, "/buckets");
        let hits = !list(answer, "/hits/hits").is_empty();
        *figures.entry(name).or_default() |= values || value || documents || hits || !buckets.is_empty();
        buckets.iter().for_each(|bucket| look(bucket, figures));
    }
}

/// How the fields of an index differ from those of its template. `mappings` is the answer to GET `PATTERN/_mapping`.
pub fn differences(mappings: &Value, fields: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, of) in members(mappings, "") {
        let there: BTreeMap<&str, &Value> = members(of, "/mappings/properties").collect();
        for (name, kind) in fields {
            let found = there.get(name.as_str()).map_or("", |field| text(field, "/type"));
            // What is only kept may have any type.
            if found.is_empty() || kind != "source" && found != kind {
                faults.push(format!("{index}: {name} is {found:?}, not {kind:?}"));
            }
        }
        let unknown = there.keys().filter(|name| !fields.contains_key(**name));
        faults.extend(unknown.map(|name| format!("{index}: {name} is in no template")));
    }
    if faults.is_empty() && members(mappings, "").next().is_none() {
        faults.push("there is no index".into());
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_without_a_value_anywhere_is_empty() {
        let bucket = |x: Value, y: Value| json!({ "key": 1, "doc_count": 2, "x": { "value": x }, "y": { "values": { "50.0": y } } });
        let answer = |buckets: Value| json!({ "hits": { "total": { "value": 2 } }, "aggregations": { "t": { "buckets": buckets } } });
        assert_eq!(
            empty(&answer(json!([bucket(json!(1), json!(null)), bucket(json!(null), json!(0.5))]))),
            Vec::<String>::new()
        );
        assert_eq!(empty(&answer(json!([bucket(json!(null), json!(3))]))), ["x"]);
        assert_eq!(empty(&answer(json!([bucket(json!(0), json!(null))]))), ["x", "y"]);
        assert_eq!(empty(&answer(json!([]))), ["t"]);
        assert_eq!(empty(&json!({ "hits": { "total": { "value": 0 } } })), ["hits"]);
        assert_eq!(empty(&json!({ "hits": { "total": { "value": 3 }, "hits": [{}] } })), Vec::<String>::new());
        let filter = |n: u32| json!({ "hits": { "total": { "value": 3 } }, "aggregations": { "f": { "doc_count": n, "of": { "value": n } } } });
        assert_eq!((empty(&filter(0)), empty(&filter(2))), (vec!["f".to_owned()], Vec::new()));
    }

    #[test]
    fn fields_that_differ_are_named() {
        let fields = BTreeMap::from([("at".to_owned(), "date".to_owned()), ("path".to_owned(), "source".to_owned())]);
        let of =
            |properties: Value| differences(&json!({ "i-1": { "mappings": { "properties": properties } } }), &fields);
        assert_eq!(of(json!({ "at": { "type": "date" }, "path": { "type": "keyword" } })), Vec::<String>::new());
        assert_eq!(
            of(json!({ "at": { "type": "long" }, "path": { "type": "keyword" } })),
            ["i-1: at is \"long\", not \"date\""]
        );
        assert_eq!(of(json!({ "at": { "type": "date" } })), ["i-1: path is \"\", not \"source\""]);
        let more = json!({ "at": { "type": "date" }, "path": { "type": "keyword" }, "x": { "type": "long" } });
        assert_eq!(of(more), ["i-1: x is in no template"]);
        assert_eq!(differences(&json!({}), &fields), ["there is no index"]);
    }
}
