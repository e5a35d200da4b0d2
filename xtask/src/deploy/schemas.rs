//! Custom resources against the schemas of their CustomResourceDefinitions, strictly: a field that the schema does not know is
//! a fault. The definitions are their projects' and not in this repository: `DEPLOY_CRDS` names a folder with them.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use super::document::{self, list, members, text};

/// The schemas by `group/version/kind`.
pub type Schemas = BTreeMap<String, Value>;

/// Reads every definition in a folder.
pub fn read(dir: &Path) -> Result<Schemas> {
    let mut schemas = Schemas::new();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            document::read(&path)?.iter().for_each(|definition| add(definition, &mut schemas));
        }
    }
    Ok(schemas)
}

fn add(definition: &Value, schemas: &mut Schemas) {
    let (group, kind) = (text(definition, "/spec/group"), text(definition, "/spec/names/kind"));
    for version in list(definition, "/spec/versions") {
        if let Some(schema) = version.pointer("/schema/openAPIV3Schema") {
            schemas.insert(format!("{group}/{}/{kind}", text(version, "/name")), schema.clone());
        }
    }
}

/// What is wrong with a document; `None` where there is no schema for it.
pub fn faults(document: &Value, schemas: &Schemas) -> Option<Vec<String>> {
    let name = format!("{}/{}", text(document, "/apiVersion"), text(document, "/kind"));
    let schema = schemas.get(&name)?;
    let mut faults = Vec::new();
    for (member, value) in members(document, "") {
        // These belong to every resource, and many schemas leave them out.
        if !["apiVersion", "kind", "metadata"].contains(&member) {
            match schema.pointer(&format!("/properties/{member}")) {
                Some(schema) => compare(value, schema, member, &mut faults),
                None => faults.push(format!("{member}: no such field")),
            }
        }
    }
    for needed in list(schema, "/required").iter().filter_map(Value::as_str) {
        if document.get(needed).is_none() {
            faults.push(format!("{needed} is missing"));
        }
    }
    Some(faults)
}

fn compare(value: &Value, schema: &Value, path: &str, faults: &mut Vec<String>) {
    if schema["nullable"] == true && value.is_null() {
        return;
    }
    let any = schema["x-kubernetes-int-or-string"] == true;
    let right = match schema["type"].as_str() {
        _ if any => value.is_string() || value.is_i64(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !right {
        let wanted = if any { "an integer or a string" } else { schema["type"].as_str().unwrap_or_default() };
        return faults.push(format!("{path}: {value} is not {wanted}"));
    }
    let allowed = list(schema, "/enum");
    if !allowed.is_empty() && !allowed.contains(value) {
        faults.push(format!("{path}: {value} is none of {}", Value::from(allowed.to_vec())));
    }
    if let (Some(number), Some(least)) = (value.as_f64(), schema["minimum"].as_f64())
        && number < least
    {
        faults.push(format!("{path}: {value} is less than {least}"));
    }
    if let (Some(number), Some(most)) = (value.as_f64(), schema["maximum"].as_f64())
        && number > most
    {
        faults.push(format!("{path}: {value} is more than {most}"));
    }
    match value {
        Value::Object(_) => object(value, schema, path, faults),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                compare(item, &schema["items"], &format!("{path}/{index}"), faults);
            }
        }
        _ => {}
    }
}

fn object(value: &Value, schema: &Value, path: &str, faults: &mut Vec<String>) {
    for needed in list(schema, "/required").iter().filter_map(Value::as_str) {
        if value.get(needed).is_none() {
            faults.push(format!("{path}/{needed} is missing"));
        }
    }
    let others = &schema["additionalProperties"];
    for (name, member) in members(value, "") {
        let known = schema.get("properties").and_then(|properties| properties.get(name));
        let path = format!("{path}/{name}");
        match known {
            Some(schema) => compare(member, schema, &path, faults),
            None if others.is_object() => compare(member, others, &path, faults),
            None if schema["x-kubernetes-preserve-unknown-fields"] == true || *others == true => {}
            None => faults.push(format!("{path}: no such field")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = "
spec:
  group: g
  names: { kind: K }
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              required: [a]
              properties:
                a: { type: integer, minimum: 1 }
                port: { x-kubernetes-int-or-string: true }
                mode: { type: string, enum: [x, z] }
                config: { type: object, x-kubernetes-preserve-unknown-fields: true }
                names: { type: array, items: { type: object, additionalProperties: { type: string } } }
";

    fn of(spec: &str) -> Vec<String> {
        let mut schemas = Schemas::new();
        add(&document::parse(DEFINITION).unwrap()[0], &mut schemas);
        let text = format!("apiVersion: g/v1\nkind: K\nmetadata: {{ name: n }}\n{spec}");
        faults(&document::parse(&text).unwrap()[0], &schemas).unwrap()
    }

    #[test]
    fn a_schema_is_held_strictly() {
        let good = "spec: { a: 1, port: http, mode: x, config: { any: [1] }, names: [{ b: c }] }";
        assert_eq!(of(good), Vec::<String>::new());
        for (wrong, fault) in [
            ("spec: { a: one }", "spec/a: \"one\" is not integer"),
            ("spec: { a: 0 }", "spec/a: 0 is less than 1"),
            ("spec: { mode: x }", "spec/a is missing"),
            ("spec: { a: 1, b: 2 }", "spec/b: no such field"),
            ("spec: { a: 1, mode: w }", "is none of"),
            ("spec: { a: 1, port: true }", "is not an integer or a string"),
            ("spec: { a: 1, names: [{ b: 1 }] }", "spec/names/0/b: 1 is not string"),
            ("spek: 1", "spek: no such field"),
        ] {
            assert!(of(wrong).iter().any(|line| line.contains(fault)), "{wrong}: {:?}", of(wrong));
        }
    }
}
