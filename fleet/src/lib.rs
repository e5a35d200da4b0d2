//! The one fold of records into live state, and the views of it: frames, ETA, staleness, route geometry.
//!
//! Pure: no I/O and no clock (time is a parameter everywhere), and it compiles to wasm. The backend's live state, the
//! replay in the browser and the tests fold with this code and no other.

pub mod client;
pub mod couriers;
pub mod customer;
pub mod deliveries;
pub mod drive;
pub mod eta;
pub mod grid;
pub mod path;
pub mod routes;
pub mod slice;
pub mod state;
pub mod status;
pub mod viewer;

pub use state::{Fleet, Limits};
pub use viewer::{Viewer, frame_for};
