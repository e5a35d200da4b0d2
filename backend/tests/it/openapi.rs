//! The OpenAPI document: every route that there is, and a structure that tools can read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::{Reply, shared};

/// The routes as `rest.rs` names them, with what the socket adds.
fn routes() -> Vec<(String, Vec<String>)> {
    let source = include_str!("../../src/rest.rs");
    let mut routes = Vec::new();
    for line in source
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route(\"").or(line.trim().strip_prefix("let api = api.route(\"")))
    {
        let (path, handlers) = line.split_once('"').unwrap();
        let methods = ["get", "put", "post", "delete"];
        let has = |method: &str| handlers.contains(&format!(" {method}(")) || handlers.contains(&format!(".{method}("));
        let methods = methods.into_iter().filter(|method| has(method)).map(str::to_owned).collect();
        routes.push((format!("/api/v1{path}"), methods));
    }
    routes
}

async fn document() -> Value {
    let reply = shared().api().get("/openapi.json").await;
    assert_eq!(reply.header("content-type"), "application/json");
    reply.expect(200)
}

#[tokio::test]
async fn every_route_is_listed_with_its_methods() {
    let document = document().await;
    let routes = routes();
    assert!(routes.len() >= 16, "{routes:?}");
    for (path, methods) in &routes {
        for method in methods {
            assert!(document["paths"][path][method].is_object(), "{method} {path} is not in the document");
        }
    }
    let listed = document["paths"].as_object().unwrap();
    for (path, operations) in listed {
        let (_, methods) =
            routes.iter().find(|(known, _)| known == path).unwrap_or_else(|| panic!("{path} is no route"));
        assert_eq!(operations.as_object().unwrap().len(), methods.len(), "{path}");
    }
}

/// docs/protocol.md is what people read: its table has every endpoint, with every parameter of its query.
#[tokio::test]
async fn the_table_of_the_protocol_is_that_of_the_document() {
    let page = include_str!("../../../docs/protocol.md");
    let (_, section) = page.split_once("\n## REST\n").unwrap();
    let (section, _) = section.split_once("\n### ").unwrap();
    // "GET `/routes`, ..", with the names of what stands in braces left out.
    let bare = |path: &str| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut told = BTreeMap::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("| ")).filter(|row| row.contains(" `/")) {
        let (method, rest) = row.split_once(" `").unwrap();
        let (path, query) =
            rest.split('`').next().unwrap().split_once('?').unwrap_or((rest.split('`').next().unwrap(), ""));
        let names: BTreeSet<String> = query.split('&').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        assert_eq!(told.insert((method.to_lowercase(), bare(path)), names), None, "{row} stands there twice");
    }
    let document = document().await;
    let mut listed = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let names =
                parameters.filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap().to_owned());
            listed.insert((method.clone(), bare(path.strip_prefix("/api/v1").unwrap())), names.collect());
        }
    }
    // The socket has a section of its own.
    assert!(listed.remove(&("get".to_owned(), "/live".to_owned())).is_some());
    assert_eq!(told, listed);
}

#[tokio::test]
async fn its_structure_is_that_of_openapi_3_1() {
    let document = document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut ids = std::collections::HashSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{place}: operationId twice");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2') || status == "101"), "{place}");
            for (status, response) in responses {
                assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{place} {status}");
                let kind = if status.starts_with(['4', '5']) { "application/problem+json" } else { "application/json" };
                let kinds = response["content"].as_object().into_iter().flat_map(|content| content.keys());
                let frame = |known: &str| path == "/api/v1/replay" && known == "application/octet-stream";
                assert!(kinds.into_iter().all(|known| known == kind || frame(known)), "{place} {status}");
            }
            // Every part of the path in braces is a parameter, and the other way round.
            let mut named: Vec<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
            let parameters = operation["parameters"].as_array();
            let in_path = parameters.into_iter().flatten().filter(|parameter| parameter["in"] == "path");
            let mut declared: Vec<&str> = in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            named.sort_unstable();
            declared.sort_unstable();
            assert_eq!(named, declared, "{place}");
        }
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(name.starts_with(char::is_uppercase), "{name} is no name of ours");
    }
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some_and(Value::is_object), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                references.push(reference.to_owned());
            }
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn it_has_no_parameters() {
    let api = shared().api();
    assert_eq!(Reply::of(api.ask(reqwest::Method::GET, "/openapi.json?x=1")).await.wrong()[0].0, "?x");
}
