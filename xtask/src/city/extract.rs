//! An OpenStreetMap extract in memory: nodes, ways and relations as they stand in the file, nothing interpreted.

use super::geo::{Bounds, Point};
use anyhow::{Context, Result};
use osmpbf::{BlobDecode, BlobReader, Element, RelMemberType};
use std::collections::BTreeMap;
use std::path::Path;

/// The tags of one element.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// True when the key is there with one of these values.
    pub fn is(&self, key: &str, values: &[&str]) -> bool {
        self.get(key).is_some_and(|value| values.contains(&value))
    }

    /// True when the key is there and does not say no.
    pub fn yes(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value != "no")
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Tags {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }
}

/// A way: its nodes in order, of which an extract may lack some.
#[derive(Clone, Debug)]
pub struct Way {
    /// What the way is.
    pub tags: Tags,
    /// The ids of its nodes.
    pub nodes: Vec<i64>,
}

/// What a relation has as a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// A node.
    Node,
    /// A way.
    Way,
    /// Another relation.
    Relation,
}

/// One member of a relation.
#[derive(Clone, Debug)]
pub struct Member {
    /// Node, way or relation.
    pub kind: MemberKind,
    /// Its id among its kind.
    pub id: i64,
    /// What it is to the relation.
    pub role: String,
}

/// A relation: a multipolygon, a turn restriction and so on.
#[derive(Clone, Debug)]
pub struct Relation {
    /// What the relation is.
    pub tags: Tags,
    /// Its members in order.
    pub members: Vec<Member>,
}

/// A whole extract, ordered by id so that everything made from it is the same every time.
#[derive(Clone, Debug)]
pub struct Extract {
    /// The box that the extract was cut by.
    pub bounds: Bounds,
    /// Where every node is.
    pub points: BTreeMap<i64, Point>,
    /// The nodes that are something in themselves.
    pub tagged_nodes: BTreeMap<i64, Tags>,
    /// All ways.
    pub ways: BTreeMap<i64, Way>,
    /// All relations.
    pub relations: BTreeMap<i64, Relation>,
}

impl Extract {
    /// Reads an extract in the PBF format.
    pub fn read(path: &Path) -> Result<Self> {
        let reader = BlobReader::from_path(path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut header = None;
        let (mut points, mut tagged_nodes) = (BTreeMap::new(), BTreeMap::new());
        let (mut ways, mut relations) = (BTreeMap::new(), BTreeMap::new());
        let mut add_node = |id: i64, point: Point, tags: Tags| {
            points.insert(id, point);
            if tags != Tags::default() {
                tagged_nodes.insert(id, tags);
            }
        };
        for blob in reader {
            let blob = blob.with_context(|| format!("cannot read {}", path.display()))?;
            match blob.decode().with_context(|| format!("cannot decode {}", path.display()))? {
                BlobDecode::OsmHeader(block) => header = block.bbox(),
                BlobDecode::OsmData(block) => block.for_each_element(|element| match element {
                    Element::Node(node) => {
                        add_node(node.id(), Point { lat: node.lat(), lon: node.lon() }, node.tags().collect());
                    }
                    Element::DenseNode(node) => {
                        add_node(node.id(), Point { lat: node.lat(), lon: node.lon() }, node.tags().collect());
                    }
                    Element::Way(way) => {
                        ways.insert(way.id(), Way { tags: way.tags().collect(), nodes: way.refs().collect() });
                    }
                    Element::Relation(relation) => {
                        let members = relation.members().map(member).collect();
                        relations.insert(relation.id(), Relation { tags: relation.tags().collect(), members });
                    }
                }),
                BlobDecode::Unknown(_) => {}
            }
        }
        let header = header.with_context(|| format!("{} does not say which area it covers", path.display()))?;
        let bounds = Bounds { west: header.left, south: header.bottom, east: header.right, north: header.top };
        Ok(Self { bounds, points, tagged_nodes, ways, relations })
    }

    /// The parts of a way that the extract has points for: one part for a way that is all there.
    pub fn runs(&self, nodes: &[i64]) -> Vec<Vec<Point>> {
        let known: Vec<Option<Point>> = nodes.iter().map(|id| self.points.get(id).copied()).collect();
        known
            .split(Option::is_none)
            .filter(|run| !run.is_empty())
            .map(|run| run.iter().flatten().copied().collect())
            .collect()
    }
}

fn member(member: osmpbf::RelMember<'_>) -> Member {
    let kind = match member.member_type {
        RelMemberType::Node => MemberKind::Node,
        RelMemberType::Way => MemberKind::Way,
        RelMemberType::Relation => MemberKind::Relation,
    };
    Member { kind, id: member.member_id, role: member.role().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_way_falls_into_runs() {
        let bounds = Bounds { west: 0.0, south: 0.0, east: 9.0, north: 9.0 };
        let points = [1, 2, 4].map(|id| (id, Point { lat: 0.0, lon: id as f64 })).into();
        let none = Extract { bounds, points, tagged_nodes: [].into(), ways: [].into(), relations: [].into() };
        let lengths: Vec<usize> = none.runs(&[9, 1, 2, 3, 4]).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1]);
        assert!(none.runs(&[8, 9]).is_empty());
    }

    #[test]
    fn no_is_not_yes() {
        let tags: Tags = [("tunnel", "no"), ("bridge", "viaduct")].into_iter().collect();
        assert!(!tags.yes("tunnel") && tags.yes("bridge") && !tags.yes("area"));
    }
}
