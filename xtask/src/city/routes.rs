//! The demo routes: the rounds of the city, driven over its streets.

use super::drive;
use super::extract::Extract;
use super::geo::{self, Point};
use super::geojson::{self, Value};
use super::graph::Graph;
use super::places::{Place, ROUNDS};
use super::streets::Signs;
use super::strong;
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// How long a demo route may be: shorter is over before one has seen it, longer drives in circles.
const LENGTH_M: std::ops::RangeInclusive<u32> = 600..=3000;

/// How far a place may be from the street where its routes begin and end.
const FARTHEST_STREET_M: f64 = 100.0;

/// One demo route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its slug, which is its id and its file's name.
    pub slug: String,
    /// What people read.
    pub name: String,
    /// Where it begins.
    pub origin: &'static str,
    /// Where it ends.
    pub destination: &'static str,
    /// How long it is.
    pub distance_m: u32,
    /// Its points, which are nodes of its streets.
    pub line: Vec<Point>,
}

impl Route {
    /// The route as a GeoJSON file.
    pub fn file(&self) -> String {
        let text = |value: &str| Value::Text(value.to_owned());
        let properties = [
            ("route", text(&self.slug)),
            ("name", text(&self.name)),
            ("distance_m", Value::Number(self.distance_m)),
            ("origin", text(self.origin)),
            ("destination", text(self.destination)),
            ("attribution", text(geojson::ATTRIBUTION)),
        ];
        geojson::route(&properties, &self.line)
    }
}

/// Drives all rounds; every route is checked, so that a table that no longer fits the data is an error here.
pub fn all(extract: &Extract) -> Result<Vec<Route>> {
    let graph = Graph::of_streets(extract);
    let signs = Signs::read(extract);
    // Of edges, not of nodes: a street may be open to a node and still have a sign that lets nobody on.
    let strong = strong::largest_part(&drive::followers(&graph, &signs));
    let mut stops: BTreeMap<&str, usize> = BTreeMap::new();
    let mut stop = |place: Place| -> Result<usize> {
        if let Some(known) = stops.get(place.name) {
            return Ok(*known);
        }
        let at = place.find(extract)?;
        let node = graph.nearest(at, &strong).context("the extract has no streets")?;
        let metres = graph.points[node].distance_m(at);
        ensure!(
            metres <= FARTHEST_STREET_M,
            "no street within reach of {}: the nearest is {metres:.0} m away",
            place.name
        );
        stops.insert(place.name, node);
        Ok(node)
    };
    let mut routes = Vec::new();
    let mut drives = BTreeSet::new();
    let mut faults = Vec::new();
    for round in ROUNDS {
        let mut from = round.last().context("a round without stretches")?.to;
        for stretch in round {
            let name = format!("{} to {}", from.name, stretch.to.name);
            let via = stretch.via.map(&mut stop).transpose()?;
            let places: Vec<usize> = [Some(stop(from)?), via, Some(stop(stretch.to)?)].into_iter().flatten().collect();
            let Some(drive) = drive::through(&graph, &signs, &places) else {
                faults.push(format!("{name} has no way"));
                from = stretch.to;
                continue;
            };
            let nodes = drive::nodes(&graph, &drive);
            let line: Vec<Point> = nodes.iter().map(|node| graph.points[*node]).collect();
            let distance_m = geo::length_m(&line).round() as u32;
            let twice = repeated(&nodes);
            let checks = [
                (LENGTH_M.contains(&distance_m), format!("{name} is {distance_m} m long")),
                (twice == 0, format!("{name} drives {twice} stretches of street twice")),
                (drives.insert(drive), format!("{name} has the line of another route")),
            ];
            faults.extend(checks.into_iter().filter(|(good, _)| !good).map(|(_, fault)| fault));
            let (origin, destination) = (from.name, stretch.to.name);
            routes.push(Route { slug: slug(&name), name, origin, destination, distance_m, line });
            from = stretch.to;
        }
    }
    ensure!(faults.is_empty(), "the table of rounds does not fit the streets:\n{}", faults.join("\n"));
    routes.sort_by(|a, b| a.slug.cmp(&b.slug));
    Ok(routes)
}

/// How many stretches are driven again, in either direction.
fn repeated(nodes: &[usize]) -> usize {
    let mut driven = BTreeSet::new();
    nodes.windows(2).filter(|pair| !driven.insert((pair[0].min(pair[1]), pair[0].max(pair[1])))).count()
}

/// Lower case letters, digits and hyphens: what the contract allows as an id.
fn slug(name: &str) -> String {
    name.to_lowercase().split(|character: char| !character.is_ascii_alphanumeric()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug() {
        assert_eq!(slug("Railway Square to Market Hall"), "railway-square-to-market-hall");
    }

    #[test]
    fn a_street_driven_back_counts_as_driven_twice() {
        assert_eq!(repeated(&[1, 2, 3, 1]), 0);
        assert_eq!(repeated(&[1, 2, 3, 2, 4]), 1);
    }
}
