//! The store of positions and deliveries: traits, and the SQLite engine.
