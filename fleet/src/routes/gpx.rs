//! GPX 1.0 and 1.1: the points of the first track, over all its segments; else of the first route.

use contract::Place;
use roxmltree::{Document, Node};

use super::{FaultKind, Parsed, Wrong, place};

pub(super) fn parse(text: &str) -> Result<Parsed, Wrong> {
    let document = Document::parse(text)
        .map_err(|error| Wrong::at(error.pos().row as usize, FaultKind::Format, format!("is no XML: {error}")))?;
    let named = |node: &Node<'_, '_>, name: &str| node.is_element() && node.tag_name().name() == name;
    let root = document.root_element();
    let track = root.descendants().find(|node| named(node, "trk"));
    let (parent, tag) = match track {
        Some(track) => (track, "trkpt"),
        None => {
            let route = root.descendants().find(|node| named(node, "rte"));
            (
                route.ok_or_else(|| Wrong::new(FaultKind::NoLine, "has neither a track (trk) nor a route (rte)"))?,
                "rtept",
            )
        }
    };
    let points = parent.descendants().filter(|node| named(node, tag));
    let line: Result<Vec<Place>, Wrong> = points.map(|node| point(&document, node)).collect();
    let name = parent.children().find(|node| named(node, "name")).and_then(|node| node.text());
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(Parsed { id: None, name, line: line? })
}

fn point(document: &Document<'_>, node: Node<'_, '_>) -> Result<Place, Wrong> {
    let row = document.text_pos_at(node.range().start).row as usize;
    let degrees = |name: &str| {
        let text =
            node.attribute(name).ok_or_else(|| Wrong::at(row, FaultKind::Point, format!("a point has no {name}")))?;
        text.trim().parse().map_err(|_| Wrong::at(row, FaultKind::Point, format!("{name} is no number: {text:?}")))
    };
    place(degrees("lat")?, degrees("lon")?, Some(row))
}
