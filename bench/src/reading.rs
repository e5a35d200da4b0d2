//! Reading what a server sends, cheaply: the time of each courier's fix, in three dialects.

use contract::{
    Millis,
    frame::{Frame, Kind},
};

use crate::couriers;

/// How a server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The contract's binary frames.
    Frames,
    /// `{"p":[["c-00017",lat,lon,heading,speed,at],..],"gone":[..]}`.
    Json,
    /// Binary frames without names, each record new: the ceiling.
    Packed,
}

/// What one connection knows: which courier a slot stands for, and the newest fix of each.
#[derive(Debug, Default)]
pub struct Known {
    /// By slot, in dialect [`Dialect::Frames`]; by courier in JSON.
    newest: Vec<Millis>,
}

impl Known {
    /// Reads a binary message; calls `seen(time of the fix, whether it is new)` for each record.
    pub fn frame(&mut self, message: &[u8], dialect: Dialect, mut seen: impl FnMut(Millis, bool)) {
        let Ok(frame) = Frame::parse(message) else { return };
        if frame.header.kind == Kind::Counts {
            return;
        }
        // A slot that comes with a name belongs to another courier now.
        for (slot, _) in frame.names() {
            *self.slot(usize::from(slot)) = 0;
        }
        for record in frame.records() {
            let at = frame.header.now - Millis::from(record.age_ms);
            let newest = self.slot(usize::from(record.slot));
            seen(at, at > *newest || dialect == Dialect::Packed);
            *newest = at.max(*newest);
        }
    }

    /// Reads a JSON message without parsing it: only the name and the time of each courier are looked at.
    pub fn json(&mut self, message: &[u8], mut seen: impl FnMut(Millis, bool)) {
        for part in message.split(|byte| *byte == b']') {
            let Some(start) = part.iter().rposition(|byte| *byte == b'[') else { continue };
            let Ok(item) = std::str::from_utf8(&part[start + 1..]) else { continue };
            let (Some(name), Some((_, at))) = (item.get(1..8), item.rsplit_once(',')) else { continue };
            let (Some(courier), Ok(at)) = (couriers::number(name), at.parse::<Millis>()) else { continue };
            let newest = self.slot(usize::from(courier));
            seen(at, at > *newest);
            *newest = at.max(*newest);
        }
    }

    fn slot(&mut self, slot: usize) -> &mut Millis {
        if self.newest.len() <= slot {
            self.newest.resize(slot + 1, 0);
        }
        &mut self.newest[slot]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_by_name_and_time() {
        let text = br#"{"p":[["c-00017",60.1,24.9,271,8.3,1763683200123],["c-00018",60.1,24.9,0,0,1763683200124]],"gone":["c-00019"]}"#;
        let (mut known, mut seen) = (Known::default(), Vec::new());
        known.json(text, |at, new| seen.push((at, new)));
        known.json(text, |at, new| seen.push((at, new)));
        let (a, b) = (1_763_683_200_123, 1_763_683_200_124);
        assert_eq!(seen, [(a, true), (b, true), (a, false), (b, false)]);
    }
}
