//! A batch as the bytes of `_bulk` requests. They are made once: what is sent again, whole or in part, is cut from the same
//! bytes. Pure.
//!
//! Whatever belongs to a courier goes into one lane, in the order of the batch, and the requests of a lane are sent one
//! after the other: of one identity the first wins, of two documents of one rank too, and only different couriers
//! overtake each other.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
};

use bytes::Bytes;
use contract::{CourierId, Delivery, Millis, Position};

use super::{
    document::{DeliveryDocument, PositionDocument},
    names::{Names, day_of_time, position_id},
};
use crate::Item;

/// Requests that are under way together.
pub(super) const LANES: usize = 2;
/// Largest request that is made, bytes. A single document may be larger than a limit; then it stands alone.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The number of an item in its batch, or [`NOBODY`].
pub(super) type Of = u32;
/// A line that is about no item: the newest position of a courier, which follows from its fixes.
pub(super) const NOBODY: Of = Of::MAX;

/// Lines that are sent together.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The lines, each an action with its document.
    pub(super) body: Bytes,
    /// For each line the item that it is about, and where the line ends in `body`.
    pub(super) lines: Vec<(Of, usize)>,
    /// How often the server was overloaded when it came.
    pub(super) rejected: u8,
}

/// Requests that follow each other.
pub(super) type Lane = VecDeque<Request>;

/// A batch as requests.
#[derive(Debug, Default)]
pub(super) struct Requests {
    pub(super) lanes: Vec<Lane>,
    /// The days whose index must be there.
    pub(super) days: BTreeSet<i64>,
}

impl Requests {
    /// Writes all items down, in requests of at most `limit` bytes.
    pub(super) fn new(names: &Names, items: &[Item], limit: usize) -> Self {
        let mut days = BTreeSet::new();
        let hash = RandomState::new();
        // All of a courier in one lane: see above.
        let lane_of = |courier: &CourierId| (hash.hash_one(courier) % LANES as u64) as usize;
        let mut lanes: Vec<Lines> = (0..LANES).map(|_| Lines::new(limit)).collect();
        let mut newest: HashMap<&CourierId, (&Position, Millis)> = HashMap::new();
        for (number, item) in items.iter().enumerate() {
            let of = number as Of;
            match item {
                Item::Position { position, broker_time } => {
                    days.insert(day_of_time(position.at));
                    lanes[lane_of(&position.courier)].position(names, of, position, *broker_time);
                    newest
                        .entry(&position.courier)
                        .and_modify(|known| {
                            if (position.at, &position.source) > (known.0.at, &known.0.source) {
                                *known = (position, *broker_time);
                            }
                        })
                        .or_insert((position, *broker_time));
                }
                Item::Delivery { delivery, .. } => lanes[lane_of(&delivery.courier)].delivery(names, of, delivery),
            }
        }
        for (courier, (position, broker_time)) in newest {
            lanes[lane_of(courier)].newest(names, position, broker_time);
        }
        Self { lanes: lanes.into_iter().map(Lines::finish).collect(), days }
    }

    /// True where nothing is left to be sent.
    pub(super) fn is_done(&self) -> bool {
        self.lanes.iter().all(Lane::is_empty)
    }
}

impl Request {
    /// The request in two halves, or itself where it is one line.
    pub(super) fn halves(self) -> (Self, Option<Self>) {
        if self.lines.len() < 2 {
            return (self, None);
        }
        let (first, second) = self.lines.split_at(self.lines.len() / 2);
        let cut = first.last().map_or(0, |(_, end)| *end);
        let part = |lines: &[(Of, usize)], from: usize, to: usize| Self {
            body: self.body.slice(from..to),
            lines: lines.iter().map(|(of, end)| (*of, end - from)).collect(),
            rejected: 0,
        };
        (part(first, 0, cut), Some(part(second, cut, self.body.len())))
    }

    /// Only those lines for which `keep` says so; `None` where that is none.
    pub(super) fn only(&self, keep: impl Fn(usize) -> bool) -> Option<Self> {
        let kept = (0..self.lines.len()).filter(|index| keep(*index)).count();
        if kept == self.lines.len() {
            return Some(self.clone());
        }
        let (mut body, mut lines, mut start) = (Vec::new(), Vec::with_capacity(kept), 0);
        for (index, (of, end)) in self.lines.iter().enumerate() {
            if keep(index) {
                body.extend_from_slice(&self.body[start..*end]);
                lines.push((*of, body.len()));
            }
            start = *end;
        }
        (kept > 0).then(|| Self { body: body.into(), lines, rejected: 0 })
    }
}

/// Requests of a lane while they are written.
struct Lines {
    limit: usize,
    done: Lane,
    body: Vec<u8>,
    lines: Vec<(Of, usize)>,
}

impl Lines {
    fn new(limit: usize) -> Self {
        Self { limit, done: Lane::new(), body: Vec::new(), lines: Vec::new() }
    }

    fn position(&mut self, names: &Names, of: Of, position: &Position, broker_time: Millis) {
        let (index, id) = (names.day(day_of_time(position.at)), position_id(position));
        let action = format!(r#"{{"create":{{"_index":"{index}","_id":"{id}"}}}}"#);
        self.push(of, &action, &PositionDocument::new(position, broker_time));
    }

    fn delivery(&mut self, names: &Names, of: Of, delivery: &Delivery) {
        let (id, rank) = (delivery.delivery, i64::from(delivery.status.rank()));
        self.push(of, &versioned(&names.deliveries, id, rank), &DeliveryDocument::new(delivery));
    }

    fn newest(&mut self, names: &Names, position: &Position, broker_time: Millis) {
        // A version is never negative; a time before 1970 is nobody's newest.
        let action = versioned(&names.couriers, &position.courier, position.at.max(0));
        self.push(NOBODY, &action, &PositionDocument::new(position, broker_time));
    }

    fn push(&mut self, of: Of, action: &str, document: &impl serde::Serialize) {
        let start = self.body.len();
        self.body.extend_from_slice(action.as_bytes());
        self.body.push(b'\n');
        // Numbers, names and texts: nothing that serde_json could refuse.
        let _ = serde_json::to_writer(&mut self.body, document);
        self.body.push(b'\n');
        if self.body.len() > self.limit && start > 0 {
            let rest = self.body.split_off(start);
            self.cut();
            self.body = rest;
        }
        self.lines.push((of, self.body.len()));
    }

    fn cut(&mut self) {
        if !self.lines.is_empty() {
            let (body, lines) = (std::mem::take(&mut self.body).into(), std::mem::take(&mut self.lines));
            self.done.push_back(Request { body, lines, rejected: 0 });
        }
    }

    fn finish(mut self) -> Lane {
        self.cut();
        self.done
    }
}

/// A document replaces the known one if its version is greater.
fn versioned(index: &str, id: impl std::fmt::Display, version: i64) -> String {
    format!(r#"{{"index":{{"_index":"{index}","_id":"{id}","version":{version},"version_type":"external"}}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(courier: usize, at: Millis) -> Item {
        let text = format!(r#"{{"courier":"c-{courier}","source":"sim","at":{at},"lat":60.1,"lon":24.9}}"#);
        Item::Position { position: serde_json::from_str(&text).unwrap(), broker_time: at + 20 }
    }

    fn texts(request: &Request) -> Vec<String> {
        let mut start = 0;
        let cut = request.lines.iter().map(|(_, end)| {
            let line = String::from_utf8(request.body[start..*end].to_vec()).unwrap();
            start = *end;
            line
        });
        cut.collect()
    }

    #[test]
    fn lines_are_actions_with_documents() {
        let mut lines = Lines::new(MAX_BYTES);
        let Item::Position { position, .. } = fix(1, 1_763_683_200_000) else { panic!() };
        lines.position(&Names::new("t."), 7, &position, 1_763_683_200_020);
        lines.newest(&Names::new("t."), &position, 1_763_683_200_020);
        let lane = lines.finish();
        let document =
            r#"{"at":1763683200000,"courier":"c-1","source":"sim","location":{"lat":60.1,"lon":24.9},"delay_ms":20}"#;
        assert_eq!(
            texts(&lane[0]),
            [
                format!(
                    "{{\"create\":{{\"_index\":\"t.positions-2025.11.21\",\"_id\":\"c-1:sim:1763683200000\"}}}}\n{document}\n"
                ),
                format!(
                    "{{\"index\":{{\"_index\":\"t.couriers\",\"_id\":\"c-1\",\"version\":1763683200000,\"version_type\":\"external\"}}}}\n{document}\n"
                ),
            ]
        );
    }

    #[test]
    fn a_courier_stays_in_one_lane_in_order() {
        let items: Vec<Item> = (0..400).map(|n| fix(n % 20, (n / 20) as Millis)).collect();
        let requests = Requests::new(&Names::new(""), &items, 2_000);
        assert_eq!(requests.days.len(), 1);
        let mut seen = Vec::new();
        for lane in &requests.lanes {
            let numbers: Vec<Of> =
                lane.iter().flat_map(|r| &r.lines).map(|(of, _)| *of).filter(|n| *n != NOBODY).collect();
            assert!(numbers.is_sorted());
            let couriers: BTreeSet<Of> = numbers.iter().map(|number| number % 20).collect();
            assert_eq!(numbers.len(), couriers.len() * 20, "a courier is split");
            assert!(lane.iter().all(|request| request.body.len() <= 2_000));
            seen.extend(numbers);
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..400).collect::<Vec<_>>());
        let newest = requests.lanes.iter().flatten().flat_map(|request| &request.lines);
        assert_eq!(newest.filter(|(of, _)| *of == NOBODY).count(), 20);
    }

    #[test]
    fn requests_are_cut_without_being_made_again() {
        let items: Vec<Item> = (0..9).map(|n| fix(1, n)).collect();
        let lanes = Requests::new(&Names::new(""), &items, MAX_BYTES).lanes;
        let whole = lanes.into_iter().flatten().next().unwrap();
        let lines = texts(&whole);
        let (first, second) = whole.clone().halves();
        assert_eq!([texts(&first), texts(&second.unwrap())].concat(), lines);
        let odd = whole.only(|index| index % 2 == 1).unwrap();
        assert_eq!(texts(&odd), lines.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>());
        assert!(whole.only(|_| false).is_none());
        let one = whole.only(|index| index == 3).unwrap();
        assert!(one.clone().halves().1.is_none());
        assert_eq!(texts(&one.halves().0), lines[3..4]);
    }

    #[test]
    fn a_document_above_the_limit_stands_alone() {
        let items = [fix(1, 1), fix(1, 2)];
        let lanes = Requests::new(&Names::new(""), &items, 10).lanes;
        let lines: Vec<usize> = lanes.iter().flatten().map(|request| request.lines.len()).collect();
        assert_eq!(lines, [1, 1, 1]);
    }
}
