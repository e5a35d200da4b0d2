//! The service worker's list of files: all that the dispatcher's page is made of.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use anyhow::{Context, Result, ensure};

/// Where the worker lies in the page, and what in it is replaced.
const WORKER: &str = "sw.js";
const NAME: &str = "page-BUILD";
const FILES: &str = "[\"/\"]";
/// What is not the dispatcher's page: the customer's, which shows nothing without a network, and the worker itself.
const NOT_KEPT: [&str; 7] =
    ["track.html", "track/", "css/track.css", "login.html", "login.js", "css/login.css", WORKER];

/// Tells the worker in `stage` which files there are; its name changes with any of them.
pub fn list(stage: &Path) -> Result<()> {
    let mut hasher = DefaultHasher::new();
    let mut files = vec!["/".to_owned()];
    for file in super::inputs::files(stage)? {
        let path = file.strip_prefix(stage).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        if NOT_KEPT.iter().any(|not| path.starts_with(not)) {
            continue;
        }
        path.hash(&mut hasher);
        fs::read(&file).with_context(|| format!("cannot read {path}"))?.hash(&mut hasher);
        if path != "index.html" {
            files.push(format!("/{path}"));
        }
    }
    let worker = stage.join(WORKER);
    let text = fs::read_to_string(&worker).with_context(|| format!("cannot read {}", worker.display()))?;
    super::write(&worker, filled(&text, hasher.finish(), &files)?.as_bytes())
}

fn filled(worker: &str, build: u64, files: &[String]) -> Result<String> {
    ensure!(worker.contains(NAME) && worker.contains(FILES), "{WORKER} has no place for its name and its files");
    let list = serde_json::to_string(files).context("a list of names")?;
    Ok(worker.replace(NAME, &format!("page-{build:016x}")).replace(FILES, &list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worker_knows_its_files() {
        let worker = format!("const NAME = \"{NAME}\";\nconst FILES = {FILES};\n");
        let files = ["/".to_owned(), "/a.js".to_owned()];
        let filled = filled(&worker, 0xfeed, &files).unwrap();
        assert_eq!(filled, "const NAME = \"page-000000000000feed\";\nconst FILES = [\"/\",\"/a.js\"];\n");
        assert!(super::filled("const FILES = [];", 1, &files).is_err());
    }

    #[test]
    fn its_name_changes_with_any_file_and_the_customers_page_is_not_kept() {
        let stage = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| super::super::write(&stage.path().join(name), text.as_bytes()).unwrap();
        let listed = || {
            put(WORKER, include_str!("../../../frontend/static/sw.js"));
            list(stage.path()).unwrap();
            fs::read_to_string(stage.path().join(WORKER)).unwrap()
        };
        put("index.html", "one");
        put("app/ab/boot.js", "two");
        put("track/track.js", "three");
        let first = listed();
        assert!(first.contains("[\"/\",\"/app/ab/boot.js\"]"), "{first}");
        put("track/track.js", "four");
        assert_eq!(listed(), first);
        put("index.html", "five");
        assert_ne!(listed(), first);
    }
}
