//! Brotli beside each file that it makes smaller, for a server that sends files as they lie.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result};

/// Extensions of what is not compressed already.
const TEXT: [&str; 9] = ["js", "mjs", "wasm", "css", "html", "svg", "json", "geojson", "webmanifest"];

/// Writes `NAME.br` beside every text of the page.
pub fn all(dist: &Path) -> Result<()> {
    for file in super::inputs::files(dist)? {
        let text = file.extension().is_some_and(|extension| TEXT.iter().any(|text| extension == *text));
        if !text {
            continue;
        }
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut packed = Vec::new();
        {
            let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, 11, 24);
            writer.write_all(&bytes).context("brotli")?;
        }
        let mut name = file.into_os_string();
        name.push(".br");
        super::write(Path::new(&name), &packed)?;
    }
    Ok(())
}
