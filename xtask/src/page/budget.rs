//! What a visitor's browser has to fetch, brotli, against what it may be at most: a page grows unseen otherwise.
//!
//! KB are 1,000 bytes. A limit stands a little above what was measured when it was set; whoever needs more says so here.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, Result, ensure};

/// Code for the first sight: the page's own wasm.
const WASM: u64 = 199_000;
/// All scripts and wasm of the first sight, MapLibre and its worker included.
const FIRST: u64 = 463_000;
/// The customer's page without its map, on a slow phone: words, colours and scripts together.
const TRACK: u64 = 12_000;
/// The page that asks for a token: it stands before everything else.
const LOGIN: u64 = 6_000;
/// What makes up that page.
const LOGIN_FILES: [&str; 6] = ["login.html", "login.js", "theme.js", "favicon.svg", "css/tokens.css", "css/login.css"];
/// What makes up the customer's page's first sight.
const TRACK_FILES: [&str; 6] =
    ["track.html", "theme.js", "favicon.svg", "css/tokens.css", "css/track.css", "track/track.js"];
/// Each part that is fetched later, by the name in `frontend/src/later.rs`. What several parts need is counted apart.
const PARTS: [(&str, u64); 9] = [
    ("ground", 12_000),
    ("drawer", 38_000),
    ("start", 48_000),
    ("floats", 40_000),
    ("shared", 43_500),
    ("kept", 10_000),
    ("line", 42_000),
    ("figures", 34_000),
    ("replay", 27_000),
];

/// Sizes in bytes, by what they are.
#[derive(Debug, Default, PartialEq)]
struct Sizes {
    wasm: u64,
    glue: u64,
    map: u64,
    track: u64,
    login: u64,
    parts: BTreeMap<String, u64>,
}

/// Measures the compressed page in `dist`: a table, and an error that names what is beyond its limit.
pub fn check(dist: &Path) -> Result<String> {
    let sizes = measure(dist)?;
    let faults = faults(&sizes);
    let table = table(&sizes);
    ensure!(
        faults.is_empty(),
        "{table}\nthe page is larger than xtask/src/page/budget.rs allows: {}",
        faults.join("; ")
    );
    Ok(table)
}

fn measure(dist: &Path) -> Result<Sizes> {
    let mut sizes = Sizes::default();
    for file in super::inputs::files(dist)? {
        let path = file.strip_prefix(dist).unwrap_or(&file).to_string_lossy().into_owned();
        let size = fs::metadata(&file).with_context(|| format!("cannot look at {path}"))?.len();
        sizes.count(&path, size);
    }
    Ok(sizes)
}

impl Sizes {
    fn count(&mut self, path: &str, size: u64) {
        let Some(path) = path.strip_suffix(".br") else { return };
        if TRACK_FILES.contains(&path) {
            self.track += size;
        }
        if LOGIN_FILES.contains(&path) {
            self.login += size;
        }
        if path.starts_with("track/") || path == "login.js" {
            return;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let part = name.strip_suffix(".wasm").and_then(|stem| match stem.split_once('_') {
            Some(("split", part)) => Some(part),
            Some(("chunk", _)) => Some("shared"),
            _ => None,
        });
        if let Some(part) = part {
            *self.parts.entry(part.to_owned()).or_default() += size;
        } else if name.ends_with(".wasm") {
            self.wasm += size;
        } else if path == "vendor/basemap.mjs" {
            *self.parts.entry("ground".to_owned()).or_default() += size;
        } else if path.starts_with("vendor/") && name.ends_with(".mjs") {
            self.map += size;
        } else if name.ends_with(".js") {
            self.glue += size;
        }
    }

    fn first(&self) -> u64 {
        self.wasm + self.glue + self.map
    }
}

fn faults(sizes: &Sizes) -> Vec<String> {
    let limit_of = |part: &str| PARTS.iter().find(|(name, _)| *name == part).map(|(_, limit)| *limit);
    let mut faults = Vec::new();
    let mut compare = |what: &str, size: u64, limit: u64| {
        if size == 0 || size > limit {
            faults.push(format!("{what} {size} bytes, at most {limit}"));
        }
    };
    compare("wasm", sizes.wasm, WASM);
    compare("first sight", sizes.first(), FIRST);
    compare("the customer's first sight", sizes.track, TRACK);
    compare("the page that asks for a token", sizes.login, LOGIN);
    for (part, size) in &sizes.parts {
        compare(part, *size, limit_of(part).unwrap_or(0));
    }
    faults
}

fn table(sizes: &Sizes) -> String {
    let mut table = String::from("page, KB after brotli            limit\n");
    let mut row = |what: &str, size: u64, limit: Option<u64>| {
        let limit = limit.map(|limit| format!("{:6.0}", limit as f64 / 1000.0)).unwrap_or_default();
        let _ = writeln!(table, "  {what:<22}{:6.1}  {limit}", size as f64 / 1000.0);
    };
    row("wasm", sizes.wasm, Some(WASM));
    row("glue", sizes.glue, None);
    row("MapLibre and worker", sizes.map, None);
    row("= first sight", sizes.first(), Some(FIRST));
    for (part, limit) in PARTS {
        row(&format!("later: {part}"), sizes.parts.get(part).copied().unwrap_or(0), Some(limit));
    }
    row("customer's page", sizes.track, Some(TRACK));
    row("page that asks for a token", sizes.login, Some(LOGIN));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(wasm: u64, part: &str) -> Sizes {
        let mut sizes = Sizes::default();
        for (path, size) in [
            ("app/12/app_bg.wasm.br", wasm),
            ("app/12/app_bg.wasm", 9_000_000),
            ("app/12/boot.js.br", 8_000),
            ("app/12/chunk_4.wasm.br", 1_000),
            ("app/12/chunk_5.wasm.br", 2_000),
            ("vendor/maplibre-gl.mjs.br", 100_000),
            ("vendor/maplibre-gl-worker.mjs.br", 6_000),
            ("map/city.geojson.br", 9_000_000),
            ("track.html.br", 1_000),
            ("css/tokens.css.br", 1_000),
            ("css/drawer.css.br", 5_000),
            ("track/track.js.br", 6_000),
            ("track/map.js.br", 50_000),
            ("login.html.br", 1_000),
            ("login.js.br", 1_000),
        ] {
            sizes.count(path, size);
        }
        sizes.count(&format!("app/12/split_{part}.wasm.br"), 3_000);
        sizes
    }

    #[test]
    fn what_is_compressed_counts_where_it_belongs() {
        let sizes = page(100_000, "drawer");
        assert_eq!((sizes.wasm, sizes.glue, sizes.map, sizes.first()), (100_000, 8_000, 106_000, 214_000));
        assert_eq!(sizes.track, 8_000, "what it shares counts, its map does not");
        assert_eq!(sizes.login, 3_000);
        assert_eq!(sizes.parts, BTreeMap::from([("drawer".to_owned(), 3_000), ("shared".to_owned(), 3_000)]));
        assert_eq!(faults(&sizes), Vec::<String>::new());
    }

    #[test]
    fn growth_and_parts_without_a_limit_are_faults() {
        assert_eq!(faults(&page(WASM + 1, "drawer")).len(), 1);
        assert_eq!(faults(&page(FIRST, "drawer")).len(), 2);
        assert_eq!(faults(&page(100_000, "unheard_of")), ["unheard_of 3000 bytes, at most 0"]);
        let mut heavy = page(100_000, "drawer");
        heavy.track = TRACK + 1;
        assert_eq!(faults(&heavy), ["the customer's first sight 12001 bytes, at most 12000"]);
        assert_eq!(faults(&Sizes::default()).len(), 4, "a page without code is none");
    }
}
