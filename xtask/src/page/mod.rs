//! Builds the page into `dist/`: the wasm with its glue, what npm brings, static files and the coastlines.
//!
//! It needs cargo and npm and no other tool: wasm-split and wasm-bindgen run as libraries of the versions in `Cargo.lock`,
//! rolldown as npm's lock file has it. The services' build is not touched, because the page has a target directory of its own.

mod budget;
mod compress;
mod inputs;
mod land;
mod lean;
mod maplibre;
mod names;
mod npm;
mod shell;
mod track;
mod wasm;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Builds the page into dist/.
#[derive(Debug, clap::Args)]
pub struct Page {
    /// Small instead of quickly built: optimised for size, brotli beside each file.
    #[arg(long)]
    release: bool,
}

/// Runs the subcommand.
#[allow(clippy::print_stdout, reason = "this is a build tool's report")]
pub fn run(page: &Page) -> Result<()> {
    build(page.release, &mut |step| println!("{step}")).map(|_| ())
}

/// Builds what is not up to date and gives the folder with the page. `progress` hears what is being done.
pub fn build(release: bool, progress: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is not in a workspace")?;
    let dist = root.join("dist");
    let target = root.join("target/page");
    npm::ensure(root, progress)?;

    let stamp = target.join("dist.stamp");
    let state = format!("{} {}", if release { "release" } else { "dev" }, inputs::fingerprint(root)?);
    if dist.is_dir() && fs::read_to_string(&stamp).is_ok_and(|known| known == state) {
        progress("page: up to date");
        if release {
            progress(&budget::check(&dist)?);
        }
        return Ok(dist);
    }

    // Made beside and moved in at the end: a server that is running never sees half a page.
    let stage = target.join("dist");
    if stage.exists() {
        fs::remove_dir_all(&stage).with_context(|| format!("cannot clear {}", stage.display()))?;
    }
    fs::create_dir_all(&stage).with_context(|| format!("cannot make {}", stage.display()))?;
    progress("page: compiling to wasm");
    let app = wasm::build(root, &target, release, &stage)?;
    progress("page: gathering files");
    copy_tree(&root.join("frontend/static"), &stage)?;
    let index = stage.join("index.html");
    let text = fs::read_to_string(&index).with_context(|| format!("cannot read {}", index.display()))?;
    write(&index, text.replace("/app/BUILD", &app).as_bytes())?;
    npm::copy_font(root, &stage)?;
    maplibre::bundle(root, &stage)?;
    track::build(root, &stage)?;
    let topology = root.join("node_modules/world-atlas/land-50m.json");
    let land = land::geojson(&fs::read_to_string(&topology).with_context(|| topology.display().to_string())?)?;
    write(&stage.join("map/land.geojson"), land.as_bytes())?;
    shell::list(&stage)?;
    if release {
        progress("page: compressing");
        compress::all(&stage)?;
        progress(&budget::check(&stage)?);
    }
    let _ = fs::remove_file(&stamp);
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("cannot clear {}", dist.display()))?;
    }
    fs::rename(&stage, &dist).with_context(|| format!("cannot move the page to {}", dist.display()))?;
    write(&stamp, state.as_bytes())?;
    Ok(dist)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, &fs::read(from).with_context(|| format!("cannot read {}", from.display()))?)
}

/// Copies a folder without its notes: `*.md` files tell people about the folder and are no part of the page.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for file in inputs::files(from)? {
        if file.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        copy(&file, &to.join(file.strip_prefix(from).unwrap_or(&file)))?;
    }
    Ok(())
}
