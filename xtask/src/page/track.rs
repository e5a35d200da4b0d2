//! The customer's page: two small files of scripts, and the map's styles by theme, which the dispatchers' page makes itself.

use std::path::Path;

use anyhow::{Result, ensure};
use model::basemap;

const CONFIG: &str = "frontend/track/rolldown.config.mjs";
/// What the bundler makes: the first sight, and the map, which is fetched later.
pub const FILES: [&str; 2] = ["track.js", "map.js"];

/// Writes the scripts into `track/` and the styles into `map/`.
pub fn build(root: &Path, stage: &Path) -> Result<()> {
    let folder = stage.join("track");
    super::npm::bundle(root, CONFIG, &folder)?;
    for name in FILES {
        ensure!(folder.join(name).is_file(), "the bundler has not made track/{name}");
    }
    for (theme, dark) in [("light", false), ("dark", true)] {
        let style = basemap::style(dark, true).to_string();
        super::write(&stage.join(format!("map/style-{theme}.json")), style.as_bytes())?;
    }
    Ok(())
}
