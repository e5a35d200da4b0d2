//! The list as it stands: which rows the filter leaves, and walking through them.

use std::sync::Arc;

use contract::{CourierId, DeliveryId};
use leptos::prelude::*;
use model::{CourierRow, DeliveryRow, Filter, Selection, Tab};

use crate::signal::RwSignal;
use crate::{
    browser,
    layout::{Layout, Size},
    live::Live,
    part::watch,
};

/// The id of the scrolling element.
pub const ELEMENT: &str = "list";
/// Up to so many couriers the list follows every change; beyond, it is made anew once a second.
const EAGER: usize = 1_000;

/// The rows of the tab in front.
#[derive(Debug, PartialEq)]
pub enum Shown {
    /// Couriers.
    Couriers(Vec<CourierRow>),
    /// Deliveries.
    Deliveries(Vec<DeliveryRow>),
}

impl Shown {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Couriers(rows) => rows.len(),
            Self::Deliveries(rows) => rows.len(),
        }
    }

    /// Who and what stands in a row.
    fn at(&self, index: usize) -> Option<(CourierId, Option<DeliveryId>)> {
        match self {
            Self::Couriers(rows) => rows.get(index).map(|row| (row.courier.clone(), None)),
            Self::Deliveries(rows) => rows.get(index).map(|row| (row.courier.clone(), Some(row.delivery))),
        }
    }

    /// Moves the selected row to the top, where it is not there.
    fn pin(&mut self, selection: &Selection) {
        let Some(index) = self.position(selection) else { return };
        match self {
            Self::Couriers(rows) => rows[..=index].rotate_right(1),
            Self::Deliveries(rows) => rows[..=index].rotate_right(1),
        }
    }

    fn position(&self, selection: &Selection) -> Option<usize> {
        match self {
            Self::Couriers(rows) => {
                let courier = selection.courier.as_ref()?;
                rows.iter().position(|row| row.courier == *courier)
            }
            Self::Deliveries(rows) => rows.iter().position(|row| {
                selection.delivery.map_or(selection.courier.as_ref() == Some(&row.courier), |id| row.delivery == id)
            }),
        }
    }
}

/// Numbers beside the tabs and on the chips.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// All couriers of the server.
    pub couriers: usize,
    /// Deliveries that are open or ended lately.
    pub deliveries: usize,
    /// Couriers in the map's view.
    pub in_view: usize,
}

/// The list. Cheap to copy; in the context.
#[derive(Clone, Copy)]
pub struct List {
    /// The rows.
    pub shown: RwSignal<Arc<Shown>>,
    /// How many there are without the filter.
    pub totals: RwSignal<Totals>,
    /// The row that the arrow keys stand on.
    pub active: RwSignal<Option<usize>>,
    /// The height of a row, px: set by the list that draws them.
    pub row_px: RwSignal<f64>,
    live: Live,
    layout: Layout,
}

impl List {
    /// Keeps the rows true. Once, in the root.
    pub fn provide(live: Live, layout: Layout) -> Self {
        let list = Self {
            shown: RwSignal::new(Arc::new(Shown::Couriers(Vec::new()))),
            totals: RwSignal::new(Totals::default()),
            active: RwSignal::new(None),
            row_px: RwSignal::new(56.0),
            live,
            layout,
        };
        watch(move || list.refresh());
        provide_context(list);
        list
    }

    /// The one of the context.
    #[allow(clippy::expect_used, reason = "the root provides it before any panel is made")]
    pub fn expect() -> Self {
        use_context().expect("List::provide has run in the root")
    }

    fn refresh(self) {
        let live = self.live;
        live.loaded.track();
        let now = live.clock.get();
        let filter = live.filter.get();
        if filter.in_view {
            live.view.track();
        }
        let couriers = live.summary.with(|summary| {
            summary.as_ref().map_or(0, |s| {
                let c = s.counts;
                (c.idle + c.on_delivery + c.late + c.alarm + c.offline) as usize
            })
        });
        if couriers <= EAGER {
            live.revision.track();
        }
        let phone = self.layout.size.get() == Size::Phone;
        let pinned = phone.then(|| live.selected.get()).flatten();
        live.world.with_value(|world| {
            let mut shown = match filter.tab {
                Tab::Couriers => Shown::Couriers(world.couriers(&filter, now)),
                Tab::Deliveries => Shown::Deliveries(world.delivery_rows(&filter, now)),
            };
            // A sheet has room for few rows: the selected one is the first of them.
            if let Some(selected) = pinned {
                shown.pin(&selected);
            }
            let totals = Totals {
                couriers: couriers.max(world.client().len()),
                deliveries: world.deliveries().count(),
                in_view: match world.client().is_counted() {
                    true => world.client().counts().iter().map(|count| count.couriers as usize).sum(),
                    false => world.count_couriers(&Filter { in_view: true, ..Filter::default() }),
                },
            };
            if *self.shown.read_untracked().as_ref() != shown {
                self.shown.set(Arc::new(shown));
            }
            if self.totals.get_untracked() != totals {
                self.totals.set(totals);
            }
        });
    }

    /// Selects the row at `index`.
    pub fn select_at(self, index: usize, open: bool) {
        let Some((courier, delivery)) = self.shown.read_untracked().at(index) else { return };
        self.live.selected.set(Some(Selection { courier: Some(courier), delivery, open }));
        self.active.set(Some(index));
    }

    /// Where the selection stands in the list.
    pub fn selected_index(self) -> Option<usize> {
        let selected = self.live.selected.get_untracked()?;
        self.shown.read_untracked().position(&selected)
    }

    /// Selects the next row, or the one before; the drawer stays as it is.
    pub fn step(self, forward: bool) {
        let len = self.shown.read_untracked().len();
        if len == 0 {
            return;
        }
        let index = match self.selected_index() {
            None => 0,
            Some(index) if forward => (index + 1).min(len - 1),
            Some(index) => index.saturating_sub(1),
        };
        let open = self.live.selected.with_untracked(|selected| selected.as_ref().is_some_and(|s| s.open));
        self.select_at(index, open);
        self.reveal(index);
    }

    /// Scrolls so that the row can be seen.
    pub fn reveal(self, index: usize) {
        let Some(element) = browser::by_id(ELEMENT) else { return };
        let row = self.row_px.get_untracked();
        let (top, height) = (index as f64 * row, f64::from(element.client_height()));
        let scrolled = f64::from(element.scroll_top());
        if top < scrolled {
            element.set_scroll_top(top as i32);
        } else if top + row > scrolled + height {
            element.set_scroll_top((top + row - height).ceil() as i32);
        }
    }
}
