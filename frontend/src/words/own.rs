//! Words of lines that are a person's own.

use model::format;

pub const OWN: &str = "Own line";
pub const DRAW: &str = "Draw";
pub const OPEN: &str = "Open file";
pub const FILE_HINT: &str = "GPX, GeoJSON or lines of lat,lng; or drop a file on the page";
pub const CLICK: &str = "Click along the way";
pub const DONE: &str = "Done";
pub const UNDO: &str = "Undo";
pub const CANCEL: &str = "Cancel";
pub const NO_KIND: &str = "is no .gpx, .geojson, .json, .csv or .txt file";
pub const TOO_LARGE: &str = "is larger than 5 MB";
pub const LOST: &str = "cannot be read: the part of the page that does it did not come; try again";

pub fn drawn(number: usize) -> String {
    format!("Line drawn {number}")
}

pub fn so_far(points: usize, metres: f64) -> String {
    let noun = if points == 1 { "point" } else { "points" };
    format!("{points} {noun} · {}", format::distance(metres))
}

pub fn of_file(file: &str, fault: &str) -> String {
    format!("{file} {fault}")
}
