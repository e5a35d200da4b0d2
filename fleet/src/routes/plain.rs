//! Plain lines of `lat,lng`, as people paste them from a map. Empty lines and lines that begin with `#` are skipped, and
//! so is a head line of words.

use contract::Place;

use super::{FaultKind, Parsed, Wrong, place};

pub(super) fn parse(text: &str) -> Result<Parsed, Wrong> {
    let mut line: Vec<Place> = Vec::new();
    let mut before_data = true;
    for (row, content) in text.lines().enumerate().map(|(index, content)| (index + 1, content.trim())) {
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let mut parts = content.split([',', ';', '\t']).map(str::trim);
        let numbers = (parts.next().map(str::parse::<f64>), parts.next().map(str::parse::<f64>));
        match numbers {
            (Some(Ok(lat)), Some(Ok(lon))) => line.push(place(lat, lon, Some(row))?),
            _ if before_data && content.chars().any(char::is_alphabetic) => {}
            _ => return Err(Wrong::at(row, FaultKind::Point, format!("is no lat,lng: {content:?}"))),
        }
        before_data = false;
    }
    Ok(Parsed { id: None, name: None, line })
}
