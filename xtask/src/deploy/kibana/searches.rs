//! What panels ask of Elasticsearch: each panel as the searches behind it. Making them checks their fields; a real
//! Elasticsearch answers them (`cargo xtask kibana ask URL`).

use serde_json::{Map, Value, json};

use super::{Fields, inner};
use crate::deploy::document::{list, members, scalar, text};

/// A search: the index pattern and the body.
pub type Search = (String, Value);

/// What the states of a delivery are called.
const STATES: [&str; 6] = ["requested", "in_transit", "delivered", "failed", "cancelled", "rejected"];

/// The searches of a Lens object, or what is wrong with it.
pub fn lens(object: &Value, objects: &[Value], fields: &Fields) -> Result<Vec<Search>, Vec<String>> {
    let mut faults = Vec::new();
    let mut searches = Vec::new();
    let query = text(object, "/attributes/state/query/query");
    let mut columns_known = Vec::new();
    for (layer, state) in members(object, "/attributes/state/datasourceStates/formBased/layers") {
        let reference = format!("indexpattern-datasource-layer-{layer}");
        let Some(pattern) = pattern(object, objects, &reference) else {
            faults.push(format!("layer {layer} has no data view"));
            continue;
        };
        let (mut buckets, mut figures) = (Vec::new(), Map::new());
        for id in list(state, "/columnOrder").iter().map(scalar) {
            let column = &state["columns"][&id];
            columns_known.push(id.clone());
            match aggregation(column, pattern, fields) {
                Err(fault) => faults.push(format!("column {id}: {fault}")),
                Ok(aggregation) if column["isBucketed"] == true => buckets.push((id, aggregation)),
                Ok(aggregation) => drop(figures.insert(id, aggregation)),
            }
        }
        match filter(query, pattern, fields) {
            Err(fault) => faults.push(fault),
            Ok(query) => {
                let ask = buckets.into_iter().rev().fold(Value::Object(figures), |inside, (id, mut bucket)| {
                    if inside.as_object().is_some_and(|inside| !inside.is_empty()) {
                        bucket["aggs"] = inside;
                    }
                    json!({ id: bucket })
                });
                searches.push((pattern.to_owned(), json!({ "size": 0, "query": query, "aggs": ask })));
            }
        }
    }
    if searches.is_empty() {
        faults.push("asks for nothing".into());
    }
    let mut shown = Vec::new();
    accessors(&object["attributes"]["state"]["visualization"], &mut shown);
    faults.extend(
        shown.iter().filter(|id| !columns_known.contains(id)).map(|id| format!("shows {id}, which is no column")),
    );
    if shown.is_empty() {
        faults.push("shows nothing".into());
    }
    if faults.is_empty() { Ok(searches) } else { Err(faults) }
}

/// Names of columns in a visualization.
fn accessors(value: &Value, found: &mut Vec<String>) {
    for (name, member) in members(value, "") {
        match name {
            "xAccessor" | "splitAccessor" | "metricAccessor" | "columnId" => found.push(scalar(member)),
            "accessors" | "primaryGroups" | "metrics" => found.extend(list(member, "").iter().map(scalar)),
            _ => accessors(member, found),
        }
    }
    list(value, "").iter().for_each(|item| accessors(item, found));
}

/// The index pattern that a reference leads to.
fn pattern<'a>(object: &Value, objects: &'a [Value], name: &str) -> Option<&'a str> {
    let reference = list(object, "/references").iter().find(|reference| text(reference, "/name") == name)?;
    let view = objects.iter().find(|other| other["type"] == "index-pattern" && other["id"] == reference["id"])?;
    Some(text(view, "/attributes/title"))
}

/// A field's type, or why it cannot be asked for.
fn kind<'a>(field: &str, pattern: &str, fields: &'a Fields) -> Result<&'a str, String> {
    let kind = fields.get(pattern).and_then(|fields| fields.get(field)).map(String::as_str);
    kind.filter(|kind| *kind != "source").ok_or_else(|| format!("{pattern} has no field {field}"))
}

fn aggregation(column: &Value, pattern: &str, fields: &Fields) -> Result<Value, String> {
    let (operation, field) = (text(column, "/operationType"), text(column, "/sourceField"));
    let number = |wanted: bool| -> Result<(), String> {
        let kind = kind(field, pattern, fields)?;
        let is = !["keyword", "boolean", "geo_point"].contains(&kind);
        if is == wanted { Ok(()) } else { Err(format!("{operation} of {field}, which is {kind}")) }
    };
    let asked = match operation {
        "count" => json!({ "value_count": { "field": "_index" } }),
        "date_histogram" => {
            let kind = kind(field, pattern, fields)?;
            if kind != "date" {
                return Err(format!("{operation} of {field}, which is {kind}"));
            }
            // Kibana makes of "auto" what fits the time that is looked at; for a day it is half an hour.
            let interval =
                Some(text(column, "/params/interval")).filter(|interval| *interval != "auto").unwrap_or("30m");
            json!({ "date_histogram": { "field": field, "fixed_interval": interval, "min_doc_count": 1 } })
        }
        "terms" => {
            number(false)?;
            let by = text(column, "/params/orderBy/columnId");
            if by.is_empty() {
                return Err("is ordered by nothing".into());
            }
            json!({ "terms": { "field": field, "size": column["params"]["size"] } })
        }
        "average" => number(true).map(|()| json!({ "avg": { "field": field } }))?,
        "sum" | "min" | "max" => number(true).map(|()| json!({ operation: { "field": field } }))?,
        "median" => number(true).map(|()| json!({ "percentiles": { "field": field, "percents": [50] } }))?,
        "percentile" => number(true)
            .map(|()| json!({ "percentiles": { "field": field, "percents": [column["params"]["percentile"]] } }))?,
        "unique_count" => kind(field, pattern, fields).map(|_| json!({ "cardinality": { "field": field } }))?,
        other => return Err(format!("operation {other:?} is not looked at here")),
    };
    let only = text(column, "/filter/query");
    if only.is_empty() {
        return Ok(asked);
    }
    Ok(json!({ "filter": filter(only, pattern, fields)?, "aggs": { "of": asked } }))
}

/// A query as Kibana's language has it, in the two forms that are used: `field : value` (`*` for any), `field : (a or b)`.
fn filter(query: &str, pattern: &str, fields: &Fields) -> Result<Value, String> {
    if query.is_empty() {
        return Ok(json!({ "match_all": {} }));
    }
    let (field, values) = query.split_once(" : ").ok_or_else(|| format!("query {query:?} is not looked at here"))?;
    kind(field, pattern, fields).map_err(|fault| format!("query: {fault}"))?;
    if values == "*" {
        return Ok(json!({ "exists": { "field": field } }));
    }
    let values: Vec<&str> = values.trim_matches(['(', ')']).split(" or ").collect();
    if let Some(wrong) = values.iter().find(|value| field == "status" && !STATES.contains(value)) {
        return Err(format!("query: there is no status {wrong}"));
    }
    Ok(json!({ "terms": { field: values } }))
}

/// The searches of a map's layers, or what is wrong with it.
pub fn map(object: &Value, objects: &[Value], fields: &Fields) -> Result<Vec<Search>, Vec<String>> {
    let layers = inner(object, "/attributes/layerListJSON").map_err(|fault| vec![fault])?;
    let state = inner(object, "/attributes/mapStateJSON").map_err(|fault| vec![fault])?;
    let mut faults: Vec<String> = inner(object, "/attributes/uiStateJSON").err().into_iter().collect();
    if state["center"]["lat"].as_f64().is_none() {
        faults.push("has no centre".into());
    }
    let mut searches = Vec::new();
    for layer in list(&layers, "") {
        let source = &layer["sourceDescriptor"];
        let reference = text(source, "/indexPatternRefName");
        if reference.is_empty() && text(source, "/type") == "EMS_TMS" {
            continue;
        }
        let label = text(layer, "/label");
        let Some(pattern) = pattern(object, objects, reference) else {
            faults.push(format!("{label}: no data view"));
            continue;
        };
        let mut need = |field: &str, wanted: Option<&str>| match kind(field, pattern, fields) {
            Err(fault) => faults.push(format!("{label}: {fault}")),
            Ok(kind) if wanted.is_some_and(|wanted| wanted != kind) => {
                faults.push(format!("{label}: {field} is {kind}"))
            }
            Ok(_) => {}
        };
        let place = text(source, "/geoField");
        need(place, Some("geo_point"));
        list(source, "/tooltipProperties").iter().for_each(|field| need(&scalar(field), None));
        let (sorted, split) = (text(source, "/sortField"), text(source, "/topHitsSplitField"));
        let sort = json!([{ sorted: "desc" }]);
        searches.push((pattern.to_owned(), match text(source, "/type") {
            "ES_GEO_GRID" => json!({ "size": 0, "aggs": { "grid": { "geotile_grid": { "field": place, "precision": 16 } } } }),
            _ if split.is_empty() => {
                need(sorted, Some("date"));
                json!({ "size": 1000, "sort": sort, "_source": list(source, "/tooltipProperties") })
            }
            _ => {
                need(sorted, Some("date"));
                need(split, Some("keyword"));
                let hits = json!({ "top_hits": { "size": source["topHitsSize"], "sort": sort } });
                json!({ "size": 0, "aggs": { "of": { "terms": { "field": split, "size": 50 }, "aggs": { "hits": hits } } } })
            }
        }));
    }
    if searches.is_empty() {
        faults.push("shows nothing of ours".into());
    }
    if faults.is_empty() { Ok(searches) } else { Err(faults) }
}
