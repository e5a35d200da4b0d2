//! What of the list and the map is shown: search text, states, view, route, source.

use contract::{RouteId, frame::CourierStatus};

/// The list that the rail shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// One row a courier.
    #[default]
    Couriers,
    /// One row a delivery.
    Deliveries,
}

/// The order of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Alarm, late (worst first), on delivery by ETA, idle, offline.
    #[default]
    LateFirst,
    /// By name.
    Name,
    /// By the age of the position, newest first.
    Newest,
}

/// Where positions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The simulator.
    Simulated,
    /// A device that is carried about.
    Device,
}

/// A set of courier states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct States(u8);

impl States {
    /// True where no state was chosen: then all are shown.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True where `status` is one of them.
    pub fn contains(self, status: CourierStatus) -> bool {
        self.0 & (1 << status as u8) != 0
    }

    /// With `status` put in, or taken out if it was there.
    pub fn toggled(self, status: CourierStatus) -> Self {
        Self(self.0 ^ (1 << status as u8))
    }

    /// The chosen ones, by number.
    pub fn iter(self) -> impl Iterator<Item = CourierStatus> {
        CourierStatus::ALL.into_iter().filter(move |status| self.contains(*status))
    }
}

impl FromIterator<CourierStatus> for States {
    fn from_iter<I: IntoIterator<Item = CourierStatus>>(states: I) -> Self {
        Self(states.into_iter().fold(0, |bits, status| bits | 1 << status as u8))
    }
}

/// What is shown. The default shows everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that a row must contain, in any order, whatever their case.
    pub text: String,
    /// States that are shown; none means all.
    pub states: States,
    /// Only what lies in the map's view.
    pub in_view: bool,
    /// Only deliveries along this route.
    pub route: Option<RouteId>,
    /// Only positions from there.
    pub source: Option<Source>,
    /// The list in front.
    pub tab: Tab,
    /// Its order.
    pub sort: Sort,
}

impl Filter {
    /// True where some row may be hidden. Tab and order hide nothing.
    pub fn hides(&self) -> bool {
        !self.text.trim().is_empty()
            || !self.states.is_empty()
            || self.in_view
            || self.route.is_some()
            || self.source.is_some()
    }

    /// The same list in the same order with nothing hidden: what "Clear filters" does.
    pub fn cleared(&self) -> Self {
        Self { tab: self.tab, sort: self.sort, ..Self::default() }
    }

    /// The search text as lower-case words.
    pub fn words(&self) -> Vec<String> {
        self.text.split_whitespace().map(crate::text::lower).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_toggled() {
        let states = States::default().toggled(CourierStatus::Late).toggled(CourierStatus::Alarm);
        assert_eq!(states.iter().collect::<Vec<_>>(), [CourierStatus::Late, CourierStatus::Alarm]);
        assert_eq!(states.toggled(CourierStatus::Alarm), [CourierStatus::Late].into_iter().collect());
        assert!(states.toggled(CourierStatus::Late).toggled(CourierStatus::Alarm).is_empty());
    }

    #[test]
    fn clearing_keeps_the_tab() {
        let filter = Filter { text: "x".into(), tab: Tab::Deliveries, ..Filter::default() };
        assert!(filter.hides() && !filter.cleared().hides());
        assert_eq!(filter.cleared().tab, Tab::Deliveries);
    }
}
