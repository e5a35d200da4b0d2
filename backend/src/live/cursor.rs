//! The cursor: where in the stream of delivery events a client stands. Opaque to it.
//!
//! Text: base64url without padding of (epoch u64, n u16, n x next offset i64), big-endian. The epoch names the log: a
//! cursor of another cluster, topic or (embedded) process means nothing here.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Most partitions that a cursor may name: far above the topic's 12, far below what would hurt.
const MAX_PARTITIONS: usize = 1_000;

/// A position in the log of `deliveries`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Which log.
    pub epoch: u64,
    /// For each partition the offset of the next record.
    pub next: Vec<i64>,
}

impl Cursor {
    /// The text on the wire.
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(10 + self.next.len() * 8);
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&(self.next.len() as u16).to_be_bytes());
        self.next.iter().for_each(|offset| bytes.extend_from_slice(&offset.to_be_bytes()));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text; `None` where it is no cursor.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (epoch, rest) = bytes.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first_chunk::<2>()?;
        let count = usize::from(u16::from_be_bytes(*count));
        let (offsets, odd) = rest.as_chunks::<8>();
        if count > MAX_PARTITIONS || offsets.len() != count || !odd.is_empty() {
            return None;
        }
        let next: Vec<i64> = offsets.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect();
        let sane = next.iter().all(|offset| *offset >= 0);
        sane.then_some(Self { epoch: u64::from_be_bytes(*epoch), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_and_nonsense_is_refused() {
        let cursor = Cursor { epoch: 0xdead_beef_0000_0001, next: vec![0, 7, i64::MAX] };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor.clone()));
        for wrong in ["", "Aa3", "!!!", &cursor.encode()[..20], &"A".repeat(4000)] {
            assert_eq!(Cursor::decode(wrong), None, "{wrong}");
        }
    }
}
