//! The places between which the demo fleet drives, and the rounds it drives them in.

use super::extract::{Extract, MemberKind, Tags};
use super::geo::{self, Point};
use anyhow::{Context, Result};

/// A well-known place: our name for it, and how to find it in the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What people who do not speak Finnish call it.
    pub name: &'static str,
    local: &'static str,
    key: &'static str,
    value: &'static str,
}

const fn place(name: &'static str, local: &'static str, key: &'static str, value: &'static str) -> Place {
    Place { name, local, key, value }
}

const ATENEUM: Place = place("Ateneum Museum", "Ateneum", "building", "museum");
const BOTANICAL: Place = place("Botanical Garden", "Kaisaniemen kasvitieteellinen puutarha", "leisure", "garden");
const BANK: Place = place("Bank of Finland", "Suomen Pankki", "building", "office");
const CHAPEL: Place = place("Kamppi Chapel", "Kampin kappeli", "building", "chapel");
const CITY_HALL: Place = place("City Hall", "Helsingin kaupungintalo", "amenity", "townhall");
const DIANA_PARK: Place = place("Diana Park", "Kolmikulma", "leisure", "park");
const HAKANIEMI: Place = place("Hakaniemi Square", "Hakaniemen tori", "place", "square");
const KASARMI: Place = place("Kasarmi Square", "Kasarmitori", "place", "square");
const LIBRARY: Place = place("National Library", "Kansalliskirjasto", "building", "public");
const MARKET_HALL: Place = place("Market Hall", "Vanha Kauppahalli", "amenity", "marketplace");
const MARKET_SQUARE: Place = place("Market Square", "Kauppatori", "place", "square");
const OLD_CHURCH: Place = place("Old Church", "Vanha kirkko", "building", "church");
const PAASI: Place = place("Paasi Hotel", "Scandic Paasi", "tourism", "hotel");
const POST_OFFICE: Place = place("Post Office", "Postitalo", "building", "yes");
const RAILWAY_SQUARE: Place = place("Railway Square", "Rautatientori", "place", "square");
const SENATE_SQUARE: Place = place("Senate Square", "Senaatintori", "place", "square");
const STRAND: Place = place("Strand Hotel", "Hilton Helsinki Strand", "tourism", "hotel");
const SWEDISH_THEATRE: Place = place("Swedish Theatre", "Svenska Teatern", "amenity", "theatre");
const TORNI: Place = place("Hotel Torni", "Hotelli Torni", "tourism", "hotel");
const UNIVERSITY: Place = place("University Station", "Helsingin yliopisto", "railway", "station");

/// One stretch of a round: to a place, perhaps by way of another.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Where it ends.
    pub to: Place,
    /// What it passes, so that it is not the shortest way.
    pub via: Option<Place>,
}

const fn to(to: Place) -> Stretch {
    Stretch { to, via: None }
}

const fn via(via: Place, to: Place) -> Stretch {
    Stretch { to, via: Some(via) }
}

/// Closed rounds: each stretch begins where the one before it ends, the first where the last ends.
///
/// So a courier who has arrived always stands where another route begins.
pub const ROUNDS: [&[Stretch]; 4] = [
    &[
        to(MARKET_HALL),
        to(UNIVERSITY),
        to(SWEDISH_THEATRE),
        to(SENATE_SQUARE),
        to(BOTANICAL),
        to(CITY_HALL),
        to(RAILWAY_SQUARE),
    ],
    &[to(POST_OFFICE), to(DIANA_PARK), to(LIBRARY), to(STRAND), to(KASARMI), to(CHAPEL), to(HAKANIEMI)],
    &[to(OLD_CHURCH), to(MARKET_SQUARE), to(HAKANIEMI), to(TORNI), to(BANK), to(POST_OFFICE), to(KASARMI), to(ATENEUM)],
    &[
        to(PAASI),
        to(STRAND),
        to(OLD_CHURCH),
        to(RAILWAY_SQUARE),
        to(DIANA_PARK),
        to(UNIVERSITY),
        to(MARKET_HALL),
        to(TORNI),
        to(CITY_HALL),
        via(KASARMI, SWEDISH_THEATRE),
    ],
];

impl Place {
    /// Where the extract has this place.
    pub fn find(&self, extract: &Extract) -> Result<Point> {
        let matches = |tags: &Tags| tags.get("name") == Some(self.local) && tags.is(self.key, &[self.value]);
        let relation = || {
            let relation = extract.relations.values().find(|relation| matches(&relation.tags))?;
            let outer =
                relation.members.iter().find(|member| member.kind == MemberKind::Way && member.role == "outer")?;
            extract.ways.get(&outer.id)
        };
        let way = extract.ways.values().find(|way| matches(&way.tags)).or_else(relation);
        let node =
            || extract.tagged_nodes.iter().find(|(_, tags)| matches(tags)).and_then(|(id, _)| extract.points.get(id));
        let place = way.map(|way| geo::centroid(&extract.runs(&way.nodes).concat())).or_else(|| node().copied());
        place.with_context(|| format!("the extract has no {} ({}={} {})", self.name, self.key, self.value, self.local))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_pair_of_places_comes_twice() {
        let mut pairs = BTreeSet::new();
        for round in ROUNDS {
            let mut from = round[round.len() - 1].to;
            for stretch in round {
                assert_ne!(from, stretch.to);
                assert!(pairs.insert((from.name, stretch.to.name)), "{} to {}", from.name, stretch.to.name);
                from = stretch.to;
            }
        }
        assert!(pairs.len() >= 24);
    }
}
