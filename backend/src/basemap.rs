//! The ground under the map, where it is not the page's own: CD_BASEMAP_URL. The page reads it from its `<html>` element.
//!
//! | value | what |
//! |---|---|
//! | `https://host/styles/bright` | a MapLibre style, with its own tiles, letters and attribution (OpenFreeMap, MapTiler, ...) |
//! | `https://host/{z}/{x}/{y}.png` | raster tiles; CD_BASEMAP_ATTRIBUTION names whose they are |
//! | `https://host/area.pmtiles` | one PMTiles file, raster or vector (Protomaps layers), read in pieces |
//! | `file:/maps/area.pmtiles` | the same from this machine, served with the page |

use std::path::PathBuf;

use serde::Serialize;
use service::StartError;

/// Where a file of this machine is served.
pub const FILE_PATH: &str = "/map/basemap.pmtiles";

/// A ground of the operator's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basemap {
    /// What the page is told, as JSON.
    page: String,
    /// Whose data the page may load, beside its own host's: `https://host`.
    pub origin: Option<String>,
    /// The file that is served at [`FILE_PATH`].
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Style,
    Raster,
    Pmtiles,
}

impl Basemap {
    /// Reads the two settings; `None` where the page's own ground is wanted.
    ///
    /// # Errors
    /// [`StartError::Setting`] with one line: no such scheme or host, tiles without an attribution, a file that is none.
    pub fn new(url: Option<&str>, attribution: Option<&str>) -> Result<Option<Self>, StartError> {
        let attribution = attribution.map(str::trim).filter(|text| !text.is_empty());
        let Some(url) = url.map(str::trim).filter(|url| !url.is_empty()) else {
            return match attribution {
                None => Ok(None),
                Some(_) => Err(StartError::setting("CD_BASEMAP_ATTRIBUTION needs CD_BASEMAP_URL")),
            };
        };
        let wrong = |why: &str| StartError::setting(format!("CD_BASEMAP_URL {url:?}: {why}"));
        if let Some(path) = url.strip_prefix("file:") {
            let file = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            let head = std::fs::File::open(&file).and_then(|mut file| {
                let mut head = [0; 7];
                std::io::Read::read_exact(&mut file, &mut head).map(|()| head)
            });
            return match head {
                Ok(head) if &head == b"PMTiles" => {
                    Ok(Some(Self { page: page(Kind::Pmtiles, FILE_PATH, attribution), origin: None, file: Some(file) }))
                }
                Ok(_) => Err(wrong("is no PMTiles file")),
                Err(error) => Err(wrong(&format!("cannot be read: {error}"))),
            };
        }
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let rest = rest.ok_or_else(|| wrong("must begin with https://, http:// or file:"))?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // It becomes part of a header that is read by rules of its own.
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(wrong("has no host, or more than a host in its place"));
        }
        let is_raster = ["{z}", "{x}", "{y}"].map(|part| rest.contains(part));
        let kind = match is_raster {
            [true, true, true] if attribution.is_none() => {
                return Err(wrong("tiles do not say whose they are: set CD_BASEMAP_ATTRIBUTION"));
            }
            [true, true, true] => Kind::Raster,
            [false, false, false] if rest.split(['?', '#']).next().is_some_and(|path| path.ends_with(".pmtiles")) => {
                Kind::Pmtiles
            }
            [false, false, false] => Kind::Style,
            _ => return Err(wrong("tiles need {z}, {x} and {y}")),
        };
        let scheme = &url[..url.len() - rest.len()];
        Ok(Some(Self { page: page(kind, url, attribution), origin: Some(format!("{scheme}{host}")), file: None }))
    }

    /// The page with the ground written into it.
    pub fn put_into(&self, index: &str) -> String {
        let value = self.page.replace('&', "&amp;").replace('\'', "&#39;").replace('<', "&lt;");
        index.replacen("<html ", &format!("<html data-basemap='{value}' "), 1)
    }
}

fn page(kind: Kind, url: &str, attribution: Option<&str>) -> String {
    serde_json::json!({ "kind": kind, "url": url, "attribution": attribution }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str, attribution: Option<&str>) -> (String, Option<String>) {
        let basemap = Basemap::new(Some(url), attribution).unwrap().unwrap();
        (
            serde_json::from_str::<serde_json::Value>(&basemap.page).unwrap()["kind"].as_str().unwrap().into(),
            basemap.origin,
        )
    }

    #[test]
    fn each_kind_is_known_by_its_form() {
        let origin = Some("https://tiles.example.org".to_owned());
        assert_eq!(told("https://tiles.example.org/styles/bright", None), ("style".into(), origin.clone()));
        assert_eq!(
            told("https://tiles.example.org/{z}/{x}/{y}.png?k=1", Some("© X")),
            ("raster".into(), origin.clone())
        );
        assert_eq!(told("https://tiles.example.org/fi.pmtiles?v=2", None), ("pmtiles".into(), origin));
        assert_eq!(told("http://[::1]:8000/a.json", None).1.as_deref(), Some("http://[::1]:8000"));
        assert_eq!(Basemap::new(None, None).unwrap(), None);
        assert_eq!(Basemap::new(Some(" "), None).unwrap(), None);
    }

    #[test]
    fn a_file_must_be_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pmtiles");
        let url = format!("file:{}", path.display());
        let error = |url: &str| Basemap::new(Some(url), None).unwrap_err().to_string();
        assert!(error(&url).contains("cannot be read"));
        std::fs::write(&path, "<html>not found</html>").unwrap();
        assert!(error(&url).contains("is no PMTiles file"));
        std::fs::write(&path, b"PMTiles\x03").unwrap();
        assert_eq!(Basemap::new(Some(&url), None).unwrap().unwrap().file, Some(path));
    }

    #[test]
    fn what_cannot_be_shown_is_said_at_the_start() {
        let error = |url: &str, by: Option<&str>| Basemap::new(Some(url), by).unwrap_err().to_string();
        assert!(error("ftp://host/x", None).contains("must begin with"));
        assert!(error("https://", None).contains("no host"));
        assert!(error("https://a.org; script-src *", None).contains("more than a host"));
        assert!(error("https://a.org/{z}/{x}.png", Some("x")).contains("tiles need"));
        assert!(error("https://a.org/{z}/{x}/{y}.png", None).contains("CD_BASEMAP_ATTRIBUTION"));
        assert!(Basemap::new(None, Some("x")).unwrap_err().to_string().contains("needs CD_BASEMAP_URL"));
    }

    #[test]
    fn the_page_reads_it_whatever_is_in_it() {
        let basemap =
            Basemap::new(Some("https://a.org/{z}/{x}/{y}.png"), Some("© O'Neil & <b>sons</b>")).unwrap().unwrap();
        let page = basemap.put_into("<!doctype html>\n<html lang=\"en\">");
        assert!(page.contains("<html data-basemap='{"), "{page}");
        assert!(page.contains("© O&#39;Neil &amp; &lt;b>sons&lt;/b>"), "{page}");
        assert_eq!(page.matches('\'').count(), 2);
    }
}
