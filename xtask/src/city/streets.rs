//! What a van or a cargo bike may do: which ways it may use, in which direction, and which turns are forbidden.

use super::extract::{Extract, MemberKind, Relation, Tags, Way};
use std::collections::BTreeSet;

/// In which direction a way may be driven, seen along its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// Only along.
    Forward,
    /// Only against.
    Backward,
}

/// How much longer a metre of this way feels, or `None` where deliveries do not drive.
pub fn drivable(tags: &Tags) -> Option<f64> {
    let closed = ["no", "private"];
    let shut = tags.is("access", &closed) || tags.is("vehicle", &closed) || tags.is("motor_vehicle", &closed);
    if shut || tags.yes("tunnel") || tags.yes("area") || tags.yes("indoor") {
        return None;
    }
    match tags.get("highway")? {
        "primary" | "primary_link" | "secondary" | "secondary_link" | "tertiary" | "tertiary_link" => Some(1.0),
        "unclassified" | "residential" => Some(1.1),
        "living_street" => Some(1.4),
        // Yards and car parks lead nowhere; other service ways are streets by another name.
        "service" if tags.get("service").is_none() => Some(1.8),
        _ => None,
    }
}

/// The direction of traffic on a way.
pub fn direction(tags: &Tags) -> Direction {
    match tags.get("oneway") {
        Some("yes" | "true" | "1") => Direction::Forward,
        Some("-1" | "reverse") => Direction::Backward,
        Some("no" | "false" | "0") => Direction::Both,
        _ if tags.is("junction", &["roundabout", "circular"]) => Direction::Forward,
        _ => Direction::Both,
    }
}

/// The turns that signs forbid or command, at a node between two ways.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    forbidden: BTreeSet<(i64, i64, i64)>,
    commanded: BTreeSet<(i64, i64, i64)>,
    commands: BTreeSet<(i64, i64)>,
}

impl Signs {
    /// Reads the turn restrictions of the extract.
    pub fn read(extract: &Extract) -> Self {
        let restrictions = extract.relations.values().filter(|relation| relation.tags.is("type", &["restriction"]));
        Self::of(&restrictions.filter_map(sign).collect::<Vec<_>>())
    }

    /// These signs: the word, the way one comes from, the node, the way one would go.
    pub fn of(signs: &[(&str, i64, i64, i64)]) -> Self {
        let mut all = Self::default();
        for (word, from, at, to) in signs {
            all.add(word, *from, *at, *to);
        }
        all
    }

    /// True when one may turn from a way into another at this node.
    pub fn allow(&self, from: i64, at: i64, to: i64) -> bool {
        let commanded = from == to || !self.commands.contains(&(from, at)) || self.commanded.contains(&(from, at, to));
        commanded && !self.forbidden.contains(&(from, at, to))
    }

    fn add(&mut self, sign: &str, from: i64, at: i64, to: i64) {
        if sign.starts_with("only_") {
            self.commanded.insert((from, at, to));
            self.commands.insert((from, at));
        } else if sign.starts_with("no_") && from != to {
            // A turn back is never driven anyway, and within one way the rule would close the way itself.
            self.forbidden.insert((from, at, to));
        }
    }
}

/// A turn restriction at a node: the sign, the way one comes from, the node, the way one would go.
fn sign(relation: &Relation) -> Option<(&str, i64, i64, i64)> {
    let member = |role: &str, kind: MemberKind| {
        relation.members.iter().find(|member| member.role == role && member.kind == kind).map(|member| member.id)
    };
    let (from, to) = (member("from", MemberKind::Way)?, member("to", MemberKind::Way)?);
    Some((relation.tags.get("restriction")?, from, member("via", MemberKind::Node)?, to))
}

/// The drivable ways of the extract with their ids.
pub fn ways(extract: &Extract) -> impl Iterator<Item = (i64, &Way, f64)> {
    extract.ways.iter().filter_map(|(id, way)| Some((*id, way, drivable(&way.tags)?)))
}

#[cfg(test)]
mod tests {
    use super::super::extract::Member;
    use super::*;

    fn tags(pairs: &[(&'static str, &'static str)]) -> Tags {
        pairs.iter().copied().collect()
    }

    #[test]
    fn one_ways_are_read_in_all_spellings() {
        assert_eq!(direction(&tags(&[("oneway", "yes")])), Direction::Forward);
        assert_eq!(direction(&tags(&[("oneway", "-1")])), Direction::Backward);
        assert_eq!(direction(&tags(&[("junction", "roundabout")])), Direction::Forward);
        assert_eq!(direction(&tags(&[("junction", "roundabout"), ("oneway", "no")])), Direction::Both);
        assert_eq!(direction(&tags(&[("highway", "primary")])), Direction::Both);
    }

    #[test]
    fn yards_tunnels_and_closed_streets_are_not_driven() {
        assert!(drivable(&tags(&[("highway", "residential")])).is_some());
        assert!(drivable(&tags(&[("highway", "service")])).is_some());
        for pairs in [
            [("highway", "service"), ("service", "driveway")],
            [("highway", "service"), ("tunnel", "yes")],
            [("highway", "residential"), ("motor_vehicle", "no")],
            [("highway", "service"), ("access", "private")],
            [("highway", "footway"), ("bicycle", "yes")],
        ] {
            assert_eq!(drivable(&tags(&pairs)), None, "{pairs:?}");
        }
    }

    #[test]
    fn signs_forbid_and_command() {
        let relation = |word| Relation {
            tags: tags(&[("type", "restriction"), ("restriction", word)]),
            members: [(MemberKind::Way, 1, "from"), (MemberKind::Node, 5, "via"), (MemberKind::Way, 2, "to")]
                .map(|(kind, id, role)| Member { kind, id, role: role.to_owned() })
                .into(),
        };
        let signs = Signs::of(&[sign(&relation("no_left_turn")).unwrap()]);
        assert!(!signs.allow(1, 5, 2) && signs.allow(1, 5, 3) && signs.allow(1, 6, 2));
        let signs = Signs::of(&[sign(&relation("only_straight_on")).unwrap()]);
        assert!(signs.allow(1, 5, 2) && !signs.allow(1, 5, 3) && signs.allow(1, 5, 1));
    }
}
