//! Which rectangle to ask the server for, and when.
//!
//! The rectangle is a little larger than the screen, so that a small move needs no new one (each new one costs the server
//! a full frame); what is asked for is told at most once in 150 ms.

use contract::{Bounds, Millis, live::View};

use crate::view::COUNTS_BELOW;

/// Least time between two views, ms: 7 a second, where the protocol allows 20.
const APART_MS: Millis = 150;
/// Part of the screen's width and height that is added at each side.
const MARGIN: f64 = 0.12;
/// A rectangle this much larger than needed is replaced by a smaller one.
const TOO_LARGE: f64 = 3.0;

/// What to do about a new view of the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Sending {
    /// Send this.
    Now(View),
    /// Ask again after so many ms.
    Wait(Millis),
    /// What was sent still serves.
    #[default]
    Nothing,
}

/// Remembers what was sent.
#[derive(Debug, Default)]
pub struct Views {
    screen: Option<View>,
    sent: Option<(View, Millis)>,
}

impl Views {
    /// The screen shows this now.
    pub fn look(&mut self, screen: View, now: Millis) -> Sending {
        self.screen = Some(screen);
        self.due(now)
    }

    /// What is to be sent at `now`.
    pub fn due(&mut self, now: Millis) -> Sending {
        let Some(screen) = self.screen else { return Sending::Nothing };
        if let Some((sent, at)) = self.sent {
            if serves(sent, screen) {
                return Sending::Nothing;
            }
            if now - at < APART_MS {
                return Sending::Wait(APART_MS - (now - at));
            }
        }
        let view = View { bounds: widened(screen.bounds), zoom: screen.zoom };
        self.sent = Some((view, now));
        Sending::Now(view)
    }

    /// For a new connection, which knows of none.
    pub fn again(&mut self, now: Millis) -> Option<View> {
        self.sent = None;
        match self.due(now) {
            Sending::Now(view) => Some(view),
            _ => None,
        }
    }
}

/// Whether the view that was sent shows all of the screen in the right way.
fn serves(sent: View, screen: View) -> bool {
    let (a, b) = (sent.bounds, screen.bounds);
    let counted = |view: View| (view.zoom < COUNTS_BELOW).then(|| view.zoom.floor());
    let crossing = a.west() > a.east() || b.west() > b.east();
    !crossing
        && counted(sent) == counted(screen)
        && a.west() <= b.west()
        && a.east() >= b.east()
        && a.south() <= b.south()
        && a.north() >= b.north()
        && (a.east() - a.west()) <= TOO_LARGE * (b.east() - b.west())
}

fn widened(bounds: Bounds) -> Bounds {
    let width = (bounds.east() - bounds.west()).rem_euclid(360.0);
    let (dx, dy) = (width * MARGIN, (bounds.north() - bounds.south()) * MARGIN);
    let (south, north) = ((bounds.south() - dy).max(-90.0), (bounds.north() + dy).min(90.0));
    if width == 0.0 && bounds.west() != bounds.east() || width + 2.0 * dx >= 360.0 {
        return Bounds::new(-180.0, south, 180.0, north).unwrap_or(Bounds::WORLD);
    }
    let wrap = |lon: f64| (lon + 180.0).rem_euclid(360.0) - 180.0;
    let (west, east) = (bounds.west() - dx, bounds.east() + dx);
    // 180 is an edge, not -180: a rectangle that ends there does not cross.
    let (west, east) = (wrap(west), if east == 180.0 { 180.0 } else { wrap(east) });
    Bounds::new(west, south, east, north).unwrap_or(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(west: f64, east: f64, zoom: f64) -> View {
        View { bounds: Bounds::new(west, 60.0, east, 60.1).unwrap(), zoom }
    }

    #[test]
    fn small_moves_need_no_new_view() {
        let mut views = Views::default();
        let Sending::Now(first) = views.look(view(24.0, 24.1, 15.0), 0) else { panic!("nothing was sent") };
        assert!(first.bounds.west() < 24.0 && first.bounds.east() > 24.1);
        assert_eq!(views.look(view(24.005, 24.105, 15.0), 10), Sending::Nothing);
        assert_eq!(views.look(view(24.05, 24.15, 15.0), 100), Sending::Wait(50));
        assert!(matches!(views.due(150), Sending::Now(_)));
        assert_eq!(views.due(151), Sending::Nothing);
    }

    #[test]
    fn much_nearer_or_another_level_of_counts_is_a_new_view() {
        let mut views = Views::default();
        views.look(view(24.0, 24.1, 15.0), 0);
        assert!(matches!(views.look(view(24.04, 24.05, 17.0), 500), Sending::Now(_)));
        let mut views = Views::default();
        views.look(view(20.0, 30.0, 8.2), 0);
        assert_eq!(views.look(view(20.0, 30.0, 8.7), 500), Sending::Nothing);
        assert!(matches!(views.look(view(20.0, 30.0, 7.9), 500), Sending::Now(_)));
    }

    #[test]
    fn a_new_connection_is_told_again() {
        let mut views = Views::default();
        assert_eq!(views.again(0), None);
        views.look(view(24.0, 24.1, 15.0), 0);
        assert!(views.again(20).is_some());
    }

    #[test]
    fn the_margin_wraps_and_the_whole_world_stays_whole() {
        let crossing = widened(Bounds::new(179.0, -10.0, -179.0, 10.0).unwrap());
        assert!(crossing.west() > 170.0 && crossing.east() < -170.0);
        let near = widened(Bounds::new(175.0, -10.0, 179.9, 10.0).unwrap());
        assert!(near.west() < 175.0 && near.east() < -179.0);
        assert_eq!((widened(Bounds::WORLD).west(), widened(Bounds::WORLD).east()), (-180.0, 180.0));
    }
}
