//! Patches: JSON Patch (add, replace, remove), and `$patch: delete`.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::deploy::document::{self, text};

/// Applies a patch to every document that its target names.
pub fn apply(patch: &Value, documents: &mut Vec<Value>) -> Result<()> {
    let steps = document::parse(text(patch, "/patch"))?.into_iter().next().context("the patch is empty")?;
    let (kind, name) = (text(patch, "/target/kind"), text(patch, "/target/name"));
    let meant = |document: &Value| {
        text(document, "/kind") == kind && (name.is_empty() || text(document, "/metadata/name") == name)
    };
    ensure!(documents.iter().any(meant), "there is no {kind} {name}");
    let Value::Array(steps) = steps else {
        ensure!(steps["$patch"] == "delete", "only JSON Patch and $patch: delete are rendered here");
        documents.retain(|document| !meant(document));
        return Ok(());
    };
    for document in documents.iter_mut().filter(|document| meant(document)) {
        for step in &steps {
            one(document, step).with_context(|| format!("{kind} {}", text(document, "/metadata/name")))?;
        }
    }
    Ok(())
}

fn one(document: &mut Value, step: &Value) -> Result<()> {
    let (path, operation) = (text(step, "/path"), text(step, "/op"));
    let (parent, last) = path.rsplit_once('/').context("a path begins with /")?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let parent = document.pointer_mut(parent).with_context(|| format!("{path}: there is no {parent}"))?;
    let value = step["value"].clone();
    match (parent, operation) {
        (Value::Object(members), "add") => drop(members.insert(last, value)),
        (Value::Object(members), "replace") => {
            *members.get_mut(&last).with_context(|| format!("{path} is not there"))? = value;
        }
        (Value::Object(members), "remove") => {
            drop(members.remove(&last).with_context(|| format!("{path} is not there"))?)
        }
        (Value::Array(items), "add") if last == "-" => items.push(value),
        (Value::Array(items), "replace") => {
            let index: usize = last.parse()?;
            *items.get_mut(index).with_context(|| format!("{path} is not there"))? = value;
        }
        _ => bail!("{operation} at {path} is not rendered here"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(patch: &str) -> Result<Vec<Value>> {
        let mut documents = vec![json!({ "kind": "K", "metadata": { "name": "a" }, "spec": { "n": 1, "l": [1] } })];
        apply(&json!({ "target": { "kind": "K" }, "patch": patch }), &mut documents)?;
        Ok(documents)
    }

    #[test]
    fn what_is_meant_is_changed_and_what_is_not_there_is_an_error() {
        assert_eq!(patched("- { op: replace, path: /spec/n, value: 2 }").unwrap()[0]["spec"]["n"], 2);
        assert_eq!(patched("- { op: add, path: /spec/l/-, value: 2 }").unwrap()[0]["spec"]["l"], json!([1, 2]));
        assert_eq!(patched("- { op: remove, path: /spec/l }").unwrap()[0]["spec"], json!({ "n": 1 }));
        assert!(patched("$patch: delete\nkind: K\n").unwrap().is_empty());
        for wrong in [
            "- { op: replace, path: /spec/m, value: 2 }",
            "- { op: add, path: /status/m, value: 2 }",
            "- { op: move, path: /spec/n }",
            "spec: { n: 2 }",
        ] {
            assert!(patched(wrong).is_err(), "{wrong}");
        }
        assert!(apply(&json!({ "target": { "kind": "J" }, "patch": "[]" }), &mut Vec::new()).is_err());
    }
}
