//! From a record's bytes to an item of the store, or to the reason why it never will be one. Pure: the verdict depends on
//! the record alone, so every reader at any time comes to the same one.

use contract::{Delivery, Invalid, Millis, Position};
use history::{Item, Refusal};

/// Index of the topic `positions` among the topics that are read.
pub(crate) const POSITIONS: usize = 0;

/// Reads a record of the topic with that index, appended at `broker_time` (ms UTC). A record without a value reads as an
/// empty one.
pub(crate) fn decode(
    topic: usize,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    broker_time: Millis,
) -> Result<Item, Refusal> {
    let value = value.unwrap_or_default();
    let item = match topic {
        POSITIONS => {
            Position::from_record(key, value, broker_time).map(|position| Item::Position { position, broker_time })
        }
        _ => Delivery::from_record(key, value)
            .map(|delivery| Item::Delivery { delivery: Box::new(delivery), broker_time }),
    };
    item.map_err(|invalid: Invalid| Refusal { class: invalid.class().into(), message: invalid.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_763_683_200_500;
    const FIX: &str = r#"{"courier":"c-17","source":"sim","at":1763683200123,"lat":60.1,"lon":24.9}"#;

    fn class(topic: usize, key: &str, value: Option<&str>) -> String {
        let decoded = decode(topic, Some(key.as_bytes()), value.map(str::as_bytes), NOW);
        decoded.map_or_else(|refusal| refusal.class, |_| "taken".into())
    }

    #[test]
    fn each_kind_of_bad_record_has_its_class() {
        assert_eq!(class(0, "c-17", Some(FIX)), "taken");
        assert_eq!(class(0, "c-18", Some(FIX)), "InvalidField");
        assert_eq!(class(0, "c-17", Some(&FIX.replace("1763683200123", "1763683299999"))), "InvalidField");
        assert_eq!(class(0, "c-17", Some("no json")), "MalformedJson");
        assert_eq!(class(0, "c-17", None), "MalformedJson");
        assert_eq!(class(0, "c-17", Some(&" ".repeat(70_000))), "RecordTooLarge");
        // A fix is no delivery.
        assert_eq!(class(1, "c-17", Some(FIX)), "MalformedJson");
    }
}
