//! Lines of a person's own: clicked on the map, or from a GPX, GeoJSON or plain file. They stand in the list of routes, and
//! go to the server as a path.

use contract::{RouteId, rest::Route};
use fleet::path::Path;
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList, HtmlInputElement};

use super::Form;
use crate::{
    browser,
    catalogue::Catalogue,
    later,
    layout::{Layout, StartMode},
    part::{part, watch},
    sign::icon,
    words::{self, say},
};

/// Larger files are no line that a courier could drive, bytes.
const MOST: f64 = 5.0 * 1024.0 * 1024.0;
const INPUT: &str = "own-file";
const DRAW: &str = "draw";

/// Buttons to draw and to open, and what is being drawn.
#[component]
pub fn OwnLine() -> impl IntoView {
    let (form, layout) = (Form::expect(), Layout::expect());
    let live = form.live;
    // A file that was dropped anywhere on the page.
    watch(move || {
        if let Some(files) = layout.take_dropped() {
            read_all(form, &files);
        }
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        if live.drawing.with_untracked(Option::is_none) || browser::is_typing() {
            return;
        }
        match event.key().as_str() {
            "Enter" if !browser::is_on_button() => done(form),
            "Backspace" => undo(form),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || {
        keys.remove();
        live.drawing.set(None);
    });
    let choose = move |event: ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(files) = input.files() {
            read_all(form, &files);
        }
        // The same file again is a choice, too.
        input.set_value("");
    };
    let drawing = move || {
        let points = live.drawing.get()?;
        let metres = Path::new(points.clone()).map_or(0.0, |path| path.length_m());
        let text = if points.is_empty() { say!(own_click).into() } else { words::so_far(points.len(), metres) };
        let few = points.len() < 2;
        let none = points.is_empty();
        Some(view! {
            <div class="drawing" id="drawing">
                <span role="status">{text}</span>
                <button class="btn sm" disabled=none on:click=move |_| undo(form)>{say!(own_undo)}</button>
                <button class="btn sm" on:click=move |_| live.drawing.set(None)>{say!(own_cancel)}</button>
                <button class="btn sm primary" id="drawn" disabled=few on:click=move |_| done(form)>{say!(own_done)}</button>
            </div>
        })
    };
    let buttons = move || {
        live.drawing.with(Option::is_none).then(|| {
            view! {
                <div class="own">
                    <button class="btn sm" id=DRAW on:click=move |_| live.drawing.set(Some(Vec::new()))>
                        {icon("route")}{say!(own_draw)}
                    </button>
                    <button class="btn sm" title=say!(own_file_hint) on:click=|_| click(INPUT)>
                        {icon("plus")}{say!(own_open)}
                    </button>
                </div>
            }
        })
    };
    view! {
        <div class="fld">
            <div class="label">{say!(own)}</div>
            <input
                type="file" id=INPUT hidden multiple accept=".gpx,.geojson,.json,.csv,.txt" aria-label=say!(own_open)
                on:change=choose
            />
            {part(buttons)}
            {part(drawing)}
            {form.error(&[FAULT])}
        </div>
    }
    .into_any()
}

/// Where the form's errors hold what is wrong with a file.
const FAULT: &str = "/own";

fn undo(form: Form) {
    form.live.drawing.update(|drawing| {
        if let Some(points) = drawing {
            points.pop();
        }
    });
}

fn done(form: Form) {
    let Some(points) = form.live.drawing.get_untracked().filter(|points| points.len() > 1) else { return };
    form.live.drawing.set(None);
    let Ok(path) = Path::new(points) else { return };
    let number = form.catalogue.own_number();
    put(form, words::drawn(number), &path, fleet::drive::planned_s(&path, 1.0));
}

/// Lists a line and chooses it.
fn put(form: Form, name: String, path: &Path, planned_s: u32) {
    let Some(id) = form.catalogue.add_own(name, path, planned_s) else { return };
    form.errors.set(Vec::new());
    form.routes.update(|routes| {
        if form.mode.get_untracked() == StartMode::One {
            routes.clear();
        }
        routes.push(id);
    });
}

fn read_all(form: Form, files: &FileList) {
    form.errors.set(Vec::new());
    if form.mode.get_untracked() == StartMode::Random {
        form.mode.set(StartMode::One);
    }
    let files: Vec<File> = (0..files.length()).filter_map(|index| files.get(index)).collect();
    spawn_local(async move {
        let mut faults = Vec::new();
        for file in files {
            match read(&file).await {
                // Where the form was closed meanwhile there is nobody to choose for.
                Ok(route) if form.errors.try_set(Vec::new()) => {
                    put(form, route.name.clone(), &route.path, route.planned_s);
                }
                Ok(_) => return,
                Err(fault) => faults.push((FAULT.to_owned(), [&file.name(), " ", &fault].concat())),
            }
        }
        form.errors.try_set(faults);
    });
}

async fn read(file: &File) -> Result<fleet::routes::Route, String> {
    if file.size() > MOST {
        return Err(say!(own_too_large).into());
    }
    let bytes = JsFuture::from(file.array_buffer()).await.map_err(|_| say!(own_lost).to_owned())?;
    let bytes = js_sys::Uint8Array::new(&bytes).to_vec();
    let parse = later::parse_line().await.map_err(|_| say!(own_lost).to_owned())?;
    parse(file.name(), bytes)
}

/// A file's line. It is a part of its own: few have one, and it brings a reader of XML.
pub fn parse(name: String, bytes: Vec<u8>) -> Result<fleet::routes::Route, String> {
    let (routes, faults) = fleet::routes::RouteSet::from_files([(name, bytes)]);
    if let Some(fault) = faults.into_iter().next() {
        return Err(words::line_fault(&fault));
    }
    routes.iter().next().cloned().ok_or_else(|| say!(own_no_kind).into())
}

fn click(id: &str) {
    if let Some(element) = browser::by_id(id) {
        element.click();
    }
}

/// Takes a line off the list; where it was the chosen one, the first of the others is.
pub(super) fn remove(form: Form, id: &RouteId) {
    form.catalogue.remove_own(id);
    form.routes.update(|routes| routes.retain(|route| route != id));
    if form.routes.with_untracked(Vec::is_empty) {
        let own = form.catalogue.own.get_untracked();
        let all = form.catalogue.routes.get_untracked().unwrap_or_default();
        let first = own.iter().chain(all.iter()).next().map(|route| route.route.clone());
        form.routes.set(first.into_iter().collect());
    }
    // Its button is gone: the keyboard goes on at the next thing that makes lines.
    browser::focus(DRAW);
}

impl Catalogue {
    /// True of the ids that this page gave.
    pub(super) fn is_own(self, id: &RouteId) -> bool {
        self.own.with_untracked(|own| own.iter().any(|route| route.route == *id))
    }

    fn remove_own(self, id: &RouteId) {
        self.own.update(|own| *own = own.iter().filter(|route| route.route != *id).cloned().collect());
        self.lines.update(|lines| lines.retain(|(line, _)| line != id));
    }

    /// The number of the next line of a person's own.
    fn own_number(self) -> usize {
        self.own_count.get_value() + 1
    }

    /// Adds a line; its id is known here alone.
    fn add_own(self, name: String, path: &Path, planned_s: u32) -> Option<RouteId> {
        let number = self.own_number();
        self.own_count.set_value(number);
        let id = RouteId::new(&format!("own-line-{number}")).ok()?;
        let points = path.points();
        let route = Route {
            route: id.clone(),
            name,
            distance_m: path.length_m().round() as u32,
            planned_s,
            origin: *points.first()?,
            destination: *points.last()?,
        };
        self.lines.update(|lines| lines.push((id.clone(), points.into())));
        self.own.update(|own| *own = std::iter::once(route).chain(own.iter().cloned()).collect());
        Some(id)
    }
}
