//! Which panels are open, and how much of the map they cover.

use leptos::{ev, prelude::*};
use model::Padding;

use crate::signal::{Memo, RwSignal};
use crate::{browser, live::Live, part::watch};

/// A tablet narrower than this has no room for rail and drawer at once, px.
const NARROW: f64 = 1000.0;

/// The three arrangements of the page; the same bounds stand in the style sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Below 700 px: a sheet instead of rail and drawer.
    Phone,
    /// Below 1100 px: the rail lies over the map.
    Tablet,
    /// The rail is docked.
    Desktop,
}

/// The heights at which a phone's sheet rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sheet {
    /// Search only.
    Low,
    /// Half the screen.
    Half,
    /// All but a strip of the map.
    Full,
}

impl Sheet {
    const ALL: [Self; 3] = [Self::Low, Self::Half, Self::Full];

    /// One step up or down.
    pub fn step(self, up: bool) -> Self {
        match (self, up) {
            (Self::Low, true) | (Self::Full, false) => Self::Half,
            (Self::Half, true) | (Self::Full, true) => Self::Full,
            _ => Self::Low,
        }
    }

    fn height(self, window: f64) -> f64 {
        match self {
            Self::Low => 96.0,
            Self::Half => 400.0_f64.min(window * 0.52),
            Self::Full => window - 56.0,
        }
    }
}

/// What the start form begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartMode {
    /// One route, one courier.
    #[default]
    One,
    /// Several routes at once.
    Several,
    /// Routes and couriers by chance.
    Random,
}

/// What stands in the drawer's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// Nothing.
    None,
    /// The start form.
    Start,
    /// The selection.
    Selection,
}

/// The open panels. Cheap to copy; in the context.
#[derive(Clone, Copy)]
pub struct Layout {
    /// The arrangement.
    pub size: Memo<Size>,
    /// True while the rail lies over a tablet's map.
    pub rail_open: RwSignal<bool>,
    /// The start form, while it is open.
    pub start: RwSignal<Option<StartMode>>,
    /// What stands in the drawer's place.
    pub panel: Memo<Panel>,
    /// Grows when files were dropped on the page: [`Layout::take_dropped`].
    pub dropped: RwSignal<u32>,
    files: StoredValue<Option<web_sys::FileList>, LocalStorage>,
    /// What the pill on the previewed line says.
    pub preview_text: RwSignal<Option<String>>,
    /// True while the keyboard help is open.
    pub help: RwSignal<bool>,
    /// True while a phone's menu is open.
    pub menu: RwSignal<bool>,
    /// Where a phone's sheet rests.
    pub sheet: RwSignal<Sheet>,
    /// Its height while a finger moves it.
    pub dragged: RwSignal<Option<f64>>,
    /// Its height now, px.
    pub sheet_px: Memo<f64>,
    window: RwSignal<(f64, f64)>,
}

impl Layout {
    /// Makes the signals and keeps `live.padding` true. Once, in the root.
    pub fn provide(live: Live) -> Self {
        let window = RwSignal::new(browser::window_size());
        window_event_listener(ev::resize, move |_| window.set(browser::window_size()));
        let size = Memo::new(move |_| match window.get().0 {
            width if width < 700.0 => Size::Phone,
            width if width < 1100.0 => Size::Tablet,
            _ => Size::Desktop,
        });
        let start = RwSignal::new(None);
        let panel = Memo::new(move |_| match (start.get(), live.selected.read().as_ref()) {
            (Some(_), _) => Panel::Start,
            (None, Some(selection)) if selection.open => Panel::Selection,
            _ => Panel::None,
        });
        let (sheet, dragged) = (RwSignal::new(Sheet::Half), RwSignal::new(None::<f64>));
        let sheet_px = Memo::new(move |_| dragged.get().unwrap_or_else(|| sheet.get().height(window.get().1)));
        let rail_open = RwSignal::new(size.get_untracked() == Size::Tablet && window.get_untracked().0 >= NARROW);
        let (preview_text, help, menu) = (RwSignal::new(None), RwSignal::new(false), RwSignal::new(false));
        let (dropped, files) = (RwSignal::new(0), StoredValue::new_local(None));
        let layout = Self {
            size,
            rail_open,
            start,
            panel,
            dropped,
            files,
            preview_text,
            help,
            menu,
            sheet,
            dragged,
            sheet_px,
            window,
        };
        layout.take_drops();
        watch(move || live.padding.set(layout.padding()));
        // Two panels would leave no map between them.
        watch(move || {
            if panel.get() != Panel::None && size.get() == Size::Tablet && window.get().0 < NARROW {
                rail_open.set(false);
            }
        });
        provide_context(layout);
        layout
    }

    /// The one of the context.
    #[allow(clippy::expect_used, reason = "the root provides it before any panel is made")]
    pub fn expect() -> Self {
        use_context().expect("Layout::provide has run in the root")
    }

    /// A file that is dropped anywhere opens the start form, which reads it. Without this the browser would leave the page
    /// for the file.
    fn take_drops(self) {
        let files = |event: &ev::DragEvent| event.data_transfer().and_then(|data| data.files());
        let has_files =
            |event: &ev::DragEvent| event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0));
        window_event_listener(ev::dragover, move |event| {
            if has_files(&event) {
                event.prevent_default();
            }
        });
        window_event_listener(ev::drop, move |event| {
            if let Some(files) = files(&event).filter(|_| has_files(&event)) {
                event.prevent_default();
                self.files.set_value(Some(files));
                if self.start.get_untracked().is_none() {
                    self.open_start(StartMode::One);
                }
                self.dropped.update(|dropped| *dropped += 1);
            }
        });
    }

    /// The files that were dropped, once; whoever asks runs again at the next drop.
    pub fn take_dropped(self) -> Option<web_sys::FileList> {
        self.dropped.get();
        self.files.try_update_value(Option::take).flatten()
    }

    /// Opens the start form.
    pub fn open_start(self, mode: StartMode) {
        self.start.set(Some(mode));
        if self.sheet.get_untracked() == Sheet::Low {
            self.sheet.set(Sheet::Half);
        }
    }

    /// Closes the start form, and gives the keyboard back to the button that opened it.
    pub fn close_start(self) {
        self.start.set(None);
        browser::focus("start-button");
    }

    /// Lets go of the sheet at `height`: it rests at the nearest step, or at the next one in the direction of a throw
    /// (`speed` in px/ms, upwards positive).
    pub fn drop_sheet(self, height: f64, speed: f64) {
        let window = self.window.get_untracked().1;
        let thrown = height + speed * 180.0;
        let far = |sheet: &Sheet| (sheet.height(window) - thrown).abs();
        let nearest = Sheet::ALL.into_iter().min_by(|a, b| far(a).total_cmp(&far(b)));
        self.dragged.set(None);
        self.sheet.set(nearest.unwrap_or(Sheet::Half));
    }

    /// Height of the window less the strip that a full sheet leaves, px.
    pub fn tallest(self) -> f64 {
        self.window.get_untracked().1 - 56.0
    }

    /// What panels cover of the map; the numbers are those of the style sheets.
    fn padding(self) -> Padding {
        let drawer = self.panel.get() != Panel::None;
        match self.size.get() {
            Size::Desktop => {
                Padding { top: 24.0, right: if drawer { 384.0 + 60.0 } else { 60.0 }, bottom: 124.0, left: 24.0 }
            }
            Size::Tablet => Padding {
                top: 24.0,
                right: if drawer { 360.0 + 24.0 } else { 68.0 },
                bottom: 124.0,
                left: if self.rail_open.get() { 320.0 + 24.0 } else { 24.0 },
            },
            Size::Phone => {
                // Beneath a full sheet the map is a strip: what is fitted is fitted to the half one.
                let sheet = self.sheet.get().min(Sheet::Half).height(self.window.get().1);
                Padding { top: 112.0, right: 24.0, bottom: sheet + 40.0, left: 24.0 }
            }
        }
    }
}
