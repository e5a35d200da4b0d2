//! The component: makes the map when its element is there, and connects it to the shared signals.

use std::{cell::RefCell, rc::Rc, time::Duration};

use contract::{CourierId, Place};
use leptos::{html::Div, prelude::*, task::spawn_local};
use model::{Tier, basemap, counts, text};
use serde_json::json;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, HtmlDivElement};

use super::{
    camera,
    glass::Glass,
    ground::Ground,
    layer::Layer,
    maplibre::{self, GlMap},
};
use crate::signal::RwSignal;
use crate::{
    live::{Live, Stack},
    net,
    words::{self, say},
};

/// Coastlines are fetched a little before they are seen.
const FETCH_LAND_BELOW: f64 = basemap::LAND_BELOW + 0.3;
/// Within this distance the pointer means a courier, px.
const REACH: f64 = 15.0;
/// Markers this near to the pointer lie on one spot, px.
const ON_ONE_SPOT: f64 = 10.0;
/// `view` is told at most this often while the map moves: lists are made from it.
const TELL_VIEW: Duration = Duration::from_millis(250);
/// A courier that came to be old so long ago is drawn again, s: twice the time in which that is looked for, because ages on
/// the screen are by the server's clock.
const LOOKED_FOR_S: f32 = 2.0;
/// How far one click on a number goes nearer.
const NEARER: f64 = 2.0;

/// The few rules of MapLibre's style sheet that a map without controls needs; the whole one is 71 KB.
const RULES: &str = ".map-pane{position:absolute;inset:0;overflow:hidden}\
    .maplibregl-map{overflow:hidden;position:relative;-webkit-tap-highlight-color:transparent}\
    .map-pane.maplibregl-map{position:absolute}\
    .maplibregl-canvas,.map-pane>canvas{position:absolute;left:0;top:0}\
    .map-pane>canvas{pointer-events:none}\
    .maplibregl-canvas:focus{outline:none}\
    .maplibregl-canvas:focus-visible{outline:2px solid var(--ink);outline-offset:-2px}\
    .maplibregl-canvas-container.maplibregl-interactive{cursor:grab;user-select:none;-webkit-user-select:none}\
    .maplibregl-canvas-container.maplibregl-interactive:active{cursor:grabbing}\
    .map-pane[data-over=true] .maplibregl-canvas-container.maplibregl-interactive{cursor:pointer}\
    .maplibregl-canvas-container.maplibregl-touch-zoom-rotate.maplibregl-touch-drag-pan,\
    .maplibregl-canvas-container.maplibregl-touch-zoom-rotate.maplibregl-touch-drag-pan .maplibregl-canvas{touch-action:none}\
    .maplibregl-canvas-container.maplibregl-touch-drag-pan,\
    .maplibregl-canvas-container.maplibregl-touch-drag-pan .maplibregl-canvas{touch-action:pinch-zoom}\
    .maplibregl-boxzoom{position:absolute;top:0;left:0;width:0;height:0;background:var(--surface);border:2px dotted var(--ink);opacity:.5}\
    .maplibregl-control-container{display:none}";

/// The layer's cell: empty without a graphics context.
type Cell = Rc<RefCell<Option<Layer>>>;

/// The map, filling its parent. Reads and writes [`Live`] and nothing else. For tests it says `data-ready`, `data-zoom` and
/// `data-tier`.
#[component]
pub fn MapPane() -> impl IntoView {
    let live = Live::expect();
    let node = NodeRef::<Div>::new();
    let ready = RwSignal::new(false);
    Effect::new(move |made: Option<bool>| {
        if made == Some(true) {
            return true;
        }
        let Some(element) = node.get() else { return false };
        let Some(promised) = Ground::promised() else {
            start(live, &element, ready, None);
            return true;
        };
        let owner = Owner::current();
        spawn_local(async move {
            let ground = Ground::of(promised).await;
            let begin = || start(live, &element, ready, ground);
            match owner {
                Some(owner) => owner.with(begin),
                None => begin(),
            }
        });
        true
    });
    let zoom = move || live.view.with(|view| view.map(|view| text::fixed(view.zoom, 2)));
    let tier = move || live.view.with(|view| view.map(|view| Tier::at(view.zoom).as_str()));
    view! {
        <style>{RULES}</style>
        <div
            class="map-pane"
            node_ref=node
            data-ready=move || ready.get().to_string()
            data-zoom=zoom
            data-tier=tier
            data-over=move || live.hovered.with(Option::is_some).to_string()
        ></div>
    }
}

fn start(live: Live, element: &HtmlDivElement, ready: RwSignal<bool>, ground: Option<Ground>) {
    let land = RwSignal::new(false);
    let size = {
        let element = element.clone();
        move || (f64::from(element.client_width()), f64::from(element.client_height()))
    };
    let mut options = camera::start_options(live, size());
    let starts_far = options["zoom"].as_f64().is_some_and(|zoom| zoom < FETCH_LAND_BELOW);
    land.set(starts_far);
    for (name, value) in [
        ("attributionControl", json!(false)),
        ("dragRotate", json!(false)),
        ("pitchWithRotate", json!(false)),
        ("touchPitch", json!(false)),
        ("maxPitch", json!(0)),
        ("fadeDuration", json!(150)),
        ("maxZoom", json!(20)),
        // What MapLibre calls the map to those who do not see it.
        ("locale", json!({ "Map.Title": say!(map) })),
    ] {
        options[name] = value;
    }
    let dark = live.dark.get_untracked();
    let style = match &ground {
        Some(ground) => ground.style(dark),
        None => maplibre::to_js(&basemap::style(dark, starts_far)),
    };
    let map = match maplibre::create(element, &options, &style) {
        Ok(map) => map,
        Err(why) => return live.map_fault.set(Some(why)),
    };
    map.no_rotation();
    // A file that does not come leaves its part of the ground empty, and the next try is the next look at it.
    map.listen("error", |_| {});

    let still = prefers_stillness();
    live.world.update_value(|world| world.motion_mut().set_still(still));
    // The past may have come before the map.
    live.source().update_value(|world| world.motion_mut().set_still(still));
    let cell: Cell = Rc::default();
    on_style(live, &map, &cell, ready);
    let Some(glass) = Glass::over(element) else { return live.map_fault.set(Some(maplibre::NO_WEBGL.into())) };
    on_card(live, &map, &cell, element, glass, ready);
    on_view(live, &map, land);
    on_pointer(live, &map);
    on_frame(live, &map, &cell, size.clone(), still);
    // A hidden tab draws nothing; who looks at it again sees at once what is.
    let _ = window_event_listener_untyped("visibilitychange", move |_| live.repaint());

    let commanded = map.clone();
    Effect::new(move |_| camera::obey(live, &commanded, size(), still));
    if let Some(ground) = &ground {
        ground.attach(&map);
    }
    on_signals(live, &map, &cell, land, ground);
}

/// The layers of the counts come with the style, and again with each new graphics context of the map.
fn on_style(live: Live, map: &GlMap, cell: &Cell, ready: RwSignal<bool>) {
    let (styled, drawn) = (map.clone(), cell.clone());
    map.listen("style.load", move |_| {
        for source in [counts::CELLS, counts::DISCS] {
            styled.add_source(
                source,
                &json!({ "type": "geojson", "data": { "type": "FeatureCollection", "features": [] } }),
            );
        }
        for layer in basemap::counts(live.dark.get_untracked()) {
            styled.add_layer(&layer, None);
        }
        ready.set(true);
        if drawn.borrow().is_some() {
            is_whole(live);
        }
    });
}

/// Ground and couriers can be drawn.
fn is_whole(live: Live) {
    if live.map_fault.with_untracked(Option::is_some) {
        live.map_fault.set(None);
    }
}

/// Makes our layer, and makes it anew when the graphics card was taken away: from the ground's canvas and from ours each by
/// itself. Most come back.
fn on_card(live: Live, map: &GlMap, cell: &Cell, element: &HtmlDivElement, glass: Glass, ready: RwSignal<bool>) {
    let (made, drawn) = (map.clone(), cell.clone());
    let ours = glass.canvas().clone();
    let make = move || match Layer::new(glass.clone(), live, made.clone()) {
        Ok(layer) => {
            drawn.replace(Some(layer));
            if ready.get_untracked() {
                is_whole(live);
            }
            live.repaint();
        }
        Err(why) => live.map_fault.set(Some(why)),
    };
    make();
    let (of_ours, lost) = (ours.clone(), cell.clone());
    let forget = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if event.target().as_ref() == Some(of_ours.as_ref()) {
            // Or it would not come back.
            event.prevent_default();
            lost.replace(None);
        } else {
            ready.set(false);
        }
        live.map_fault.set(Some(say!(card_lost).into()));
    });
    let again = Closure::<dyn FnMut()>::new(make);
    // Events of a canvas do not rise, but they come down.
    let (lost, back) = ("webglcontextlost", "webglcontextrestored");
    let _ = element.add_event_listener_with_callback_and_bool(lost, forget.as_ref().unchecked_ref(), true);
    let _ = ours.add_event_listener_with_callback(back, again.as_ref().unchecked_ref());
    // As long as the map, and that as long as the page.
    forget.forget();
    again.forget();
}

/// Draws our layer when the map has drawn another part of the world, and else when something of ours would look different.
fn on_frame(live: Live, map: &GlMap, cell: &Cell, size: impl Fn() -> (f64, f64) + 'static, still: bool) {
    let asked: Rc<RefCell<Option<AnimationFrameRequestHandle>>> = Rc::default();
    let (drawn, followed, asking) = (cell.clone(), map.clone(), asked.clone());
    let draw = Rc::new(move |asked_for: bool| {
        let place = {
            let mut cell = drawn.borrow_mut();
            let Some(layer) = cell.as_mut() else { return };
            if !(asked_for || layer.has_moved()) {
                return;
            }
            // What was asked for is drawn now; drawing may ask for the next.
            if let Some(asked) = asking.borrow_mut().take() {
                asked.cancel();
            }
            layer.draw();
            layer.follows()
        };
        if let Some(place) = place {
            camera::follow(live, &followed, place, size(), still);
        }
    });
    let render = draw.clone();
    map.listen("render", move |_| render(false));
    live.on_frame(Rc::new(move || {
        if asked.borrow().is_some() {
            return;
        }
        let (draw, due) = (draw.clone(), asked.clone());
        let handle = request_animation_frame_with_handle(move || {
            due.replace(None);
            draw(true);
        });
        asked.replace(handle.ok());
    }));
}

fn on_view(live: Live, map: &GlMap, land: RwSignal<bool>) {
    let told_at = RefCell::new(0.0);
    let looked = map.clone();
    let look = Rc::new(move |settled: bool| {
        let Some((view, wanted)) = camera::view_of(&looked) else { return };
        if view.zoom < FETCH_LAND_BELOW && !land.get_untracked() {
            land.set(true);
        }
        live.look(wanted);
        let now = net::clock_s();
        if settled || now - *told_at.borrow() > TELL_VIEW.as_secs_f64() {
            told_at.replace(now);
            if live.view.get_untracked() != Some(view) {
                live.view.set(Some(view));
            }
        }
    });
    let (moved, settled, loaded) = (look.clone(), look.clone(), look);
    map.listen("move", move |_| moved(false));
    map.listen("moveend", move |_| settled(true));
    map.listen("resize", {
        let look = loaded.clone();
        move |_| look(true)
    });
    // The list of a spot hangs where the spot was.
    map.listen("movestart", move |_| {
        if live.stack.with_untracked(Option::is_some) {
            live.stack.set(None);
        }
    });
    map.listen("dragstart", move |event| {
        if event.by_person {
            camera::release(live);
        }
    });
    loaded(true);
}

fn on_pointer(live: Live, map: &GlMap) {
    let picked = map.clone();
    let pick = Rc::new(move |at: Option<(f64, f64)>| {
        let (lon, lat) = at?;
        let radius = REACH / (512.0 * model::view::scale(picked.zoom()));
        live.world.with_value(|world| {
            let slot = world.motion().pick(Place::saturating(lat, lon), radius, live.motion_s())?;
            world.client().slot(slot).map(|seen| seen.courier.clone())
        })
    });
    let over = pick.clone();
    map.listen("mousemove", move |event| {
        let courier = over(event.at);
        if live.hovered.with_untracked(|hovered| *hovered != courier) {
            live.hovered.set(courier);
        }
    });
    map.listen("mouseout", move |_| {
        if live.hovered.with_untracked(Option::is_some) {
            live.hovered.set(None);
        }
    });
    let clicked = map.clone();
    let stacked = map.clone();
    map.listen("click", move |event| {
        if live.drawing.with_untracked(Option::is_some) {
            if let Some((lon, lat)) = event.at {
                live.draw(Place::saturating(lat, lon));
            }
            return;
        }
        if live.stack.with_untracked(Option::is_some) {
            live.stack.set(None);
        }
        if let Some(stack) = event.at.and_then(|at| stack_at(live, &stacked, at)) {
            return live.stack.set(Some(stack));
        }
        if let Some(courier) = pick(event.at) {
            return live.select_courier(courier);
        }
        let counted = live.world.with_value(|world| world.client().is_counted());
        if let Some((lon, lat)) = event.at.filter(|_| counted) {
            // From afar a click means: what is there?
            return live.fly_to(Place::saturating(lat, lon), Some(clicked.zoom() + NEARER));
        }
        let closed = live.selected.with_untracked(|selected| selected.as_ref().is_some_and(|s| !s.open));
        if closed {
            live.selected.set(None);
        }
    });
}

/// Who lies on one spot with the courier there, at the last zoom. `None` where one alone does.
fn stack_at(live: Live, map: &GlMap, (lon, lat): (f64, f64)) -> Option<Stack> {
    let zoom = map.zoom();
    if Tier::at(zoom) != Tier::Labels {
        return None;
    }
    let radius = ON_ONE_SPOT / (512.0 * model::view::scale(zoom));
    let couriers: Vec<CourierId> = live.world.with_value(|world| {
        let slots = world.motion().pick_all(Place::saturating(lat, lon), radius, live.motion_s());
        slots.into_iter().filter_map(|slot| world.client().slot(slot).map(|seen| seen.courier.clone())).collect()
    });
    (couriers.len() > 1).then(|| Stack { at: map.spot(lon, lat), couriers })
}

/// What the map shows of signals that others write.
fn on_signals(live: Live, map: &GlMap, cell: &Cell, land: RwSignal<bool>, ground: Option<Ground>) {
    let dressed = map.clone();
    Effect::new(move |before: Option<()>| {
        let (dark, land) = (live.dark.get(), land.get());
        // The first run finds the map as it was made.
        if before.is_some() {
            match &ground {
                Some(ground) => ground.dress(&dressed, dark),
                None => dressed.dress(dark, land),
            }
            basemap::counts(dark).iter().for_each(|layer| dressed.repaint_layer(layer));
        }
        live.repaint();
    });
    // What a person points at, and what is previewed, is seen at once.
    Effect::new(move |_| {
        live.selected.track();
        live.hovered.track();
        live.preview.track();
        live.trail.track();
        live.follow.track();
        live.repaint();
    });
    // Filters move couriers into the background; while a start is previewed all are there.
    Effect::new(move |_| {
        live.revision.track();
        let (filter, previewing) = (live.filter.get(), live.preview.with(Option::is_some));
        let changed = live.world.try_update_value(|world| {
            let mut dimmed = Vec::new();
            world.each_match(&filter, |slot, matches| dimmed.push((slot, previewing || !matches)));
            dimmed.into_iter().fold(false, |changed, (slot, dim)| changed | world.motion_mut().dim(slot, dim))
        });
        if changed == Some(true) || live.is_past() {
            live.repaint();
        }
    });
    // What changes with the time alone: ages on the screen, couriers that come to be old.
    let aged = cell.clone();
    Effect::new(move |_| {
        live.clock.track();
        let ages = aged.borrow().as_ref().is_some_and(|layer| layer.ages);
        let grows_old = || live.world.with_value(|world| world.motion().grows_old(live.motion_s(), LOOKED_FOR_S));
        if ages || live.connection.get_untracked().is_away() || grows_old() {
            live.repaint();
        }
    });
    let counted = map.clone();
    Effect::new(move |shown: Option<bool>| {
        let (counts, level) = live.with_world(|world| {
            let client = world.client();
            let counts = if client.is_counted() { client.counts().to_vec() } else { Vec::new() };
            (counts, client.level())
        });
        if !counts.is_empty() || shown == Some(true) {
            counted.set_data(counts::CELLS, &counts::cells_geojson(&counts, level));
            counted.set_data(counts::DISCS, &counts::discs_geojson(&counts, level, words::language()));
        }
        !counts.is_empty()
    });
}

fn prefers_stillness() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    query.is_some_and(|query| query.matches())
}
