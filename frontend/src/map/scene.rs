//! What lies over the ground in one frame: lines, signs and names, as the shared signals ask for them.

use contract::{DeliveryId, DeliveryStatus, Millis, Place, frame::BIT_TWO_DEVICES};
use model::{
    Selection, Staleness, Tier, Trail, World, basemap::Colours, counts, format, motion::flags, overlay::GAP_MS,
};

use super::{
    atlas::Picture,
    gl::{Scene, mix, rgba},
    lines::{Pen, Sheet},
    sprites::{Hang, Sprites, still},
};
use crate::{live::Live, words};

/// Ages on the map have so much room, pixels: one that counts, one that says when, and their height. Of those that would cover
/// each other one is shown.
const AGE_ROOM: [f64; 2] = [34.0, 66.0];
const AGE_HEIGHT: f64 = 13.0;
/// Most couriers that wear a sign or a name at once: beyond it nobody could read them.
const MOST_SIGNS: usize = 400;
/// Lines with named ends; of more lines only the lines are drawn.
const MOST_NAMED: usize = 3;

/// What is selected, as far as the frame needs it.
pub struct Chosen {
    /// The selection.
    pub selection: Selection,
    /// Slot of its courier.
    pub slot: Option<u16>,
    /// Where that is drawn.
    pub place: Option<Place>,
    /// Its delivery.
    pub delivery: Option<DeliveryId>,
}

/// Finds the selected courier and its delivery.
pub fn chosen(live: Live, world: &World, t: f64) -> Option<Chosen> {
    let selection = live.selected.get_untracked()?;
    let of_delivery = || world.delivery(selection.delivery?).map(|delivery| delivery.courier.clone());
    let courier = selection.courier.clone().or_else(of_delivery);
    let slot = courier.as_ref().and_then(|courier| world.motion().slot_of(courier));
    let place = slot.and_then(|slot| world.motion().place_at(slot, t)).map(|(place, _)| place);
    let under_way = || courier.as_ref().and_then(|courier| world.delivery_of(courier)).map(|d| d.delivery);
    let delivery = selection.delivery.or_else(under_way);
    Some(Chosen { selection, slot, place, delivery })
}

/// Trail, way ahead and preview.
pub fn lines(
    live: Live,
    world: &World,
    chosen: Option<&Chosen>,
    colours: &Colours,
    scene: &Scene<'_>,
    t: f64,
) -> Sheet {
    let mut sheet = Sheet::default();
    let casing = rgba(colours.marker_casing);
    let points =
        |places: &[Place]| -> Vec<[f32; 2]> { places.iter().map(|place| world.motion().relative(*place)).collect() };
    let counted = world.client().is_counted();
    for (path, left) in world.arrivals(live.now()).filter(|_| !counted) {
        let ([r, g, b, _], line) = (rgba(colours.ahead), points(path.points()));
        let [cr, cg, cb, _] = casing;
        sheet.line(&line, Pen { width: 6.0, colour: [cr, cg, cb, 0.6 * left], dots: 0.0 }, scene.world);
        sheet.line(&line, Pen { width: 3.0, colour: [r, g, b, 0.6 * left], dots: 0.0 }, scene.world);
    }
    if let Some(chosen) = chosen {
        let ahead = points(&way_ahead(world, chosen));
        let [r, g, b, _] = casing;
        sheet.line(&ahead, Pen { width: 7.5, colour: [r, g, b, 0.9], dots: 0.0 }, scene.world);
        sheet.line(&ahead, Pen { width: 3.0, colour: rgba(colours.ahead), dots: 0.0 }, scene.world);
        live.trail.with_untracked(|trail| {
            if let Some(trail) = trail {
                // The courier is drawn a little behind its newest fix: so is its trail. In the past it is drawn at its time.
                let shown = || chosen.slot.and_then(|slot| world.motion().shown_at(slot, t));
                draw_trail(&mut sheet, trail, world, chosen, colours, scene, live.moment().or_else(shown));
            }
        });
    }
    live.preview.with_untracked(|preview| {
        for line in preview.iter().flat_map(|preview| &preview.lines) {
            let line = points(&line.line);
            sheet.line(&line, Pen { width: 8.0, colour: casing, dots: 0.0 }, scene.world);
            sheet.line(&line, Pen { width: 4.0, colour: rgba(colours.ink), dots: 0.0 }, scene.world);
            sheet.line(&line, Pen { width: 1.8, colour: rgba(colours.on_ink), dots: 6.0 }, scene.world);
        }
    });
    sheet
}

/// The rest of the way, from where the courier is drawn; all of it before the start, nothing after the end.
fn way_ahead(world: &World, chosen: &Chosen) -> Vec<Place> {
    let Some(delivery) = chosen.delivery.and_then(|id| world.delivery(id)) else { return Vec::new() };
    let Some(path) = world.path(delivery.delivery) else { return Vec::new() };
    match (delivery.status, chosen.place) {
        (DeliveryStatus::Requested, _) => path.points().to_vec(),
        (DeliveryStatus::InTransit, Some(place)) => path.slice(path.project(place, None), path.length_m()),
        _ => Vec::new(),
    }
}

fn draw_trail(
    sheet: &mut Sheet,
    trail: &Trail,
    world: &World,
    chosen: &Chosen,
    colours: &Colours,
    scene: &Scene<'_>,
    shown: Option<Millis>,
) {
    let under_way = trail.delivery.and_then(|id| world.delivery(id)).is_none_or(|delivery| delivery.is_open());
    let shown = shown.filter(|_| under_way);
    let until = shown.unwrap_or(Millis::MAX);
    let mut points: Vec<(Millis, [f32; 2])> = trail
        .points
        .iter()
        .take_while(|point| point.at <= until)
        .map(|point| (point.at, world.motion().relative(point.place)))
        .collect();
    if let (Some(place), Some(at)) = (chosen.place.filter(|_| under_way), shown) {
        points.push((at, world.motion().relative(place)));
    }
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return };
    let (first, span) = (*first, (*last - *first).max(1) as f32);
    let (casing, colour) = (rgba(colours.marker_casing), rgba(colours.status[trail.status as usize]));
    let land = rgba(colours.land);
    let strength = |at: Millis| 0.16 + 0.84 * (at - first) as f32 / span;
    for pair in points.windows(2) {
        if pair[1].0 - pair[0].0 <= GAP_MS {
            let colour = mix(land, casing, strength(pair[1].0).max(0.3));
            sheet.piece(pair[0].1, pair[1].1, Pen { width: 7.5, colour, dots: 0.0 }, 0.0);
        }
    }
    for pair in points.windows(2) {
        if pair[1].0 - pair[0].0 > GAP_MS {
            let pen = Pen { width: 1.8, colour: rgba(colours.label), dots: 6.0 };
            sheet.line(&[pair[0].1, pair[1].1], pen, scene.world);
        } else {
            let colour = mix(casing, colour, strength(pair[1].0));
            sheet.piece(pair[0].1, pair[1].1, Pen { width: 5.0, colour, dots: 0.0 }, 0.0);
        }
    }
}

/// Signs under the couriers: ends of lines, late points, signs of cells.
pub fn signs_below(live: Live, world: &World, chosen: Option<&Chosen>, scene: &Scene<'_>, sprites: &mut Sprites) {
    let at = |place: Place| still(world.motion().relative(place));
    let gl = scene.gl;
    live.trail.with_untracked(|trail| {
        for (trail, point) in trail.iter().flat_map(|trail| trail.points.iter().map(move |point| (trail, point))) {
            if point.late && chosen.is_some() {
                sprites.put(gl, &at(point.place), &Picture::LatePoint(trail.status as u8), Hang::Centred, 1.0);
            }
        }
    });
    if let Some(path) = chosen.and_then(|chosen| chosen.delivery).and_then(|delivery| world.path(delivery)) {
        sprites.put(gl, &at(path.origin()), &Picture::Start, Hang::Centred, 1.0);
        sprites.put(gl, &at(path.destination()), &Picture::Pin, Hang::Standing, 1.0);
    }
    let client = world.client();
    if client.is_counted() {
        for disc in
            counts::discs(client.counts(), client.level()).iter().filter(|disc| model::motion::is_urgent(disc.worst))
        {
            let out = (disc.radius * 0.66) as f32;
            sprites.put(
                gl,
                &at(disc.place),
                &Picture::Sign(disc.worst as u8),
                Hang::Corner(out - 11.0, -out - 11.0),
                1.0,
            );
        }
    }
}

/// Ends of the previewed lines, with their names.
fn preview_ends(live: Live, world: &World, scene: &Scene<'_>, sprites: &mut Sprites) {
    let at = |place: Place| still(world.motion().relative(place));
    let gl = scene.gl;
    live.preview.with_untracked(|preview| {
        let Some(preview) = preview else { return };
        for line in &preview.lines {
            let (Some(from), Some(to)) = (line.line.first(), line.line.last()) else { continue };
            sprites.put(gl, &at(*from), &Picture::Start, Hang::Centred, 1.0);
            sprites.put(gl, &at(*to), &Picture::Pin, Hang::Standing, 1.0);
            if preview.lines.len() <= MOST_NAMED {
                sprites.put(gl, &at(*from), &Picture::End(line.from.clone()), Hang::Right(11.0, 0.0), 1.0);
                sprites.put(gl, &at(*to), &Picture::End(line.to.clone()), Hang::Right(14.0, -18.0), 1.0);
            }
        }
    });
}

/// Badges, ages and names of the couriers on the screen. True where an age is shown, or a way that fades: then it must be
/// drawn again in a second.
#[allow(clippy::too_many_arguments, reason = "all of them are what a frame is drawn from")]
pub fn signs_above(
    live: Live,
    world: &World,
    chosen: Option<&Chosen>,
    tier: Tier,
    frozen: bool,
    dim: f32,
    scene: &Scene<'_>,
    sprites: &mut Sprites,
) -> bool {
    let gl = scene.gl;
    let now = live.now();
    let bounds = live.view.with_untracked(|view| view.map(|view| view.bounds));
    let on_screen = |place: Place| bounds.is_none_or(|bounds| bounds.contains(place));
    let mut ages = world.arrivals(now).next().is_some();
    let mut told: Vec<([f32; 2], f64)> = Vec::new();
    let mut left = MOST_SIGNS;
    for (slot, seen) in world.client().couriers() {
        let selected = chosen.is_some_and(|chosen| chosen.slot == Some(slot));
        if tier < Tier::Arrows && !selected {
            continue;
        }
        let Some(instance) = world.motion().instances().get(usize::from(slot)) else { continue };
        let staleness = Staleness::of(seen.at, now);
        let late = world.lateness(seen);
        let named = tier == Tier::Labels || (selected && chosen.is_some_and(|chosen| chosen.selection.open));
        let aged = staleness > Staleness::Fresh || (frozen && now - seen.at > 1_000);
        let two = seen.bits & BIT_TWO_DEVICES != 0;
        if !(named || aged || two || late.is_some()) || !on_screen(seen.place) {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        let dimmed = instance.flags as u32 & flags::DIMMED != 0 && !selected;
        let alpha = if dimmed { dim } else { 1.0 };
        if let Some(late) = late {
            // It grows by the minute.
            ages = true;
            let old = frozen || staleness >= Staleness::Stale;
            sprites.put(gl, instance, &Picture::Badge(format::late_badge(late), old), Hang::Corner(8.0, -21.0), alpha);
        }
        if two {
            sprites.put(gl, instance, &Picture::Two, Hang::Corner(8.0, 4.0), alpha);
        }
        if aged {
            ages = true;
            // Where the connection is away the time of all that is shown stands in the banner: then the age says more.
            let (room, text) = if staleness < Staleness::Stale || frozen {
                (AGE_ROOM[0], format::age(seen.at, now))
            } else {
                (AGE_ROOM[1], words::seen(&format::time(seen.at, live.zone_min)))
            };
            let covers = |(other, others_room): &([f32; 2], f64)| {
                let apart = |i: usize| f64::from((other[i] - instance.to[i]).abs()) * scene.world;
                apart(0) < (room + others_room) / 2.0 && apart(1) < AGE_HEIGHT
            };
            if !told.iter().any(covers) {
                told.push((instance.to, room));
                sprites.put(gl, instance, &Picture::Age(text), Hang::Below(9.0), alpha);
            }
        }
        if named {
            let away = if selected { 24.0 } else { 14.0 };
            let name = Picture::Name(format::courier(seen.courier.as_str()));
            sprites.put(gl, instance, &name, Hang::Right(away, 0.0), alpha);
        }
    }
    preview_ends(live, world, scene, sprites);
    ages
}
