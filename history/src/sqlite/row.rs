//! Positions and deliveries to and from rows.

use contract::{CourierId, Delivery, DeliveryId, Place, Position, SourceId};
use rusqlite::{Row, types::Type};
use uuid::Uuid;

/// The columns of [`position`], in its order; `at` is the first.
pub(super) const POSITION: &str =
    "at, source, lat, lon, accuracy_m, speed_mps, heading_deg, delivery, seq, altitude_m, battery";

/// A position of `courier` from a row of [`POSITION`].
pub(super) fn position(courier: &CourierId, row: &Row<'_>) -> rusqlite::Result<Position> {
    let source = row.get_ref(1)?.as_str()?;
    Ok(Position {
        courier: courier.clone(),
        source: SourceId::new(source).map_err(|error| broken(1, error))?,
        at: row.get(0)?,
        place: Place::new(row.get(2)?, row.get(3)?).map_err(|error| broken(2, error))?,
        accuracy_m: row.get(4)?,
        speed_mps: row.get(5)?,
        heading_deg: row.get(6)?,
        delivery: delivery_id(row, 7)?,
        seq: row.get(8)?,
        altitude_m: row.get(9)?,
        battery: row.get(10)?,
    })
}

/// A courier's name as it was stored.
pub(super) fn courier(name: &str) -> rusqlite::Result<CourierId> {
    CourierId::new(name).map_err(|error| broken(0, error))
}

/// A delivery's id from a column that may be null.
pub(super) fn delivery_id(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<DeliveryId>> {
    let bytes: Option<[u8; 16]> = row.get(index)?;
    bytes.map(|bytes| DeliveryId::new(Uuid::from_bytes(bytes)).map_err(|error| broken(index, error))).transpose()
}

/// A delivery from its document in the first column.
pub(super) fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    // Read as it was stored: it was checked on the way in, and a rule that was added later must not hide it.
    serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|error| broken(0, error))
}

/// A row that this program did not write so: the file was changed by hand or is damaged.
fn broken(index: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
}
