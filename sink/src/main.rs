//! The sink service.
fn main() {}
