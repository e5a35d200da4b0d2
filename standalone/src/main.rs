//! The standalone service.
fn main() {}
