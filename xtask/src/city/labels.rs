//! The names on the map that stand at a point. A name on an area would be drawn once for every tile that it crosses.

use super::classify::{self, Area, Line};
use super::extract::{Extract, Tags};
use super::geo::{self, Point};
use super::geojson::{Feature, Geometry, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Below this the name of a park or a square is longer than the place, so the others come first.
const SMALL_M2: f64 = 3000.0;

/// The labels found so far: the first of a name stays, unless a larger area of that name comes.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    streets: BTreeSet<String>,
    labels: BTreeMap<String, Label>,
}

#[derive(Clone, Debug)]
struct Label {
    class: &'static str,
    rank: u8,
    english: Option<String>,
    at: Point,
    extent: f64,
}

impl Labels {
    /// No labels yet, for a map on which these streets are named along their lines.
    pub fn beside(extract: &Extract) -> Self {
        let roads = extract.ways.values().filter(|way| matches!(classify::line(&way.tags), Some(Line::Road(_))));
        Self { streets: roads.filter_map(|way| way.tags.get("name")).map(str::to_owned).collect(), ..Self::default() }
    }

    /// The name of a park, a square or a water; other areas have none on our map.
    pub fn add_area(&mut self, area: Area, tags: &Tags, ring: &[Point]) {
        let class = match area {
            Area::Park => "park",
            Area::Square => "square",
            Area::Water => "water",
            Area::Grass | Area::Pitch | Area::Building => return,
        };
        // A street that is paved from house to house is labelled along its line.
        if class == "square"
            && !tags.is("place", &["square"])
            && tags.get("name").is_some_and(|name| self.streets.contains(name))
        {
            return;
        }
        let area = geo::area_m2(ring);
        self.add(class, if area < SMALL_M2 { 2 } else { 1 }, tags, geo::label_point(ring), area);
    }

    /// The names of districts and well-known houses.
    pub fn add_landmarks(&mut self, extract: &Extract) {
        for way in extract.ways.values() {
            let whole =
                way.nodes.first() == way.nodes.last() && way.nodes.iter().all(|id| extract.points.contains_key(id));
            if let Some((class, rank)) = classify::landmark(&way.tags).filter(|_| whole) {
                let ring = extract.runs(&way.nodes).concat();
                self.add(class, rank, &way.tags, geo::label_point(&ring), 0.0);
            }
        }
        for (id, tags) in &extract.tagged_nodes {
            let at = extract.points.get(id).filter(|at| extract.bounds.contains(**at));
            if let (Some((class, rank)), Some(at)) = (classify::landmark(tags), at) {
                self.add(class, rank, tags, *at, 0.0);
            }
        }
    }

    /// The labels as features, the most important first, so that they win the space.
    pub fn features(self) -> Vec<Feature> {
        let mut labels: Vec<(String, Label)> = self.labels.into_iter().collect();
        labels.sort_by_key(|(_, label)| label.rank);
        labels.into_iter().map(|(name, label)| feature(name, label)).collect()
    }

    fn add(&mut self, class: &'static str, rank: u8, tags: &Tags, at: Point, extent: f64) {
        let Some(name) = tags.get("name") else { return };
        let english = tags.get("name:en").filter(|english| *english != name).map(str::to_owned);
        let label = Label { class, rank, english, at, extent };
        match self.labels.get_mut(name) {
            Some(known) if known.extent >= extent => {}
            Some(known) => *known = label,
            None => {
                self.labels.insert(name.to_owned(), label);
            }
        }
    }
}

fn feature(name: String, label: Label) -> Feature {
    let mut properties = vec![
        ("k", Value::Text("label".to_owned())),
        ("c", Value::Text(label.class.to_owned())),
        ("r", Value::Number(label.rank.into())),
        ("name", Value::Text(name)),
    ];
    properties.extend(label.english.map(|english| ("en", Value::Text(english))));
    Feature { properties, geometry: Geometry::Point(label.at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_area_carries_the_name() {
        let tags: Tags = [("name", "Rautatientori"), ("name:en", "Railway Square")].into_iter().collect();
        let square = |size: f64| {
            [[0.0, 0.0], [size, 0.0], [size, size], [0.0, size], [0.0, 0.0]].map(|[lon, lat]| Point { lat, lon })
        };
        let mut labels = Labels::default();
        labels.add_area(Area::Square, &tags, &square(1.0));
        labels.add_area(Area::Square, &tags, &square(2.0));
        labels.add_area(Area::Square, &tags, &square(0.5));
        labels.add_area(Area::Building, &tags, &square(9.0));
        let features = labels.features();
        assert_eq!(features.len(), 1);
        assert_eq!(features[0].geometry, Geometry::Point(Point { lat: 1.0, lon: 1.0 }));
        assert!(features[0].properties.contains(&("en", Value::Text("Railway Square".to_owned()))));
    }

    #[test]
    fn a_paved_street_has_its_name_along_its_line() {
        let mut labels = Labels { streets: ["Aleksanterinkatu".to_owned()].into(), ..Labels::default() };
        let ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]].map(|[lon, lat]| Point { lat, lon });
        labels.add_area(Area::Square, &[("name", "Aleksanterinkatu")].into_iter().collect(), &ring);
        assert!(labels.features().is_empty());
    }
}
