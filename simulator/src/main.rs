//! The simulator service.
fn main() {}
