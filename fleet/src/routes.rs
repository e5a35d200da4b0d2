//! Routes from files: GeoJSON lines, GPX tracks, and plain `lat,lng` lines. Pure: the caller reads the directory.

mod geojson;
mod gpx;
mod plain;

use std::fmt;

use contract::{Place, RouteId, polyline, rest};

use crate::{drive, path::Path};

/// A line that couriers can be sent along.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its id: the file's name without its ending, or the property `route`.
    pub route: RouteId,
    /// Its name for people.
    pub name: String,
    /// Its line.
    pub path: Path,
    /// How long it takes at natural speed, s.
    pub planned_s: u32,
}

/// Why a file was left out. Its text names file, line (where one is known) and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFault {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong.
    pub reason: String,
}

/// Kinds of faults in a file, for those who say it in another language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It is no text.
    Text,
    /// It breaks the rules of its format.
    Format,
    /// It holds no line.
    NoLine,
    /// A point of it is no place.
    Point,
    /// Its name is no id, or that of another route.
    Name,
    /// Its line is too short or too long.
    Length,
}

impl fmt::Display for RouteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

/// What is wrong in a file, without the file's name.
#[derive(Debug)]
struct Wrong {
    line: Option<usize>,
    kind: FaultKind,
    reason: String,
}

impl Wrong {
    fn new(kind: FaultKind, reason: impl Into<String>) -> Self {
        Self { line: None, kind, reason: reason.into() }
    }

    fn at(line: usize, kind: FaultKind, reason: impl Into<String>) -> Self {
        Self { line: Some(line), kind, reason: reason.into() }
    }
}

/// What a file says.
#[derive(Debug)]
struct Parsed {
    id: Option<String>,
    name: Option<String>,
    line: Vec<Place>,
}

/// The routes that are known, by id.
#[derive(Debug, Clone, Default)]
pub struct RouteSet {
    routes: Vec<Route>,
}

impl RouteSet {
    /// Reads files by their names' endings: `.geojson` and `.json`, `.gpx`, `.txt` and `.csv`; others (a README) are
    /// none of ours. A bad file is named and left out; the others load.
    pub fn from_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> (Self, Vec<RouteFault>) {
        let (mut routes, mut faults): (Vec<Route>, Vec<RouteFault>) = (Vec::new(), Vec::new());
        for (file, bytes) in files {
            let Some((stem, ending)) = file.rsplit_once('.') else { continue };
            let ending = ending.to_ascii_lowercase();
            if !["geojson", "json", "gpx", "txt", "csv"].contains(&ending.as_str()) {
                continue;
            }
            let known = |id: &RouteId| routes.iter().any(|route| route.route == *id);
            match read(stem, &ending, &bytes) {
                Ok(route) if known(&route.route) => {
                    let reason = format!("route {} is there already", route.route);
                    faults.push(RouteFault { file, line: None, kind: FaultKind::Name, reason });
                }
                Ok(route) => routes.push(route),
                Err(Wrong { line, kind, reason }) => faults.push(RouteFault { file, line, kind, reason }),
            }
        }
        routes.sort_by(|a, b| a.route.cmp(&b.route));
        (Self { routes }, faults)
    }

    /// All, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Route> {
        self.routes.iter()
    }

    /// One by its id.
    pub fn get(&self, id: &RouteId) -> Option<&Route> {
        let index = self.routes.binary_search_by(|route| route.route.cmp(id)).ok()?;
        self.routes.get(index)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// True where there is none: a start error for whoever needs one.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }
}

impl Route {
    /// The route as REST lists it.
    pub fn summary(&self) -> rest::Route {
        let points = self.path.points();
        rest::Route {
            route: self.route.clone(),
            name: self.name.clone(),
            distance_m: self.path.length_m().round() as u32,
            planned_s: self.planned_s,
            origin: points[0],
            destination: points[points.len() - 1],
        }
    }

    /// The line as an encoded polyline of precision 6.
    pub fn polyline(&self) -> String {
        polyline::encode(self.path.points())
    }
}

fn read(stem: &str, ending: &str, bytes: &[u8]) -> Result<Route, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Wrong::at(line, FaultKind::Text, "is not UTF-8")
    })?;
    let parsed = match ending {
        "gpx" => gpx::parse(text),
        "txt" | "csv" => plain::parse(text),
        _ => geojson::parse(text),
    }?;
    let id = parsed.id.unwrap_or_else(|| slug(stem));
    let route = RouteId::new(&id).map_err(|error| Wrong::new(FaultKind::Name, error.to_string()))?;
    let mut line = parsed.line;
    line.dedup();
    if line.len() > polyline::MAX_POINTS {
        let reason = format!("has {} points, more than {}", line.len(), polyline::MAX_POINTS);
        return Err(Wrong::new(FaultKind::Length, reason));
    }
    let path = Path::new(line).map_err(|error| Wrong::new(FaultKind::Length, error.to_string()))?;
    if path.length_m() < 10.0 {
        return Err(Wrong::new(FaultKind::Length, "is shorter than 10 m"));
    }
    let planned_s = drive::planned_s(&path, 1.0);
    Ok(Route { name: parsed.name.unwrap_or_else(|| title(&id)), route, path, planned_s })
}

/// A file's name as an id: everything that no slug may hold becomes a hyphen.
fn slug(stem: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    stem.chars().map(allowed).take(RouteId::MAX_LEN).collect()
}

/// `station-to-market` as people read it: "Station to market".
fn title(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A place, or what is wrong with it where latitude and longitude are likely swapped.
fn place(lat: f64, lon: f64, line: Option<usize>) -> Result<Place, Wrong> {
    Place::new(lat, lon).map_err(|error| {
        let swapped = lat.abs() > 90.0 && lon.abs() <= 90.0;
        let hint = if swapped { " (latitude and longitude swapped?)" } else { "" };
        Wrong { line, kind: FaultKind::Point, reason: format!("{error}{hint}") }
    })
}

#[cfg(test)]
mod tests;
