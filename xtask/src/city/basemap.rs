//! The basemap: everything of the extract that our map draws, in the order in which it is drawn.

use super::classify::{self, Area, Line};
use super::edge::Edge;
use super::extract::{Extract, MemberKind, Relation, Tags};
use super::geo::{self, Point};
use super::geojson::{Feature, Geometry, Value};
use super::labels::Labels;
use super::{lines, rings};
use std::collections::{BTreeMap, BTreeSet};

/// All features of the basemap: areas, lines, buildings, trees, labels.
pub fn features(extract: &Extract) -> Vec<Feature> {
    let edge = Edge::new(extract.bounds);
    let mut labels = Labels::beside(extract);
    let mut areas = areas(extract, &edge, &mut labels);
    areas.extend(sea(extract, &edge));
    // Stable, so that within a kind the ids of the data decide.
    areas.sort_by_key(|(area, _)| *area);
    let split = areas.partition_point(|(area, _)| *area < Area::Building);
    let buildings = areas.split_off(split);

    labels.add_landmarks(extract);
    let polygon = |(area, rings): (Area, Vec<Vec<Point>>)| Feature {
        properties: vec![("k", Value::Text(area.word().to_owned()))],
        geometry: Geometry::Polygon(rings),
    };
    let mut features: Vec<Feature> = areas.into_iter().map(polygon).collect();
    features.extend(all_lines(extract));
    features.extend(buildings.into_iter().map(polygon));
    features.extend(trees(extract));
    features.extend(labels.features());
    features
}

fn areas(extract: &Extract, edge: &Edge, labels: &mut Labels) -> Vec<(Area, Vec<Vec<Point>>)> {
    let point = |id: i64| extract.points.get(&id).copied();
    let mut areas = Vec::new();
    // An outline is often tagged on its way as well as on its relation, and only the relation knows the holes.
    let mut outlines: BTreeSet<(i64, Area)> = BTreeSet::new();
    for relation in extract.relations.values().filter(|relation| relation.tags.is("type", &["multipolygon"])) {
        let outers = members(extract, relation, "outer");
        let tags = &relation.tags;
        let Some(area) = classify::area(tags, true) else { continue };
        outlines
            .extend(relation.members.iter().filter(|member| member.role == "outer").map(|member| (member.id, area)));
        let outers = rings::join(&outers).into_iter().filter_map(|chain| rings::close(&chain, point, edge));
        let inners: Vec<Vec<Point>> = rings::join(&members(extract, relation, "inner"))
            .into_iter()
            .filter_map(|chain| rings::close(&chain, point, edge))
            .collect();
        for outer in outers {
            labels.add_area(area, tags, &outer);
            let holes = inners.iter().filter(|inner| inner.iter().any(|corner| geo::inside(&outer, *corner)));
            let holes: Vec<Vec<Point>> = holes.map(|hole| geo::wind(hole.clone(), false)).collect();
            areas.push((area, [vec![geo::wind(outer, true)], holes].concat()));
        }
    }
    for (id, way) in &extract.ways {
        let Some(area) = classify::area(&way.tags, false).filter(|area| !outlines.contains(&(*id, *area))) else {
            continue;
        };
        if way.nodes.first() != way.nodes.last() {
            continue;
        }
        if let Some(ring) = rings::close(&way.nodes, point, edge) {
            labels.add_area(area, &way.tags, &ring);
            areas.push((area, vec![geo::wind(ring, true)]));
        }
    }
    areas
}

fn members(extract: &Extract, relation: &Relation, role: &str) -> Vec<Vec<i64>> {
    let ways = relation.members.iter().filter(|member| member.kind == MemberKind::Way && member.role == role);
    ways.filter_map(|member| extract.ways.get(&member.id)).map(|way| way.nodes.clone()).collect()
}

fn sea(extract: &Extract, edge: &Edge) -> Vec<(Area, Vec<Vec<Point>>)> {
    let coast = extract.ways.values().filter(|way| way.tags.is("natural", &["coastline"]));
    let runs: Vec<Vec<Point>> = coast.flat_map(|way| extract.runs(&way.nodes)).collect();
    rings::sea(&runs, edge).into_iter().map(|ring| (Area::Water, vec![geo::wind(ring, true)])).collect()
}

fn all_lines(extract: &Extract) -> Vec<Feature> {
    let mut groups: BTreeMap<(Line, Option<&str>), Vec<Vec<i64>>> = BTreeMap::new();
    for way in extract.ways.values() {
        let Some(line) = classify::line(&way.tags) else { continue };
        // Only roads are labelled along their line; a name on a track or a path would only cost bytes.
        let name = way.tags.get("name").filter(|_| matches!(line, Line::Road(_)));
        let known = way.nodes.split(|id| !extract.points.contains_key(id)).map(<[i64]>::to_vec);
        groups.entry((line, name)).or_default().extend(known);
    }
    let turn = |before: i64, at: i64, after: i64| match (
        extract.points.get(&before),
        extract.points.get(&at),
        extract.points.get(&after),
    ) {
        (Some(before), Some(at), Some(after)) => geo::turn(*before, *at, *after),
        _ => f64::MAX,
    };
    let mut features = Vec::new();
    for ((line, name), ways) in groups {
        let mut properties = match line {
            Line::Path => vec![("k", Value::Text("path".to_owned()))],
            Line::Rail => vec![("k", Value::Text("rail".to_owned()))],
            Line::Tram => vec![("k", Value::Text("tram".to_owned()))],
            Line::Road(class) => {
                vec![("k", Value::Text("road".to_owned())), ("c", Value::Text(class.word().to_owned()))]
            }
        };
        properties.extend(name.map(|name| ("name", Value::Text(name.to_owned()))));
        for merged in lines::merge(ways, turn) {
            let points = merged.iter().filter_map(|id| extract.points.get(id).copied()).collect();
            features.push(Feature { properties: properties.clone(), geometry: Geometry::LineString(points) });
        }
    }
    features
}

fn trees(extract: &Extract) -> Option<Feature> {
    let is_tree = |tags: &Tags| tags.is("natural", &["tree"]);
    let trees = extract.tagged_nodes.iter().filter(|(_, tags)| is_tree(tags));
    let points: Vec<Point> = trees.filter_map(|(id, _)| extract.points.get(id).copied()).collect();
    (!points.is_empty()).then(|| Feature {
        properties: vec![("k", Value::Text("tree".to_owned()))],
        geometry: Geometry::MultiPoint(points),
    })
}

#[cfg(test)]
mod tests {
    use super::super::extract::{Member, Way};
    use super::super::geo::Bounds;
    use super::*;

    #[test]
    fn a_building_with_a_yard_is_drawn_once_and_with_its_hole() {
        let corners =
            [[1, 1], [9, 1], [9, 9], [1, 9], [4, 4], [4, 6], [6, 6], [6, 4]].map(|corner| corner.map(f64::from));
        let point = |[lon, lat]: [f64; 2]| Point { lat, lon };
        let tags = |pairs: &[(&'static str, &'static str)]| -> Tags { pairs.iter().copied().collect() };
        let outer = Way { tags: tags(&[("building", "yes")]), nodes: vec![0, 1, 2, 3, 0] };
        let inner = Way { tags: tags(&[]), nodes: vec![4, 5, 6, 7, 4] };
        let member = |id, role: &str| Member { kind: MemberKind::Way, id, role: role.to_owned() };
        let extract = Extract {
            bounds: Bounds { west: 0.0, south: 0.0, east: 10.0, north: 10.0 },
            points: (0..).zip(corners.map(point)).collect(),
            tagged_nodes: BTreeMap::new(),
            ways: [(10, outer), (11, inner)].into(),
            relations: [(
                20,
                Relation {
                    tags: tags(&[("type", "multipolygon"), ("building", "yes")]),
                    members: vec![member(11, "inner"), member(10, "outer")],
                },
            )]
            .into(),
        };
        let features = features(&extract);
        assert_eq!(features.len(), 1, "{features:?}");
        let Geometry::Polygon(rings) = &features[0].geometry else { panic!("{features:?}") };
        assert_eq!(rings.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
        assert!(geo::signed_area(&rings[0]) > 0.0 && geo::signed_area(&rings[1]) < 0.0);
    }
}
