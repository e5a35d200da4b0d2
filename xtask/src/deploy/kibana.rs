//! kibana/code-delivery.ndjson: every object that is named is there, what is JSON inside of texts can be read, and every field
//! is one of the templates that the sink makes. And `cargo xtask kibana import URL`.

mod answers;
pub mod import;
mod mapping;
pub mod searches;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::Value;

use super::document::{list, members, text};
use crate::check::Finding;

/// The objects.
pub const FILE: &str = "kibana/code-delivery.ndjson";
/// The version that was the last to change objects as a whole: any later Kibana brings them forward from it.
const CORE_VERSION: &str = "8.8.0";

/// The fields of each index pattern, with their types.
pub type Fields = BTreeMap<&'static str, BTreeMap<String, String>>;

/// Reads the objects, one a line.
pub fn read(root: &Path) -> Result<Vec<Value>> {
    parse(&fs::read_to_string(root.join(FILE)).context(FILE)?)
}

fn parse(text: &str) -> Result<Vec<Value>> {
    text.lines()
        .enumerate()
        .map(|(n, line)| serde_json::from_str(line).with_context(|| format!("{FILE}:{}", n + 1)))
        .collect()
}

/// Holds the objects against each other and the templates.
pub fn check(root: &Path) -> Result<Finding> {
    Ok(Finding::Faults(faults(&read(root)?, &mapping::fields(root)?)))
}

fn faults(objects: &[Value], fields: &Fields) -> Vec<String> {
    let ids: BTreeSet<(&str, &str)> =
        objects.iter().map(|object| (text(object, "/type"), text(object, "/id"))).collect();
    let mut faults = Vec::new();
    if ids.len() != objects.len() {
        faults.push("an id stands twice".into());
    }
    for object in objects {
        let mut found = references(object, &ids);
        if text(object, "/coreMigrationVersion") != CORE_VERSION || text(object, "/typeMigrationVersion").is_empty() {
            found.push("its migration versions are not set".into());
        }
        found.extend(match text(object, "/type") {
            "index-pattern" => view(object, fields),
            "lens" => searches::lens(object, objects, fields).err().into_iter().flatten().collect(),
            "map" => searches::map(object, objects, fields).err().into_iter().flatten().collect(),
            "dashboard" => dashboard(object),
            other => vec![format!("type {other:?} is not looked at here")],
        });
        let name = format!("{} {}", text(object, "/type"), text(object, "/id"));
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    faults
}

/// What is referred to is there, and every reference has its name in the object.
fn references(object: &Value, ids: &BTreeSet<(&str, &str)>) -> Vec<String> {
    let mut faults = Vec::new();
    for reference in list(object, "/references") {
        let (kind, id, name) = (text(reference, "/type"), text(reference, "/id"), text(reference, "/name"));
        if !ids.contains(&(kind, id)) {
            faults.push(format!("refers to {kind} {id}, which is not there"));
        }
        // In a dashboard the panel's number stands before the name.
        let named = name.split_once(':').map_or(name, |(_, name)| name);
        let layer = name.strip_prefix("indexpattern-datasource-layer-");
        let inside = object["attributes"].to_string();
        let used = match layer {
            Some(layer) => {
                object.pointer(&format!("/attributes/state/datasourceStates/formBased/layers/{layer}")).is_some()
            }
            None => inside.contains(&format!("\"{named}\"")) || inside.contains(&format!("\\\"{named}\\\"")),
        };
        if !used {
            faults.push(format!("reference {name} is used nowhere"));
        }
    }
    faults
}

/// The JSON inside of a text.
pub fn inner(object: &Value, pointer: &str) -> Result<Value, String> {
    let text = text(object, pointer);
    serde_json::from_str(text).map_err(|error| format!("{pointer} is no JSON: {error}"))
}

fn view(object: &Value, fields: &Fields) -> Vec<String> {
    let title = text(object, "/attributes/title");
    let Some(known) = fields.get(title) else { return vec![format!("no template makes {title}")] };
    let mut faults = Vec::new();
    let time = text(object, "/attributes/timeFieldName");
    if known.get(time).map(String::as_str) != Some("date") {
        faults.push(format!("{title} has no time {time}"));
    }
    match inner(object, "/attributes/fieldFormatMap") {
        Ok(formats) => {
            let wrong = members(&formats, "").filter(|(name, _)| !known.contains_key(*name));
            faults.extend(wrong.map(|(name, _)| format!("a format for {name}, which {title} has not")));
        }
        Err(fault) => faults.push(fault),
    }
    for part in ["fields", "fieldAttrs", "runtimeFieldMap", "sourceFilters", "typeMeta"] {
        faults.extend(inner(object, &format!("/attributes/{part}")).err());
    }
    faults
}

fn dashboard(object: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for part in ["optionsJSON", "kibanaSavedObjectMeta/searchSourceJSON"] {
        faults.extend(inner(object, &format!("/attributes/{part}")).err());
    }
    let panels = match inner(object, "/attributes/panelsJSON") {
        Ok(Value::Array(panels)) if !panels.is_empty() => panels,
        Ok(_) => return vec!["has no panels".into()],
        Err(fault) => return vec![fault],
    };
    let mut taken: BTreeSet<(i64, i64)> = BTreeSet::new();
    for panel in &panels {
        let name = text(panel, "/panelRefName");
        let number = text(panel, "/panelIndex");
        let reference = format!("{number}:{name}");
        let known = list(object, "/references").iter().find(|known| text(known, "/name") == reference);
        if !name.is_empty() && known.is_none_or(|known| known["type"] != panel["type"]) {
            faults.push(format!("panel {number} has no reference {reference}"));
        }
        if name.is_empty() && text(panel, "/embeddableConfig/savedVis/type") != "markdown" {
            faults.push(format!("panel {number} shows nothing"));
        }
        let at = |part: &str| panel["gridData"][part].as_i64().unwrap_or(-1);
        if at("x") + at("w") > 48 || at("h") < 1 {
            faults.push(format!("panel {number} is beyond the 48 columns"));
        }
        let cells = (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)));
        // Each is taken, also where one was taken before.
        let twice = cells.filter(|cell| !taken.insert(*cell)).count();
        if twice > 0 {
            faults.push(format!("panel {number} lies upon another"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults after a change of the file's text.
    fn broken(from: &str, to: &str) -> Vec<String> {
        let root = crate::process::root().unwrap();
        let good = fs::read_to_string(root.join(FILE)).unwrap();
        assert!(good.contains(from), "{from}");
        faults(&parse(&good.replacen(from, to, 1)).unwrap(), &mapping::fields(&root).unwrap())
    }

    #[test]
    fn each_fault_is_found_in_a_broken_copy() {
        assert_eq!(broken("title", "title"), Vec::<String>::new());
        for (from, to, fault) in [
            (r#""title":"positions-*""#, r#""title":"fixes-*""#, "no template makes fixes-*"),
            (r#""timeFieldName":"requested_at""#, r#""timeFieldName":"route""#, "has no time route"),
            (r#"\"eta_error_ms\":{"#, r#"\"eta_error\":{"#, "a format for eta_error"),
            (r#""sourceField":"took_ms""#, r#""sourceField":"took""#, "deliveries has no field took"),
            (r#""sourceField":"route""#, r#""sourceField":"distance_m""#, "terms of distance_m"),
            (r#""sourceField":"took_ms""#, r#""sourceField":"courier""#, "average of courier"),
            (
                r#""query":"status : delivered""#,
                r#""query":"state : delivered""#,
                "query: deliveries has no field state",
            ),
            (r#""query":"status : delivered""#, r#""query":"status : arrived""#, "no status arrived"),
            (r#""id":"cd-d-pie","type":"lens""#, r#""id":"cd-pie","type":"lens""#, "refers to lens cd-d-pie"),
            (r#"\"panelRefName\":\"panel_2\""#, r#"\"panelRefName\":\"panel_9\""#, "no reference 2:panel_9"),
            (r#"\"geoField\":\"location\""#, r#"\"geoField\":\"place\""#, "has no field place"),
            (r#"\"tooltipProperties\":[\"courier\""#, r#"\"tooltipProperties\":[\"rider\""#, "has no field rider"),
            (r#""layerListJSON":"["#, r#""layerListJSON":"[["#, "is no JSON"),
            (r#"\"w\":36"#, r#"\"w\":40"#, "beyond the 48 columns"),
            (r#"\"x\":6,\"y\":0"#, r#"\"x\":3,\"y\":0"#, "lies upon another"),
            (r#""coreMigrationVersion":"8.8.0""#, r#""coreMigrationVersion":"99.0.0""#, "migration versions"),
            (r#""metricAccessor":"y""#, r#""metricAccessor":"z""#, "shows z"),
        ] {
            let found = broken(from, to);
            assert!(found.iter().any(|line| line.contains(fault)), "{to}: {found:#?}");
        }
    }
}
