//! What all of the page shares: the live data and what a person does with it, as leptos signals.
//!
//! The socket (`session`) writes `connection`, `world`, `revision`, `summary`, `meter`, `clock` and `notices`; `trail`, which
//! is fetched later, loads the trail of the selection; the map writes `view`, `anchor`, `drawn`, `selected`, `hovered` and `follow`; panels write
//! `selected`, `hovered`, `follow`, `filter`, `theme`, `preview` and `padding`. `address` keeps filter, theme, selection and
//! view in the page's address. `past` leads from now to then and back.

mod address;
mod clock;
pub mod kept;
mod past;
mod roster;
mod session;
pub(crate) mod trail;

use contract::{CourierId, DeliveryId, Millis, Place, live::Summary};
use leptos::prelude::*;
use model::{
    Camera, Connection, Filter, Follow, Meter, Notice, Padding, Preview, Selection, Spot, Theme, Trail, ViewState,
    World, replay::Past,
};

use crate::signal::RwSignal;
use crate::{access, net};
use session::Session;

/// Couriers on one spot.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Where on the screen.
    pub at: Spot,
    /// Who, the nearest to the pointer first.
    pub couriers: Vec<CourierId>,
}

/// The shared signals. Cheap to copy; taken from the context by [`Live::expect`].
#[derive(Clone, Copy)]
pub struct Live {
    /// How what is shown is connected: live, not, or of the past.
    pub connection: RwSignal<Connection>,
    /// How the live connection stands, whatever is shown.
    pub feed: RwSignal<Connection>,
    /// The moment of the past that is shown or asked for; `None` is now. Panels change it by the methods of `past`.
    pub past: RwSignal<Option<Past>>,
    /// Start and end (ms UTC) of the selected delivery, while the past is shown.
    pub stretch: RwSignal<Option<(Millis, Option<Millis>)>>,
    /// Whether deliveries can be started and cancelled: a viewer's token does not allow it.
    pub commands: RwSignal<bool>,
    /// Whose token the server knows, and as what: "ana, viewer".
    pub signed_in: RwSignal<Option<String>>,
    /// All that is known of what is shown. Read it inside `with_value`, and read `revision` before, so that the reader runs again.
    pub world: StoredValue<World, LocalStorage>,
    /// Grows at most 4 times a second while `world` changes.
    pub revision: RwSignal<u64>,
    /// True once the first lists are in: until then rows are skeletons.
    pub loaded: RwSignal<bool>,
    /// The time of what is shown, ms UTC, once a second; of the past while that is shown.
    pub clock: RwSignal<Millis>,
    /// The server's time, ms UTC, once a second. It goes on while the connection is away.
    pub wall: RwSignal<Millis>,
    /// The last summary of what is shown.
    pub summary: RwSignal<Option<Summary>>,
    /// Latency and rate.
    pub meter: RwSignal<Meter>,
    /// What is selected. Writing it loads `trail` and asks the server to send the courier even outside the view.
    pub selected: RwSignal<Option<Selection>>,
    /// Couriers on one spot of the map, between whom a person chooses.
    pub stack: RwSignal<Option<Stack>>,
    /// What the pointer is over, on the map or in the list.
    pub hovered: RwSignal<Option<CourierId>>,
    /// Whether the camera stays with the selected courier.
    pub follow: RwSignal<Follow>,
    /// What is shown of list and map.
    pub filter: RwSignal<Filter>,
    /// The figures, while they are open: what `model::figures::Board` reads.
    pub figures: RwSignal<Option<String>>,
    /// What a person chose.
    pub theme: RwSignal<Theme>,
    /// The colours in use; follows `theme` and the system.
    pub dark: RwSignal<bool>,
    /// The map's view; `None` until the map is up.
    pub view: RwSignal<Option<ViewState>>,
    /// Where the selected courier is on the screen, while it is in view: the callout hangs there.
    pub anchor: RwSignal<Option<Spot>>,
    /// Where the middle of the first previewed line is on the screen: its pill hangs there.
    pub preview_anchor: RwSignal<Option<Spot>>,
    /// Points of a line that is being drawn on the map; `None` while none is.
    pub drawing: RwSignal<Option<Vec<Place>>>,
    /// Lines that the start form previews; other markers fade.
    pub preview: RwSignal<Option<Preview>>,
    /// The trail of the selection; loaded by this module, and growing with new fixes.
    pub trail: RwSignal<Option<Trail>>,
    /// Panels over the map.
    pub padding: RwSignal<Padding>,
    /// The last notices, oldest first. A panel removes what it has shown.
    pub notices: RwSignal<Vec<Notice>>,
    /// How many couriers the last frame drew: `data-couriers-drawn`.
    pub drawn: RwSignal<u32>,
    /// Why there is no map, where the browser cannot draw it; the list goes on.
    pub map_fault: RwSignal<Option<String>>,
    /// The viewer's offset from UTC, minutes, east positive.
    pub zone_min: i32,
    /// The viewer's zone in short, "EET".
    pub zone_name: StoredValue<String>,
    /// What the camera is told; the map takes it.
    pub(crate) camera: RwSignal<Option<Camera>>,
    /// Middle and zoom that the address asked for.
    pub(crate) start_at: StoredValue<Option<(Place, f64)>>,
    session: StoredValue<Session, LocalStorage>,
    /// The live world, while `world` is one of the past.
    behind: StoredValue<World, LocalStorage>,
}

impl Live {
    /// Makes the signals, reads the address, opens the connection, and puts itself into the context. Once, in the root.
    pub fn provide() -> Self {
        let address = address::read();
        let (zone_min, zone_name) = clock::zone();
        let live = Self {
            connection: RwSignal::default(),
            feed: RwSignal::default(),
            past: RwSignal::new(address.time.map(Past::at)),
            stretch: RwSignal::new(None),
            commands: RwSignal::new(access::may_command()),
            signed_in: RwSignal::new(None),
            world: StoredValue::new_local(World::default()),
            revision: RwSignal::new(0),
            loaded: RwSignal::new(false),
            clock: RwSignal::new(net::clock_ms() as Millis),
            wall: RwSignal::new(net::clock_ms() as Millis),
            summary: RwSignal::new(None),
            meter: RwSignal::default(),
            selected: RwSignal::new(address.selected),
            stack: RwSignal::new(None),
            hovered: RwSignal::new(None),
            follow: RwSignal::default(),
            filter: RwSignal::new(address.filter),
            figures: RwSignal::new(address.figures),
            theme: RwSignal::new(address.theme),
            dark: RwSignal::new(false),
            view: RwSignal::new(None),
            anchor: RwSignal::new(None),
            preview_anchor: RwSignal::new(None),
            drawing: RwSignal::new(None),
            preview: RwSignal::new(None),
            trail: RwSignal::new(None),
            padding: RwSignal::default(),
            notices: RwSignal::new(Vec::new()),
            drawn: RwSignal::new(0),
            map_fault: RwSignal::new(None),
            zone_min,
            zone_name: StoredValue::new(zone_name),
            camera: RwSignal::new(None),
            start_at: StoredValue::new(address.at),
            session: StoredValue::new_local(Session::default()),
            behind: StoredValue::new_local(World::default()),
        };
        provide_context(live);
        address::keep(live);
        roster::keep(live);
        live.begin();
        live
    }

    /// The one that [`Live::provide`] put into the context.
    #[allow(clippy::expect_used, reason = "the root provides it before anything that could ask is made")]
    pub fn expect() -> Self {
        use_context().expect("Live::provide has run in the root")
    }

    /// Reads the world, and runs again when it has changed (at most 4 times a second).
    pub fn with_world<T>(self, read: impl FnOnce(&World) -> T) -> T {
        self.revision.track();
        self.world.with_value(read)
    }

    /// Selects a courier and opens the drawer.
    pub fn select_courier(self, courier: CourierId) {
        self.selected.set(Some(Selection::courier(courier)));
    }

    /// Selects a delivery and its courier and opens the drawer.
    pub fn select_delivery(self, delivery: DeliveryId, courier: CourierId) {
        self.selected.set(Some(Selection::delivery(delivery, courier)));
    }

    /// Esc: closes the drawer first, then clears the selection.
    pub fn back(self) {
        self.selected.update(|selected| match selected {
            Some(selection) if selection.open => selection.open = false,
            _ => *selected = None,
        });
    }

    /// Moves the map to a place.
    pub fn fly_to(self, place: Place, zoom: Option<f64>) {
        self.camera.set(Some(Camera::FlyTo { place, zoom }));
    }

    /// Moves the map to the selected courier.
    pub fn fly_to_selected(self) {
        let courier = self.selected.with_untracked(|selected| selected.as_ref().and_then(|s| s.courier.clone()));
        if let Some(place) = courier.and_then(|courier| self.world.with_value(|world| world.place(&courier))) {
            self.fly_to(place, None);
        }
    }

    /// Shows all of these places beside the panels.
    pub fn fit(self, places: Vec<Place>) {
        self.camera.set(Some(Camera::Fit(places)));
    }

    /// Shows the selection's whole way, or all couriers of the view.
    pub fn fit_all(self) {
        let selected = self.selected.get_untracked();
        let places = self.world.with_value(|world| world.extent(selected.as_ref()));
        if !places.is_empty() {
            self.fit(places);
        }
    }

    /// A click on the map while a line is drawn: its next point.
    pub(crate) fn draw(self, place: Place) {
        self.drawing.update(|drawing| {
            let Some(points) = drawing else { return };
            // A second click on the same spot, as a double click makes it, is no further point.
            let apart = points.last().is_none_or(|last| last.distance_m(place) > 1.0);
            if apart && points.len() < contract::polyline::MAX_POINTS {
                points.push(place);
            }
        });
    }

    /// Closer by so many levels, or further away.
    pub fn zoom_by(self, levels: f64) {
        self.camera.set(Some(Camera::ZoomBy(levels)));
    }

    /// A new delivery's id, by the server's clock.
    pub fn new_delivery_id(self) -> DeliveryId {
        let random = || (js_sys::Math::random() * f64::from(u32::MAX)) as u128;
        DeliveryId::from_parts(self.server_now(), random() << 64 | random() << 32 | random())
    }

    /// Removes a notice.
    pub fn dismiss(self, id: u64) {
        self.notices.update(|notices| notices.retain(|notice| notice.id != id));
    }
}
