//! The one fold of records into live state; views, frames, route geometry, ETA. Pure: no I/O, no clock.
