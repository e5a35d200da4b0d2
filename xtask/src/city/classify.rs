//! Which element of the data is what on our map. What is under ground, under a roof or only a kerb is nothing.

use super::extract::Tags;

/// The areas, in the order in which they are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Parks and gardens.
    Park,
    /// Lawns, shrubs, woods, reeds.
    Grass,
    /// Pitches and playgrounds.
    Pitch,
    /// Paved open ground: squares, piers, wide footways.
    Square,
    /// Lakes, ponds, basins.
    Water,
    /// Buildings.
    Building,
}

impl Area {
    /// The word for it in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Park => "park",
            Self::Grass => "grass",
            Self::Pitch => "pitch",
            Self::Square => "square",
            Self::Water => "water",
            Self::Building => "building",
        }
    }
}

/// The lines, in the order in which they are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// Footways, cycle ways, steps.
    Path,
    /// A road and its class, the least first.
    Road(Class),
    /// Railway tracks above ground.
    Rail,
    /// Tram tracks.
    Tram,
}

/// The class of a road, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Yards and driveways.
    Service,
    /// Streets without cars.
    Pedestrian,
    /// Plain streets.
    Residential,
    /// Streets between quarters.
    Tertiary,
    /// Main streets.
    Secondary,
    /// The mainest of them.
    Primary,
}

impl Class {
    /// The word for it in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Pedestrian => "pedestrian",
            Self::Residential => "residential",
            Self::Tertiary => "tertiary",
            Self::Secondary => "secondary",
            Self::Primary => "primary",
        }
    }
}

/// What a closed way or a multipolygon is. A closed way may as well be a loop, so it has to say `area=yes`.
pub fn area(tags: &Tags, multipolygon: bool) -> Option<Area> {
    if hidden(tags) {
        return None;
    }
    let paved = tags.is("highway", &["pedestrian", "footway", "service"]) && (multipolygon || tags.yes("area"));
    if tags.yes("building") {
        // A roof on posts would hide the tracks and stops that it covers.
        return (!tags.is("building", &["roof"])).then_some(Area::Building);
    }
    if tags.is("natural", &["water"]) || tags.is("landuse", &["basin", "pond"]) {
        Some(Area::Water)
    } else if tags.is("leisure", &["pitch", "playground", "fitness_station"]) {
        Some(Area::Pitch)
    } else if tags.is("leisure", &["park", "garden"]) {
        Some(Area::Park)
    } else if tags.is("landuse", &["grass", "forest", "flowerbed", "village_green"])
        || tags.is("natural", &["scrub", "wood", "heath", "wetland", "grassland"])
    {
        Some(Area::Grass)
    } else if paved || tags.is("place", &["square"]) || tags.is("man_made", &["pier"]) {
        Some(Area::Square)
    } else {
        None
    }
}

/// What a way is as a line.
pub fn line(tags: &Tags) -> Option<Line> {
    if hidden(tags) || tags.yes("area") {
        return None;
    }
    match tags.get("railway") {
        Some("rail" | "light_rail") => return Some(Line::Rail),
        Some("tram") => return Some(Line::Tram),
        _ => {}
    }
    let kerb = ["sidewalk", "crossing", "traffic_island"];
    Some(match tags.get("highway")? {
        "motorway" | "motorway_link" | "trunk" | "trunk_link" | "primary" | "primary_link" => {
            Line::Road(Class::Primary)
        }
        "secondary" | "secondary_link" => Line::Road(Class::Secondary),
        "tertiary" | "tertiary_link" => Line::Road(Class::Tertiary),
        "residential" | "unclassified" | "living_street" => Line::Road(Class::Residential),
        "pedestrian" => Line::Road(Class::Pedestrian),
        "service" => Line::Road(Class::Service),
        "footway" | "cycleway" | "path" | "steps" | "track" | "trail"
            if !tags.is("footway", &kerb) && !tags.is("cycleway", &kerb) && !tags.is("path", &kerb) =>
        {
            Line::Path
        }
        _ => return None,
    })
}

/// The named places that get a label besides areas: their class and rank, 1 before 3.
pub fn landmark(tags: &Tags) -> Option<(&'static str, u8)> {
    if tags.is("place", &["suburb", "neighbourhood", "quarter"]) {
        Some(("district", 1))
    } else if tags.is("natural", &["bay"]) {
        Some(("water", 1))
    } else if tags.is("building", &["train_station", "cathedral"]) || tags.is("amenity", &["townhall", "marketplace"]) {
        Some(("landmark", 1))
    } else if tags.is("tourism", &["museum"])
        || tags.is("amenity", &["theatre", "library"])
        || tags.is("building", &["church", "chapel"])
        || tags.is("shop", &["department_store", "mall"])
    {
        Some(("landmark", 2))
    } else if tags.is("tourism", &["hotel"]) {
        Some(("landmark", 3))
    } else {
        None
    }
}

/// True for what nobody on the street sees.
fn hidden(tags: &Tags) -> bool {
    let below = |key| tags.get(key).and_then(|value| value.parse::<f64>().ok()).is_some_and(|level| level < 0.0);
    tags.yes("tunnel")
        || tags.yes("indoor")
        || tags.is("location", &["underground"])
        || below("layer")
        || below("level")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&'static str, &'static str)]) -> Tags {
        pairs.iter().copied().collect()
    }

    #[test]
    fn kerbs_tunnels_and_halls_are_left_out() {
        for pairs in [
            [("highway", "footway"), ("footway", "sidewalk")],
            [("highway", "service"), ("tunnel", "building_passage")],
            [("highway", "footway"), ("indoor", "yes")],
            [("highway", "service"), ("layer", "-4")],
        ] {
            assert_eq!(line(&tags(&pairs)), None, "{pairs:?}");
        }
        assert_eq!(line(&tags(&[("highway", "footway"), ("layer", "1")])), Some(Line::Path));
        assert_eq!(line(&tags(&[("highway", "primary_link")])), Some(Line::Road(Class::Primary)));
    }

    #[test]
    fn a_loop_is_no_square() {
        let mut pairs = vec![("highway", "pedestrian")];
        assert_eq!(area(&tags(&pairs), false), None);
        assert_eq!(area(&tags(&pairs), true), Some(Area::Square));
        pairs.push(("area", "yes"));
        assert_eq!(area(&tags(&pairs), false), Some(Area::Square));
        assert_eq!(line(&tags(&pairs)), None);
    }

    #[test]
    fn a_playground_in_a_park_is_a_pitch_and_a_roof_is_nothing() {
        assert_eq!(area(&tags(&[("leisure", "playground")]), false), Some(Area::Pitch));
        assert_eq!(area(&tags(&[("building", "roof")]), false), None);
        assert_eq!(area(&tags(&[("building", "yes"), ("leisure", "park")]), false), Some(Area::Building));
    }
}
