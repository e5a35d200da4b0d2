//! Files and volumes that a service has mounted, and health checks that are switched off.

use std::path::Path;

use serde_json::Value;

use crate::deploy::document::{list, scalar};

/// What is wrong with the places of a service.
pub fn faults(service: &Value, file: &Value, root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for volume in list(service, "/volumes").iter().map(scalar) {
        let mut parts = volume.split(':');
        let (place, inside) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if !inside.starts_with('/') {
            faults.push(format!("volume {volume} has no place inside"));
        }
        match place.strip_prefix("./") {
            Some(path) if !root.join(path).exists() => faults.push(format!("volume {volume}: no such file")),
            Some(_) if parts.next() != Some("ro") => faults.push(format!("volume {volume} is not only read (:ro)")),
            None if place.starts_with(['/', '.', '~']) => {
                faults.push(format!("volume {volume}: a path of one machine"))
            }
            None if file.pointer(&format!("/volumes/{place}")).is_none() => {
                faults.push(format!("{place} is no volume of the file"));
            }
            _ => {}
        }
    }
    if list(service, "/healthcheck/test").first().is_some_and(|first| first == "NONE") {
        faults.push("its health check is switched off".into());
    }
    faults
}
