//! The state of the page in its address: `/?at=60.17,24.94,15.2&q=market&state=late&sel=c-17&t=1763683200000&theme=dark`.
//!
//! What is as by default is left out, what cannot be read is ignored, and what is not ours is kept out.

use contract::{CourierId, DeliveryId, Millis, Place, RouteId, frame::CourierStatus};

use crate::{
    Filter, Selection, Sort, Source, Tab, Theme,
    text::{fixed, short},
};

/// What the address tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Address {
    /// Middle and zoom of the map.
    pub at: Option<(Place, f64)>,
    /// What is shown.
    pub filter: Filter,
    /// What is selected.
    pub selected: Option<Selection>,
    /// Which moment of the past, ms UTC; `None` is now.
    pub time: Option<Millis>,
    /// The figures, while they are open: what [`crate::figures::Board`] reads.
    pub figures: Option<String>,
    /// Light or dark.
    pub theme: Theme,
}

impl Address {
    /// Reads a query, with or without its `?`.
    pub fn parse(query: &str) -> Self {
        let mut address = Self::default();
        let (mut courier, mut delivery, mut open) = (None, None, true);
        for pair in query.trim_start_matches('?').split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            let filter = &mut address.filter;
            match key {
                "at" => address.at = read_at(&value),
                "q" => filter.text = value,
                "state" => filter.states = value.split(',').filter_map(CourierStatus::from_name).collect(),
                "view" => filter.in_view = value == "1",
                "route" => filter.route = RouteId::new(&value).ok(),
                "source" => {
                    filter.source = match value.as_str() {
                        "sim" => Some(Source::Simulated),
                        "device" => Some(Source::Device),
                        _ => None,
                    }
                }
                "tab" => filter.tab = if value == "deliveries" { Tab::Deliveries } else { Tab::Couriers },
                "sort" => {
                    filter.sort = match value.as_str() {
                        "name" => Sort::Name,
                        "newest" => Sort::Newest,
                        _ => Sort::LateFirst,
                    }
                }
                "sel" => courier = CourierId::new(&value).ok(),
                "delivery" => delivery = value.parse::<DeliveryId>().ok(),
                "drawer" => open = value != "0",
                "t" => address.time = value.parse().ok().filter(|time| *time > 0),
                "figures" => address.figures = Some(value),
                "theme" => address.theme = Theme::from_param(&value).unwrap_or_default(),
                _ => {}
            }
        }
        if courier.is_some() || delivery.is_some() {
            address.selected = Some(Selection { courier, delivery, open });
        }
        address
    }

    /// The query with its `?`, or nothing where all is as by default.
    pub fn format(&self) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        if let Some((place, zoom)) = self.at {
            // 5 decimals are a metre; a second decimal of the zoom nobody sees.
            pairs.push(("at", [fixed(place.lat(), 5), fixed(place.lon(), 5), short(zoom, 2)].join(",")));
        }
        let filter = &self.filter;
        if !filter.text.trim().is_empty() {
            pairs.push(("q", encode(filter.text.trim())));
        }
        if !filter.states.is_empty() {
            let names: Vec<&str> = filter.states.iter().map(CourierStatus::as_str).collect();
            pairs.push(("state", names.join(",")));
        }
        if filter.in_view {
            pairs.push(("view", "1".into()));
        }
        if let Some(route) = &filter.route {
            pairs.push(("route", route.to_string()));
        }
        match filter.source {
            Some(Source::Simulated) => pairs.push(("source", "sim".into())),
            Some(Source::Device) => pairs.push(("source", "device".into())),
            None => {}
        }
        if filter.tab == Tab::Deliveries {
            pairs.push(("tab", "deliveries".into()));
        }
        match filter.sort {
            Sort::LateFirst => {}
            Sort::Name => pairs.push(("sort", "name".into())),
            Sort::Newest => pairs.push(("sort", "newest".into())),
        }
        if let Some(selection) = &self.selected {
            pairs.extend(selection.courier.as_ref().map(|courier| ("sel", courier.to_string())));
            pairs.extend(selection.delivery.map(|delivery| ("delivery", delivery.to_string())));
            if !selection.open {
                pairs.push(("drawer", "0".into()));
            }
        }
        pairs.extend(self.time.map(|time| ("t", time.to_string())));
        pairs.extend(self.figures.as_ref().map(|figures| ("figures", encode(figures))));
        pairs.extend(self.theme.as_param().map(|theme| ("theme", theme.to_owned())));
        if pairs.is_empty() {
            return String::new();
        }
        let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("?{}", pairs.join("&"))
    }
}

fn read_at(value: &str) -> Option<(Place, f64)> {
    let mut parts = value.split(',').map(crate::text::decimal);
    let place = Place::new(parts.next()??, parts.next()??).ok()?;
    let zoom = parts.next().flatten().filter(|zoom| (0.0..=22.0).contains(zoom)).unwrap_or(15.0);
    Some((place, zoom))
}

/// Percent-encodes what has a meaning in a query; letters of all languages stay readable where browsers show them.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' | b'/' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[i], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_readable() {
        let query = "?at=60.17000,24.94000,15.2&q=market+hall&state=late,alarm&tab=deliveries&sel=c-17&t=1763683200123&theme=dark";
        let address = Address::parse(query);
        assert_eq!(address.at, Some((Place::new(60.17, 24.94).unwrap(), 15.2)));
        assert_eq!(address.filter.text, "market hall");
        assert!(address.filter.states.contains(CourierStatus::Alarm));
        assert_eq!(address.selected, Some(Selection::courier(CourierId::new("c-17").unwrap())));
        assert_eq!(address.time, Some(1_763_683_200_123));
        assert_eq!(address.format(), query);
        assert_eq!(Address::default().format(), "");
    }

    #[test]
    fn nonsense_is_ignored() {
        for query in ["?", "?at=91,0,3&sel=a%20b&state=x&theme=pink&%%%", "?at=&q", "?at=1&route=/", "?t=-5", "?t=noon"]
        {
            assert_eq!(Address::parse(query), Address::default(), "{query}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            lat in -90.0..90.0f64, lon in -180.0..180.0f64, zoom in 0.0..22.0f64, text in "[^\\s\\p{C}]{0,12}",
            states in prop::collection::vec(0u8..5, 0..5), view: bool, open: bool, dark: bool,
            time in prop::option::of(1..i64::MAX), figures in prop::option::of("[a-z0-9.:-]{0,30}"),
        ) {
            let address = Address {
                at: Some((Place::new((lat * 1e5).round() / 1e5, (lon * 1e5).round() / 1e5).unwrap(), (zoom * 100.0).round() / 100.0)),
                filter: Filter {
                    text, in_view: view, states: states.into_iter().map(CourierStatus::from_bits).collect(),
                    source: view.then_some(Source::Device), sort: if view { Sort::Name } else { Sort::Newest },
                    ..Filter::default()
                },
                selected: Some(Selection { courier: Some(CourierId::new("c-17").unwrap()), delivery: None, open }),
                time,
                figures,
                theme: if dark { Theme::Dark } else { Theme::Auto },
            };
            prop_assert_eq!(Address::parse(&address.format()), address);
        }

        #[test]
        fn any_text_can_be_read(query in ".*") {
            Address::parse(&query);
        }
    }
}
