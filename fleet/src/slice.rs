//! The fleet of a moment that is past, as the frame that a socket would have sent then.

use contract::{
    Millis, Position,
    frame::{BIT_NO_HEADING, BIT_NO_SPEED, BIT_SIMULATED, Blocks, CourierStatus, HEADER, Kind, Record},
};

use crate::couriers::SIMULATED;

/// Most couriers of a frame: a slot has 16 bits.
pub const MAX_COURIERS: usize = 1 << 16;

/// A full frame with one position a courier, as they stood at the moment `at` (ms UTC); beyond [`MAX_COURIERS`] they are
/// left out. What was late then is not known here: a courier is on a delivery or idle.
pub fn frame_of(positions: &[Position], at: Millis) -> Vec<u8> {
    let (mut out, mut blocks) = (vec![0; HEADER], Blocks::default());
    for (slot, position) in (0..=u16::MAX).zip(positions) {
        out.extend_from_slice(&record(slot, position, at).to_bytes());
        blocks.name(slot, position.courier.as_str());
    }
    blocks.finish(&mut out, 0, Kind::Full, 0, at);
    out
}

fn record(slot: u16, position: &Position, at: Millis) -> Record {
    let flag = |bit: u8, set: bool| if set { bit } else { 0 };
    let status = if position.delivery.is_some() { CourierStatus::OnDelivery } else { CourierStatus::Idle };
    Record {
        slot,
        heading: position.heading_deg.map_or(0, Record::heading_from_deg),
        speed: position.speed_mps.map_or(0, Record::speed_from_mps),
        age_ms: i32::try_from(at.saturating_sub(position.at)).unwrap_or(i32::MAX),
        bits: status as u8
            | flag(BIT_SIMULATED, position.source.as_str() == SIMULATED)
            | flag(BIT_NO_HEADING, position.heading_deg.is_none())
            | flag(BIT_NO_SPEED, position.speed_mps.is_none()),
        lat_e7: position.place.lat_e7(),
        lon_e7: position.place.lon_e7(),
    }
}

#[cfg(test)]
mod tests {
    use contract::frame::Frame;

    use super::*;

    fn fix(text: &str) -> Position {
        Position::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_frame_names_every_courier_and_says_how_old_its_fix_is() {
        let positions = [
            fix(r#"{"courier":"a","source":"sim","at":9000,"lat":60.1,"lon":24.9,"speed_mps":2,"heading_deg":90,
                "delivery":"019a9e0e-5b00-7c3e-8000-1f2e3d4c5b6a"}"#),
            fix(r#"{"courier":"b","source":"phone","at":10000,"lat":-1,"lon":-180}"#),
        ];
        let bytes = frame_of(&positions, 10_000);
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!((frame.header.kind, frame.header.now, frame.header.view), (Kind::Full, 10_000, 0));
        assert_eq!(frame.names().collect::<Vec<_>>(), [(0, "a"), (1, "b")]);
        let records: Vec<Record> = frame.records().collect();
        assert_eq!(
            (records[0].age_ms, records[0].status(), records[0].heading_deg()),
            (1_000, CourierStatus::OnDelivery, Some(90.0))
        );
        assert_eq!((records[0].speed_mps(), records[0].bits & BIT_SIMULATED), (Some(2.0), BIT_SIMULATED));
        assert_eq!((records[1].age_ms, records[1].status(), records[1].heading_deg()), (0, CourierStatus::Idle, None));
        assert_eq!(
            (records[1].lat_e7, records[1].lon_e7, records[1].bits & BIT_SIMULATED),
            (-10_000_000, -1_800_000_000, 0)
        );
    }

    #[test]
    fn nobody_is_a_frame_too_and_slots_do_not_wrap() {
        assert_eq!(Frame::parse(&frame_of(&[], 5)).unwrap().records().count(), 0);
        let crowd = vec![fix(r#"{"courier":"a","source":"sim","at":1,"lat":0,"lon":0}"#); MAX_COURIERS + 5];
        let bytes = frame_of(&crowd, 5);
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!(
            frame.records().map(|record| usize::from(record.slot)).collect::<Vec<_>>(),
            (0..MAX_COURIERS).collect::<Vec<_>>()
        );
    }
}
