//! A small rendering of the part of kustomize that k8s/ uses: resources, components, namespace, labels, images, replicas,
//! ConfigMaps made from files, and patches by JSON Patch or `$patch: delete`. What it does not know is an error, so nothing is
//! left out silently. Where kubectl or kustomize is on the machine its rendering is compared with this one (`tools`).

mod patch;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use super::document::{self, list, members, scalar, text};

/// Kinds that belong to no namespace.
const CLUSTER_WIDE: [&str; 3] = ["Namespace", "ClusterRole", "ClusterRoleBinding"];
/// What a kustomization may say here.
const KNOWN: [&str; 11] = [
    "apiVersion",
    "kind",
    "namespace",
    "labels",
    "resources",
    "components",
    "images",
    "replicas",
    "patches",
    "configMapGenerator",
    "generatorOptions",
];

/// All documents of an overlay, as they are applied.
pub fn render(dir: &Path) -> Result<Vec<Value>> {
    let mut documents = Vec::new();
    gather(dir, &mut documents)?;
    Ok(documents)
}

/// What a component makes of all documents of an overlay that does not take it by itself.
pub fn with(component: &Path, mut documents: Vec<Value>) -> Result<Vec<Value>> {
    gather(component, &mut documents)?;
    Ok(documents)
}

/// Adds what a kustomization brings and does what it says. A component works on what is there already.
fn gather(dir: &Path, all: &mut Vec<Value>) -> Result<()> {
    let path = dir.join("kustomization.yaml");
    let file = document::read(&path)?.into_iter().next().with_context(|| format!("{} is empty", path.display()))?;
    let unknown = members(&file, "").find(|(name, _)| !KNOWN.contains(name));
    ensure!(unknown.is_none(), "{}: {unknown:?} is not rendered here", path.display());
    let own_before = if text(&file, "/kind") == "Component" { 0 } else { all.len() };
    let mut own = all.split_off(own_before);
    for resource in list(&file, "/resources").iter().map(scalar) {
        let place = dir.join(&resource);
        if place.is_dir() {
            let mut others = Vec::new();
            gather(&place, &mut others)?;
            own.extend(others);
        } else {
            own.extend(document::read(&place)?);
        }
    }
    own.extend(generated(&file, dir)?);
    for component in list(&file, "/components").iter().map(scalar) {
        gather(&dir.join(component), &mut own)?;
    }
    for patch in list(&file, "/patches") {
        patch::apply(patch, &mut own).with_context(|| format!("{}: {patch}", path.display()))?;
    }
    namespace(&file, &mut own);
    labels(&file, &mut own)?;
    for replicas in list(&file, "/replicas") {
        let named = own
            .iter_mut()
            .find(|d| text(d, "/kind") == "Deployment" && text(d, "/metadata/name") == text(replicas, "/name"));
        let named = named.with_context(|| format!("{}: replicas of nothing: {replicas}", path.display()))?;
        named["spec"]["replicas"] = replicas["count"].clone();
    }
    images(&file, &mut own)?;
    all.extend(own);
    Ok(())
}

fn namespace(file: &Value, documents: &mut [Value]) {
    let Some(namespace) = file.get("namespace") else { return };
    for document in documents {
        if !CLUSTER_WIDE.contains(&text(document, "/kind")) {
            document["metadata"]["namespace"] = namespace.clone();
        }
    }
}

fn labels(file: &Value, documents: &mut [Value]) -> Result<()> {
    for labels in list(file, "/labels") {
        ensure!(labels["includeSelectors"] != true, "labels in selectors are not rendered here");
        for (name, value) in members(labels, "/pairs") {
            for document in documents.iter_mut() {
                document["metadata"]["labels"][name] = value.clone();
                let template = document.pointer_mut("/spec/template/metadata");
                if labels["includeTemplates"] == true
                    && let Some(metadata) = template
                {
                    metadata["labels"][name] = value.clone();
                }
            }
        }
    }
    Ok(())
}

fn images(file: &Value, documents: &mut [Value]) -> Result<()> {
    let mut named: BTreeMap<&str, (&Value, bool)> =
        list(file, "/images").iter().map(|image| (text(image, "/name"), (image, false))).collect();
    for document in documents {
        let containers = document.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let name = scalar(&container["image"]);
            let Some((image, used)) = named.get_mut(name.as_str()) else { continue };
            *used = true;
            let new = image.get("newName").map_or(name.clone(), scalar);
            container["image"] = format!("{new}:{}", text(image, "/newTag")).into();
        }
    }
    match named.iter().find(|(_, (_, used))| !used) {
        Some((name, _)) => bail!("image {name} is in no container"),
        None => Ok(()),
    }
}

/// ConfigMaps that are made from files.
fn generated(file: &Value, dir: &Path) -> Result<Vec<Value>> {
    let made = list(file, "/configMapGenerator").iter().map(|map| {
        let options = &file["generatorOptions"];
        ensure!(options["disableNameSuffixHash"] == true, "names with a hash are not rendered here");
        let mut data = Map::new();
        for path in list(map, "/files").iter().map(scalar) {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let content = fs::read_to_string(dir.join(&path)).with_context(|| format!("cannot read {path}"))?;
            data.insert(name, content.into());
        }
        let metadata = json!({ "name": map["name"], "labels": options["labels"] });
        Ok(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data }))
    });
    made.collect()
}
