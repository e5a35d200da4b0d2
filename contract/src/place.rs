//! Coordinates that are valid by construction. There is no bare pair of numbers in this project: the order of latitude
//! and longitude is the domain's classic mistake.

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Mean radius of the Earth in metres (IUGG R1).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point on the Earth in WGS 84 degrees: latitude -90 to 90, longitude -180 to 180, both finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPlace")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    lat: f64,
    lon: f64,
}

/// The same two numbers before they were checked.
#[derive(Deserialize)]
struct RawPlace {
    lat: f64,
    lon: f64,
}

impl TryFrom<RawPlace> for Place {
    type Error = Invalid;
    fn try_from(raw: RawPlace) -> Result<Self, Invalid> {
        Self::new(raw.lat, raw.lon)
    }
}

impl Place {
    /// Checks and wraps degrees. Fails with [`Invalid::Field`] naming `lat` or `lon`.
    pub fn new(lat: f64, lon: f64) -> Result<Self, Invalid> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err(Invalid::field("lat", "must be -90 to 90"));
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(Invalid::field("lon", "must be -180 to 180"));
        }
        Ok(Self { lat, lon })
    }

    /// Nearest valid place: latitude clamped, longitude wrapped. For arithmetic that may step over an edge.
    pub fn saturating(lat: f64, lon: f64) -> Self {
        let lat = if lat.is_finite() { lat.clamp(-90.0, 90.0) } else { 0.0 };
        let lon = if lon.is_finite() { (lon + 180.0).rem_euclid(360.0) - 180.0 } else { 0.0 };
        Self { lat, lon }
    }

    /// From the wire's 1e-7 degrees, as in socket frames.
    pub fn from_e7(lat: i32, lon: i32) -> Self {
        Self { lat: (f64::from(lat) / 1e7).clamp(-90.0, 90.0), lon: (f64::from(lon) / 1e7).clamp(-180.0, 180.0) }
    }

    /// Latitude in degrees north.
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Longitude in degrees east.
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Latitude in 1e-7 degrees (about 11 mm).
    pub fn lat_e7(self) -> i32 {
        (self.lat * 1e7).round() as i32
    }

    /// Longitude in 1e-7 degrees.
    pub fn lon_e7(self) -> i32 {
        (self.lon * 1e7).round() as i32
    }

    /// Great-circle distance in metres (haversine formula).
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((b - a) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let h = half_lat * half_lat + a.cos() * b.cos() * half_lon * half_lon;
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }

    /// Initial bearing towards `other`, degrees clockwise from north in [0, 360). 0 where both are the same place.
    pub fn bearing_deg(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let d = (other.lon - self.lon).to_radians();
        let y = d.sin() * b.cos();
        let x = a.cos() * b.sin() - a.sin() * b.cos() * d.cos();
        let degrees = y.atan2(x).to_degrees().rem_euclid(360.0);
        if degrees >= 360.0 { 0.0 } else { degrees }
    }

    /// The place a share `k` (0 to 1) of the way to `other`, straight in degrees: right for the short legs of a street. The
    /// way is the shorter one around the Earth.
    pub fn lerp(self, other: Self, k: f64) -> Self {
        let mut east = other.lon - self.lon;
        if east.abs() > 180.0 {
            east -= 360.0_f64.copysign(east);
        }
        Self::saturating(self.lat + (other.lat - self.lat) * k, self.lon + east * k)
    }

    /// Web-mercator coordinates in [0, 1], x eastwards and y southwards from the north-west corner (EPSG:3857, as
    /// map tiles use it). Latitudes beyond 85.0511 are clamped to the square.
    pub fn mercator(self) -> (f64, f64) {
        let x = (self.lon + 180.0) / 360.0;
        let lat = self.lat.clamp(-85.051_128_78, 85.051_128_78).to_radians();
        let y = (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0;
        (x, y.clamp(0.0, 1.0))
    }

    /// The inverse of [`Place::mercator`].
    pub fn from_mercator(x: f64, y: f64) -> Self {
        let lat = (std::f64::consts::PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees();
        Self::saturating(lat, x * 360.0 - 180.0)
    }
}

/// A rectangle in degrees. `west > east` crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawBounds")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

#[derive(Deserialize)]
struct RawBounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
    /// Makes serde insist on an object: it would take a bare list of four numbers, too.
    #[serde(flatten)]
    _others: serde::de::IgnoredAny,
}

impl TryFrom<RawBounds> for Bounds {
    type Error = Invalid;
    fn try_from(raw: RawBounds) -> Result<Self, Invalid> {
        Self::new(raw.west, raw.south, raw.east, raw.north)
    }
}

impl Bounds {
    /// The whole Earth.
    pub const WORLD: Self = Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

    /// Checks and wraps a rectangle. Fails with [`Invalid::Field`] naming `bounds`.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, Invalid> {
        let lon_ok = [west, east].iter().all(|lon| (-180.0..=180.0).contains(lon));
        let lat_ok = [south, north].iter().all(|lat| (-90.0..=90.0).contains(lat));
        if !lon_ok {
            return Err(Invalid::field("bounds", "west and east must be -180 to 180"));
        }
        if !lat_ok || south > north {
            return Err(Invalid::field("bounds", "south and north must be -90 to 90, south not above north"));
        }
        Ok(Self { west, south, east, north })
    }

    /// Western edge, degrees east.
    pub fn west(self) -> f64 {
        self.west
    }

    /// Southern edge, degrees north.
    pub fn south(self) -> f64 {
        self.south
    }

    /// Eastern edge, degrees east; less than west where the rectangle crosses the antimeridian.
    pub fn east(self) -> f64 {
        self.east
    }

    /// Northern edge, degrees north.
    pub fn north(self) -> f64 {
        self.north
    }

    /// True where the place lies inside or on an edge.
    pub fn contains(self, place: Place) -> bool {
        let lon_inside = if self.west <= self.east {
            (self.west..=self.east).contains(&place.lon())
        } else {
            place.lon() >= self.west || place.lon() <= self.east
        };
        lon_inside && (self.south..=self.north).contains(&place.lat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lat: f64, lon: f64) -> Place {
        Place::new(lat, lon).unwrap()
    }

    #[test]
    fn swapped_or_broken_coordinates_are_refused() {
        for (lat, lon) in [(91.0, 0.0), (0.0, 181.0), (f64::NAN, 0.0), (0.0, f64::INFINITY), (138.7, 35.3)] {
            assert!(Place::new(lat, lon).is_err(), "{lat} {lon}");
        }
    }

    #[test]
    fn distances_and_bearings() {
        let station = place(60.1719, 24.9414);
        let market = place(60.1676, 24.9525);
        let metres = station.distance_m(market);
        assert!((metres - 777.0).abs() < 10.0, "{metres}");
        assert!((place(0.0, 0.0).bearing_deg(place(0.0, 1.0)) - 90.0).abs() < 1e-9);
        assert!((place(1.0, 0.0).bearing_deg(place(0.0, 0.0)) - 180.0).abs() < 1e-9);
    }

    #[test]
    fn half_way_over_the_antimeridian_is_on_it() {
        let (fiji, samoa) = (place(-16.5, 179.994), place(-16.5, -179.994));
        for (from, to) in [(fiji, samoa), (samoa, fiji)] {
            let quarter = from.lerp(to, 0.25);
            assert!((quarter.distance_m(from) * 4.0 - from.distance_m(to)).abs() < 0.01, "{quarter:?}");
            assert!((from.lerp(to, 0.5).lon().abs() - 180.0).abs() < 1e-9);
        }
        assert_eq!(place(0.0, -90.0).lerp(place(0.0, 90.0), 0.5), place(0.0, 0.0));
    }

    #[test]
    fn mercator_goes_there_and_back() {
        let here = place(60.1699, 24.9384);
        let (x, y) = here.mercator();
        let back = Place::from_mercator(x, y);
        assert!(here.distance_m(back) < 1e-3);
    }

    #[test]
    fn bounds_may_cross_the_antimeridian() {
        let bounds = Bounds::new(170.0, -10.0, -170.0, 10.0).unwrap();
        assert!(bounds.contains(place(0.0, 179.0)) && bounds.contains(place(0.0, -179.0)));
        assert!(!bounds.contains(place(0.0, 0.0)));
        assert!(Bounds::new(0.0, 10.0, 1.0, 5.0).is_err());
    }
}
