//! Speed since the start, with its stops.

use contract::Millis;
use leptos::prelude::*;
use model::text::{fixed, short};

use super::Story;
use crate::signal::Memo;
use crate::{
    format,
    part::part,
    words::{self, say},
};

const WIDTH: f64 = 344.0;
const HEIGHT: f64 = 44.0;
/// Slower than this is standing, m/s; for less than that it is a corner, not a stop.
const STANDING: f64 = 0.5;
const STOP_MS: Millis = 8_000;

/// The drawing; nothing while there are too few points for a line.
#[component]
pub fn Speed() -> impl IntoView {
    let story = Story::expect();
    let points = Memo::new(move |_| {
        story.live.trail.with(|trail| {
            let points = trail.iter().flat_map(|trail| &trail.points);
            points.filter_map(|point| Some((point.at, point.speed_mps?))).collect::<Vec<(Millis, f64)>>()
        })
    });
    let whole = Memo::new(move |_| story.delivery.with(Option::is_some));
    part(move || {
        let points = points.get();
        if points.len() < 3 {
            return ().into_any();
        }
        let (line, area, last) = draw(&points);
        let (stops, length) = stops(&points);
        let title = if whole.get() { say!(speed_since) } else { say!(speed_recent) };
        view! {
            <section class="db">
                <div class="ends kicker">
                    <span>{title}</span><span>{words::stopped(stops, &format::duration(length))}</span>
                </div>
                <svg class="speed" viewBox="0 0 344 44" preserveAspectRatio="none" aria-hidden="true">
                    <path class="x" d="M0 43.5H344"></path>
                    <path class="a" d=area></path>
                    <path class="l" d=line></path>
                    <circle cx="342" cy=last r="2.5" style="fill:var(--delivery)"></circle>
                </svg>
            </section>
        }
        .into_any()
    })
}

/// The line, the area beneath, and the height of the last point. At most a point for each two pixels.
fn draw(points: &[(Millis, f64)]) -> (String, String, String) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Default::default() };
    let highest = points.iter().map(|point| point.1).fold(2.0, f64::max);
    let span = (last.0 - first.0).max(1) as f64;
    let mut line = String::new();
    let (mut drawn_x, mut y) = (-9.0, 0.0);
    for (i, (at, speed)) in points.iter().enumerate() {
        let x = (at - first.0) as f64 / span * (WIDTH - 2.0);
        if x - drawn_x < 2.0 && i + 1 < points.len() {
            continue;
        }
        y = HEIGHT - 2.0 - speed / highest * (HEIGHT - 8.0);
        line.push_str(&[if line.is_empty() { "M" } else { "L" }, &fixed(x, 1), " ", &fixed(y, 1)].concat());
        drawn_x = x;
    }
    let area = format!("{line}L{} {height}L0 {height}Z", fixed(WIDTH - 2.0, 1), height = short(HEIGHT, 1));
    (line, area, fixed(y, 1))
}

/// How often it stood still between the ends, and how long in all.
fn stops(points: &[(Millis, f64)]) -> (usize, Millis) {
    let (mut number, mut length) = (0, 0);
    let mut since: Option<Millis> = None;
    for (at, speed) in points.iter().skip_while(|point| point.1 < STANDING) {
        match since {
            None if *speed < STANDING => since = Some(*at),
            Some(from) if *speed >= STANDING => {
                if at - from >= STOP_MS {
                    number += 1;
                    length += at - from;
                }
                since = None;
            }
            _ => {}
        }
    }
    (number, length)
}
