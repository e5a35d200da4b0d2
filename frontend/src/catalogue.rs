//! The routes that the server knows: their names for the rows, their lines for the start form.

use std::sync::Arc;

use contract::{Place, Problem, RouteId, polyline, rest::Route};
use leptos::{prelude::*, task::spawn_local};

use crate::signal::RwSignal;
use crate::{live::Live, net::api, part::watch};

/// A route's line, once it was fetched.
pub type Line = Arc<[Place]>;

/// Routes by name and line. Cheap to copy; in the context.
#[derive(Clone, Copy)]
pub struct Catalogue {
    /// All routes, in the server's order; `None` until they are here.
    pub routes: RwSignal<Option<Arc<[Route]>>>,
    /// Why they are not, in words.
    pub fault: RwSignal<Option<Problem>>,
    /// Lines that were fetched, and a person's own.
    pub lines: RwSignal<Vec<(RouteId, Line)>>,
    /// Lines of a person's own, newest first: their ids are known to this page alone.
    pub own: RwSignal<Arc<[Route]>>,
    /// How many there ever were.
    pub own_count: StoredValue<usize>,
}

impl Catalogue {
    /// Fetches the routes as soon as the server is there, and again after a failure when it is back.
    pub fn provide(live: Live) {
        let catalogue = Self {
            routes: RwSignal::new(None),
            fault: RwSignal::new(None),
            lines: RwSignal::new(Vec::new()),
            own: RwSignal::new(Arc::new([])),
            own_count: StoredValue::new(0),
        };
        provide_context(catalogue);
        watch(move || {
            if live.connection.get().is_live() && catalogue.routes.get_untracked().is_none() {
                spawn_local(catalogue.load());
            }
        });
    }

    /// The one of the context.
    #[allow(clippy::expect_used, reason = "the root provides it before any panel is made")]
    pub fn expect() -> Self {
        use_context().expect("Catalogue::provide has run in the root")
    }

    async fn load(self) {
        match api::routes().await {
            Ok(page) => {
                self.fault.set(None);
                self.routes.set(Some(page.items.into()));
            }
            Err(problem) => self.fault.set(Some(problem)),
        }
    }

    /// Fetches the lines that are missing, one after the other: they are small, and the first ones are the visible ones.
    pub fn load_lines(self) {
        spawn_local(async move {
            let routes = self.routes.get_untracked().unwrap_or_default();
            for route in routes.iter() {
                if self.line(&route.route, false).is_some() {
                    continue;
                }
                let Ok(found) = api::route_line(&route.route).await else { return };
                let Ok(line) = polyline::decode(&found.path) else { continue };
                self.lines.update(|lines| lines.push((route.route.clone(), line.into())));
            }
        });
    }

    /// A route's line; `track` runs the reader again when more are here.
    pub fn line(self, route: &RouteId, track: bool) -> Option<Line> {
        let find =
            |lines: &Vec<(RouteId, Line)>| lines.iter().find(|(id, _)| id == route).map(|(_, line)| Arc::clone(line));
        if track { self.lines.with(find) } else { self.lines.with_untracked(find) }
    }

    /// A route as people call it; made of its slug while the list is not here.
    pub fn name(self, route: &RouteId) -> String {
        let known = self.routes.with(|routes| {
            routes.as_ref().and_then(|routes| routes.iter().find(|r| r.route == *route)).map(|r| r.name.clone())
        });
        known.unwrap_or_else(|| crate::format::route(route.as_str()))
    }

    /// The names of a route's two ends, where its name has the form "A to B".
    pub fn ends(self, route: &RouteId) -> (String, String) {
        ends_of(&self.name(route))
    }
}

/// "A to B" as its two ends; without " to " the whole is the end.
pub fn ends_of(name: &str) -> (String, String) {
    match name.split_once(" to ") {
        Some((from, to)) => (from.into(), to.into()),
        None => (String::new(), name.into()),
    }
}
