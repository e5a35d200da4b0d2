//! The speed along a path in natural time: limits by bends, waits at lights, and phases of constant acceleration between.

use crate::path::Path;

use super::seeded::Seeded;

/// Usual speed of a courier in a city, m/s; each delivery has its own within a tenth of it.
const CRUISE_MPS: f64 = 8.0;
/// Pulling away, m/s2.
const ACCELERATION: f64 = 1.2;
/// Slowing down, m/s2.
const BRAKING: f64 = 1.6;
/// Sideways acceleration that a rider puts up with in a bend, m/s2.
const SIDEWAYS: f64 = 2.0;
/// Widest curve that a rider cuts at a corner of the line, metres of each leg.
const CORNER_M: f64 = 12.0;
/// Even a turn on the spot is taken at this speed, m/s.
const CRAWL_MPS: f64 = 1.5;
/// Mean way between two lights, metres.
const LIGHTS_EVERY_M: f64 = 450.0;
/// Share of lights that are red.
const RED: f64 = 0.35;
/// Shortest and longest wait at a red light, s.
const WAIT_S: (f64, f64) = (3.0, 14.0);

/// A time of constant acceleration.
#[derive(Debug, Clone, Copy)]
struct Phase {
    /// Since the start, s.
    from_s: f64,
    /// Metres from the start at its beginning.
    metres: f64,
    /// Speed at its beginning, m/s.
    mps: f64,
    /// m/s2; negative while braking, 0 while cruising and waiting.
    acceleration: f64,
}

/// The whole motion.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    phases: Vec<Phase>,
    duration_s: f64,
    length_m: f64,
}

/// A point of the way with what holds there.
struct Node {
    metres: f64,
    limit_mps: f64,
    wait_s: f64,
}

impl Profile {
    /// Lays the motion along `path` out, with cruising speed and red lights by `seed`.
    pub(super) fn new(path: &Path, seed: u64) -> Self {
        let mut dice = Seeded::new(seed);
        let cruise = CRUISE_MPS * dice.between(0.9, 1.1);
        let mut nodes = bends(path, cruise);
        lights(&mut nodes, path.length_m(), &mut dice);
        Self::through(nodes, path.length_m(), cruise)
    }

    fn through(mut nodes: Vec<Node>, length_m: f64, cruise: f64) -> Self {
        // What cannot be reached from the node before, or braked down to the node behind, is no speed to have.
        for i in 1..nodes.len() {
            let step = nodes[i].metres - nodes[i - 1].metres;
            let reach = (nodes[i - 1].limit_mps.powi(2) + 2.0 * ACCELERATION * step).sqrt();
            nodes[i].limit_mps = nodes[i].limit_mps.min(reach);
        }
        for i in (1..nodes.len()).rev() {
            let step = nodes[i].metres - nodes[i - 1].metres;
            let reach = (nodes[i].limit_mps.powi(2) + 2.0 * BRAKING * step).sqrt();
            nodes[i - 1].limit_mps = nodes[i - 1].limit_mps.min(reach);
        }
        let mut profile = Self { phases: Vec::with_capacity(nodes.len() * 2), duration_s: 0.0, length_m };
        for pair in nodes.windows(2) {
            profile.leg(&pair[0], &pair[1], cruise);
        }
        profile
    }

    /// Between two nodes: faster, cruising, slower; any of them may be missing.
    fn leg(&mut self, from: &Node, to: &Node, cruise: f64) {
        if from.wait_s > 0.0 {
            self.phase(from.metres, 0.0, 0.0, from.wait_s);
        }
        let step = to.metres - from.metres;
        let (a, b) = (from.limit_mps.powi(2), to.limit_mps.powi(2));
        let meet = (2.0 * ACCELERATION * BRAKING * step + BRAKING * a + ACCELERATION * b) / (ACCELERATION + BRAKING);
        let peak = meet.max(a.max(b)).sqrt().min(cruise);
        let faster_m = (peak * peak - a) / (2.0 * ACCELERATION);
        let slower_m = (peak * peak - b) / (2.0 * BRAKING);
        let cruise_m = (step - faster_m - slower_m).max(0.0);
        self.phase(from.metres, from.limit_mps, ACCELERATION, (peak - from.limit_mps) / ACCELERATION);
        self.phase(from.metres + faster_m, peak, 0.0, cruise_m / peak);
        self.phase(to.metres - slower_m, peak, -BRAKING, (peak - to.limit_mps) / BRAKING);
    }

    fn phase(&mut self, metres: f64, mps: f64, acceleration: f64, lasts_s: f64) {
        if lasts_s > 0.0 && lasts_s.is_finite() {
            self.phases.push(Phase { from_s: self.duration_s, metres, mps, acceleration });
            self.duration_s += lasts_s;
        }
    }

    /// How long the motion takes, s.
    pub(super) fn duration_s(&self) -> f64 {
        self.duration_s
    }

    /// Metres from the start and speed in m/s at a time in s.
    pub(super) fn at(&self, time_s: f64) -> (f64, f64) {
        let behind = self.phases.partition_point(|phase| phase.from_s <= time_s);
        let Some(phase) = self.phases.get(behind.saturating_sub(1)).filter(|_| time_s < self.duration_s) else {
            return (self.length_m, 0.0);
        };
        let t = (time_s - phase.from_s).max(0.0);
        let metres = phase.metres + phase.mps * t + phase.acceleration * t * t / 2.0;
        (metres.min(self.length_m), (phase.mps + phase.acceleration * t).max(0.0))
    }
}

/// The points of the line with the speed that their bend allows; standing still at both ends.
fn bends(path: &Path, cruise: f64) -> Vec<Node> {
    let (line, run) = (path.points(), path.metres());
    let last = line.len() - 1;
    let node = |i: usize| {
        let limit_mps = if i == 0 || i == last {
            0.0
        } else {
            let (before, after) = (line[i - 1].bearing_deg(line[i]), line[i].bearing_deg(line[i + 1]));
            let turn = ((after - before + 540.0).rem_euclid(360.0) - 180.0).abs();
            let room = ((run[i] - run[i - 1]).min(run[i + 1] - run[i]) / 2.0).min(CORNER_M);
            let radius = room / (turn / 2.0).to_radians().tan().max(1e-6);
            (SIDEWAYS * radius).sqrt().clamp(CRAWL_MPS, cruise)
        };
        Node { metres: run[i], limit_mps, wait_s: 0.0 }
    };
    (0..line.len()).map(node).collect()
}

/// Puts red lights between the nodes, none near the ends.
fn lights(nodes: &mut Vec<Node>, length_m: f64, dice: &mut Seeded) {
    let mut at = LIGHTS_EVERY_M * dice.between(0.3, 1.0);
    while at < length_m - 60.0 {
        if dice.share() < RED {
            let place = nodes.partition_point(|node| node.metres < at);
            nodes.insert(place, Node { metres: at, limit_mps: 0.0, wait_s: dice.between(WAIT_S.0, WAIT_S.1) });
        }
        at += LIGHTS_EVERY_M * dice.between(0.6, 1.4);
    }
}

/// How long a path usually takes, s: at the usual speed, with the mean of waits.
pub(super) fn usual_s(path: &Path) -> f64 {
    let profile = Profile::through(bends(path, CRUISE_MPS), path.length_m(), CRUISE_MPS);
    // A stop costs its wait and what is lost by slowing down and pulling away.
    let lost_s = CRUISE_MPS / 2.0 * (1.0 / ACCELERATION + 1.0 / BRAKING);
    let stops = ((path.length_m() - 60.0).max(0.0) / LIGHTS_EVERY_M) * RED;
    profile.duration_s + stops * ((WAIT_S.0 + WAIT_S.1) / 2.0 + lost_s)
}
